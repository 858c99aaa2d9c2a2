"""The keys of the presenter's view, run by node; browsers run the same text."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import core.ui

_JS = Path(core.ui.__file__).parent / "classroom" / "present.js"
WITHOUT_NODE = not shutil.which("node") and not os.environ.get("LOSSLAB_REQUIRE_NODE")
pytestmark = pytest.mark.skipif(WITHOUT_NODE, reason="node is not installed")


def step_of(event):
    script = _JS.read_text().replace("export default", "const shown =")
    program = f"{script}\nconsole.log(JSON.stringify([{event}].map(stepOf)))"
    node = subprocess.run(["node", "-"], input=program, capture_output=True, text=True, timeout=30, check=True)
    return json.loads(node.stdout)[0]


@pytest.mark.parametrize(
    ("key", "step"), [("ArrowRight", "next"), (" ", "next"), ("PageDown", "next"), ("ArrowLeft", "back"), ("a", None)]
)
def test_keys_and_clickers_turn_the_pages(key, step):
    assert step_of(json.dumps({"key": key})) == step


@pytest.mark.parametrize(
    "more", ["ctrlKey: true", "altKey: true", "defaultPrevented: true", "target: { closest: () => 1 }"]
)
def test_a_key_with_another_meaning_turns_nothing(more):
    assert step_of(f"{{ key: ' ', {more} }}") is None
