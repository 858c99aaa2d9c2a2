"""What the data say before training: scales, stand-ins, leaks, duplicates, order, and what can be learnt at all."""

import numpy as np
import pytest

from core.data.prepare.prepared import prepare
from core.data.source import load_table
from core.data.understand.profile import profile
from core.diagnosis.evidence.facts import examine
from core.spec import load_spec

RNG = np.random.default_rng(0)
N = 120
A, B = RNG.normal(size=N), RNG.normal(size=N)
NOISY = A + B + RNG.normal(size=N)


def both_of(columns, target="y", **sections):
    """Return what the diagnosis is told of the inputs, and what the lab is told of the table."""
    data = {"source": {"columns": {k: np.asarray(v).tolist() for k, v in columns.items()}}, "target": target}
    run = load_spec({"data": data | sections.pop("data", {}), **sections}).runs()[0]
    table = load_table(run.data)
    return examine(run, table, prepare(run, table)), profile(table, run.data.targets)


def facts_of(columns, target="y", **sections):
    return both_of(columns, target, **sections)[0]


def test_clean_data_raise_no_alarm():
    facts = facts_of({"a": A, "b": B, "y": NOISY})
    assert facts.sentinels == facts.leaks == facts.identifier_columns == ()
    assert facts.invalid_inputs == facts.duplicates == 0
    assert not facts.constant_target
    assert 0.3 < facts.reachable < 0.95
    assert facts.input_spread == pytest.approx((1, 1), abs=0.01)


def test_a_stand_in_far_off_is_a_sentinel():
    held = np.where(np.arange(N) % 20 == 0, -999.0, A)
    (sentinel,) = facts_of({"a": held, "b": B, "y": NOISY}).sentinels
    assert (sentinel.column, sentinel.value, sentinel.count) == ("a", -999.0, 6)


def test_one_far_value_is_an_outlier_not_a_sentinel():
    lone = A.copy()
    lone[3] = 50.0
    assert facts_of({"a": lone, "b": B, "y": NOISY}).sentinels == ()


def test_a_copy_of_the_target_is_a_leak():
    (leak,) = facts_of({"a": A, "b": B, "copy": NOISY * 1.0001, "y": NOISY}).leaks
    assert (leak.column, leak.certain) == ("copy", True)


def test_a_column_with_a_little_noise_is_suspected_and_not_certain():
    (leak,) = facts_of({"a": A, "b": B, "later": NOISY + 0.08 * RNG.normal(size=N), "y": NOISY}).leaks
    assert (leak.column, leak.certain) == ("later", False)


def test_a_single_honest_input_is_no_leak():
    assert facts_of({"a": A, "y": 3 * A}).leaks == ()
    assert facts_of({"a": A, "noise": B, "y": 3 * A}).leaks == ()


def test_noise_has_nothing_to_learn():
    facts = facts_of({"a": A, "b": B, "y": RNG.normal(size=N)})
    assert facts.reachable < 0.03


def test_few_rows_are_not_judged():
    facts = facts_of({"a": A[:8], "y": B[:8]})
    assert facts.reachable is None
    assert facts.leaks == ()


def test_nan_reaches_the_network_only_where_it_is_kept():
    holes = np.where(np.arange(N) % 9 == 0, np.nan, A)
    kept = facts_of({"a": holes, "b": B, "y": NOISY}, preprocessing={"missing": "keep"})
    filled = facts_of({"a": holes, "b": B, "y": NOISY})
    assert kept.invalid_inputs > 0
    assert filled.invalid_inputs == 0


def test_duplicates_across_the_split_are_counted():
    facts = facts_of({"a": np.tile(A[:10], 12), "b": np.tile(B[:10], 12), "y": np.tile(NOISY[:10], 12)})
    assert facts.duplicates == 1


def test_a_sorted_target_shows():
    ordered = np.sort(NOISY)
    facts = facts_of({"a": A, "y": ordered}, data={"split": "in_order"})
    assert facts.shift > 1
    assert facts.runs_of_target > 0.9
    assert facts_of({"a": A, "y": NOISY}).runs_of_target < 0.5


def test_row_numbers_are_no_measurement():
    facts = facts_of({"id": np.arange(N), "a": A, "y": NOISY})
    assert facts.identifier_columns == ("id",)


def test_a_constant_target_is_seen():
    assert facts_of({"a": A, "y": np.full(N, 2.0)}, data={"task": "regression"}).constant_target


def spoilt(values, code, times):
    return np.concatenate((np.full(times, code), values[times:]))


COUNTS = RNG.integers(1, 60, N).astype(float)
PRESSURES = RNG.normal(75, 12, N).round().clip(40, 120)
ALIKE = {
    "honest": COUNTS,
    "-1 among counts": spoilt(COUNTS, -1.0, 12),
    "a single -1": spoilt(COUNTS, -1.0, 1),
    "0 among blood pressures": spoilt(PRESSURES, 0.0, 9),
    "newborns": spoilt(COUNTS, 0.0, 6),
    "a single -999": spoilt(COUNTS, -999.0, 1),
    "repeated 999": spoilt(COUNTS, 999.0, 6),
    "both ends": spoilt(spoilt(COUNTS, 999.0, 6), -999.0, 3),
    "a far number again and again": spoilt(A, 1234.5, 6),
    "a far number once": spoilt(A, 50.0, 1),
    "ids": np.arange(N),
    "ids with two holes": np.delete(np.arange(N + 2), [5, 70]),
    "even numbers": 2 * np.arange(N),
    "every third number": 3 * np.arange(N),
    "a copy": NOISY * 1.8 + 32,
    "a copy with a little noise": NOISY + 0.08 * np.roll(B, 1),
    "a strong column": NOISY + 0.3 * np.roll(B, 1),
    "the target's rank": NOISY.argsort().argsort(),
}


@pytest.mark.parametrize("name", ALIKE)
def test_lab_and_diagnosis_agree(name):
    facts, told = both_of({"a": A, "b": B, "x": ALIKE[name], "y": NOISY})
    assert facts.sentinels == told.column("x").sentinels
    assert facts.identifier_columns == (("x",) if told.column("x").counts_rows else ())
    assert facts.leaks == told.leaks


def test_what_they_agree_on_is_not_nothing():
    told = {name: both_of({"a": A, "b": B, "x": values, "y": NOISY})[0] for name, values in ALIKE.items()}
    assert {name for name, facts in told.items() if facts.sentinels} == {
        "-1 among counts", "0 among blood pressures", "a single -999", "repeated 999", "both ends",
        "a far number again and again",
    }  # fmt: skip
    assert {name for name, facts in told.items() if facts.identifier_columns} == {
        "ids", "ids with two holes", "even numbers", "the target's rank"
    }  # fmt: skip
    assert {name for name, facts in told.items() if facts.leaks} == {
        "a copy", "a copy with a little noise", "the target's rank"
    }  # fmt: skip
    assert {name for name, facts in told.items() if any(leak.certain for leak in facts.leaks)} == {"a copy"}


def test_lab_and_diagnosis_see_the_word_that_determines_the_class():
    zone, distance = RNG.integers(0, 40, 600), RNG.normal(size=600)
    borough = zone % 4
    columns = {"distance": distance + borough, "zone": [f"zone {i}" for i in zone], "y": [f"b{i}" for i in borough]}
    facts, told = both_of(columns)
    assert [(leak.column, leak.certain) for leak in facts.leaks] == [("zone", True)]
    assert facts.leaks == told.leaks


def test_what_the_run_does_not_use_is_no_fault_of_it():
    columns = {"a": A, "b": B, "copy": NOISY, "old": spoilt(COUNTS, 999.0, 6), "id": np.arange(N), "y": NOISY}
    facts, told = both_of(columns, data={"features": ["a", "b"]})
    assert facts.leaks == facts.sentinels == facts.identifier_columns == ()
    assert [leak.column for leak in told.leaks] == ["copy"]
