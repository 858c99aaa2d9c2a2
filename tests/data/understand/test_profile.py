"""What is told of a table before it is trained on."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.data.samples import sample_table
from core.data.table import read_table, table_of
from core.data.understand.profile import BINS, histogram, profile
from core.errors import InputRefused

HERE = Path(__file__).parents[1]
RNG = np.random.Generator(np.random.Philox(6))


@pytest.fixture(scope="module")
def titanic():
    return profile(read_table((HERE / "titanic.csv").read_bytes(), "titanic.csv"))


def test_titanic_is_understood_without_a_hint(titanic):
    assert (titanic.rows, len(titanic.columns)) == (891, 15)
    assert titanic.targets == ("survived",)
    assert "often called" in titanic.target_reason
    assert (titanic.task, titanic.task_reason) == ("binary", "survived has two different values")
    assert titanic.classes == (("0", 549), ("1", 342))
    assert titanic.duplicate_rows == 107
    assert [leak.column for leak in titanic.leaks] == ["alive"]


def test_columns_of_titanic(titanic):
    age, deck, embark_town = (titanic.column(name) for name in ("age", "deck", "embark_town"))
    assert (age.kind, age.minimum, age.maximum, age.distinct) == ("number", 0.42, 80, 88)
    assert age.missing == pytest.approx(177 / 891)
    assert sum(age.counts) == 714
    assert len(age.counts) == BINS
    assert titanic.column("fare").skew == pytest.approx(pd.read_csv(HERE / "titanic.csv")["fare"].skew(), rel=0.01)
    assert titanic.column("fare").outliers == pytest.approx(0.06, abs=0.01)
    assert age.outliers == 0
    assert deck.missing > 0.7
    assert deck.labels[0] == "C"
    assert embark_town.repeats == "embarked"
    assert not any(column.constant or column.sentinels or column.identifier for column in titanic.columns)


def test_iris_has_nothing_to_warn_of():
    iris = profile(sample_table("iris"), ["species"])
    assert iris.leaks == ()
    assert iris.classes == (("setosa", 50), ("versicolor", 50), ("virginica", 50))
    assert iris.duplicate_rows == 1
    assert all(not column.sentinels and not column.repeats for column in iris.columns)


def test_what_is_odd_is_said():
    rows = 60
    frame = pd.DataFrame(
        {
            "id": range(rows),
            "name": [f"person {i}" for i in range(rows)],
            "constant": 7,
            "empty": np.nan,
            "age": [-999.0, *RNG.integers(1, 90, rows - 1)],
            "inf": [np.inf, *RNG.normal(size=rows - 1)],
            "day": pd.date_range("2020-01-01", periods=rows).astype(str),
            "copy": 1.5,
            "y": RNG.normal(size=rows),
        }
    ).assign(copy=lambda frame: frame["y"])
    told = profile(table_of(frame), ["y"])
    assert told.column("id").identifier
    assert not told.column("age").identifier
    assert told.column("name").kind == "identifier"
    assert told.column("name").counts == ()
    assert told.column("constant").constant
    assert told.column("empty").missing == 1
    assert [sentinel.value for sentinel in told.column("age").sentinels] == [-999]
    assert told.column("inf").infinite == 1
    assert told.column("inf").sentinels == ()
    assert told.column("day").labels[0] == "2020-01-01"
    assert told.column("y").repeats == "copy"
    assert [leak.column for leak in told.leaks] == ["copy"]


def test_a_target_that_cannot_be_learnt_is_explained_not_raised():
    told = profile(table_of(pd.DataFrame({"x": [1, 2, 3], "day": ["2020-01-01", "2020-01-02", "2020-01-03"]})), ["day"])
    assert told.task is None
    assert "holds dates" in told.task_reason
    assert told.leaks == ()


def test_dates_of_any_year_have_a_histogram():
    days = ["9999-12-31", "2020-01-02", "0001-01-01", "2020-01-03"] * 10
    told = profile(table_of(pd.DataFrame({"day": days, "near": ["0001-01-01", "0001-01-02"] * 20, "y": range(40)})))
    assert sum(told.column("day").counts) == 40
    assert (told.column("day").labels[0], told.column("day").labels[-1]) == ("0001-01-01", "9999-12-31")
    assert told.column("near").counts == (20, 20)


def test_an_unknown_target_is_refused():
    with pytest.raises(InputRefused, match="no column 'nope'"):
        profile(sample_table("iris"), ["nope"])


@pytest.mark.parametrize(
    "values",
    [
        [1.0],
        [3.0, 3.0],
        [0.0, 1e308, -1e308],
        [1e308, np.nextafter(1e308, np.inf)],
        [5e-324, 0.0],
        [0, 203 * 5e-324],
        [2.0**63] * 2,
    ],
)
def test_histograms_count_every_finite_value(values):
    counts, edges = histogram(np.array(values))
    assert counts.sum() == len(values)
    assert len(edges) == len(counts) + 1
    assert np.isfinite(edges).all()


@pytest.mark.filterwarnings("error")
def test_numbers_near_the_end_of_float64_have_a_shape_without_a_warning():
    told = profile(table_of(pd.DataFrame({"x": [1e308, -1e308, 5e307, 0.0] * 10, "y": range(40)})), ["y"]).column("x")
    assert (told.skew, told.outliers) == (0, 0)
    assert sum(told.counts) == 40


def test_whole_numbers_have_a_bin_each_while_they_are_few():
    counts, edges = histogram(np.array([1.0, 1, 2, 5]))
    assert counts.tolist() == [2, 1, 0, 0, 1]
    assert edges.tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]


def test_equal_numbers_in_all_rows_do_not_make_columns_repeat_each_other():
    frame = pd.DataFrame({"a": RNG.normal(size=50), "b": RNG.normal(size=50), "y": RNG.normal(size=50)})
    assert all(column.repeats is None for column in profile(table_of(frame), ["y"]).columns)


def test_a_large_table_is_told_within_a_second():
    rows = 100_000
    columns: dict[str, np.ndarray] = {f"x{i}": RNG.normal(size=rows) for i in range(14)}
    columns |= {f"n{i}": RNG.integers(0, 100, rows) for i in range(3)}
    words = pd.Series([f"word {i}" for i in range(30)]).astype("str")
    frame = pd.DataFrame(columns | {f"w{i}": words.iloc[RNG.integers(0, 30, rows)].to_numpy() for i in range(2)})
    table = table_of(frame.assign(y=RNG.integers(0, 2, rows)))
    # The processor's time, because tests share the processor.
    assert min(_seconds(table_of(table.frame)) for _ in range(3)) < 1.5


def _seconds(table):
    start = time.process_time()
    profile(table, ["y"])
    return time.process_time() - start


def test_a_profile_imports_no_sklearn():
    code = "import sys; from core.data.samples import sample_table; from core.data.understand.profile import profile;"
    code += "profile(sample_table('iris')); import core.data.prepare.input_size, core.data.prepare.before_after;"
    code += "print('sklearn' in sys.modules, 'scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
