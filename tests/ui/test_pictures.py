"""What the pictures say and draw, run by node; browsers run the same text."""

import base64
import json
import subprocess
from typing import Any

import numpy as np
import pytest

from core.plot import COLOURS
from core.ui.pictures.pictures import _PARTS
from core.ui.pictures.words import WORDS
from core.ui.words import for_browser
from tests.ui.test_series import WITHOUT_NODE

pytestmark = pytest.mark.skipif(WITHOUT_NODE, reason="node is not installed")

HOSTILE = "<b onmouseover=alert(1)>&amp;"
THEME = {
    "palette": COLOURS, "own": COLOURS[0], "width": 300, "height": 260, "font": "sans-serif", "background": "#ffffff",
    **dict.fromkeys(("text", "panel", "border", "muted", "faint"), "#222222"),
}  # fmt: skip


def coded(values: Any) -> str:
    return base64.b64encode(np.asarray(values, np.uint8).tobytes()).decode()


def plane(classes: list[str], **more: Any) -> dict[str, Any]:
    points = {"inputs": [[0, 1, 2], [0, 1, 2]], "answers": [0, 1, 1], "held_out": 1}
    spans = [[0, 2], [0, 2]]
    shown = {
        "target": HOSTILE,
        "classes": classes,
        "inputs": [HOSTILE, "b"],
        "spans": spans,
        "side": 2,
        "points": points,
    }
    return {"decision_boundary": shown | more, "confusion_matrix": {"target": "t", "classes": classes, "rows": [4, 2]}}


TWO = plane([HOSTILE, "other"])
SURE = {"share": coded([0, 255, 127, 128])}
COUNTS = {"counts": [[[2, 1], [0, 1]], [[1, 0], [1, 0]]]}
PAIRS = {"target": HOSTILE, "answers": [1, 2, 3, 4], "held_out": 1, "rows": [3, 1]}


def frame(epoch: float, **pictures: Any) -> dict[str, Any]:
    return {"epoch": epoch, "pictures": pictures}


def run(expression: str, **values: Any) -> Any:
    text = "\n".join(path.read_text() for path in _PARTS if path.name != "pictures.js")
    known = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in values.items())
    program = f"{text}\nspeak({json.dumps(for_browser(WORDS))});\n{known}console.log(JSON.stringify({expression}))"
    node = subprocess.run(["node", "-"], input=program, capture_output=True, text=True, timeout=30, check=True)
    return json.loads(node.stdout)


def words(name: str, scene: Any, shown: Any) -> str:
    return str(run("sentence(name, scene, frame)", name=name, scene=scene, frame=shown))


def figure(name: str, scene: Any, shown: Any) -> Any:
    drawn = "pictureFigure(name, scene, frame, theme, (pixels) => [...pixels].join())"
    return run(drawn, name=name, scene=scene, frame=shown, theme=THEME)


def test_a_passing_frame_makes_room_and_a_run_that_begins_again_starts_anew():
    told = [(-1, False, 1), (0, False, 1), (5, True, 1), (7, True, 1), (3, False, 1)]
    frames = [{"run": 1, "attempt": a, "passing": p, "frame": frame(e)} for e, p, a in told]
    runs: list[dict[str, Any]] = [{"id": 1, "scene": None, "frames": [], "seenAttempt": 0}]
    seen = "(addFrames(runs, told), runs[0].frames.map((f) => f.epoch))"
    assert run(seen, runs=runs, told=frames) == [0, 3]
    again = {"run": 1, "attempt": 2, "passing": False, "frame": frame(-1, a={})}
    late = {"run": 1, "attempt": 1, "passing": False, "frame": frame(9)}
    assert run(seen, runs=runs, told=[*frames, again, late]) == []


def test_an_epoch_shows_the_newest_frame_by_then():
    shown = {"frames": [frame(0), frame(3), frame(10)]}
    assert run("[null, 0, 2, 3, 99].map((e) => frameAt(run, e)?.epoch)", run=shown) == [10, 0, 0, 3, 10]
    assert run("frameAt({ frames: [] }, null)") is None


def test_cells_are_as_strong_as_the_network_is_sure():
    assert run("cells(picture, 2).sure", picture=SURE) == pytest.approx([1, 1, 1 / 255, 1 / 255])
    three = {"winner": coded([0, 2]), "share": coded([255, 85])}
    found = run("(({ winner, sure }) => [[...winner], sure])(cells(picture, 3))", picture=three)
    assert found == [[0, 2], [1, 0]]


def test_the_plane_is_drawn_from_its_top_row_down():
    image = figure("decision_boundary", TWO, frame(1, decision_boundary=SURE))["layout"]["images"][0]
    pixels = np.array(image["source"].split(","), int).reshape(2, 2, 4)
    first, second = (list(bytes.fromhex(colour[1:])) for colour in COLOURS[:2])
    assert pixels[1, 0].tolist() == [*first, 128]
    assert pixels[1, 1].tolist()[:3] == second
    assert pixels[0, :, 3].max() < 10
    assert (image["x"], image["sizex"]) == (-1, 4)


@pytest.mark.parametrize(
    "name", ["decision_boundary", "fitted_curve", "predicted_values", "residuals", "confusion_matrix"]
)
def test_names_of_columns_and_classes_are_inert_wherever_plotly_reads_them(name):
    curve = {"target": HOSTILE, "classes": [HOSTILE, "b"], "inputs": [HOSTILE], "along": [0, 1]}
    points = {"inputs": [[0, 1]], "answers": [0, 1], "held_out": 0}
    scene = TWO | {"fitted_curve": curve | {"points": points}, "predicted_values": PAIRS}
    scene["confusion_matrix"] = {"target": HOSTILE, "classes": [HOSTILE, "other"], "rows": [4, 2]}
    predicted = {"predicted": [1, 2, 3, 4]}
    shown = frame(1, decision_boundary=SURE, confusion_matrix=COUNTS, fitted_curve={"lines": [[0, 1]]})
    shown["pictures"]["predicted_values"] = predicted
    text = json.dumps(figure(name, scene, shown))
    assert "onmouseover" in text or name == "confusion_matrix"
    assert "<b on" not in text
    assert "&lt;b on" in text


def test_the_boundary_says_how_many_points_are_on_their_side():
    shown = frame(12, decision_boundary=SURE, confusion_matrix=COUNTS)
    assert words("decision_boundary", TWO, shown) == (
        "At epoch 12: 75 % of the 4 training points and 50 % of the 2 held out lie on the right side."
    )


def test_one_mistake_in_a_thousand_is_not_called_none():
    nearly = {"counts": [[[999, 1], [0, 1000]], [[0, 0], [0, 0]]]}
    said = words("decision_boundary", TWO, frame(0, decision_boundary=SURE, confusion_matrix=nearly))
    assert said == "Before training: more than 99 % of the 2,000 training points lie on the right side."


def test_predictions_and_residuals_are_told_in_numbers():
    scene, shown = {"predicted_values": PAIRS}, frame(2, predicted_values={"predicted": [1.5, 2.5, 3.5, 1]})
    assert words("predicted_values", scene, shown) == (
        "At epoch 2: half of the training rows are predicted within 0.5 of the truth, of those held out within 3."
    )
    assert words("residuals", scene, shown) == (
        "At epoch 2: predictions are on average 0.38 too low; the farthest is 3 too low."
    )


def test_the_confusion_matrix_names_its_most_frequent_mistake():
    said = words("confusion_matrix", TWO, frame(3, confusion_matrix=COUNTS))
    assert said.startswith("At epoch 3: 3 of 4 training rows are named right, of those held out 1 of 2.")
    assert said.endswith(f"The most frequent mistake: {HOSTILE} taken for other, once.")


def test_the_fitted_curve_says_how_near_it_comes():
    points = {"inputs": [[0, 1, 2]], "answers": [0, 1, 5], "held_out": 1}
    curve = {"target": "y", "classes": [], "inputs": ["x"], "along": [0, 1, 2], "points": points}
    said = words("fitted_curve", {"fitted_curve": curve}, frame(1, fitted_curve={"lines": [[0.5, 0.5, 0.5]]}))
    assert said.startswith("At epoch 1: the curve passes half of the training points within 0.5;")


def test_what_is_not_finite_is_said_and_not_drawn():
    shown = frame(3, decision_boundary=None, confusion_matrix=None) | {"weights_of_epoch": 2}
    said = words("decision_boundary", TWO, shown)
    assert said.startswith("At epoch 3, with the weights of epoch 2: the network answers with numbers that are not")
    assert figure("decision_boundary", TWO, shown)["layout"]["images"] == []


def test_a_picture_is_offered_where_there_is_one():
    assert run("picturesOf(scene)", scene=TWO) == ["decision_boundary", "confusion_matrix"]
    assert run("picturesOf(scene)", scene={"predicted_values": PAIRS}) == ["predicted_values", "residuals"]
    assert not run("picturesOf(null)")
    assert {f"{name}_where" for name in run("Object.keys(FIGURES)")} == {name for name in WORDS if "_where" in name}
