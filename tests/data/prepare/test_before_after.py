"""Columns before and after preparing."""

import json
from pathlib import Path

import numpy as np
import pytest

from core.data.prepare.before_after import preview
from core.data.source import load_table
from core.spec import load_spec

HERE = Path(__file__).parents[1]


def titanic(**preprocessing):
    data = {"source": f"file:{HERE / 'titanic.csv'}", "target": "survived"}
    run = load_spec({"data": data, "preprocessing": preprocessing}).runs()[0]
    return run, load_table(run.data, run.base)


@pytest.fixture(scope="module")
def shown():
    return preview(*titanic(missing="indicator"))


def test_every_column_is_there_and_survives_json(shown):
    assert json.loads(json.dumps(shown, allow_nan=False)) == shown
    assert len(shown["columns"]) == 15
    assert (shown["rows"], shown["rows_val"]) == (712, 179)


def test_shares_add_up_on_training_and_validation_rows(shown):
    for view in shown["columns"].values():
        for picture in (view["before"], view["after"]):
            assert sum(picture["train"]) == pytest.approx(1)
            assert sum(picture["val"]) == pytest.approx(1)


def test_a_scaled_number_is_shown_where_the_network_has_it(shown):
    before, after = shown["columns"]["fare"]["before"], shown["columns"]["fare"]["after"]
    assert before["edges"][0] == 0
    assert before["edges"][-1] == pytest.approx(512.3292)
    assert after["edges"][0] < 0 < after["edges"][-1] < 15


def test_words_and_gaps_become_columns_that_are_named(shown):
    view = shown["columns"]["embarked"]
    assert view["features"] == ["embarked missing", "embarked=C", "embarked=Q", "embarked=S"]
    assert view["after"]["labels"] == ["S", "C", "Q"]
    assert shown["columns"]["age"]["features"] == ["age", "age missing"]


def test_a_column_left_out_has_no_after():
    run, table = titanic()
    without = run.changed({"data.features": ["age", "sex"]})
    assert preview(without, table)["columns"]["fare"]["after"] is None
    assert preview(without, table)["columns"]["age"]["after"] is not None


@pytest.mark.parametrize("scaling", ["log", "standard"])
def test_a_target_is_shown_as_it_is_trained_on(scaling):
    data = {"source": "sample:diabetes", "target": "progression"}
    run = load_spec({"data": data, "preprocessing": {"target_scaling": scaling}}).runs()[0]
    view = preview(run, load_table(run.data))["columns"]["progression"]
    assert view["before"]["edges"][-1] == 346
    assert view["after"]["edges"][-1] < 7


def test_kept_gaps_are_counted_as_missing_after_too():
    run, table = titanic(missing="keep")
    view = preview(run, table)["columns"]["age"]
    assert view["after"]["missing"][0] == view["before"]["missing"][0] > 0.1


def test_a_long_table_is_sampled():
    rows = 20_050
    columns = {"x": np.arange(rows).tolist(), "y": np.arange(rows).tolist()}
    run = load_spec({"data": {"source": {"columns": columns}, "target": "y"}}).runs()[0]
    shown = preview(run, load_table(run.data))
    assert shown["rows"] + shown["rows_val"] == 20_000
