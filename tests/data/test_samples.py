"""The registry of samples."""

import numpy as np
import pytest
from sklearn.datasets import load_iris, make_friedman1, make_moons

from core.data.samples import SAMPLES, sample_table
from core.errors import InputRefused


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_builds_names_its_target_and_repeats(name):
    sample = SAMPLES[name]
    first, again = sample_table(f"{name}?n=40&seed=3").frame, sample_table(f"{name}?n=40&seed=3").frame
    assert first.equals(again)
    assert len(first) == 40
    assert sample.target in first
    assert not first.isna().any(axis=None)
    assert sample.about.endswith(".")
    assert not first.equals(sample_table(f"{name}?n=40&seed=4").frame)


def test_iris_is_sklearns_under_human_names():
    frame = sample_table("iris").frame
    assert list(frame.columns) == ["sepal length", "sepal width", "petal length", "petal width", "species"]
    np.testing.assert_array_equal(frame.iloc[:, :4].to_numpy(), load_iris().data)
    assert frame["species"].unique().tolist() == ["setosa", "versicolor", "virginica"]


def test_generated_samples_are_sklearns_own():
    x, _ = make_moons(100, noise=0.3, random_state=7)
    np.testing.assert_array_equal(sample_table("moons?n=100&noise=0.3&seed=7").frame[["x1", "x2"]], x)
    x, y = make_friedman1(50, noise=1.0, random_state=0)
    np.testing.assert_array_equal(sample_table("friedman?n=50").frame, np.column_stack((x, y)))


def test_random_labels_are_100_rows_of_10_columns_and_follow_no_column():
    frame = sample_table("noise_labels").frame
    assert frame.shape == (100, 11)
    assert set(frame["label"]) == {0, 1}
    assert sample_table("noise_targets").frame.shape == (100, 11)
    large = sample_table("noise_labels?n=10000").frame.corr()["label"].drop("label")
    assert large.abs().max() < 0.05


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("nope", "there is no sample 'nope'; allowed: iris"),
        ("iris?noise=1", "no parameter 'noise'; allowed: n, seed"),
        ("iris?n=151", "from 4 to 150"),
        ("moons?n=1e3", "a whole number"),
        ("moons?noise=nan", "noise=nan is refused"),
        ("moons?noise=", "a number from 0 to 10"),
        ("moons?seed=-1", "seed=-1 is refused"),
    ],
)
def test_what_the_registry_does_not_allow_is_refused_with_what_it_does(query, words):
    with pytest.raises(InputRefused, match=r"^data\.source: ") as caught:
        sample_table(query)
    assert words in str(caught.value)
