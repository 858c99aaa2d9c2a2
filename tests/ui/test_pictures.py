"""What the pictures say and draw, run by node; browsers run the same text."""

import base64
import json
import subprocess
from typing import Any, get_args

import numpy as np
import pytest

import core.ui.words
from core.lessons.lesson import PictureName
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


BINS = [0, 4, 4, 0]
LAYERS = {"names": ["hidden 1", "output"], "hidden": 1}
WEIGHTS = {"layers": LAYERS, "landscape": {"weights": 120, "rows": [64, 80]}}


def test_classes_differ_in_shape_and_in_colour_and_rows_held_out_keep_the_shape_of_their_class():
    points = {"inputs": [[0, 1, 2, 3], [0, 1, 2, 3]], "answers": [0, 1, 0, 1], "held_out": 2}
    scene = plane(["a", "b"], points=points)
    drawn = figure("decision_boundary", scene, frame(1, decision_boundary=SURE))["data"]
    marks = [trace["marker"] for trace in drawn if trace.get("mode") == "markers"]
    assert sorted(mark["symbol"] for mark in marks) == ["circle", "circle", "square", "square"]
    many = [f"class {place}" for place in range(9)]
    assert {run(f"classShape({place}, {len(many)})")[0] for place in range(2)} == {"circle"}


def layers(updates=None, first=(-8, -4), last=(-4, 0), tiny=0):
    histogram = {"counts": BINS, "tiny": 0}
    gradients = [histogram | {"span": list(first), "tiny": tiny}, histogram | {"span": list(last)}]
    told = {"activations": [histogram | {"span": [0, 1]}] * 2, "gradients": gradients}
    return told | ({} if updates is None else {"updates": updates})


def land(**more):
    path = {"epochs": [0, 1, 9], "places": [[-2, -1, 0], [0, 1, 0]], "losses": [4, 2, 0.5]}
    grid = {"spans": [[-3, 1], [-1, 2]], "losses": coded([0, 255, 51, 51]), "low": 0.1, "high": 10, "log": True}
    return grid | {"path": path, "held": 0.931} | more


def run_of(frames, name, at):
    """What is said and drawn of the weights at one of several frames."""
    said = "sentence(name, scene, frames[at], frames, theme.healthy)"
    drawn = "pictureFigure(name, scene, frames[at], theme, null, frames)"
    known = {"name": name, "scene": WEIGHTS, "frames": frames, "at": at, "theme": THEME | {"healthy": [1e-5, 0.1]}}
    return run(f"[{said}, {drawn}]", **known)


def test_the_landscape_says_what_a_slice_hides_and_its_path_grows_with_the_epoch():
    frames = [frame(0), frame(1), frame(9, landscape=land())]
    said, drawn = run_of(frames, "landscape", 2)
    assert said == (
        "At epoch 9: the path has led from a loss of 4 to 0.5. These two directions hold 93 % of how the weights "
        "moved; what the loss does in the other 118 is not seen here. The loss is that of 64 of 80 training rows."
    )
    contour, path, ends = drawn["data"]
    assert (contour["z"], contour["dx"], contour["dy"]) == ([[0, 255], [51, 51]], 4, 3)
    assert contour["colorbar"]["ticktext"] == ["0.1", "1", "10"]
    assert (path["x"], ends["x"]) == ([-2, -1, 0], [-2, 0])
    said, drawn = run_of(frames, "landscape", 1)
    assert said.startswith("At epoch 1: the path has led from a loss of 4 to 2.")
    assert drawn["data"][1]["x"] == [-2, -1]


def half(values: Any) -> str:
    return base64.b64encode(np.asarray(values, "<f2").tobytes()).decode()


def test_the_path_of_another_run_falls_on_the_plane_where_the_loss_is_the_same():
    directions = base64.b64encode(np.array([[1, 0, 0], [0, 0.6, 0.8]], "<f4").tobytes()).decode()
    path = {"epochs": [0, 5], "places": [[-1, 0], [0, 0]], "losses": [1, 0.5]}
    own = land(path=path, directions=directions, weights=half([[0, 0, 0], [1, 0.5, -2]]))
    other = land(path=path, weights=half([[0, 0, 0], [-3, 1e-5, 0.25]]))
    runs = [
        {"label": HOSTILE, "colour": "#111111", "scene": {"landscape": {"ground": ground}}, "frames": [shown]}
        for ground, shown in (
            ("a", frame(5, landscape=own)),
            ("a", frame(5, landscape=other)),
            ("b", frame(5, landscape=other)),
            ("a", frame(5)),
        )
    ]
    [beside] = run("pathsBeside(runs[0], runs)", runs=runs)
    expected = (np.array([[0, 0, 0], [-3, 0, 0.25]]) - [1, 0.5, -2]) @ np.array([[1, 0, 0], [0, 0.6, 0.8]]).T
    np.testing.assert_allclose(np.array(beside["path"]["places"]).T, expected, atol=1e-3)
    drawn = "pictureFigure('landscape', scene, frame, theme, null, [frame], [beside])"
    known = {"scene": WEIGHTS, "frame": frame(5, landscape=own), "theme": THEME, "beside": beside}
    shadow = run(drawn, **known)["data"][2]
    assert (len(shadow["x"]), shadow["line"]["color"]) == (2, "#111111")
    assert shadow["text"][1].startswith("&lt;b on")
    said = run("sentence('landscape', scene, frame, [frame], [], [beside])", **known)
    assert "fall on this plane like shadows: the loss under them is not theirs." in said
    assert "shadows" not in run("sentence('landscape', scene, frame)", **known)


def test_before_the_end_of_a_run_its_landscape_is_awaited_and_of_no_plane_there_is_none():
    assert run_of([frame(0)], "landscape", 0)[0] == "The landscape is drawn when the training has ended."
    assert run_of([frame(0), frame(1, landscape=None)], "landscape", 1)[0].startswith("There is no landscape: ")


def test_layers_say_how_much_smaller_the_first_gradients_are():
    said, drawn = run_of([frame(3, layers=layers())], "layers", 0)
    assert said == (
        "At epoch 3: half of the gradients are below 3e−7 in hidden 1, and below 0.003 in the output: in hidden 1 they "
        "are 10,000 times smaller."
    )
    assert [trace["xaxis"] for trace in drawn["data"]] == ["x", "x", "x2", "x2"]
    assert "are exactly 0 in hidden 1, and below 0.003" in run_of([frame(3, layers=layers(tiny=9))], "layers", 0)[0]


def test_a_german_reader_is_told_of_layers_and_updates_in_german(monkeypatch):
    monkeypatch.setattr(core.ui.words, "language", lambda: "de")
    frames = [frame(3, layers=layers([1e-6, 0.2]))]
    said, drawn = run_of(frames, "layers", 0)
    assert said.endswith("3e−7, in der Ausgabe kleiner als 0,003: In Schicht 1 sind sie 10.000-mal kleiner.")
    assert drawn["layout"]["yaxis"]["ticktext"] == ["Schicht 1", "Ausgabe"]
    said, drawn = run_of(frames, "updates", 0)
    assert "Schicht 1 um 1e−6, Ausgabe um 0,2." in said
    shown = json.dumps([said, drawn])
    assert not [word for word in ("hidden", "output", "epoch", "healthy") if word in shown]


def test_a_network_without_hidden_layers_is_told_so_kindly():
    scene = {"layers": {"names": ["output"], "hidden": 0}}
    only = {key: values[1:] for key, values in layers().items()}
    said = words("layers", scene, frame(1, layers=only))
    assert said.startswith("At epoch 1: there is no hidden layer here, so what this one passes on is the answer.")


def test_updates_name_the_slowest_layer_and_who_leaves_the_healthy_band():
    frames = [frame(0, layers=layers()), frame(1, layers=layers([1e-6, 0.2])), frame(4, layers=layers([0.01, None]))]
    said, drawn = run_of(frames, "updates", 1)
    assert "the weights of hidden 1 by 1e−6 of their size, those of output by 0.2." in said
    assert said.endswith("1 of 2 layers hardly moves; 1 of 2 layers takes steps so long that they may undo each other.")
    assert [trace["y"] for trace in drawn["data"]] == [[1e-6, 0.01], [0.2, None]]
    band, here = drawn["layout"]["shapes"]
    assert (band["y0"], band["y1"], here["x0"]) == (1e-5, 0.1, 1)
    said, drawn = run_of(frames, "updates", 0)
    assert said.startswith("Before training: no step has been taken yet.")
    assert len(drawn["layout"]["shapes"]) == 1


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
    assert "outside" not in said
    far = words("fitted_curve", {"fitted_curve": curve}, frame(1, fitted_curve={"lines": [[90, 95, 99]]}))
    assert far.endswith("All of the curve lies outside the picture.")


def test_what_is_not_finite_is_said_and_not_drawn():
    shown = frame(3, decision_boundary=None, confusion_matrix=None) | {"weights_of_epoch": 2}
    said = words("decision_boundary", TWO, shown)
    assert said.startswith("At epoch 3, with the weights of epoch 2: the network answers with numbers that are not")
    assert figure("decision_boundary", TWO, shown)["layout"]["images"] == []


def test_lessons_can_ask_for_every_picture_there_is():
    assert set(get_args(PictureName)) == set(run("Object.keys(FIGURES)"))


def test_a_picture_is_offered_where_there_is_one():
    assert run("picturesOf(scene)", scene=TWO) == ["decision_boundary", "confusion_matrix"]
    assert run("picturesOf(scene)", scene={"predicted_values": PAIRS}) == ["predicted_values", "residuals"]
    assert not run("picturesOf(null)")
    assert {f"{name}_where" for name in run("Object.keys(FIGURES)")} == {name for name in WORDS if "_where" in name}
