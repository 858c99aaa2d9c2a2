"""Verdicts: harm that was shown, what cannot be right, what is known to be fine, and what is not known."""

from dataclasses import replace

import pytest

from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.causes.cause import Evidence, Suspect
from core.diagnosis.judgement import hangs_on_a_seed, has_learnt, judge
from core.diagnosis.trials.treatment import Treatment
from core.diagnosis.trials.trial import Outcome, Trial
from core.sentence import said
from tests.diagnosis.table import observation_of, result_of

FACTS = {"skills": {"linear": 0.6, "trees": 0.8}}


def suspect_of(name="learning_rate_too_low", strength=0.6, certain=False):
    return Suspect(CAUSES[name], (Evidence(strength, said("why"), certain=certain),))


def judged(before, after=None, strength=0.6, facts=FACTS, cause="learning_rate_too_low", certain=False):
    runs = tuple(result_of(level, level) for level in before)
    found = suspect_of(cause, strength, certain)
    goal = found.cause.goal
    trial = None if after is None else Trial(goal, {}, runs, tuple(result_of(level, level) for level in after))
    winner = trial if trial is not None and trial.proven else None
    return judge(Treatment(observation_of(facts), (found,), (Outcome(found, trial),), winner=winner), runs)


def test_a_repair_that_brings_it_to_life_shows_a_fault():
    assert judged([0.1] * 3, [0.7] * 3).verdict == "faulty"


def test_a_repair_that_fails_with_one_seed_shows_none():
    assert judged([0.1] * 3, [0.7, 0.7, 0.1]).verdict == "undecided"


def test_a_repair_that_brings_it_to_guessing_shows_none():
    assert judged([-1.0] * 3, [-0.1] * 3).verdict == "undecided"
    assert judged([-1.0] * 3, [0.3] * 3).verdict == "faulty"


def test_a_gain_that_luck_brings_as_well_shows_none():
    """The program differs from itself by more than the repair changes: the pairs are better by chance."""
    runs = [result_of(level, level) for level in (0.1, 0.5, 0.9)]
    found = suspect_of()
    trial = Trial("fit", {}, tuple(runs), tuple(result_of(level, level) for level in (0.25, 0.65, 0.99)))
    assert trial.proven
    treatment = Treatment(observation_of(FACTS), (found,), (Outcome(found, trial),), winner=trial, placebo=tuple(runs))
    assert judge(treatment, runs).verdict == "healthy"


def test_a_suspicion_alone_is_no_fault():
    verdict, why = judged([0.1] * 3, strength=0.99)
    assert verdict == "undecided"
    assert "simple models" in why


def test_what_cannot_be_right_is_faulty_untried():
    assert judged([0.1] * 3, certain=True).verdict == "faulty"


def test_what_is_nearly_as_good_as_can_be_is_healthy_though_it_can_be_tuned():
    assert judged([0.7] * 3, [0.8] * 3).verdict == "healthy"


def test_a_strong_suspicion_needs_less_to_show_harm():
    assert judged([0.7] * 3, [0.87] * 3, strength=0.9).verdict == "faulty"
    assert judged([0.7] * 3, [0.87] * 3, strength=0.5).verdict == "healthy"


def test_luck_with_the_seed_is_a_fault_where_a_repair_takes_it_away():
    assert judged([0.8, 0.0, 0.1], [0.82, 0.8, 0.81]).verdict == "faulty"
    assert judged([0.8, 0.75, 0.7], [0.82, 0.8, 0.81]).verdict == "healthy"


def seeded(levels, first=0):
    return tuple(result_of(level, level, seed=seed) for seed, level in enumerate(levels, first))


def with_placebo(before, placebo, after):
    """A repair was found, and both were trained with fresh seeds."""
    runs, fresh = seeded(before), seeded(placebo, len(before))
    trial = Trial("fit", {}, fresh, seeded(after, len(before)))
    found = suspect_of()
    return Treatment(observation_of(FACTS), (found,), (Outcome(found, trial),), winner=trial, placebo=fresh), runs


def test_one_unlucky_seed_of_six_is_no_fault():
    """The repair brings no more than luck does, and that with every seed."""
    assert judge(*with_placebo([0.7, 0.72, 0.0], [0.7, 0.71, 0.72], [0.72, 0.7, 0.71])).verdict == "healthy"
    assert judge(*with_placebo([0.7, 0.72, 0.0], [0.0, 0.71, 0.72], [0.72, 0.7, 0.71])).verdict == "faulty"
    assert judge(*with_placebo([0.7, 0.72, 0.0], [0.0, 0.71, 0.72], [0.72, 0.0, 0.71])).verdict == "healthy"


def test_a_level_about_the_limit_is_no_harm():
    """A little less than half of what the repair reaches, and no less than seeds differ by."""
    assert judge(*with_placebo([0.45, 0.35, 0.4], [0.3, 0.4, 0.46], [0.8, 0.85, 0.78])).verdict == "healthy"
    assert judge(*with_placebo([0.3, 0.28, 0.32], [0.3, 0.31, 0.29], [0.8, 0.85, 0.78])).verdict == "faulty"


def test_a_verdict_that_hangs_on_one_seed_is_known():
    assert hangs_on_a_seed(*with_placebo([0.7, 0.72, 0.0], [0.0, 0.71, 0.72], [0.72, 0.7, 0.71]))
    assert not hangs_on_a_seed(*with_placebo([0.1] * 3, [0.12] * 3, [0.8] * 3))


def test_a_level_short_of_the_target_with_a_strong_suspicion_of_overfitting_is_undecided():
    runs = [result_of(1.0, 0.5)] * 3
    signals = {"skill": (1.0,) * 3, "val_skill": (0.5,) * 3}

    def verdict_of(strength):
        found = suspect_of("overfitting", strength)
        return judge(Treatment(observation_of(FACTS, signals), (found,)), runs)

    assert verdict_of(0.5).verdict == "healthy"
    verdict, why = verdict_of(0.95)
    assert verdict == "undecided"
    assert "overfits" in why


def test_a_suspicion_of_overfitting_whose_repair_gains_little_on_fresh_seeds_is_known_to_do_little_harm():
    runs = tuple(result_of(1.0, 0.5) for _ in range(3))
    signals = {"skill": (1.0,) * 3, "val_skill": (0.5,) * 3}
    found = suspect_of("overfitting", 0.95)
    trial = Trial("validation", {"training.epochs": 5}, runs, tuple(result_of(0.6, 0.56) for _ in range(3)))
    tried = Treatment(observation_of(FACTS, signals), (found,), (Outcome(found, trial),), placebo=runs)
    assert judge(tried, runs).verdict == "undecided"
    assert judge(replace(tried, winner=trial), runs).verdict == "healthy"


def test_what_the_whole_of_a_textbook_reaches_shows_harm_too():
    """The advice is the smaller change; how bad the program is, the better one tells."""
    treatment, runs = with_placebo([0.45, 0.5, 0.4], [0.48, 0.5, 0.46], [0.8, 0.79, 0.8])
    assert judge(treatment, runs).verdict == "healthy"
    best = Trial("fit", {}, seeded([0.45, 0.5, 0.4]), seeded([0.99, 0.98, 0.99]))
    assert judge(replace(treatment, whole=best), runs).verdict == "faulty"


def test_few_rows_without_skill_are_undecided():
    verdict, why = judged([0.0] * 3, facts={"skills": {}})
    assert verdict == "undecided"
    assert "too few rows" in why


def test_little_that_can_be_learnt_is_learnt():
    weak = {"skills": {"linear": 0.012}, "rows": 4000, "validation_rows": 1000}
    assert judged([0.008] * 3, facts=weak).verdict == "healthy"


def test_skill_that_falls_once_a_leak_is_closed_was_too_good_to_be_true():
    assert judged([0.99] * 3, [0.1] * 3, cause="leakage").verdict == "faulty"
    assert judged([0.79] * 3, [0.78] * 3, cause="leakage").verdict == "healthy"


@pytest.mark.parametrize(("level", "learnt"), [(0.7, True), (0.64, True), (0.3, False), (-0.1, False)])
def test_to_have_learnt_is_to_reach_what_simple_models_do(level, learnt):
    signals = {"skill": (level,) * 3, "val_skill": (level,) * 3}
    assert has_learnt(observation_of(FACTS, signals)) is learnt


def test_a_skill_below_none_is_never_learnt():
    signals = {"skill": (-0.01,) * 3, "val_skill": (-0.01,) * 3}
    assert not has_learnt(observation_of({"skills": {"linear": 0.012}, "validation_rows": 50}, signals))
