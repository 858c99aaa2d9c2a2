"""What a target column suggests."""

import numpy as np
import pandas as pd
import pytest

from core.data.table import table_of
from core.data.understand.task import class_indices, detect_task, resolve_task, suggest_target
from core.errors import InputRefused
from core.spec import DataSpec


@pytest.mark.parametrize(
    ("values", "task"),
    [
        ([1, 2, 3, 4], "regression"),
        ([0, 1, 1, 0], "binary"),
        ([1, 2, 1, 2], "binary"),
        ([1, 2], "regression"),
        ([0, 1], "binary"),
        ([7, 7, 7, 7], "regression"),
        ([True, False, None, True], "binary"),
        ([True, True], "binary"),
        (["a", "b", "a", "b"], "binary"),
        (["a", "b", "c", "a"], "multiclass"),
        (["a", "a"], "binary"),
        ([3, 4, 5] * 10, "multiclass"),
        ([3.5, 4.5, 5.5] * 10, "regression"),
        ([1, 2, 3, 4, 5], "regression"),
        (list(range(11)) * 10, "regression"),
    ],
)
def test_the_target_suggests_its_task_and_says_why(values, task):
    table = table_of(pd.DataFrame({"y": pd.Series(values, dtype=object)}))
    found, reason = detect_task(table, ("y",))
    assert found == task
    assert reason.startswith("y ")


def test_several_targets_of_0_and_1_are_labels_and_others_are_numbers():
    table = table_of(pd.DataFrame({"a": [0, 1, 1], "b": [True, False, True], "c": [1.5, 2, 3], "d": ["u", "v", "w"]}))
    assert detect_task(table, ("a", "b"))[0] == "multilabel"
    assert detect_task(table, ("a", "c"))[0] == "regression"
    with pytest.raises(InputRefused, match="d holds words"):
        detect_task(table, ("a", "d"))


@pytest.mark.parametrize(
    ("task", "target", "words"),
    [
        ("regression", "word", "regression needs numbers"),
        ("binary", "three", "binary needs two classes, three has 3"),
        ("multilabel", "three", "columns of 0 and 1"),
        ("multiclass", "many", "1200 classes; allowed: at most 1000."),
        ("auto", "many_words", "at most 1000."),
        ("auto", "empty", "no value at all"),
        ("auto", "nope", "no column 'nope'"),
        ("auto", (), "at least one"),
        ("binary", ("three", "word"), "takes one target"),
        ("auto", "when", "dates"),
    ],
)
def test_a_target_that_cannot_be_learnt_is_refused(task, target, words):
    table = table_of(
        pd.DataFrame(
            {
                "three": [1, 2, 3] * 400,
                "word": ["u", "v", "w"] * 400,
                "many": range(1200),
                "many_words": [f"w{i}" for i in range(1200)],
                "empty": [np.nan] * 1200,
                "when": ["2020-01-01", "2020-01-02"] * 600,
            }
        )
    )
    with pytest.raises(InputRefused) as caught:
        resolve_task(table, DataSpec(source="sample:iris", target=target, task=task))
    assert words in str(caught.value)


def test_a_real_program_may_have_122_classes_and_a_long_table_fewer_than_a_short_one():
    classes = [f"w{i}" for i in range(122)]
    assert detect_task(table_of(pd.DataFrame({"y": classes * 3})), ("y",))[0] == "multiclass"
    long = pd.DataFrame({"y": pd.Series(classes, dtype="str").take(np.arange(1_000_000) % 122).reset_index(drop=True)})
    with pytest.raises(InputRefused, match="122 classes; allowed: at most 100 in 1000000 rows"):
        detect_task(table_of(long), ("y",))


def test_the_specs_task_wins_over_the_suggestion():
    table = table_of(pd.DataFrame({"y": [0, 1, 1, 0]}))
    data = DataSpec(source="sample:iris", target="y", task="regression")
    assert resolve_task(table, data)[0] == "regression"


def test_classes_sort_as_numbers_and_a_constant_1_stays_class_1():
    indices, names = class_indices(pd.Series([10, 9, 10]))
    assert names == ("9", "10")
    assert indices.tolist() == [1, 0, 1]
    indices, names = class_indices(pd.Series([1, 1]))
    assert (indices.tolist(), names) == ([1, 1], ("0", "1"))


def test_the_suggested_target_is_called_like_one_and_never_an_identifier():
    frame = pd.DataFrame({"species": ["a", "b"] * 20, "x": range(40), "id": [f"n{i}" for i in range(40)]})
    assert suggest_target(table_of(frame))[0] == "species"
    assert suggest_target(table_of(frame.drop(columns="species")))[0] == "x"
