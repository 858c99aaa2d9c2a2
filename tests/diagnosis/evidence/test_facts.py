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
    assert facts.invalid_inputs == facts.copies.share == 0
    assert not facts.constant_target
    assert 0.3 < facts.reachable < 0.95
    assert facts.input_spread == pytest.approx((1, 1), abs=0.01)


def test_a_stand_in_far_off_is_a_sentinel():
    held = np.where(np.arange(N) % 20 == 0, -999.0, A)
    (sentinel,) = facts_of({"a": held, "b": B, "y": NOISY}).sentinels
    assert (sentinel.column, sentinel.value, sentinel.count) == ("a", -999.0, 6)


def test_one_value_beside_which_the_others_are_alike_is_told():
    lone = A.copy()
    lone[3] = 1e6
    facts = facts_of({"a": lone, "b": B, "y": NOISY}, preprocessing={"scaling": "standard"})
    assert facts.lone_values == ("a",)
    tails = np.exp(2 * A)
    rare = np.where(np.arange(N) == 5, "one", "other")
    assert facts_of({"a": tails, "b": rare, "y": NOISY}).lone_values == ()


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


def test_what_is_computed_from_an_input_and_not_the_other_way_round_is_no_certain_leak():
    a, noise = RNG.uniform(-2, 2, size=(2, 400))
    leaks = facts_of({"a": a, "noise": noise, "y": a**2}).leaks
    assert [leak.certain for leak in leaks] == [False]


def test_categories_that_the_encoding_drops_are_known_and_those_left_out_are_not():
    columns = {"a": A, "word": list("xyz") * (N // 3), "y": NOISY}
    dropped = facts_of(columns, preprocessing={"encoding": "drop"})
    assert (dropped.features, dropped.category_columns) == (1, ("word",))
    assert facts_of(columns, data={"features": ["a"]}).category_columns == ()


def test_columns_are_words_or_numbers():
    columns = {"a": A, "word": list("xyz") * (N // 3), "two": ["yes", "no"] * (N // 2), "y": NOISY}
    columns |= {"flag": [True, False] * (N // 2), "name": [f"n{i}" for i in range(N)]}
    facts = facts_of(columns)
    assert (facts.word_columns, facts.number_columns) == (("word", "two"), ("a", "flag"))
    asked = facts_of(columns, data={"features": ["a", "name"]})
    assert (asked.word_columns, asked.number_columns) == (("name",), ("a",))


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


def test_rows_that_are_copies_are_judged_apart():
    facts = facts_of({"a": np.tile(A[:30], 4), "b": np.tile(B[:30], 4), "y": np.tile(RNG.normal(size=30), 4)})
    assert facts.copies.share == 1
    assert facts.copies.conflict == 0
    assert facts.by_heart > 0.9
    assert facts.reachable < 0.2


def test_few_kinds_of_rows_are_no_copies():
    kinds = {"a": np.arange(N) % 4, "b": np.arange(N) % 6, "y": RNG.normal(size=N) + np.arange(N) % 4}
    assert facts_of(kinds).copies.share == 0
    assert facts_of(kinds).by_heart is None


def test_equal_rows_with_other_answers_conflict():
    facts = facts_of({"a": np.tile(A[:60], 2), "b": np.tile(B[:60], 2), "y": RNG.normal(size=N)})
    assert facts.copies.share == 1
    assert facts.copies.conflict > 0.3


def test_the_last_rows_are_told_from_the_others_where_they_differ():
    drifting = {"a": np.linspace(0, 1, N), "b": B, "y": NOISY}
    assert facts_of(drifting, data={"split": "in_order"}).input_shift > 0.9
    assert facts_of(drifting).input_shift == 0.5
    assert facts_of({"a": A, "b": B, "y": NOISY}, data={"split": "in_order"}).input_shift < 0.75


def test_the_labels_of_a_row_are_counted():
    labels = {"a": A, "red": (A > 0).astype(int), "blue": (B > 0).astype(int)}
    spec = {"data": {"target": ["red", "blue"], "task": "multilabel"}}
    assert facts_of(labels, **spec).answers == (0, 2)


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


LEAKY = {
    "a copy beside noise": {"copy": 3 * NOISY + 1, "noise": RNG.normal(size=N), "more": RNG.normal(size=N)},
    "a copy beside one column": {"copy": 3 * NOISY + 1, "a": A},
    "two copies of three inputs": {"copy": 3 * NOISY + 1, "again": NOISY / 7, "a": A},
    "a copy beside a strong column": {"copy": 3 * NOISY + 1, "a": A, "strong": NOISY + 0.25 * np.roll(B, 1)},
}


def agree(facts, told):
    assert facts.sentinels == tuple(found for column in told.columns for found in column.sentinels)
    assert facts.identifier_columns == tuple(column.name for column in told.columns if column.identifier)
    assert facts.leaks == told.leaks


@pytest.mark.parametrize("name", ALIKE)
def test_lab_and_diagnosis_agree(name):
    agree(*both_of({"a": A, "b": B, "x": ALIKE[name], "y": NOISY}))


@pytest.mark.parametrize("name", LEAKY)
def test_lab_and_diagnosis_agree_on_a_copy_whatever_stands_beside_it(name):
    facts, told = both_of({**LEAKY[name], "y": NOISY})
    agree(facts, told)
    assert {leak.column for leak in facts.leaks if leak.certain} == {"copy", "again"} & set(LEAKY[name])


def test_lab_and_diagnosis_agree_on_a_word_that_names_the_row():
    columns = {"a": A, "b": B, "id": [f"id {i}" for i in range(N)], "y": NOISY}
    facts, told = both_of(columns, data={"features": ["a", "b", "id"]})
    agree(facts, told)
    assert facts.identifier_columns == ("id",)
    assert facts_of(columns).identifier_columns == ()


def test_how_much_the_other_inputs_explain_is_known_beside_a_leak_alone():
    assert facts_of({"copy": NOISY, "a": A, "b": B, "y": NOISY}).without_leaks == pytest.approx(0.6, abs=0.1)
    assert facts_of({"copy": NOISY, "noise": RNG.normal(size=N), "y": NOISY}).without_leaks < 0.1
    assert facts_of({"a": A, "b": B, "y": NOISY}).without_leaks is None
    assert facts_of({"copy": NOISY, "y": NOISY}).without_leaks is None


def test_rows_that_come_again_make_no_column_a_copy():
    columns = {name: RNG.normal(size=60).repeat(5) for name in ("a", "b", "y")}
    facts, told = both_of(columns)
    assert facts.leaks == told.leaks == ()
    assert not any(column.repeats for column in told.columns)


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
