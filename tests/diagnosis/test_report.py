"""How sure a cause is, and what a variant says that cannot be diagnosed."""

from dataclasses import replace

import pytest

from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.causes.cause import Evidence, Suspect
from core.diagnosis.evidence.signals import observe
from core.diagnosis.judgement import Judgement
from core.diagnosis.report import DiagnosisReport, Finding, public_variant
from core.diagnosis.trials.treatment import Treatment
from core.diagnosis.trials.trial import MARGIN, Outcome, Trial
from core.sentence import said
from tests.diagnosis.table import observation_of, result_of


def trial(*after, before=0.1, goal="fit", **more):
    results = tuple(result_of(skill, skill, **more) for skill in after)
    return Trial(goal, {}, (result_of(before, before),) * len(after), results)


def finding(tried=None, *, certain=False):
    suspect = Suspect(CAUSES["dying_relu"], (Evidence(0.5, said("half of the units are dead"), certain),))
    return Finding(suspect, tried, 0.5)


@pytest.mark.parametrize(
    ("found", "standing"),
    [
        (finding(trial(0.8, 0.8, 0.8)), "proven"),
        (finding(trial(0.8, 0.8, 0.8), certain=True), "proven"),
        (finding(certain=True), "certain"),
        (finding(trial(0.1, 0.1, 0.1), certain=True), "certain"),
        (finding(trial(0.8, 0.8, 0.0)), "helped"),
        (finding(trial(0.8)), "suspected"),
        (finding(trial(0.1)), "suspected"),
        (finding(trial(0.8, 0.0, 0.0)), "suspected"),
        (finding(), "suspected"),
    ],
)
def test_how_sure_a_cause_is(found, standing):
    assert found.standing == standing
    assert found.as_dict(1)["standing"] == standing


def test_a_gain_within_luck_is_no_help():
    assert trial(*[0.1 + 2 * MARGIN] * 3).helped
    assert not trial(*[0.1 + MARGIN / 2] * 3).helped
    fitted_only = Trial("fit", {}, (result_of(0.1, 0.5),) * 3, (result_of(0.9, 0.5),) * 3)
    assert fitted_only.improved == 3
    assert not fitted_only.helped


def test_a_run_without_a_result_is_worse_than_any_result():
    assert trial(0.0, 0.0, 0.0, before=None).helped
    assert not trial(None, None, 0.9).helped


def test_a_trial_says_what_it_showed():
    assert trial(0.8, 0.8, 0.0).as_dict() | {"helped": True, "proven": False} == trial(0.8, 0.8, 0.0).as_dict()
    assert trial(0.8, 0.8, 0.8).as_dict()["proven"]


@pytest.mark.parametrize(
    ("skills", "told"),
    [((0.1, 0.2, 0.0), 0.1), ((-11.0, -12.0, -10.0), -11.0), ((None, 0.3, 0.5), 0.4), ((None, None, 0.3), None)],
)
def test_what_is_explained_is_the_median_of_most_seeds_as_it_is(skills, told):
    before = tuple(result_of(0.9, skill) for skill in skills)
    observed = replace(observation_of(), signals=observe(before, 100))
    report = DiagnosisReport(Treatment(observed, ()), before, Judgement("healthy")).as_dict()
    assert report["explained"] == {"training": 0.9, "validation": told}


def test_a_refused_variant_has_a_reason_and_no_causes():
    refused = public_variant({"data.target": "colour"}, "refused", error="There is no column colour.")
    assert (refused["verdict"], refused["error"]) == ("refused", "There is no column colour.")
    assert refused["variant"] == {"data.target": "colour"}
    assert refused["causes"] == refused["not_checked"] == []
    assert refused["reachable"] is refused["combined"] is refused["explained"]["training"] is None


def test_a_repair_that_there_is_no_memory_for_is_told_apart_from_one_that_was_not_tried():
    observed = replace(observation_of(), signals=observe([result_of(0.0, 0.0)] * 3, 100))
    both = [Suspect(CAUSES[name], (Evidence(0.9, said("why")),)) for name in ("capacity_too_small", "dying_relu")]
    outcomes = (Outcome(both[0], None, too_large=True), Outcome(both[1]))
    report = DiagnosisReport(
        Treatment(observed, tuple(both), outcomes), (result_of(0.0, 0.0),) * 3, Judgement("faulty")
    )
    why = {gap["cause"]: gap["why"] for gap in report.as_dict()["not_checked"]}
    assert why["capacity_too_small"] == "suspected, but its repair would need more memory than a run may take"
    assert why["dying_relu"] == "suspected, but not tried"


def told(observed, change, **known):
    """The public form of one cause whose repair was tried."""
    results = (result_of(0.0, 0.0),) * 3, (result_of(0.8, 0.8),) * 3
    suspect = Suspect(CAUSES["batch_size_unsuitable"], (Evidence(0.9, said("why")),))
    treatment = Treatment(observed, (suspect,), (Outcome(suspect, Trial("fit", change, *results)),))
    return DiagnosisReport(treatment, results[0], Judgement("faulty"), **known).as_dict()["causes"][0]


def test_a_repair_is_told_with_its_gain_its_cost_and_its_lines():
    cause = told(observation_of(training={"batch_size": 1, "epochs": 10}), {"training.batch_size": 32})
    assert cause["gain"] == {"value": 0.8, "low": 0.8, "high": 0.8}
    assert cause["cost"]["weights"] == [10, 10]
    assert "batch_size=32" in cause["keras"]
    assert cause["chain"] == []


def test_the_lines_of_a_repair_that_was_tried_on_a_sample_are_those_for_all_rows():
    light = observation_of(training={"epochs": 500})
    light = replace(light, whole=light.run.changed({"training.epochs": 7}))
    cause = told(light, {"training.batch_size": 32}, sampled=5000)
    assert "epochs=7" in cause["keras"]
    assert "epochs=500" not in cause["keras"]


def test_a_certain_cause_whose_own_repair_brings_nothing_is_not_the_headline():
    idle = Outcome(
        Suspect(CAUSES["output_activation_mismatch"], (Evidence(0.9, said("out of reach"), certain=True),)),
        trial(-0.5, -0.5, -0.5, before=-1.0),
    )
    cure = Trial("fit", {"preprocessing.target_scaling": "standard"}, *((result_of(v, v),) * 3 for v in (-1.0, 0.5)))
    works = Outcome(Suspect(CAUSES["target_unscaled"], (Evidence(0.5, said("far from 1")),)), cure)
    stuck = {"skill": (-1.0,) * 3, "val_skill": (-1.0,) * 3}
    treatment = Treatment(observation_of(signals=stuck), (idle.suspect, works.suspect), (idle, works), winner=cure)
    names = [f.suspect.cause.id for f in DiagnosisReport(treatment, cure.before, Judgement("faulty")).findings]
    assert names == ["target_unscaled", "output_activation_mismatch"]
    unhelped = replace(treatment, winner=None)
    first = DiagnosisReport(unhelped, cure.before, Judgement("faulty")).findings[0]
    assert first.suspect.cause.id == "output_activation_mismatch"
