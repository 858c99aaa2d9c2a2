"""The table of what the words of a lesson speak of."""

import pytest

from core.lessons import LESSONS
from core.lessons.claims import quantities
from core.training.result import Result
from core.ui.lessons.numbers import numbers_table, run_names, spoken_of

SCALING = LESSONS[0]


def result(loss, skill=0.5, state="done"):
    history = {"loss": loss}
    values = {"variant": {}, "seed": 0, "state": state, "history": history, "baseline": {"loss": 1.25}, "skill": skill}
    return Result.from_dict(values)


SEEDS = [{"A": result([400.0, value]), "B": result([4.0, None], skill=None, state="diverged")} for value in (1, 3, 2)]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_whatever_a_text_quotes_is_a_row(lesson):
    rows = {(quantity.what, quantity.where) for quantity in spoken_of(lesson)}
    quoted = quantities(lesson.explanation + lesson.repair.words + lesson.exercise.answer)
    assert {(quantity.what, quantity.where) for quantity in quoted} <= rows
    assert ("val_loss", "") not in rows or ("val_baseline", "") in rows


def test_a_cell_is_the_median_with_the_least_and_the_greatest():
    table = numbers_table(SCALING, SEEDS)
    assert list(table) == ["", "A · unscaled", "B · min-max"]
    rows = dict(zip(table[""], table["A · unscaled"], strict=True))
    assert rows["Loss"] == "2 (1 … 3)"
    assert rows["First loss"] == "400"
    assert rows["Skill on the training rows"] == "0.50"
    assert dict(zip(table[""], table["B · min-max"], strict=True))["Loss"] == "NaN"


def test_what_no_run_has_is_no_row_and_what_was_not_run_no_column():
    table = numbers_table(LESSONS[1], [{"A": result([1.0])}])
    assert "Loss" in table[""]
    assert "Loss on the rows held out" not in table[""]
    assert list(table)[1:] == ["A · sigmoid"]
    assert numbers_table(SCALING, [{}]) == {"": []}


def test_runs_of_a_lesson_have_distinct_names():
    assert all(len(set(run_names(lesson).values())) == len(lesson.variants) + 2 for lesson in LESSONS)
