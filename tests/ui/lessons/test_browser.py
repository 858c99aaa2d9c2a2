"""What a lesson's script brings into sight, run by node; browsers run the same text."""

import json
import subprocess
from pathlib import Path

import pytest

import core.ui
from tests.ui.test_series import WITHOUT_NODE

_JS = Path(core.ui.__file__).parent / "lessons" / "browser.js"
pytestmark = pytest.mark.skipif(WITHOUT_NODE, reason="node is not installed")


@pytest.mark.parametrize(
    ("top", "lost"), [(-5, True), (10, True), (64, False), (200, False), (500, True)],
    ids=["above the screen", "under the head", "below the head", "in sight", "far down"],
)  # fmt: skip
def test_a_verdict_under_the_head_of_the_page_is_as_lost_as_one_above_the_screen(top, lost):
    script = _JS.read_text().replace("export default", "const shown =")
    program = f"{script}\nconsole.log(JSON.stringify(outOfSight({top}, 844)))"
    node = subprocess.run(["node", "-"], input=program, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(node.stdout) is lost
