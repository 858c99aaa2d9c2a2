"""What the table of columns says, and what switching one does to the spec."""

import json
from pathlib import Path

import pytest

from core.choices.imputation import IMPUTATIONS
from core.choices.scalers import SCALERS
from core.data.table import read_table
from core.data.understand.profile import profile
from core.diagnosis.evidence.limits import FEWEST_SEEDS
from core.spec import load_spec
from core.ui.data.before_after import histogram_chart, made_by
from core.ui.data.column_facts import badges, balance, fact_rows
from core.ui.data.feature_choice import chosen_features, with_features
from core.ui.lab.comparisons import COMPARISONS, every_value

TITANIC = read_table((Path(__file__).parents[1] / "data" / "titanic.csv").read_bytes(), "titanic.csv")
SPEC = load_spec({"data": {"source": "dataset:" + "0" * 64, "target": "survived"}})


@pytest.fixture(scope="module")
def told():
    return profile(TITANIC, ["survived"])


def test_badges_name_what_is_odd_and_nothing_else(told):
    words = {column.name: [word for word, _ in badges(column, told)] for column in told.columns}
    assert words["survived"] == ["target"]
    assert words["alive"] == ["the target in other words"]
    assert words["deck"] == ["77 % missing"]
    assert words["class"] == ["same as pclass"]
    assert words["sex"] == words["pclass"] == []


def test_rows_of_the_table_of_columns(told):
    rows = {row["column"]: row for row in fact_rows(told, ["age"])}
    assert rows["age"]["input"] is True
    assert rows["fare"]["input"] is False
    assert rows["survived"]["input"] is None
    assert rows["survived"]["predict"] == ""
    assert rows["age"]["range"] == "0.42 … 80"
    assert rows["sex"]["range"] == "male, female"


def test_the_table_and_the_badge_say_the_same_share():
    lines = ["x,y", *(f"{i if i != 7 else ''},{i % 2}" for i in range(300))]
    few = profile(read_table("\n".join(lines).encode()), ["y"])
    row = fact_rows(few, ["x"])[0]
    assert row["missing"] == "< 1 %"
    assert row["remarks"] == ["< 1 % missing"]
    assert fact_rows(few, ["x"])[1]["missing"] == "0 %"


def test_the_balance_of_classes_in_words():
    assert balance([("a", 3), ("b", 1)]) == "a: 75 %, b: 25 %"
    assert balance([(str(i), 1) for i in range(10)], 2) == "0: 10 %, 1: 10 %, 8 more"


def test_the_usual_features_need_no_naming():
    usual = chosen_features(SPEC.data, TITANIC)
    assert len(usual) == 14
    assert with_features(SPEC.data, TITANIC, usual).features is None
    without = with_features(SPEC.data, TITANIC, [name for name in usual if name != "alive"])
    assert without.features is not None
    assert "alive" not in without.features
    assert chosen_features(without, TITANIC) == without.features
    assert with_features(without, TITANIC, usual).features is None


def test_the_target_never_becomes_a_feature_and_something_is_always_left():
    chosen = with_features(SPEC.data, TITANIC, ["survived", "age"])
    assert chosen.features == ("age",)
    assert with_features(SPEC.data, TITANIC, []).features is None


@pytest.mark.parametrize("path", COMPARISONS)
def test_a_comparison_tries_every_value_and_changes_nothing_else(path):
    vary = {"training.learning_rate": [0.5, 0.1], "preprocessing.missing": ["zero", "mean"]}
    base = load_spec(SPEC.model_dump(mode="json") | {"training": {"epochs": 7}, "vary": vary})
    experiment = every_value(base, path)
    assert list(experiment.vary) == [path]
    choices = {"preprocessing.scaling": SCALERS, "preprocessing.missing": IMPUTATIONS}[path]
    assert set(experiment.vary[path]) == set(choices)
    assert len(experiment.runs()) == len(choices) * FEWEST_SEEDS
    assert {run.training.learning_rate for run in experiment.runs()} == {0.5}
    assert {run.training.epochs for run in experiment.runs()} == {7}
    assert [run.hash() for run in every_value(experiment, path).runs()] == [run.hash() for run in experiment.runs()]


def test_pictures_show_hostile_labels_as_text_and_validation_dashed():
    words = {"labels": ["<b>x</b>", "y"], "train": [0.5, 0.5], "val": [0.25, 0.75], "missing": [0, 0]}
    figure = histogram_chart(words)
    assert "<b>" not in json.dumps(figure)
    assert [trace["name"] for trace in figure["data"]] == ["training", "validation"]
    numbers = {"edges": [0, 1, 2], "train": [0.5, 0.5], "val": [1.0, 0.0], "missing": [0, 0]}
    training, validation = histogram_chart(numbers)["data"]
    assert training["y"] == [0.5, 0.5, 0.5]
    assert "dash" in validation["line"]


def test_without_validation_rows_no_dashes_are_drawn():
    numbers = {"edges": [0, 1], "train": [1.0], "val": [0.0], "missing": [0, 0]}
    assert len(histogram_chart(numbers)["data"]) == 1
    assert histogram_chart({"edges": [], "train": [], "val": [], "missing": [1, 1]})["data"] == []


def made(column, task="binary", **preprocessing):
    spec = load_spec(SPEC.model_dump(mode="json") | {"preprocessing": preprocessing})
    return made_by(spec, TITANIC.column(column), task)


def test_the_picture_after_names_the_settings_that_made_it_and_no_others():
    assert made("fare") == "Scaling: standard"
    assert made("age", scaling="robust", missing="mean") == "Scaling: robust · Missing values: mean"
    assert made("age", outliers="clip").endswith("Outliers: clip")
    assert made("sex") == "Encoding: one-hot"
    assert made("deck", encoding="ordinal") == "Encoding: ordinal · Scaling: standard · Missing values: median"
    assert made("survived") == ""
    assert made("survived", "regression", target_scaling="log") == "Target scaling: log"


def test_of_a_setting_with_several_values_the_picture_shows_the_first_and_says_so():
    spec = load_spec(SPEC.model_dump(mode="json") | {"vary": {"preprocessing.scaling": ["minmax", "none"]}})
    assert made_by(spec, TITANIC.column("fare"), "binary") == "Scaling: min-max (the first of 2)"
