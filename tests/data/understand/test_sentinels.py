"""Codes for "not known" among numbers."""

import numpy as np
import pandas as pd
import pytest

from core.data.samples import SAMPLES, sample_table
from core.data.table import table_of
from core.data.understand.sentinels import sentinels

RNG = np.random.Generator(np.random.Philox(7))
AGES = RNG.integers(1, 90, 200).astype(float)
GLUCOSE = RNG.normal(120, 30, 200).round().clip(44, 199)


def mixed(values, code, times):
    return np.concatenate((np.full(times, float(code)), values))


def found_in(values):
    table = table_of(pd.DataFrame({"x": values}))
    return sentinels(table, table.column("x"))


@pytest.mark.parametrize(
    ("values", "code", "times"),
    [
        (AGES, -999, 1),
        (AGES, 9999, 3),
        (AGES, 99999, 1),
        (AGES, -1, 10),
        (AGES / 7, 365243, 20),
        (GLUCOSE, 0, 5),
        (GLUCOSE, 0, 2),
        (RNG.random(50) / 2, -1, 2),
        (np.arange(1.0, 7).repeat(5), 99, 3),
        (np.arange(6.0), -999, 2),
    ],
)
def test_codes_for_missing_are_suspected(values, code, times):
    (found,) = found_in(mixed(values, code, times))
    assert (found.column, found.value, found.count) == ("x", code, times)


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
        np.array([-1e308, 1e308, *AGES]),
    ],
    ids=["ages", "newborns", "near the rest", "a single -1", "a single outlier", "normal", "heavy tail", "mostly zero",
         "two values", "three values", "codes", "up to 9999", "few rows", "nothing", "huge"],
)  # fmt: skip
@pytest.mark.filterwarnings("error")
def test_ordinary_numbers_are_not(values):
    assert found_in(values) == ()


def test_a_code_at_either_end_is_found_beside_the_other():
    both = mixed(mixed(AGES, -999, 2), 9999, 3)
    assert [(found.value, found.count) for found in found_in(both)] == [(-999, 2), (9999, 3)]
    assert [found.value for found in found_in(mixed(mixed(GLUCOSE, 0, 5), 999, 20))] == [0, 999]


@pytest.mark.parametrize(
    ("values", "certain"),
    [
        (mixed(AGES, -999, 3), True),
        (mixed(AGES / 7, 365243, 20), True),
        (mixed(AGES, -999, 2), False),
        (mixed(AGES, -999, 1), False),
        (mixed(AGES, -1, 10), False),
        (mixed(GLUCOSE, 0, 5), False),
        (mixed(RNG.uniform(200, 220, 298), 99, 2), False),
        (mixed(RNG.uniform(200, 220, 270), 99, 30), False),
        (mixed(RNG.integers(20, 46, 200), 99, 2), False),
        (mixed(RNG.uniform(20, 46, 996), 99, 4), False),
        (mixed(np.arange(1.0, 7) / 10, -1, 2), False),
        (mixed(np.arange(1.0, 7) / 10, -1, 5), False),
    ],
    ids=["a usual code, repeated", "any number, repeated and very far", "twice", "a single one", "-1 among counts",
         "a zero", "below larger ones", "often below larger ones", "two old ones", "a small share", "eight rows",
         "eleven rows"],
)  # fmt: skip
def test_only_what_repeats_far_off_is_certain(values, certain):
    (found,) = found_in(values)
    assert found.certain == certain


def test_the_rows_of_a_long_table_are_counted_in_all_of_it():
    (found,) = found_in(mixed(RNG.integers(1, 90, 150_000), -999, 5000))
    assert found.count == 5000


def test_infinite_values_hide_no_code():
    assert [found.value for found in found_in(np.array([np.inf, -np.inf, *mixed(AGES, -999, 2)]))] == [-999]


def test_dates_and_words_have_no_codes():
    table = table_of(pd.DataFrame({"day": pd.date_range("2020-01-01", periods=40), "word": ["-999", "a"] * 20}))
    assert [found for column in table.columns for found in sentinels(table, column)] == []


@pytest.mark.parametrize("name", SAMPLES)
def test_no_sample_holds_codes(name):
    table = sample_table(name)
    assert [found for column in table.columns for found in sentinels(table, column)] == []
