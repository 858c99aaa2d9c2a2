"""Codes for "not known" among numbers."""

import numpy as np
import pytest

from core.data.samples import SAMPLES, sample_table
from core.data.understand.sentinels import suspicious_value

RNG = np.random.Generator(np.random.Philox(7))
AGES = RNG.integers(1, 90, 200).astype(float)
GLUCOSE = RNG.normal(120, 30, 200).round().clip(44, 199)


def mixed(values, code, times):
    return np.concatenate((np.full(times, float(code)), values))


@pytest.mark.parametrize(
    ("values", "code", "times"),
    [
        (AGES, -999, 1),
        (AGES, 9999, 3),
        (AGES, 99999, 1),
        (AGES, -1, 10),
        (AGES / 7, 365243, 20),
        (GLUCOSE, 0, 5),
    ],
)
def test_codes_for_missing_are_suspected(values, code, times):
    found = suspicious_value(mixed(values, code, times))
    assert found is not None
    assert found.value == code
    assert found.share == pytest.approx(times / (times + len(values)))


@pytest.mark.parametrize(
    "values",
    [
        AGES,
        mixed(AGES, 0, 5),
        mixed(AGES, 99, 5),
        mixed(AGES, -1, 1),
        mixed(AGES, 500, 1),
        RNG.normal(size=200),
        RNG.lognormal(0, 2, 200),
        np.where(RNG.random(200) < 0.9, 0, RNG.integers(100, 99999, 200)).astype(float),
        np.repeat([0.0, 1.0], 100),
        np.repeat([-1.0, 0.0, 1.0], 50),
        np.repeat([1.0, 2.0, 3.0, 999.0], 50),
        RNG.integers(0, 10000, 200).astype(float),
        np.array([-999.0, 1, 2, 3]),
        np.array([np.nan] * 50),
    ],
    ids=["ages", "newborns", "near the rest", "a single -1", "a single outlier", "normal", "heavy tail", "mostly zero",
         "two values", "three values", "codes", "up to 9999", "few rows", "nothing"],
)  # fmt: skip
def test_ordinary_numbers_are_not(values):
    assert suspicious_value(values) is None


def test_infinite_values_hide_no_code():
    assert suspicious_value(np.array([np.inf, -np.inf, *mixed(AGES, -999, 2)])) is not None


@pytest.mark.parametrize("name", SAMPLES)
def test_no_sample_holds_codes(name):
    frame = sample_table(name).frame.select_dtypes("number")
    assert [column for column in frame if suspicious_value(frame[column].to_numpy(float))] == []
