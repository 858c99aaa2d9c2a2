"""Whole tables, from a run to its arrays."""

from pathlib import Path

import numpy as np
import pytest

from core.data.prepare.prepared import prepare
from core.data.source import load_table
from core.spec import load_spec

HERE = Path(__file__).parents[1]
CASES = sorted((HERE.parent / "cases").glob("*.json"))


def test_titanic_has_its_shapes(prepared):
    p = prepared(f"file:{HERE / 'titanic.csv'}", target="survived")
    assert (p.task, p.x.shape, p.x_val.shape, p.y.shape) == ("binary", (712, 29), (179, 29), (712, 1))
    assert p.features[:2] == ("pclass", "age")
    assert "sex=female" in p.features
    assert "survived" not in p.features


def test_penguins_has_its_shapes(prepared):
    p = prepared(f"file:{HERE / 'penguins.csv'}", target="species")
    assert (p.x.shape, p.y.shape, p.y_val.shape) == ((275, 9), (275, 3), (69, 3))
    assert p.classes == ("Adelie", "Chinstrap", "Gentoo")
    np.testing.assert_allclose(p.x[:, :4].mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(p.x[:, :4].std(axis=0), 1, atol=1e-5)
    assert np.abs(p.x_val[:, :4].mean(axis=0)).max() > 1e-3


def test_iris_has_its_shapes(prepared):
    p = prepared("sample:iris", target="species")
    assert (p.x.shape, p.x_val.shape, p.y.shape) == ((120, 4), (30, 4), (120, 3))
    assert "The task is multiclass: species has 3 classes." in p.notes


def test_four_rows_of_a_line_are_a_regression(prepared):
    p = prepared(
        {"x": [1000, 2000, 3000, 4000], "y": [1, 2, 3, 4]},
        data={"validation_fraction": 0},
        preprocessing={"scaling": "minmax"},
    )
    assert (p.task, p.loss, p.output_activation, p.metric) == ("regression", "mse", "linear", "mae")
    np.testing.assert_allclose(p.x.ravel(), [0, 1 / 3, 2 / 3, 1], rtol=1e-6)
    assert p.x_val.shape == (0, 1)
    assert p.y_val.shape == (0, 1)


def test_the_same_run_gives_the_same_arrays_and_another_seed_another_split(prepared):
    first, again = (prepared("sample:moons", target="label") for _ in range(2))
    np.testing.assert_array_equal(first.x, again.x)
    other = prepared("sample:moons", target="label", training={"seed": 1})
    assert not np.array_equal(first.rows, other.rows)


def test_preparing_changes_neither_the_table_nor_the_global_random_state():
    run = load_spec({"data": {"source": "sample:iris", "target": "species", "rows": 50}}).runs()[0]
    table = load_table(run.data)
    before = table.frame.copy(deep=True)
    state = str(np.random.get_state())  # noqa: NPY002 - it is this state that must not move
    prepare(run, table)
    assert table.frame.equals(before)
    assert str(np.random.get_state()) == state  # noqa: NPY002


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_case_prepares(path):
    run = load_spec(path).runs()[0]
    table = load_table(run.data, run.base)
    p = prepare(run, table)
    assert len(p.x) == len(p.y) == len(p.targets_raw) == len(p.rows)
    assert len(p.x_val) == len(p.y_val) == len(p.targets_raw_val)
    assert len(p.x) + len(p.x_val) == len(table.frame)
    assert np.isfinite(p.y).all()
    assert np.isnan(p.x).any() == (path.stem == "nan-input")
