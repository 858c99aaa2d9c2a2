"""The network the knobs say, as the diagram shows it, and from the diagram back to the knob of the hidden layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from core.data.prepare.targets import resolve_outputs
from core.data.table import Table
from core.errors import InputRefused
from core.spec import ExperimentSpec, Task
from core.spec.model import LayerSpec, ModelSpec
from core.ui.lab.chosen import choose, chosen_tokens
from core.ui.lab.knobs import BY_PATH
from core.ui.lab.outlook import Outlook
from core.ui.lab.state import base_spec
from core.ui.network.network import Dense, Network
from core.ui.words import t

LAYERS: Final = "model.layers"
_KNOB: Final = BY_PATH[LAYERS]


def network_now(
    task: str, wanted: ExperimentSpec | InputRefused, outlook: Outlook | InputRefused, table: Table
) -> Network | None:
    """Return the first of the networks the knobs say; None where they say none that can be drawn."""
    tokens = chosen_tokens(_KNOB)
    model = base_spec().model if isinstance(wanted, InputRefused) else wanted.model
    own = any(isinstance(layer, LayerSpec) for layer in model.layers)
    try:
        layers = [Dense(units, model.activation) for units in _KNOB.read(tokens[0])] if tokens else _dense(model)
    except InputRefused:
        return None
    note = ""
    if len(tokens) > 1:
        note = t("The first of {count} networks; the buttons change this one.", count=len(tokens))
    elif own and not tokens:
        note = t("Its layers have settings of their own. To edit it here, choose hidden layers below first.")
    inputs = None if isinstance(outlook, InputRefused) else outlook.width.columns
    output = _output(model, task, table)
    return Network(inputs, layers, output, model.activation, editable=bool(tokens) or not own, note=note)


def _dense(model: ModelSpec) -> list[Dense]:
    return [Dense(layer.units, layer.activation or model.activation) for layer in model.hidden]


def _output(model: ModelSpec, task: str, table: Table) -> Dense | None:
    targets = base_spec().data.targets
    classes = {column.name: column.distinct for column in table.columns}.get(targets[0], 0) if targets else 0
    try:
        outputs = resolve_outputs(model, cast("Task", task), len(targets), classes)
    except (InputRefused, KeyError):
        return None
    return Dense(outputs.units, outputs.activation)


def choose_layers(units: Sequence[int]) -> None:
    """Put the hidden layers of the diagram into their knob, in the place of the first network there."""
    choose(_KNOB, _first_replaced(units, chosen_tokens(_KNOB)))


def _first_replaced(units: Sequence[int], tokens: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([_KNOB.notation.show(tuple(units)), *tokens[1:]]))
