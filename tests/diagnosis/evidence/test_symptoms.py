"""Symptoms: each is seen where it is, with its number, and none of them in a healthy run."""

import math

import pytest

from core.diagnosis.evidence.symptoms import SYMPTOMS, symptoms
from tests.diagnosis.table import observation_of

STUCK = {"skill": (0.0,) * 3, "val_skill": (0.0,) * 3}
BINARY = {
    "task": "binary", "loss": "binary_crossentropy", "output_activation": "sigmoid", "classes": ("no", "yes"),
    "class_shares": (0.5, 0.5),
}  # fmt: skip

SEEN = [
    ("non_finite", {}, {"diverged": 1.0}, "in every seed"),
    ("refused", {}, {"failed": "Keras cannot."}, "Keras cannot"),
    ("first_steps_harm", {}, {"kick": 1000.0}, "1,000 times"),
    ("rising", {}, {"rise": 0.5}, "50%"),
    ("jumping", {}, {"oscillation": 0.3}, "30%"),
    ("constant", BINARY, {**STUCK, "constant": math.log(2)}, "0.6931 = the loss of always predicting how frequent"),
    ("constant", BINARY, {**STUCK, "constant": 8.06}, "8.06 = the loss of predicting yes every time with certainty"),
    ("constant", {**BINARY, "class_shares": (0.9, 0.1)}, {**STUCK, "constant": math.log(2)}, "ln 2"),
    ("constant", {"target_std": 2.0, "target_mean": 5.0}, {**STUCK, "constant": 4.0}, "variance"),
    ("constant", {"target_std": 2.0, "target_mean": 5.0}, {**STUCK, "constant": 29.0}, "always predicting 0"),
    ("constant", {"target_std": 2.0, "target_mean": 5.0}, {**STUCK, "constant": 20.0}, "always predicting 1"),
    ("constant", BINARY, {**STUCK, "constant": 0.0}, "cannot see them"),
    ("constant", {}, {"constant": 0.123}, "stands still at 0.123."),
    ("guessing", {}, STUCK, "no better than guessing"),
    ("blind", {}, {**STUCK, "without_inputs": 0.0}, "predicts the same"),
    ("still_falling", {}, {"falling": 0.4}, "40%"),
    ("gap", {}, {"skill": (0.9,) * 3, "val_skill": (0.1,) * 3}, "90%"),
    ("flattered", {"output_activation": "softmax"}, STUCK, "before the last activation"),
    ("clipped", {}, {"clipped": 0.9}, "90%"),
    ("warned", {}, {"warnings": ("You are using a softmax over axis -1. More.",)}, "softmax over axis -1."),
]


@pytest.mark.parametrize(("name", "facts", "signals", "words"), SEEN, ids=[f"{s[0]}-{i}" for i, s in enumerate(SEEN)])
def test_a_symptom_is_seen_with_its_number(name, facts, signals, words):
    found = symptoms(observation_of(facts, signals))
    assert words in found[name]
    assert found[name].endswith(".")


def test_every_symptom_has_a_test_that_shows_it():
    assert {name for name, *_ in SEEN} == set(SYMPTOMS)


def test_what_stands_still_is_not_said_to_be_still_falling():
    assert "still_falling" not in symptoms(observation_of({}, {"falling": 0.4, "still": 1.0}))


def test_a_healthy_run_has_no_symptoms():
    assert symptoms(observation_of()) == {}
    assert symptoms(observation_of(BINARY)) == {}
