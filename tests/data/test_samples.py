"""The registry of samples."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets

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


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes", "digits"])
def test_bundled_samples_are_sklearns_own(name):
    frame = sample_table(name).frame
    bunch = getattr(datasets, f"load_{name}")()
    target = SAMPLES[name].target
    np.testing.assert_allclose(frame.drop(columns=target), bunch.data, rtol=1e-12, atol=1e-15)
    wanted = bunch.target
    if name not in {"diabetes", "digits"}:
        wanted = [str(bunch.target_names[i]).replace("class_", "cultivar ") for i in bunch.target]
    assert frame[target].tolist() == list(wanted)
    if name != "diabetes":
        theirs = [column.removesuffix(" (cm)").replace("_", " ") for column in bunch.feature_names]
        assert list(frame.columns[:-1]) == theirs


@pytest.mark.parametrize(
    ("query", "made"),
    [
        ("moons?n=101&noise=0.3&seed=7", lambda: datasets.make_moons(101, noise=0.3, random_state=7)),
        ("circles?n=51&seed=2", lambda: datasets.make_circles(51, noise=0.1, factor=0.5, random_state=2)),
        ("blobs?n=50&classes=4", lambda: datasets.make_blobs(50, centers=4, cluster_std=1.0, random_state=0)),
        ("friedman?n=50", lambda: datasets.make_friedman1(50, noise=1.0, random_state=0)),
    ],
)
def test_generated_samples_are_sklearns_own(query, made):
    x, y = made()
    frame = sample_table(query).frame
    np.testing.assert_allclose(frame.iloc[:, :-1], x, rtol=1e-12)
    labels = frame.iloc[:, -1]
    if labels.dtype.kind == "f":
        np.testing.assert_allclose(labels, y, rtol=1e-12)
    else:
        assert (pd.crosstab(labels, y) > 0).sum().tolist() == [1] * len(set(y))


def test_reading_a_sample_imports_no_sklearn():
    code = "import sys; from core.data.samples import SAMPLES, sample_table; [sample_table(n) for n in SAMPLES];"
    code += "print('sklearn' in sys.modules, 'scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


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
