"""The curves before, which a turn of a knob leaves behind."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

import core.ui
from core.ui.chart.words import WORDS

from .speaking import speaking
from .test_series import WITHOUT_NODE

_JS = Path(core.ui.__file__).parent / "chart" / "js"
pytestmark = pytest.mark.skipif(WITHOUT_NODE, reason="node is not installed")
GHOST = """{
  runs: [
    {id: 1, variant: 0, history: {loss: [4, 2, -1], val_loss: [5, 3, 3]}, blocks: []},
    {id: 2, variant: 1, history: {loss: [9, 8, 7]}, blocks: []},
  ],
  meta: {groups: [{variant: 0, label: "<b>a"}, {variant: 1, label: "b"}], settings: ["Scaling"], comparable: true},
  hidden: new Set(), ghost: null,
}"""


def drawn(ghost: str = GHOST, options: str = "{validation: true}") -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The lines and the notes of a ghost."""
    text = "\n".join((_JS / name).read_text() for name in ("series.js", "chart.js", "ghost.js"))
    lines = f"ghostTraces({ghost}, {options}, {{faint: 'grey', muted: 'dim'}}, null)"
    text = speaking(WORDS) + text
    program = f"{text}\nconst lines = {lines}; console.log(JSON.stringify([lines, ghostNotes(lines, {{}})]))"
    node = subprocess.run(["node", "-"], input=program, capture_output=True, text=True, timeout=60, check=True)
    found: tuple[list[dict[str, Any]], list[dict[str, Any]]] = tuple(json.loads(node.stdout))
    return found


def test_each_variant_before_is_a_thin_grey_line_and_a_note_outside_of_the_plot_says_so():
    (first, second), (note,) = drawn()
    assert [line["line"]["color"] for line in (first, second)] == ["grey", "grey"]
    assert [line["line"]["width"] < 1.5 for line in (first, second)] == [True, True]
    assert first["name"] == "before: &lt;b&gt;a"
    assert note["text"].endswith("before")
    assert (note["yref"], note["y"], note["yanchor"]) == ("paper", 0, "top"), "no curve is there"


def test_a_log_axis_gets_no_ghost_below_zero():
    (first, _), _ = drawn(options="{log: true}")
    assert first["y"] == [4, 2, None]


def test_one_variant_shows_its_validation_loss_too_and_what_was_hidden_stays_hidden():
    alone = GHOST.replace(', {variant: 1, label: "b"}', "")
    assert [trace["uid"] for trace in drawn(alone)[0]] == ["ghost0loss", "ghost0val_loss"]
    assert drawn(alone.replace("new Set()", "new Set([1])")) == ([], [])
    assert drawn("null") == ([], [])
