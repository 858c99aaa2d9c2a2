"""The numbers in the lessons' words are those of their curves: each lesson is trained and held against what it says."""

import functools
import json
import re
from typing import Any

import pytest

import core
from core.lessons import LESSONS
from core.spec import load_spec

HIGH_RATE = {"training.learning_rate": 0.1}
LONG = {"training.epochs": 2000}

CLAIMS: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
    "scaling": [
        ("471,000", "0.history.loss.0", {}),
        ("66,000", "0.history.loss.-1", {}),
        ("8.4", "1.history.loss.0", {}),
        ("7.2", "1.history.loss.-1", {}),
        ("0.002", "1.history.loss.-1", HIGH_RATE),
        ("6.7", "0.history.loss.-1", HIGH_RATE),
        ("1.25", "0.baseline.loss", {}),
    ],
    "random-labels": [
        ("0.664", "1.history.loss.-1", {}),
        ("0.693", "0.history.loss.-1", {}),
        ("0.693", "0.baseline.loss", {}),
        ("0.693", "0.baseline.val_loss", {}),
        ("0.666", "1.history.val_loss.-1", {}),
        ("0.690", "0.history.val_loss.-1", {}),
        ("0.30", "1.history.loss.-1", LONG),
        ("0.75", "1.history.val_loss.-1", LONG),
    ],
    "learning-rate": [
        ("1.5", "0.history.loss.0", {}),
        ("0.72", "0.history.loss.-1", {}),
        ("0.063", "1.history.loss.-1", {}),
        ("0.075", "1.baseline.loss", {}),
        ("300", "0.telemetry.updates", {}),
        ("0.18", "1.skill", {}),
        ("−0.18", "1.val_skill", {}),
    ],
}
"""Lesson → what its explanation says, where in the results that stands, after which change of its spec."""

SETTINGS = {
    "scaling": {"100", "32", "0.1", "1"},
    "random-labels": {"2", "50", "20", "2,000"},
    "learning-rate": {"0.0001", "0.1", "100"},
}
"""Lesson → the other numbers in its explanation: settings, sizes, and names of numbers such as ln 2."""

LESSON = {lesson.id: lesson for lesson in LESSONS}


@functools.cache
def trained(lesson, changes):
    return core.train(LESSON[lesson].spec.changed(json.loads(changes)))["runs"]


def value_at(runs, path):
    place = runs
    for step in path.split("."):
        place = place[int(step) if isinstance(place, list) else step]
    return place


def says(text, value):
    """Whether `value`, rounded to as many digits, reads `text`; a tenth of the last digit is left to the machine.

    Of thousands, zeros at the end are no digits: 471,000 is rounded to 1,000.
    """
    digits = text.replace(",", "").replace("−", "-")
    zeros = len(digits) - len(digits.rstrip("0")) if "," in text else 0
    last = 10.0 ** (zeros - len(digits.partition(".")[2]))
    return abs(value - float(digits)) <= 0.6 * last


@pytest.mark.parametrize(
    ("lesson", "text", "path", "changes"),
    [(lesson, *claim) for lesson, claims in CLAIMS.items() for claim in claims],
    ids=str,
)
def test_a_number_in_the_words_is_the_number_of_the_curves(lesson, text, path, changes):
    assert text in LESSON[lesson].explanation
    value = value_at(trained(lesson, json.dumps(changes)), path)
    assert says(text, value), f"{value} is not {text}"


@pytest.mark.parametrize("lesson", LESSON)
def test_every_number_in_the_words_is_checked_or_a_setting(lesson):
    found = set(re.findall(r"−?\b\d[\d,.]*\d\b|\b\d\b", LESSON[lesson].explanation))
    assert found == {claim[0] for claim in CLAIMS[lesson]} | SETTINGS.get(lesson, set())


@pytest.mark.parametrize(
    ("text", "value", "true"),
    [
        ("471,000", 471_197.8, True), ("471,000", 472_000, False), ("0.30", 0.3028, True), ("0.30", 0.31, False),
        ("−0.18", -0.1752, True), ("−0.18", 0.1752, False), ("300", 300, True), ("300", 240, False),
    ],
)  # fmt: skip
def test_a_claim_is_held_to_the_digits_it_states(text, value, true):
    assert says(text, value) is true


def test_neither_network_of_the_first_lesson_gets_better_than_the_mean():
    for run in trained("scaling", "{}"):
        assert min(run["history"]["loss"]) > run["baseline"]["loss"]
        assert run["skill"] < 0


def test_at_a_high_rate_only_the_scaled_network_fits():
    raw, scaled = trained("scaling", json.dumps(HIGH_RATE))
    assert raw["history"]["loss"][-1] > raw["baseline"]["loss"]
    assert scaled["skill"] > 0.99


def test_relu_on_random_labels_is_lucky_in_five_of_ten_seeds():
    spec = load_spec({**LESSON["random-labels"].spec.model_dump(mode="json"), "seeds": 10})
    skills = [run["val_skill"] for run in core.train(spec)["runs"] if run["variant"]["model.activation"] == "relu"]
    assert (sum(skill > 0 for skill in skills), sum(skill < 0 for skill in skills)) == (5, 5)


def test_the_bold_network_drops_within_ten_epochs_and_memorises():
    low, high = trained("learning-rate", "{}")
    assert high["history"]["loss"][9] < 0.15 * high["history"]["loss"][0]
    assert min(low["history"]["loss"]) > 5 * low["baseline"]["loss"]
    assert high["history"]["loss"][-1] < high["baseline"]["loss"]
    assert high["history"]["val_loss"][-1] > high["baseline"]["val_loss"]
