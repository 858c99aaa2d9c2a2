"""What the diagram of a network shows and what its buttons make of it, run by node; browsers run the same text."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

import core.ui
from core.ui.network.network import WORDS

from .speaking import speaking
from .test_series import WITHOUT_NODE

_PLAN = Path(core.ui.__file__).parent / "network" / "plan.js"
pytestmark = pytest.mark.skipif(WITHOUT_NODE, reason="node is not installed")


def run(expression: str) -> Any:
    program = f"{speaking(WORDS)}{_PLAN.read_text()}\nconsole.log(JSON.stringify({expression}))"
    node = subprocess.run(["node", "-"], input=program, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(node.stdout)


def test_a_layer_widens_and_narrows_in_powers_of_two_between_one_and_the_widest():
    assert run("[1, 8, 10, 16, 4096, 5000, 8192].map(wider)") == [2, 16, 16, 32, 8192, 8192, None]
    assert run("[1, 2, 8, 10, 16, 8192].map(narrower)") == [None, 1, 4, 8, 8, 4096]


def test_a_button_is_named_for_what_it_does_and_changes_one_layer_only():
    edits = run("layerEdits([16, 10], 1)")
    assert edits["widen"] == {"name": "Widen layer 2 to 16 units", "layers": [16, 16]}
    assert edits["narrow"] == {"name": "Narrow layer 2 to 8 units", "layers": [16, 8]}
    assert edits["remove"] == {"name": "Remove layer 2", "layers": [16]}
    assert run("layerEdits([1], 0).narrow") == {"name": "Layer 1 has one unit", "layers": None}


def test_a_layer_is_added_where_its_plus_is_as_wide_as_the_one_before():
    names, layers = zip(
        *((e["name"], e["layers"]) for e in run("[0, 1, 2].map((i) => addEdit([4, 8], i))")), strict=True
    )
    assert layers == ([4, 4, 8], [4, 4, 8], [4, 8, 8])
    assert [name.partition("units ")[2] for name in names] == [
        "before layer 1",
        "between layers 1 and 2",
        "after layer 2",
    ]
    assert run("addEdit([], 0).layers") == [10]
    assert run("addEdit(Array(100).fill(1), 3).layers") is None


def test_a_wide_layer_is_cut_with_dots_and_a_narrow_one_is_not():
    assert run("[1, 6, 7, 500].map((units) => dots(units, 10).heights.length)") == [1, 6, 5, 5]
    assert run("dots(6, 10).gap") is None
    assert run("dots(7, 10).heights.includes(dots(7, 10).gap)") is False


def test_the_words_say_every_layer():
    network = "{inputs: 1, layers: [{units: 8, activation: 'relu'}], output: {units: 3, activation: 'softmax'}}"
    assert run(f"inWords({network})") == "1 input; layer 1: 8 units, relu; output: 3 units, softmax"
    assert run("inWords({inputs: null, layers: [], output: null})") == "inputs; no hidden layer; output"
