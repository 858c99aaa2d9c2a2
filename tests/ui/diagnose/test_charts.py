"""The pictures of a diagnosis."""

import json
import math
from dataclasses import replace

from core.diagnosis.evidence.marks import Mark
from core.jobs.storage.history import thinned
from core.plot import DOTTED
from core.sentence import said
from core.ui.diagnose.charts import GREY, run_chart, skill_chart, trial_chart
from core.ui.diagnose.curves import Curves
from core.ui.diagnose.layer_maps import layer_chart, split_maps
from tests.ui.diagnose.test_words import curve, finding, report

BASELINE = {"loss": 2.0, "val_loss": 2.0, "what": "always <b>guess</b>"}
BLUE = "#0077bb"


def curves(*losses):
    lines = [{"baseline": BASELINE, "loss": points, "val_loss": points} for points in (thinned(v, 99) for v in losses)]
    return Curves(tuple(lines), ())


def trial(values, seed=0, **more):
    points = {"epochs": list(range(1, len(values) + 1)), "values": values}
    return curve(0.5, seed, baseline=BASELINE, loss=points, val_loss=points, diverged_at=None, **more)


def lines(figure):
    return [trace for trace in figure["data"] if trace["type"] == "scatter" and "lines" in trace["mode"]]


def test_training_is_solid_validation_dashed_and_guessing_dotted():
    figure = run_chart(curves([4.0, 3.0, 2.5, 2.2]), BLUE)
    assert [trace["line"]["dash"] for trace in lines(figure)] == ["solid", "dash", DOTTED["dash"]]
    assert "<b>" not in json.dumps(figure)
    assert figure["layout"]["yaxis"]["type"] == "linear"


def test_a_mark_has_a_word_above_the_curves_and_a_point_on_them():
    wide = curves([1e6, 1e3, 10.0, None])
    figure = run_chart(
        replace(wide, marks=(Mark("diverged", "loss", 4, said("NaN from epoch {epoch}", epoch=4)),)), BLUE
    )
    word, point = figure["layout"]["annotations"]
    assert (word["text"], word["x"], word["yref"]) == ("① NaN from epoch 4", 4, "paper")
    assert (point["text"], point["x"], point["y"]) == ("×", 4, math.log10(10.0))
    assert figure["layout"]["yaxis"]["type"] == "log"
    calm = run_chart(wide, BLUE)
    assert calm["layout"]["annotations"] == []
    assert calm["layout"]["height"] < figure["layout"]["height"]


def test_small_losses_stand_at_the_axis_as_powers_of_ten():
    for losses in ([4e-8, 3e-8, 2e-8, 1e-8], [4e-3, 1e-4, 1e-5, 1e-6]):
        axis = run_chart(curves(losses), BLUE)["layout"]["yaxis"]
        assert axis["exponentformat"] == "power"
        assert "tickformat" not in axis


def test_seeds_share_one_entry_of_the_legend():
    figure = run_chart(curves([4.0, 3.0], [4.1, 3.1]), BLUE)
    assert [trace["name"] for trace in lines(figure) if trace["showlegend"]].count("training") == 1


def test_before_is_grey_and_both_are_relative_to_guessing():
    figure = trial_chart([trial([4.0, 3.8, 3.6, 3.5])], [trial([4.0, 2.0, 1.0, 0.5])], BLUE)
    before, after = [t for t in lines(figure) if t["line"]["dash"] == "solid"]
    assert (before["line"]["color"], before["y"]) == (GREY, [2.0, 1.9, 1.8, 1.75])
    assert (after["line"]["color"], after["y"]) == (BLUE, [2.0, 1.0, 0.5, 0.25])
    assert [t["y"] for t in lines(figure) if t["line"]["dash"] == DOTTED["dash"]] == [[1.0, 1.0]]


def test_an_explosion_does_not_flatten_the_curve_that_was_cured():
    wild = trial([1e9, 1e25, None], state="diverged") | {"diverged_at": 3}
    figure = trial_chart([wild], [trial([2.0, 1.0, 0.8])], BLUE)
    assert figure["layout"]["yaxis"]["range"][1] <= 3
    (note,) = figure["layout"]["annotations"]
    assert note["text"] == "× NaN from epoch 3"


def test_where_validation_is_the_goal_the_training_loss_is_not_drawn():
    figure = trial_chart([trial([4.0, 3.0])], [trial([4.0, 2.0])], BLUE, "validation")
    assert {trace["line"]["dash"] for trace in lines(figure)} == {"dash", DOTTED["dash"]}


def test_a_run_that_was_never_trained_makes_no_curve_and_no_fault():
    refused = curve(None, state="failed", diverged_at=None)
    figure = trial_chart([refused], [trial([4.0, 2.0, 1.0, 0.5])], BLUE)
    assert GREY not in {trace["line"]["color"] for trace in lines(figure) if trace["line"]["dash"] != DOTTED["dash"]}


def test_a_skill_far_below_zero_is_cut_short_and_told():
    fix = finding([0.8, 0.9, 0.7], improved=3)
    models = {"linear": 0.4, "trees": 0.9}
    figure = skill_chart(report(fix, skills=(-50.0, -60.0, -40.0), models=models), [("Fix 1", fix)], BLUE)
    bars = figure["data"][0]
    assert min(bars["x"]) > -1
    assert [note["text"] for note in reversed(figure["layout"]["annotations"])] == ["nothing", "80%", "40%", "90%"]
    nothing = skill_chart(report(skills=(None, None, None), models=models), [], BLUE)
    assert nothing["layout"]["annotations"][-1]["text"] == "no result"


def layers(*telling, **fields):
    usual = {"gradient_norm": [1.0, 1.0], "update_ratio": [1e-3, 1e-3], "dead": [0.0, 0.0], "saturated": [0.0, 0.0]}
    names = ("hidden 1", "hidden 2", "output")
    return {
        "epochs": [1, 50],
        "telling": list(telling),
        "layers": [
            {"name": name, **usual, **{field: values[i] for field, values in fields.items()}}
            for i, name in enumerate(names)
        ],
    }


def test_healthy_layers_have_nothing_to_say():
    telling, quiet = split_maps(layers())
    assert telling == []
    assert {found.field for found in quiet} == {"gradient_norm", "update_ratio"}


def test_only_what_the_report_calls_telling_is_shown():
    vanished = layers("gradient_norm", gradient_norm=[[1e-6, 0.0], [1e-3, 1e-3], [1.0, None]])
    telling, _ = split_maps(vanished)
    assert [found.field for found in telling] == ["gradient_norm"]
    picture = layer_chart(vanished, telling[0])["data"][0]
    assert picture["y"] == ["hidden 1", "hidden 2", "output"]
    assert picture["zmin"] >= -8
    assert picture["z"][2] == [0.0, None]
    assert all(math.isfinite(value) for row in picture["z"] for value in row if value is not None)


def test_dead_units_are_shares_of_hidden_layers():
    measured = layers("dead", dead=[[0.0, 0.6], [0.0, 0.0], [0.0, 0.0]])
    (dead,) = split_maps(measured)[0]
    picture = layer_chart(measured, dead)["data"][0]
    assert picture["y"] == ["hidden 1", "hidden 2"]
    assert (picture["zmin"], picture["zmax"], picture["text"][0][1]) == (0.0, 1.0, "60%")
