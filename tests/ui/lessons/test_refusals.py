"""What the editor of a lesson says of a lesson that is none yet."""

import pytest

from core.errors import InputRefused
from core.lessons import LESSONS
from core.lessons.lesson import Lesson
from core.ui.lessons.refusals import said
from core.ui.words import spoken_in

RATE = "training.learning_rate"


def told(where, value):
    """What is said of the first lesson with another value at a path."""
    lesson = LESSONS[0].model_dump(mode="json")
    *names, last = where.split("/")
    place = lesson
    for name in names:
        place = place[name]
    place[last] = value
    with pytest.raises(InputRefused) as refusal:
        Lesson.validated(lesson)
    return said(refusal.value, "AB")


@pytest.mark.parametrize(
    ("where", "value", "sentence"),
    [
        ("title", "x" * 80, "Title: at most 60 characters are allowed."),
        ("options", ["a"], "Answers to choose from, one in each line: at least 2 are needed."),
        ("options", list("abcdef"), "Answers to choose from, one in each line: at most 5 are allowed."),
        ("answer", 7, "The right one: choose one of the answers."),
        ("explanation", "{C.loss}", "Explanation: there is no run C; those to quote are A, B."),
        (
            "repair/words",
            "{X.loss}",
            "What the repair brings: there is no run X; those to quote are A, B and R, the repaired one.",
        ),
        ("exercise/task", "", "Task: something has to be written here."),
        ("exercise/knobs", {RATE: []}, "Values of learning rate: choose at least one."),
        ("exercise/solution", {RATE: 7}, "One that solves it: choose one of the values of learning rate."),
        ("exercise/solution", {}, "One that solves it: choose one for each knob."),
    ],
)
def test_a_refusal_names_the_field_and_what_is_allowed(where, value, sentence):
    assert told(where, value) == sentence


def test_a_number_that_is_none_leads_to_the_list_of_numbers():
    assert told("explanation", "{A.los}").startswith("“A.los” in braces is no number of a run: choose one in “Numbers")
    assert "may stand in “Explanation”, “What" in told("about", "{A.loss} and more")


def test_what_a_knob_refuses_is_said_by_the_knob():
    assert told("repair/change", {RATE: -1}).startswith("Learning rate: -1 is refused; allowed: at least")


def test_a_german_teacher_is_told_in_german():
    with spoken_in("de"):
        assert told("title", "x" * 80) == "Titel: Höchstens 60 Zeichen sind erlaubt."
        assert told("exercise/knobs", {RATE: []}) == "Werte für Lernrate: mindestens einen wählen."
        sentence = told("repair/words", "{X.loss}")
    assert sentence == "Was die Reparatur bringt: Es gibt keinen Lauf X; zu zitieren sind A, B und R, der reparierte."


def test_nothing_of_the_schema_is_said():
    for where, value in (("about", ""), ("repair/words", "{X.loss}"), ("exercise/knobs", {RATE: [0.5]})):
        assert not [name for name in ("String", "Tuple", "exercise.", "repair.") if name in told(where, value)]
