"""How much a sign is worth: what was counted, and a guess where little was."""

import pytest

from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.causes.cause import Evidence, Suspect
from core.diagnosis.causes.weights import MEASURED, Seen, weight
from core.sentence import said
from tests.diagnosis.causes.signs import signs_of

COUNTS = {"a": {"often right": Seen(40, 0), "often wrong": Seen(0, 40), "once": Seen(0, 1)}}


def test_a_guess_counts_less_the_more_is_known():
    assert weight("a", "often right", 0.5, COUNTS) > 0.9
    assert weight("a", "often wrong", 0.5, COUNTS) < 0.1
    assert 0.3 < weight("a", "once", 0.5, COUNTS) < 0.5


@pytest.mark.parametrize(("cause", "sign"), [("a", "never seen"), ("b", "often right"), ("a", "")])
def test_a_sign_that_was_never_seen_is_worth_its_guess(cause, sign):
    assert weight(cause, sign, 0.35, COUNTS) == 0.35


def test_a_suspect_is_as_likely_as_what_was_counted_and_tells_that_first():
    sign, seen = max(MEASURED["learning_rate_too_high"].items(), key=lambda pair: pair[1].wrong)
    assert seen.wrong > seen.right
    pieces = (Evidence(0.6, said("mostly harmless"), sign=sign), Evidence(0.5, said("a guess")))
    suspect = Suspect(CAUSES["learning_rate_too_high"], pieces)
    assert suspect.ordered[0].text == "a guess"
    assert 0.5 < suspect.likely < suspect.strength == pytest.approx(0.8)


def test_what_was_counted_is_of_signs_that_there_are():
    assert set(MEASURED) <= set(CAUSES)
    assert all(seen.right + seen.wrong > 0 for signs in MEASURED.values() for seen in signs.values())
    for cause, signs in MEASURED.items():
        assert set(signs) - signs_of(CAUSES[cause]) == set(), cause


def test_the_signs_of_a_cause_are_found_wherever_they_stand():
    assert {"kicked", "another_rate_does_best"} <= signs_of(CAUSES["learning_rate_too_high"])
    assert {"small_gradient", "gradient_of_a_dead_layer", "not_by_heart"} <= signs_of(CAUSES["vanishing_gradients"])
    assert "not_by_heart" not in signs_of(CAUSES["learning_rate_too_high"])
