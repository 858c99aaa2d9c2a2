"""Rows that train and rows that validate."""

import numpy as np
import pytest
from sklearn.model_selection import GroupShuffleSplit, train_test_split

from core.data.prepare.split import split
from core.errors import InputRefused
from core.spec import RunSpec, load_spec


def run(fraction: float, how: str = "random", seed: int = 0) -> RunSpec:
    data = {"source": "sample:iris", "target": "species", "validation_fraction": fraction, "split": how}
    return load_spec({"data": data, "training": {"seed": seed}}).runs()[0]


@pytest.mark.parametrize("rows", [4, 10, 101, 891])
@pytest.mark.parametrize("fraction", [0.1, 0.2, 0.3, 0.5])
def test_the_split_is_sklearns_own(rows, fraction):
    train, held_out, notes = split(run(fraction, seed=5), rows, None)
    expected = train_test_split(np.arange(rows), test_size=fraction, random_state=5)
    np.testing.assert_array_equal(train, expected[0])
    np.testing.assert_array_equal(held_out, expected[1])
    assert notes == ()


def test_no_row_is_on_both_sides():
    train, held_out, _ = split(run(0.3), 57, None)
    assert set(train) | set(held_out) == set(range(57))
    assert not set(train) & set(held_out)


def test_in_order_the_last_rows_validate():
    train, held_out, _ = split(run(0.2, "in_order"), 10, None)
    assert train.tolist() == list(range(8))
    assert held_out.tolist() == [8, 9]


def test_stratified_keeps_the_shares_and_falls_back_aloud():
    classes = np.repeat([0, 1], [90, 10])
    _, held_out, notes = split(run(0.2, "stratified"), 100, classes)
    assert classes[held_out].sum() == 2
    assert notes == ()
    lonely = np.repeat([0, 1], [99, 1])
    _, held_out, notes = split(run(0.2, "stratified"), 100, lonely)
    assert len(held_out) == 20
    assert "random" in notes[0]
    assert "random" in split(run(0.2, "stratified"), 100, None)[2][0]


def test_grouped_keeps_copies_on_one_side_as_sklearn_does():
    groups = np.arange(60) // 5
    train, held_out, notes = split(run(0.25, "grouped", seed=3), 60, None, groups)
    expected = next(GroupShuffleSplit(1, test_size=0.25, random_state=3).split(np.arange(60), groups=groups))
    np.testing.assert_array_equal(train, expected[0])
    np.testing.assert_array_equal(held_out, expected[1])
    assert not set(groups[train]) & set(groups[held_out])
    assert notes == ()


def test_grouped_falls_back_aloud_where_all_rows_are_one():
    train, held_out, notes = split(run(0.2, "grouped"), 10, None, np.zeros(10, np.int64))
    assert (len(train), len(held_out)) == (8, 2)
    assert "random" in notes[0]


def test_without_validation_rows_the_order_stays():
    train, held_out, _ = split(run(0), 5, None)
    assert train.tolist() == [0, 1, 2, 3, 4]
    assert held_out.size == 0


def test_a_share_that_leaves_nothing_to_train_on_is_refused():
    with pytest.raises(InputRefused, match="validation_fraction"):
        split(run(0.2), 1, None)
    with pytest.raises(InputRefused, match="validation_fraction"):
        split(run(0.9), 5, None)
