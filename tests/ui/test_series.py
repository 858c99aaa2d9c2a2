"""The chart's arithmetic, run by node; browsers run the same text."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import core.ui
from core.jobs.storage.overview import WHOLE, Overview
from core.plot import COLOURS, DOTTED
from core.ui.chart.words import WORDS

from .speaking import speaking

_JS = Path(core.ui.__file__).parent / "chart" / "js"
WITHOUT_NODE = not shutil.which("node") and not os.environ.get("LOSSLAB_REQUIRE_NODE")
pytestmark = pytest.mark.skipif(WITHOUT_NODE, reason="node is not installed")


def run(expression: str, *files: str) -> Any:
    text = "\n".join((_JS / name).read_text() for name in ("series.js", *files))
    program = f"{speaking(WORDS)}{text}\nconsole.log(JSON.stringify({expression}))"
    node = subprocess.run(["node", "-"], input=program, capture_output=True, text=True, timeout=30, check=True)
    return json.loads(node.stdout)


def test_numbers_have_about_four_digits():
    texts = run("[0.123456, 12345.6, 1e-7, -3.2e8, 0, null, 100].map((v) => formatNumber(v))")
    assert texts == ["0.1235", "12350", "1e−7", "−3.2e8", "0", "–", "100"]
    assert run("[0.966, -0.001, -300000, null].map(formatSkill)") == ["0.97", "0.00", "−3e5", "–"]


def test_thinning_keeps_the_spike_and_both_ends():
    xs, ys = run("thin([...Array(1000).keys()], [...Array(1000).keys()].map((i) => (i === 457 ? 99 : 1)), 100)")
    assert 99 in ys
    assert len(ys) < 110
    assert (xs[0], xs[-1]) == (0, 999)
    assert xs == sorted(xs)


def test_a_spike_in_the_first_or_last_bucket_survives_and_the_ends_stay():
    for at in (0, 3, 996, 999):
        line = f"[...Array(1000).keys()].map((i) => (i === {at} ? 1e6 : 1))"
        xs, ys = run(f"thin([...Array(1000).keys()], {line}, 100)")
        assert max(ys) == 1e6
        assert xs[ys.index(1e6)] == at
        assert (xs[0], xs[-1]) == (0, 999)
        assert xs == sorted(set(xs))


def test_smoothing_starts_at_the_first_value_and_keeps_gaps():
    line = run("smoothed({history: {loss: [4, null, 4, 2]}}, 'loss').y")
    assert line[:3] == [4, None, pytest.approx(4)]
    assert 2 < line[3] < 4


def test_the_spread_ignores_runs_that_have_ended():
    found = run("spread([[1, 5], [3], [2, 7]].map((loss) => curveOf({history: {loss}}, 'loss')))")
    assert found == {"x": [1, 2], "median": [2, 6], "low": [1, 5], "high": [3, 7]}


def median_of_seeds(*seeds: tuple[str, list[int]]) -> Any:
    """The median curve the chart draws of seeds, each with its state and losses."""
    runs = [
        {"id": str(i), "seed": i, "state": state, "history": {"loss": loss}} for i, (state, loss) in enumerate(seeds)
    ]
    group = {"colour": "#000000", "label": "a", "variant": 0, "runs": runs}
    view = {"limit": 100, "range": None, "width": 2, "opacity": 1}
    traces = f"variantTraces({json.dumps(group)}, {{}}, {json.dumps(view)}, () => null)"
    found = run(f"{traces}.find((trace) => trace.uid === 'v0loss')", "chart.js")
    return [value for value in found["y"] if value is not None]


def test_the_median_ends_where_a_seed_lags_behind_and_does_not_wait_for_one_that_comes_no_further():
    ahead = ("running", [5, 4, 3, 2]), ("done", [7, 6, 5, 4])
    assert median_of_seeds(*ahead, ("running", [9, 8])) == [7, 6]
    assert median_of_seeds(*ahead, ("done", [9, 8, 7, 6])) == [7, 6, 5, 4]
    assert median_of_seeds(*ahead, ("diverged", [9, 8])) == [7, 6, 4, 3]
    assert median_of_seeds(*ahead, ("queued", [])) == [6, 5, 4, 3]
    long = [1.0] * 3000
    assert max(run(f"spread([curveOf({{history: {{loss: {json.dumps(long)}}}}}, 'loss')]).median")) == 1


def test_a_missing_node_is_an_error_where_node_is_required(tmp_path):
    environment = {**os.environ, "PATH": str(tmp_path), "LOSSLAB_REQUIRE_NODE": "1"}
    one = f"{__file__}::test_the_spread_ignores_runs_that_have_ended"
    command = [sys.executable, "-m", "pytest", "-rs", "-n", "0", "-p", "no:cacheprovider", one]
    required = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert required.returncode == 1
    assert "FileNotFoundError" in required.stdout
    del environment["LOSSLAB_REQUIRE_NODE"]
    spared = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert spared.returncode == 0
    assert "node is not installed" in spared.stdout


def test_every_variant_has_its_own_colour():
    for count in (1, 8, 9, 40):
        found = run(f"colours({count}, {json.dumps(COLOURS)})")
        assert len(set(found)) == count
        assert all(len(colour) == 7 and colour.startswith("#") for colour in found)


@pytest.mark.parametrize("count", [8, 30])
@pytest.mark.parametrize("background", ["#fcfcfa", "#12181a"])
def test_every_colour_can_be_told_from_both_backgrounds(count, background):
    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for colour in run(f"colours({count}, {json.dumps(COLOURS)})"):
        light, dark = sorted((luminance(colour), luminance(background)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3, colour


def grown(*pieces: int, at: int = 3000) -> dict[str, Any]:
    """A run of so many epochs, told piece by piece, whose loss has a spike at epoch `at`, as the browser holds it."""
    overview, news, first = Overview(), [], 1
    for epochs in pieces:
        loss = [99.0 if epoch == at else 1 / epoch for epoch in range(first, first + epochs)]
        if first <= WHOLE:
            news.append({"first_epoch": first, "history": {"loss": loss[: WHOLE + 1 - first]}})
        news += [json.loads(block) for block in overview.add(first, {"loss": loss}).values()]
        first += epochs
    told = f"{json.dumps(news)}.forEach((piece) => (piece.history ? addPoints : addBlock)(held, piece))"
    held: dict[str, Any] = run(
        f"(() => {{ const held = {{}}; clearCurves(held); {told}; curveOf(held, 'loss'); return held; }})()"
    )
    return held


def test_a_long_curve_that_grew_equals_the_one_that_is_read_at_once():
    whole = grown(9999)
    assert grown(*[7] * 1428, 3) == whole
    line = whole["curves"]["loss"]
    assert line["x"] == sorted(set(line["x"]))
    assert line["x"][-1] == 9999
    assert line["y"][line["x"].index(3000)] == 99
    assert len(line["x"]) < 3000


def test_the_browser_cuts_stretches_where_the_trainer_does():
    overview = Overview()
    blocks = overview.add(1, {"loss": [1.0] * 98_304})
    for first, block in blocks.items():
        starts = json.loads(block)["loss"]["epochs"]
        assert run(f"[stretchOf({first}) - stretchOf({first - 1}), stretchLength({first})]") == [1, starts[1] - first]
        assert len(set(run(f"{starts[:32]}.map(stretchOf)"))) == len(starts[:32])
        assert run(f"stretchOf({starts[1] - 1}) === stretchOf({first})")


def test_smoothing_a_long_curve_takes_the_mean_of_every_epoch():
    long = {**RUNS[1], **grown(4000)}
    shown = figure("{smooth: true, validation: false, baseline: false}", runs=[long])
    exact = run(f"smoothed({{history: {{loss: {[99 if e == 3000 else 1 / e for e in range(1, 4001)]}}}}}, 'loss').y")
    (line,) = shown["data"]
    assert line["x"][-1] == 4000
    assert line["y"][-1] == pytest.approx(exact[-1], rel=0.02)
    assert max(line["y"]) < 20
    assert "drawn as averages" in shown["notes"][0]


def test_a_thinned_curve_says_so_and_a_whole_one_does_not():
    (note,) = figure(runs=[{**RUNS[1], **grown(12_000)}])["notes"]
    assert note == "12,000 epochs, drawn with their extremes."
    assert figure(runs=[{**RUNS[1], **grown(WHOLE)}])["notes"] == []


def test_zooming_shows_the_epochs_of_the_range_and_one_on_either_side():
    assert run("within({x: [1, 2, 3, 50, 60, 70], y: [1, 2, 3, 5, 6, 7]}, [40, 55])") == [[3, 50, 60], [3, 5, 6]]
    assert run("within({x: [1, 2], y: [1, 2]}, [5, 9])") == [[2], [2]]


def test_the_band_of_long_curves_holds_every_spike():
    one, other = grown(5000), grown(5000, at=3001) | {"id": 3}
    shown = figure("{validation: false, baseline: false}", runs=[{**RUNS[1], **one}, {**RUNS[1], **other}])
    traces = {trace["uid"]: trace for trace in shown["data"]}
    high = traces["v1band1"]
    assert [y for y in high["y"] if y == 99] == [99]
    assert 99 not in traces["v1loss"]["y"]
    assert abs(high["x"][high["y"].index(99)] - 3000) <= 16


def test_names_are_inert_for_plotly():
    assert run("inert('<b>a</b> & c')") == "&lt;b&gt;a&lt;/b&gt; &amp; c"


GUESS = {"baseline": {"loss": 0.5, "val_loss": 0.5, "what": "guess"}}
RUNS = [
    {"id": 1, "index": 0, "variant": 0, "label": "<i>a</i>", "state": "diverged", "diverged_at": 3, "final": GUESS,
     "history": {"loss": [1, 10, None], "val_loss": [1, 5, None]}},
    {"id": 2, "index": 1, "variant": 1, "label": "b", "state": "done", "final": GUESS,
     "history": {"loss": [1, 0.5], "val_loss": [2, 1]}},
]  # fmt: skip
META = {
    "comparable": True,
    "groups": [
        {"label": "<i>a</i>", "short": "<i>a</i>", "variant": 0, "colour": "#000"},
        {"label": "b", "short": "b", "variant": 1, "colour": "#111"},
    ],
}
OPTIONS = "{relative: false, smooth: false, validation: true, baseline: true}"


def figure(options: str = OPTIONS, hidden: str = "", runs: Any = RUNS, zoom: str = "null") -> Any:
    call = f"figure({json.dumps(runs)}, {json.dumps(META)}, {options}, new Set([{hidden}]), {{}}, {zoom})"
    return run(call, "outliers.js", "ends.js", "chart.js")


def test_a_chart_has_training_validation_baseline_and_divergence():
    traces = {trace["uid"]: trace for trace in figure()["data"]}
    assert list(traces) == ["v0loss", "v0val_loss", "v1loss", "v1val_loss", "baseline", "diverged"]
    assert "dash" in traces["v1val_loss"]["line"]
    assert "dash" not in traces["v1loss"]["line"]
    assert (traces["diverged"]["x"], traces["diverged"]["y"], traces["diverged"]["text"]) == (
        [2],
        [10],
        ["NaN at epoch 3"],
    )
    assert "<i>" not in traces["v0loss"]["hovertemplate"]


def test_a_hidden_run_leaves_the_chart():
    assert [trace["uid"] for trace in figure(hidden="1")["data"]] == ["v1loss", "v1val_loss", "baseline"]


def test_relative_to_baseline_makes_the_baseline_one():
    traces = {trace["uid"]: trace for trace in figure("{relative: true, validation: false, baseline: true}")["data"]}
    assert traces["v1loss"]["y"] == [2, 1]
    assert traces["baseline"]["y"] == [1, 1]


def test_a_log_axis_is_refused_where_losses_are_negative():
    below = RUNS[1] | {"history": {"loss": [1, -0.5]}}
    shown = figure("{log: true}", runs=[below])
    assert not shown["log"]
    assert "below zero" in shown["notes"][0]


def test_a_run_that_diverged_in_its_first_epoch_is_named_as_it_has_no_curve():
    lost = RUNS[0] | {"history": {"loss": [None]}, "label": "rate <b>10</b>"}
    (note,) = figure(runs=[lost, RUNS[1]])["notes"]
    assert note.endswith("first epoch: rate <b>10</b>.")
    assert figure()["notes"] == []


def test_axes_are_drawn_once_there_is_a_loss():
    waiting = [{key: value for key, value in RUNS[1].items() if key != "history"} | {"history": {}}]
    assert not figure(runs=waiting)["layout"]["xaxis"]["visible"]
    assert figure()["layout"]["yaxis"]["visible"]


@pytest.mark.parametrize("log", ["true", "false"])
def test_the_words_of_the_baseline_lie_outside_of_the_plot(log):
    shown = figure(OPTIONS.replace("{", f"{{log: {log}, "))
    (line,) = [trace for trace in shown["data"] if trace["uid"] == "baseline"]
    assert line["mode"] == "lines"
    assert "text" not in line
    (note,) = shown["layout"]["annotations"]
    assert "guess (0.5)" in note["text"]
    assert (note["yref"], note["y"], note["yanchor"]) == ("paper", 1, "bottom")


def test_several_baselines_are_told_by_their_range_and_none_by_nothing():
    other = RUNS[1] | {"final": {"baseline": {"loss": 2, "val_loss": 2, "what": "<b>guess</b>"}}}
    (note,) = figure(runs=[RUNS[0], other])["layout"]["annotations"]
    assert "(0.5 to 2)" in note["text"]
    assert "<b>" not in note["text"]
    assert figure("{baseline: false}")["layout"]["annotations"] == []


def test_what_was_cancelled_did_not_finish():
    def endings(**states: int) -> Any:
        runs = [{"state": state} for state, count in states.items() for _ in range(count)]
        return run(f"endingsText({json.dumps(runs)})", "table.js")

    assert endings(done=3, cancelled=15) == "3 finished, 15 cancelled"
    assert endings(done=2, diverged=1, failed=1) == "2 finished, 1 diverged, 1 failed"
    assert endings(done=4) == "4 finished"
    assert endings(done=2, running=1, queued=1) == "2 of 4 finished"
    assert endings(diverged=2, cancelled=1, running=1) == "0 of 4 finished, 2 diverged, 1 cancelled"


def test_what_was_stopped_before_an_epoch_ended_does_not_count_epochs():
    assert run("epochsText(0, 30, true)", "table.js") == "no epoch ended"
    assert run("epochsText(12, 30, true)", "table.js") == "12 epochs"
    assert run("epochsText(1, 1, true)", "table.js") == "1 epoch"
    assert run("epochsText(20100, 20100, true)", "table.js") == "20,100 epochs"
    assert run("epochsText(0, 30, false)", "table.js") == "epoch 0 of 30"
    assert run("epochsText(1000, 30000, false)", "table.js") == "epoch 1,000 of 30,000"


def test_a_run_that_went_back_to_an_epoch_says_whose_skill_it_shows():
    assert run('stateText({state: "done", final: {weights_of_epoch: 15}})', "table.js") == "done · skill of epoch 15"
    assert run('stateText({state: "done", final: {skill: 1}})', "table.js") == "done"
    assert run('stateText({state: "running", final: null})', "table.js") == "running"


SEEDS = [
    RUNS[1] | {"id": 10 + seed, "seed": seed, "history": {"loss": [4 + seed, 2 + seed, 1 + seed]}} for seed in range(3)
]


def test_each_seed_is_drawn_beside_the_median_when_asked_for():
    plain = [trace["uid"] for trace in figure("{baseline: false}", runs=SEEDS)["data"]]
    assert plain == ["v1band0", "v1band1", "v1loss"]
    traces = {trace["uid"]: trace for trace in figure("{members: true, baseline: false}", runs=SEEDS)["data"]}
    assert [uid for uid in traces if "seed" in uid] == ["v1lossseed10", "v1lossseed11", "v1lossseed12"]
    assert traces["v1lossseed12"]["y"] == [6, 4, 3]
    assert traces["v1loss"]["y"] == [5, 3, 2]
    assert traces["v1lossseed12"]["line"]["width"] < traces["v1loss"]["line"]["width"]
    assert not [trace for trace in figure("{members: true}", runs=RUNS)["data"] if "seed" in trace["uid"]]


def test_zoom_does_not_change_what_is_smoothed():
    noisy = [{**RUNS[1], "history": {"loss": [1 / epoch + (epoch % 7) for epoch in range(1, 301)]}}]
    whole, near = (figure("{smooth: true}", runs=noisy, zoom=zoom)["data"][0] for zoom in ("null", "[200, 260]"))
    start = whole["x"].index(near["x"][0])
    assert near["x"][0] >= 199
    assert near["y"] == whole["y"][start : start + len(near["y"])]


def test_few_epochs_have_whole_ticks():
    assert figure()["layout"]["xaxis"]["dtick"] == 1
    long = [{**RUNS[1], "history": {"loss": [1.0] * 300}}]
    assert figure(runs=long)["layout"]["xaxis"]["dtick"] is None
    assert figure(runs=long, zoom="[12.2, 15.8]")["layout"]["xaxis"]["dtick"] == 1


@pytest.mark.parametrize("scale", [1e-8, 1e9])
@pytest.mark.parametrize("log", ["true", "false"])
def test_numbers_out_of_sight_are_powers_of_ten(scale, log):
    tiny = [{**RUNS[1], "final": None, "history": {"loss": [3 * scale, 2 * scale]}}]
    axis = figure(f"{{log: {log}}}", runs=tiny)["layout"]["yaxis"]
    assert axis["exponentformat"] == "power"
    assert "tickformat" not in axis


def test_the_baseline_is_dots():
    (line,) = [trace["line"] for trace in figure()["data"] if trace["uid"] == "baseline"]
    dot, gap = (float(part.removesuffix("px")) for part in line["dash"].split(","))
    assert dot == line["width"]
    assert gap > 2 * dot
    assert line | DOTTED == line


def ends(expression: str) -> Any:
    return run(expression, "ends.js")


def test_labels_keep_their_distance_and_stay_near_their_curves():
    assert ends("dodged([50, 100, 200], 17, 0, 300)") == [50, 100, 200]
    assert ends("dodged([100, 100, 100], 10, 0, 300)") == [90, 100, 110]
    assert ends("dodged([100, 90], 20, 0, 300)") == [105, 85]
    crowded = ends("dodged([299, 300, 298, 5], 17, 0, 300)")
    assert crowded == [283, 300, 266, 5]


def test_labels_that_have_no_room_are_left_out():
    assert ends("dodged([1, 2, 3, 4], 17, 0, 40)") is None
    assert ends("dodged([1, 2, 3], 17, 0, 40)") == [0, 17, 34]


def test_a_curve_ends_at_its_last_point_in_sight_and_what_diverged_is_named_by_its_own_mark():
    diverged, done = figure()["ends"]
    assert (diverged["x"], diverged["y"], diverged["lost"]) == (2, 10, True)
    assert (done["x"], done["y"], done["text"], done["lost"]) == (2, 0.5, "b", False)
    long = [{**RUNS[1], "history": {"loss": [1 / epoch for epoch in range(1, 101)]}}]
    (zoomed,) = figure(runs=long, zoom="[10, 50]")["ends"]
    assert zoomed["x"] == 50
    assert figure(hidden="1, 2")["ends"] == []


def test_every_colour_has_a_shape_of_its_own():
    shapes = ends("[...Array(8).keys()].map((variant) => shapeOf(variant, 8))")
    assert len(set(shapes)) == len(COLOURS)
    assert ends("[shapeOf(0, 9), shapeOf(0, 1)]") == [None, None]


def test_ignoring_outliers_cuts_the_run_that_explodes_and_says_so():
    wild = RUNS[0] | {"state": "done", "history": {"loss": [1.0, 1e6, 1e12, 1e12]}}
    calm = RUNS[1] | {"history": {"loss": [2.0, 1.0, 0.6, 0.5]}}
    shown = figure("{robust: true, log: false, baseline: true}", runs=[wild, calm])
    low, high = shown["layout"]["yaxis"]["range"]
    assert low == 0
    assert 2 <= high < 3
    assert shown["notes"] == ["3 points lie outside of this range."]
    assert "range" not in figure("{robust: false, log: false}", runs=[wild, calm])["layout"]["yaxis"]


def test_a_curve_that_is_only_worse_than_the_others_is_no_outlier():
    flat = RUNS[0] | {"state": "done", "history": {"loss": [2.0] * 50}}
    good = RUNS[1] | {"history": {"loss": [0.01] * 50}}
    shown = figure("{robust: true, log: false, baseline: true}", runs=[flat, good])
    assert "range" not in shown["layout"]["yaxis"]
    assert shown["notes"] == []


def test_the_table_reads_the_last_or_the_lowest_loss_with_its_epoch():
    trained = json.dumps({"history": {"loss": [5, 3, 2, 1], "val_loss": [5, 4, 6, 7]}})
    read = {
        name: run(f"['loss', 'val_loss'].map((metric) => readOf({trained}, metric, '{name}'))", "table.js")
        for name in ("last", "lowest", "stop")
    }
    assert read["last"] == [{"value": 1, "epoch": 4}, {"value": 7, "epoch": 4}]
    assert read["lowest"] == [{"value": 1, "epoch": 4}, {"value": 4, "epoch": 2}]
    assert read["stop"] == [{"value": 3, "epoch": 2}, {"value": 4, "epoch": 2}]
    assert run("readOf({history: {}}, 'loss', 'lowest')", "table.js") == {"value": None, "epoch": None}


def test_all_settings_of_a_run_start_with_what_differs():
    meta = '{settings: ["Scaling"], seeds: 2, shared: [["Epochs", "10"]]}'
    assert run(f'settingsOf({meta}, {{values: ["none"], seed: 3}})', "table.js") == [
        ["Scaling", "none"],
        ["Seed", "3"],
        ["Epochs", "10"],
    ]
