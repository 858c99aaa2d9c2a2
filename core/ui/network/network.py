"""The diagram: a custom component that draws a stack of dense layers and says what its buttons make of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import streamlit as st

from core.ui.component import Component
from core.ui.words import SPEAKER, Messages, for_browser, later

_HERE: Final = Path(__file__).parent
_PARTS: Final = (SPEAKER, _HERE / "plan.js", _HERE / "diagram.js")
_HTML: Final = """
<div class="net" role="group">
  <div class="net-scroll"><div class="net-stage"></div></div>
  <p class="net-note"></p>
  <span class="net-words" role="status"></span>
</div>
"""
WORDS: Final[Messages] = {
    "diagram": later("Diagram of the network"),
    "inputs": later("inputs"),
    "input_count": later("{count} input", "{count} inputs"),
    "output": later("output"),
    "units": later("{count} unit", "{count} units"),
    "narrow": later("Narrow layer {layer} to {units}"),
    "narrowest": later("Layer {layer} has one unit"),
    "widen": later("Widen layer {layer} to {units}"),
    "widest": later("Layer {layer} is as wide as can be"),
    "remove": later("Remove layer {layer}"),
    "add": later("Add a layer of {units} {place}"),
    "between": later("between layers {before} and {after}"),
    "between_ends": later("between inputs and output"),
    "before": later("before layer {layer}"),
    "after": later("after layer {layer}"),
    "layer": later("layer {layer}: {units}, {activation}"),
    "no_layer": later("no hidden layer"),
    "last": later("output: {units}, {activation}"),
}
"""What the scripts say."""


@dataclass(frozen=True)
class Dense:
    """A layer of the diagram."""

    units: int
    activation: str


@dataclass(frozen=True)
class Network:
    """What the diagram shows.

    Attributes
    ----------
    inputs : int or None
        Columns after preparation, where known.
    layers : sequence of Dense
        The hidden ones.
    output : Dense or None
        None where the task is not known.
    activation : str
        What a new layer gets.
    editable : bool
        Whether it has buttons.
    note : str
        One sentence under it, or nothing.
    """

    inputs: int | None
    layers: Sequence[Dense]
    output: Dense | None
    activation: str
    editable: bool = True
    note: str = ""


COMPONENT: Final = Component("loss_lab_network", scripts=_PARTS, html=_HTML, style=_HERE / "network.css")


def network_diagram(network: Network, *, key: str, on_edit: Callable[[list[int]], None]) -> None:
    """Draw `network`; `on_edit` gets the units of the hidden layers that a button asks for."""
    COMPONENT(
        key=key,
        data=asdict(network) | {"words": for_browser(WORDS)},
        on_layers_change=lambda: _edited(st.session_state[key].layers, on_edit),
    )


def _edited(units: Any, on_edit: Callable[[list[int]], None]) -> None:
    """Pass on what a browser has sent, if it is what a button sends; whether a network may be so the spec says."""
    if isinstance(units, list) and all(isinstance(count, int) and not isinstance(count, bool) for count in units):
        on_edit(units)
