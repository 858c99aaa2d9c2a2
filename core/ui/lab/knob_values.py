"""From chosen tokens to a spec and back; what no knob can say stays as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.spec import ExperimentSpec, load_spec
from core.ui.lab.knobs import DEFAULTS, KNOBS, Knob, value_at

Values = Mapping[str, Sequence[str]]
"""Path of a knob → its chosen tokens."""


def values_of(spec: ExperimentSpec) -> dict[str, list[str]]:
    """Return the tokens of every knob; none for a knob whose setting no token can say."""
    dumped = spec.model_dump(mode="json")
    return {knob.path: _tokens(knob, dumped) for knob in KNOBS}


def _tokens(knob: Knob, spec: Mapping[str, Any]) -> list[str]:
    chosen = spec["vary"].get(knob.path, [value_at(spec, knob.path)])
    tokens = [knob.kind.show(value) for value in chosen]
    fits = all(token and (knob.typed or token in knob.choices) for token in tokens)
    return tokens if fits else []


def spec_of(base: ExperimentSpec, values: Values) -> ExperimentSpec:
    """Return `base` with every knob in `values` set; one token sets a value, several vary it.

    An empty choice is the default, except where `base` holds something no token can say: that stays, as does
    everything else that is chosen as it was.

    Raises
    ------
    InputRefused
        If a token is not understood or the spec refuses the result.
    """
    spec = base.model_dump(mode="json")
    vary = dict(spec["vary"])
    before = values_of(base)
    for knob in KNOBS:
        if knob.path not in values:
            continue
        tokens = list(dict.fromkeys(values[knob.path]))
        if tokens == before[knob.path]:
            continue
        chosen = [knob.read(token) for token in tokens] or [value_at(DEFAULTS, knob.path)]
        _set(spec, knob.path, chosen[0])
        if len(chosen) > 1 and not knob.single:
            vary[knob.path] = chosen
        else:
            vary.pop(knob.path, None)
    return load_spec(spec | {"vary": vary})


def _set(spec: dict[str, Any], path: str, value: Any) -> None:
    *sections, field = path.split(".")
    place = spec
    for name in sections:
        place = place[name]
    place[field] = value
