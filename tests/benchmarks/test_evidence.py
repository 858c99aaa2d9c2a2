"""What evidence is worth: what is counted, and what a confidence is fitted to."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from benchmarks.diagnosis_page import true_causes
from benchmarks.evidence import calibrated, counted, likely, scores
from benchmarks.scores import Scored, programs, read
from core.diagnosis.causes.weights import Seen
from core.diagnosis.confidence import Proof

ALL = {program.id: program for program in programs("calibration")}
SHIVERS = next(p for p in ALL.values() if p.cause == "learning_rate_too_high")
CALM = ALL[SHIVERS.base]
OTHER = next(p for p in ALL.values() if p.cause is None and p.data_set != SHIVERS.data_set)
SIGN = ("learning_rate_too_high", "jumps", 0.6)


def scored(program, *levels, signs=(SIGN,), causes=(), proofs=()):
    accepted = frozenset({program.cause or "", *program.also_accept})
    values = {"fixed": False, "fixable": True, "seconds": 1.0, "levels": levels, "signs": signs}
    verdict = "faulty" if causes else "healthy"
    return Scored(program.id, program.half, program.cause or "", verdict, causes, accepted, **values, proofs=proofs)


def test_a_fault_that_does_no_harm_is_none_and_no_program_is_left_out():
    made = [scored(CALM, 0.9, 0.9, 0.9), scored(SHIVERS, 0.1, 0.2, 0.7), scored(OTHER, 0.2, 0.5, 0.9)]
    assert SHIVERS.cause in true_causes(made)[SHIVERS.id]
    harmless = [made[0], scored(SHIVERS, 0.8, 0.8, 0.9)]
    assert not true_causes(harmless)[SHIVERS.id]
    assert set(true_causes(made)) == {CALM.id, SHIVERS.id, OTHER.id}


def test_a_sign_is_counted_once_per_program_with_and_without_its_cause():
    made = [scored(CALM, signs=(SIGN, SIGN)), scored(SHIVERS), scored(OTHER, signs=())]
    truth = {CALM.id: frozenset(), SHIVERS.id: frozenset({SIGN[0]}), OTHER.id: frozenset()}
    assert counted(made, truth) == {SIGN[0]: {SIGN[1]: Seen(1, 1)}}
    assert likely(made[1], SIGN[0], {}) == pytest.approx(SIGN[2])


def test_a_program_is_not_weighed_by_those_of_its_own_data_set():
    truth = {SHIVERS.id: frozenset({SIGN[0]}), OTHER.id: frozenset()}
    named = scored(SHIVERS, causes=(SIGN[0],), proofs=(Proof(0.0, 1.0),))
    ((score, right),) = scores([named, scored(OTHER)], truth)
    assert right
    # Seen once more, and wrong there; that it is right here is not known.
    assert score == pytest.approx(4 * 0.6 / 5)


def test_a_confidence_is_fitted_to_how_often_a_score_is_right():
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.05, 0.95, 4000)
    right = rng.random(4000) < truth
    timid = [(p / (p + 3 * (1 - p)), bool(hit)) for p, hit in zip(truth, right, strict=True)]
    fitted = calibrated(timid)
    assert fitted.confidence(0.5 / (0.5 + 1.5)) == pytest.approx(0.5, abs=0.03)


def test_records_are_read_again(tmp_path):
    one = scored(SHIVERS, 0.1, 0.2, 0.3, causes=("a",), proofs=(Proof(0.0, 0.3),))
    path = tmp_path / "records.jsonl"
    path.write_text(json.dumps(asdict(one), default=sorted) + "\n")
    assert read(path) == [one]
