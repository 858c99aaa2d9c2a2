"""The catalogue of lessons: complete, consistent, and the mission's three examples come first."""

import pytest
from pydantic import ValidationError

from core.lessons import LESSONS, Lesson
from core.spec import InlineData


def test_ids_are_distinct_and_every_lesson_compares_runs():
    assert len({lesson.id for lesson in LESSONS}) == len(LESSONS)
    assert all(len(lesson.spec.runs()) >= 2 for lesson in LESSONS)
    assert not any(lesson.explanation.strip() in {"", "…"} for lesson in LESSONS)


def test_the_three_seed_examples_come_first():
    scaling, labels, rates = (lesson.spec for lesson in LESSONS[:3])
    assert isinstance(scaling.data.source, InlineData)
    assert scaling.data.source.columns == {"x": (1000, 2000, 3000, 4000), "y": (1, 2, 3, 4)}
    assert scaling.data.validation_fraction == 0
    assert scaling.vary == {"preprocessing.scaling": ("none", "minmax")}
    assert labels.vary == {"model.activation": ("sigmoid", "relu")}
    assert rates.vary == {"training.learning_rate": (0.0001, 0.1)}
    for spec in (scaling, labels, rates):
        assert (spec.model.layers, spec.training.epochs, spec.training.optimizer) == ((10,), 100, "adam")


def test_an_answer_that_is_no_option_is_refused():
    values = LESSONS[0].model_dump(mode="json") | {"answer": 9}
    with pytest.raises(ValidationError, match="there is no option 9"):
        Lesson.model_validate(values)


def test_the_words_are_true_of_the_curves():
    from core import train

    scaling, labels, rates = (train(lesson.spec)["runs"] for lesson in LESSONS[:3])
    raw, scaled = (run["history"]["loss"] for run in scaling)
    assert raw[0] > 100_000
    assert raw[-1] > 10_000 > 10 > scaled[-1]
    assert all(run["skill"] < 0 for run in scaling)
    assert all(run["history"]["loss"][-1] == pytest.approx(0.693, abs=0.05) for run in labels)
    assert labels[1]["history"]["loss"][-1] < labels[0]["history"]["loss"][-1]
    low, high = rates
    assert low["history"]["loss"][-1] > 5 * high["history"]["loss"][-1]
    assert high["skill"] > 0 > high["val_skill"]
