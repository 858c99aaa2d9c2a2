"""How likely a named cause is right: between 0 and 1, in the order of the scores."""

import pytest

from core.diagnosis.confidence import LEAST, MEASURED, MOST, Calibration, Proof, in_order


def test_a_better_score_is_a_higher_confidence():
    told = [MEASURED.confidence(score) for score in (0.05, 0.2, 0.4, 0.6, 0.8, 0.95)]
    assert told == sorted(set(told))
    assert LEAST <= told[0] < 0.5 < told[-1] <= MOST


@pytest.mark.parametrize("score", [0.0, 1.0, 1.2])
def test_nothing_is_impossible_and_nothing_is_sure(score):
    assert LEAST <= Calibration(3.0, 2.0).confidence(score) <= MOST
    assert LEAST <= Calibration(-9.0, 2.0).confidence(score) <= MOST


def test_a_proof_keeps_some_of_a_suspicion_and_adds_what_was_shown():
    assert Proof(0.0, 0.3).score(0.5) == pytest.approx(0.15)
    assert Proof(0.5, 0.5).score(0.8) == pytest.approx(0.9)


def test_a_cause_is_never_less_sure_than_one_below_it():
    assert in_order([0.9, 0.4, 0.3]) == [0.9, 0.4, 0.3]
    assert in_order([0.2, 0.9, 0.1]) == pytest.approx([0.55, 0.55, 0.1])
    assert in_order([0.5]) == [0.5]
    assert in_order([]) == []
