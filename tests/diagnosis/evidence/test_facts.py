"""What the data say before training: scales, stand-ins, leaks, duplicates, order, and what can be learnt at all."""

import numpy as np
import pytest

from core.data.prepare.prepared import prepare
from core.data.source import load_table
from core.diagnosis.evidence.facts import examine
from core.spec import load_spec

RNG = np.random.default_rng(0)
N = 120
A, B = RNG.normal(size=N), RNG.normal(size=N)
NOISY = A + B + RNG.normal(size=N)


def facts_of(columns, target="y", **sections):
    data = {"source": {"columns": {k: np.asarray(v).tolist() for k, v in columns.items()}}, "target": target}
    run = load_spec({"data": data | sections.pop("data", {}), **sections}).runs()[0]
    table = load_table(run.data)
    return examine(run, table, prepare(run, table))


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
    assert facts_of({"a": A, "b": B, "copy": NOISY * 1.0001, "y": NOISY}).leaks == ("copy",)


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
