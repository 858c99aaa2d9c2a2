"""The learning rate range test in the lab: its button, its card, and what it leaves alone."""

import json
import math

import numpy as np
import pytest

from core.spec import load_spec
from core.training.range_test import RateRange, Unclear
from core.ui.lab.range_test import range_test_of
from core.ui.lab.rate_chart import rate_chart, rate_text
from tests.diagnosis.table import result_of

from .diagnosed import submit
from .test_lab import button, charts, knob, words

PROGRAM = {"data": {"source": "sample:iris", "target": "species"}, "training": {"optimizer": "sgd", "epochs": 40}}


def climbed(run, start=1.0, turns=0.3):
    """A loss that falls around a rate of 0.001, leaps at `turns` and soon is no number."""
    training = run.training
    rates = np.array([training.learning_rate * training.schedule.scale(i, training.epochs) for i in range(120)])
    loss = 0.1 + (start - 0.1) / (1 + (rates / 1e-3) ** 2) + 5 * (rates > turns)
    history = {"loss": [*loss[rates < 10].tolist(), None]}
    return result_of(-math.inf, state="diverged", history=history, seed=training.seed, epochs=len(history["loss"]))


def ended(lab, look_up=climbed):
    return submit(lab, range_test_of(load_spec(PROGRAM)).model_dump(mode="json"), look_up)


def plain(markdown):
    return markdown.replace("\\", "").replace("\u2060", "")


def figure(app):
    (chart,) = app.get("plotly_chart")
    return json.loads(chart.proto.spec)


def test_the_button_submits_a_climb_and_leaves_the_knobs(app, lab):
    knob(app.run(), "training.learning_rate").set_value(["0.01", "0.1"])
    knob(app, "training.early_stopping").set_value(["5"])
    knob(app, "training.epochs").set_value(["30"])
    knob(app, "training.optimizer").set_value(["sgd", "adam"]).run()
    button(app, "lab_range_test_button").click().run()
    assert not app.exception
    (summary,) = lab.store.experiments()
    experiment = lab.store.experiment(summary.id)
    assert experiment.title == "Range test · optimizer SGD"
    assert len(experiment.runs) == 3
    (training,) = {run.spec.training.model_copy(update={"seed": 0}) for run in experiment.runs}
    assert (training.optimizer, training.early_stopping) == ("sgd", None)
    rates = [training.learning_rate * training.schedule.scale(i, training.epochs) for i in range(training.epochs)]
    assert rates[0] == 1e-6
    assert rates[-1] == pytest.approx(100)
    assert knob(app, "training.learning_rate").value == ["0.01", "0.1"]
    assert knob(app, "training.epochs").value == ["30"]
    assert app.query_params["x"] == summary.id
    assert not app.get("plotly_chart")  # nothing is said before it has ended


def test_undo_after_a_test_brings_back_what_the_knobs_said(app, lab):
    knob(app.run(), "training.learning_rate").set_value(["0.01", "0.1"])
    knob(app, "training.epochs").set_value(["30"]).run()
    button(app, "lab_range_test_button").click().run()
    knob(app, "training.epochs").set_value(["70"]).run()
    button(app, "lab_undo").click().run()
    assert not app.exception
    assert knob(app, "training.epochs").value == ["30"]
    assert knob(app, "training.learning_rate").value == ["0.01", "0.1"]


def test_a_large_table_is_sampled_for_a_test():
    data = {"source": "sample:iris", "target": "species"}
    assert range_test_of(load_spec({**PROGRAM, "data": data | {"rows": 90}})).data.rows == 90
    assert range_test_of(load_spec(PROGRAM)).data.rows == 2000


def test_the_card_says_the_range_and_one_press_uses_a_rate(app, lab):
    app.query_params["x"] = ended(lab)
    app.run()
    assert not app.exception
    (sentence,) = [line for line in words(app).splitlines() if "turns up" in line]
    assert plain(sentence) == "Rates of 0.0004 to 0.1 work: the loss falls there, and turns up at 0.3."
    assert "does not show how a long training ends" in words(app)
    drawn = figure(app)
    assert len(drawn["data"]) == 5  # three seeds, the smoothed curve, the rate to begin with
    assert drawn["layout"]["shapes"][0]["x0"] == 4e-4
    (chart,) = app.get("plotly_chart")
    assert "begins at 1; its lowest is 0.1" in chart.proto.alt
    assert "0.0004 to 0.1" in chart.proto.alt
    button(app, "lab_use_rate").click().run()
    assert knob(app, "training.learning_rate").value == ["0.03"]
    assert len(lab.store.experiments()) == 1  # it is used when it is run


def test_an_unclear_test_says_why_and_offers_no_rate(app, lab):
    app.query_params["x"] = ended(lab, lambda run: climbed(run, start=0.1))
    app.run()
    assert not app.exception
    assert "Unclear: the loss falls clearly at none of these rates" in plain(words(app))
    assert not [b for b in app.button if b.key == "lab_use_rate"]
    assert "shapes" not in figure(app)["layout"]


def test_knobs_never_hold_the_climb_itself(app, lab):
    app.query_params["x"] = ended(lab)
    app.run()
    assert knob(app, "training.learning_rate").value == ["0.001"]
    assert knob(app, "training.optimizer").value == ["sgd"]
    assert knob(app, "training.epochs").value == ["100"]
    button(app).click().run()
    assert not app.exception
    newest = lab.store.experiment(lab.store.experiments()[0].id)
    assert newest.spec.training.schedule.name == "constant"
    assert newest.title != "Range test"


def test_a_climb_is_not_diagnosed_and_is_no_lesson(app, lab):
    app.query_params["x"] = ended(lab)
    app.run()
    assert charts(app)[0]["why"] == ""
    assert not [b for b in app.button if "lesson" in b.label]


def test_a_locked_or_hidden_rate_is_neither_tested_nor_set(app, lab):
    for rein in ("lock", "hide"):
        app.query_params.clear()
        app.query_params[rein] = "learning_rate"
        app.run()
        assert not app.exception
        assert not [b for b in app.button if b.key == "lab_range_test_button"]
        app.query_params["x"] = ended(lab)
        app.run()
        assert not [b for b in app.button if b.key == "lab_use_rate"]


def test_a_rate_is_written_out_in_one_digit():
    assert [rate_text(rate) for rate in (1e-6, 0.0123, 0.2, 3.0, 100.0)] == ["0.000001", "0.01", "0.2", "3", "100"]


def test_the_axis_makes_no_fall_of_what_is_none_and_shows_a_turn_far_below():
    rates = [10.0**i for i in range(-6, 3)]
    flat = RateRange(tuple(rates), (1.0985,) * 8 + (1.096,), unclear=Unclear.NEVER_FELL)
    axis = rate_chart(flat, [], "#000000")["layout"]["yaxis"]
    assert "type" not in axis
    assert axis["range"][0] < 0
    deep = RateRange(tuple(rates), (220.0, *(10.0,) * 8))
    assert rate_chart(deep, [], "#000000")["layout"]["yaxis"]["type"] == "log"
