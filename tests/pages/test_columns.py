"""Columns, leaks and comparisons in the lab, without a browser and without trainers."""

import re

import pytest

from core.choices.scalers import SCALERS
from core.ui.data import tables
from core.ui.data.columns_dialog import switched

from .conftest import DATA
from .test_lab import button, knob, upload, words


@pytest.fixture
def titanic(app):
    return upload(app.run(), (DATA / "titanic.csv").read_bytes(), "titanic.csv")


def test_a_leak_is_named_and_left_out_by_one_click(titanic):
    assert "alive is survived in other words" in words(titanic)
    leave_out = button(titanic, "lab_leave_out_0")
    assert leave_out.label == "Leave alive out"
    leave_out.click().run()
    assert not titanic.exception
    features = titanic.session_state.lab_base.data.features
    assert "alive" not in features
    assert len(features) == 13
    assert "in other words" not in words(titanic)


def test_what_was_left_out_is_not_in_the_run(titanic, lab):
    button(titanic, "lab_leave_out_0").click().run()
    button(titanic).click().run()
    (summary,) = lab.store.experiments()
    assert "alive" not in lab.store.experiment(summary.id).spec.data.features


def test_iris_raises_no_alarm(app):
    app.run()
    assert "away" not in words(app)
    assert not [b for b in app.button if str(b.key).startswith("lab_leave_out")]


def test_the_width_is_told_before_the_run(titanic):
    assert inputs(titanic) > 20
    knob(titanic, "preprocessing.encoding").set_value(["ordinal"]).run()
    assert inputs(titanic) == 14


def inputs(app):
    told = re.search(r"(\d+) inputs after encoding", words(app))
    assert told is not None
    return int(told[1])


def test_every_scaling_is_one_click_and_one_experiment(titanic, lab):
    button(titanic, "lab_all_scaling").click().run()
    assert not titanic.exception
    (summary,) = lab.store.experiments()
    assert (summary.title, summary.runs) == ("Every scaling", 3 * len(SCALERS))
    assert titanic.query_params["x"] == summary.id
    assert knob(titanic, "preprocessing.scaling").value == ["standard"]
    assert knob(titanic, "seeds").value == 1


def test_ways_to_fill_are_compared_only_where_something_is_missing(app):
    app.run()
    assert not [b for b in app.button if b.key == "lab_all_missing"]
    upload(app, (DATA / "titanic.csv").read_bytes(), "titanic.csv")
    assert button(app, "lab_all_missing").label == "Try all imputations"


@pytest.fixture
def opened(titanic, monkeypatch):
    picture = {"edges": [0, 1, 2], "train": [0.5, 0.5], "val": [0.5, 0.5], "missing": [0.0, 0.0]}
    view = {"before": picture, "after": picture, "features": ["age"]}
    answer = {"columns": {"pclass": view, "survived": view}, "rows": 10, "rows_val": 5, "notes": []}
    monkeypatch.setattr(tables, "ask_preview", lambda _run, _content: answer)
    button(titanic, "lab_columns_button").click().run()
    assert not titanic.exception
    return titanic


def test_the_dialog_shows_every_column_and_what_is_odd(opened):
    assert "891 rows, 14 inputs, target **survived**" in words(opened)
    assert "alive is survived in other words" in words(opened)
    frame = opened.data_editor[0].value
    assert list(frame["column"])[:3] == ["survived", "pclass", "sex"]
    assert frame.loc[frame["column"] == "deck", "remarks"].iloc[0] == ["77 % missing"]


def test_boxes_switch_columns_off_and_on():
    off = switched(["a", "b", "c"], ["a", "b"], {0: {"input": False}})
    assert off == ("b",)
    assert switched(["a", "b", "c"], off, {0: {"input": True}, 2: {"input": True}}) == ("a", "b", "c")


def test_a_hostile_table_stays_text(app):
    name = "**x** <img src=y onerror=z> :material/home:"
    rows = "\n".join(f"{i % 2},{i % 2},{i * 7 % 13}" for i in range(40))
    upload(app.run(), f"{name},target,n\n{rows}\n".encode(), "t.csv")
    assert not app.exception
    assert "in other words" in words(app)
    labels = words(app) + "".join(b.label for b in app.button)
    assert "**x** <img" not in labels
    assert ":material/home:" not in labels
