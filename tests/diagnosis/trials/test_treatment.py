"""Sets of changes with a runner that looks results up: what is left of them, what each is for, and fresh seeds."""

import pytest

from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.causes.cause import suspects
from core.diagnosis.evidence.simple_models import Copies
from core.diagnosis.judgement import Judgement
from core.diagnosis.report import DiagnosisReport
from core.diagnosis.trials.treatment import treat, with_more_seeds
from core.diagnosis.trials.trial import Workbench
from tests.diagnosis.table import TableRunner, observation_of, result_of, run_of

BAD = {"preprocessing": {"scaling": "none"}, "model": {"layers": [32], "loss": "mae"},
       "training": {"optimizer": "sgd", "learning_rate": 1e-6}}  # fmt: skip
FACTS = {"input_offset": 900.0, "loss": "mae", "task": "regression"}
STUCK = {"skill": (0.0,) * 3, "val_skill": (0.0,) * 3, "updates": 2000.0}


def treated(look_up, facts=FACTS, sections=BAD, signals=STUCK, learnt=False, budget=300_000):
    observed = observation_of(facts, signals, **sections)
    runs = [run_of(**sections).changed({"training.seed": seed}) for seed in range(3)]
    runner = TableRunner(look_up)
    bench = Workbench(runs, [result_of(0.0, 0.0)] * 3, runner, 200, left=budget)
    found = suspects(observed, CAUSES.values())
    return treat(bench, observed, found, 0.8, learnt=learnt, on_suspects=lambda _found: None), runner


def scaled(run):
    return run.preprocessing.scaling == "standard"


def quick(run):
    return run.training.learning_rate > 1e-4


def test_two_faults_are_undone_by_two_changes_and_no_more():
    treatment, _ = treated(lambda run: result_of(0.9, 0.9) if scaled(run) and quick(run) else result_of(0.0, 0.0))
    assert treatment.combined is not None
    assert treatment.combined.proven
    assert set(treatment.combined.change) == {"preprocessing.scaling", "training.learning_rate"}
    assert [step.cause for step in treatment.chosen.steps] == ["inputs_unscaled", "learning_rate_too_low"]
    assert treatment.chosen.needed == (True, True)


STEEP = {"preprocessing": {"scaling": "none"}, "training": {"optimizer": "sgd", "learning_rate": 5.0}}
STEEP_FACTS = {"input_offset": 900.0, "task": "regression", "target_mean": 23.0, "target_std": 8.0}


@pytest.mark.parametrize("shorter_works", [True, False])
def test_the_scale_of_the_target_is_spared_where_shorter_steps_do(shorter_works):
    def look_up(run):
        rate = run.training.learning_rate
        short = shorter_works and 0.002 <= rate <= 0.02
        scaled_too = run.preprocessing.target_scaling == "standard" and 0.001 <= rate <= 0.2
        return result_of(0.9, 0.9) if scaled(run) and (short or scaled_too) else result_of(0.0, 0.0)

    treatment, _ = treated(look_up, facts=STEEP_FACTS, sections=STEEP)
    change = dict(treatment.combined.change)
    assert change.pop("training.learning_rate") == (0.005 if shorter_works else 0.1)
    kept = {} if shorter_works else {"preprocessing.target_scaling": "standard"}
    assert change == {"preprocessing.scaling": "standard"} | kept
    assert treatment.chosen.needed == (True,) * len(treatment.chosen.steps)


def test_a_part_of_a_set_says_what_it_changes_of_it_and_shows_no_other_trial():
    treatment, _ = treated(lambda run: result_of(0.9, 0.9) if scaled(run) and quick(run) else result_of(0.0, 0.0))
    report = DiagnosisReport(treatment, (result_of(0.0, 0.0),) * 3, Judgement("faulty"))
    parts = [finding for finding in report.findings if finding.part]
    assert {path for part in parts for path in part.as_dict(1)["fix"]} == treatment.combined.change.keys()
    for part in parts:
        assert part.trial is None or part.trial.change == part.share


def test_a_part_of_a_set_is_its_share_though_another_change_of_it_helped_more_alone():
    """A rate that is not that of the set brings some of it; the set is what a person is advised to do."""

    def look_up(run):
        if scaled(run) and quick(run):
            return result_of(0.9, 0.9)
        return result_of(0.3, 0.3) if 1e-6 < run.training.learning_rate <= 1e-5 else result_of(0.0, 0.0)

    treatment, _ = treated(look_up)
    report = DiagnosisReport(treatment, (result_of(0.0, 0.0),) * 3, Judgement("faulty"))
    parts = [report._cause(1, finding) for finding in report.findings if finding.part]
    assert {path: value for part in parts for path, value in part["fix"].items()} == treatment.combined.change
    assert all(part["keras"] for part in parts)


def test_what_a_repair_gains_is_told_of_seeds_that_took_no_part_in_the_search():
    """Luck spares one of the fresh seeds: that it works all six show, how much it brings the fresh ones."""

    def look_up(run):
        spared = run.training.seed == 4
        level = (0.9 if run.training.seed < 3 else 0.85) if scaled(run) or spared else 0.0
        return result_of(level, level)

    treatment, _ = treated(look_up)
    assert len(treatment.winner.after) == 6
    report = DiagnosisReport(treatment, (result_of(0.0, 0.0),) * 3, Judgement("faulty"))
    told = report.as_dict()
    first = told["causes"][0]
    assert first["standing"] == "proven"
    assert [first["trial"][name] for name in ("seeds", "improved", "val_skill_after")] == [3, 2, 0.85]
    assert first["gain"]["value"] == 0.85
    (trial,) = [trial for trial in told["trials"] if trial["fix"] == dict(treatment.winner.change)]
    assert (len(trial["gains"]), trial["fresh"]) == (3, True)


def test_one_fault_needs_one_change():
    treatment, _ = treated(lambda run: result_of(0.9, 0.9) if scaled(run) else result_of(0.0, 0.0))
    assert treatment.combined is None
    assert treatment.winner.change == {"preprocessing.scaling": "standard"}


def test_the_winner_is_trained_with_seeds_nobody_has_seen():
    treatment, runner = treated(lambda run: result_of(0.9, 0.9) if scaled(run) else result_of(0.0, 0.0))
    assert len(treatment.placebo) == 3
    fresh = [run for run in runner.asked if run.training.seed >= 3]
    assert [run.training.seed for run in fresh] == [3, 4, 5] * 2
    assert [scaled(run) for run in fresh] == [False] * 3 + [True] * 3
    assert treatment.winner.change == {"preprocessing.scaling": "standard"}


def test_what_works_with_the_seeds_of_the_search_alone_is_luck():
    treatment, _ = treated(
        lambda run: result_of(0.9, 0.9) if scaled(run) and run.training.seed < 3 else result_of(0.0, 0.0)
    )
    assert treatment.winner is None
    assert treatment.combined is None
    assert not any(outcome.trial.proven for outcome in treatment.outcomes if outcome.trial)


def test_a_runner_up_that_was_lucky_too_does_not_take_its_place():
    treatment, _ = treated(
        lambda run: (
            result_of(0.9, 0.9) if (scaled(run) or quick(run)) and run.training.seed < 3 else result_of(0.0, 0.0)
        )
    )
    assert treatment.winner is None


def test_the_next_best_is_taken_where_the_best_was_lucky():
    def look_up(run):
        lucky = scaled(run) and run.training.seed < 3
        return result_of(0.9, 0.9) if lucky else result_of(0.8, 0.8) if quick(run) else result_of(0.0, 0.0)

    treatment, _ = treated(look_up)
    assert "training.learning_rate" in treatment.winner.change
    assert treatment.winner.proven


def test_what_there_was_no_budget_for_is_not_called_necessary():
    def look_up(run):
        return result_of(0.9, 0.9) if scaled(run) and quick(run) else result_of(0.0, 0.0)

    everything, runner = treated(look_up)
    spent, fewer = treated(look_up, budget=18_000)
    assert everything.chosen.needed == (True, True)
    assert not everything.spent
    assert spent.spent
    assert len(fewer.asked) < len(runner.asked)
    assert spent.chosen is None or not all(spent.chosen.needed)


def test_no_signal_is_given_up_where_a_network_finds_one():
    facts = FACTS | {"skills": {"trees": -0.2}}
    found, _ = treated(lambda run: result_of(0.9, 0.9) if scaled(run) else result_of(0.0, 0.0), facts=facts)
    assert found.winner is not None
    assert "no_signal" not in {suspect.cause.id for suspect in found.suspects}
    none, _ = treated(lambda run: result_of(0.9, -0.1) if scaled(run) else result_of(0.0, 0.0), facts=facts)
    assert none.winner is None
    assert {outcome.suspect.cause.id for outcome in none.outcomes} == {"no_signal"}


def test_what_works_with_one_seed_is_not_left_over():
    """Scaling is enough for the seed that went worst; the others need the rate as well."""

    def look_up(run):
        good = scaled(run) and (quick(run) or run.training.seed == 0)
        return result_of(0.9, 0.9) if good else result_of(0.0, 0.0)

    treatment, _ = treated(look_up)
    assert {"preprocessing.scaling", "training.learning_rate"} <= set(treatment.winner.change)


def test_a_change_with_useless_probabilities_is_not_enough():
    """Scaling brings order into the answers; the rate makes their probabilities right."""

    def look_up(run):
        if not scaled(run):
            return result_of(0.0, 0.0)
        told = {"explained": 0.9, "val_explained": 0.9}
        return result_of(0.9, 0.9) if quick(run) else result_of(-0.2, -0.2, telemetry=told)

    treatment, _ = treated(look_up)
    assert treatment.winner is not None
    assert {"preprocessing.scaling", "training.learning_rate"} <= set(treatment.winner.change)


def test_where_nothing_helps_nothing_is_proven():
    treatment, _ = treated(lambda run: result_of(0.0, 0.0))
    assert treatment.winner is None
    assert not any(outcome.trial.proven for outcome in treatment.outcomes if outcome.trial)


def test_a_seed_that_the_fault_has_spared_is_no_veto():
    """Scaling is enough for every seed; seeds 1 and 4 learn without it."""
    lucky = {1, 4}

    def look_up(run):
        return result_of(0.9, 0.9) if scaled(run) or run.training.seed in lucky else result_of(0.0, 0.0)

    treatment, _ = treated(look_up)
    assert treatment.winner is not None
    assert treatment.winner.change == {"preprocessing.scaling": "standard"}
    # Those of the search and fresh ones, as these alone do not show it.
    assert len(treatment.winner.after) == 6
    assert treatment.winner.improved == 5
    assert treatment.winner.holds
    assert not treatment.winner.proven


def test_a_repair_whose_fresh_seeds_were_all_spared_has_shown_nothing():
    def look_up(run):
        return result_of(0.9, 0.9) if scaled(run) or run.training.seed >= 3 else result_of(0.0, 0.0)

    treatment, _ = treated(look_up)
    assert treatment.winner is None


def test_a_repair_that_fails_with_more_seeds_is_none():
    def look_up(run):
        return result_of(0.9, 0.9) if scaled(run) and run.training.seed < 6 else result_of(0.0, 0.0)

    treatment, runner = treated(look_up)
    assert treatment.winner is not None
    bench = Workbench(
        [run_of(**BAD).changed({"training.seed": seed}) for seed in range(3)], [result_of(0.0, 0.0)] * 3, runner, 200
    )
    more = with_more_seeds(treatment, bench)
    assert more.winner is None
    assert len(more.placebo) == 6


def test_more_seeds_are_trained_in_pairs():
    def look_up(run):
        return result_of(0.9, 0.9) if scaled(run) else result_of(0.0, 0.0)

    bench_of: dict[int, list[bool]] = {}

    def remember(run):
        bench_of.setdefault(run.training.seed, []).append(scaled(run))
        return look_up(run)

    treatment, runner = treated(remember)
    bench = Workbench(
        [run_of(**BAD).changed({"training.seed": seed}) for seed in range(3)], [result_of(0.0, 0.0)] * 3, runner, 200
    )
    more = with_more_seeds(treatment, bench)
    assert more.winner is not None
    assert len(more.placebo) == len(more.winner.after) == 6
    assert sorted(bench_of[6]) == [False, True]
    assert more.outcomes[0].trial == more.winner


def test_a_run_that_has_learnt_is_tried_for_strong_suspicions_alone():
    treatment, runner = treated(lambda run: result_of(0.9, 0.9), sections={}, signals={"falling": 0.05}, learnt=True)
    assert runner.asked == []
    assert treatment.outcomes == ()


@pytest.mark.parametrize("facts", [{"constant_target": True}, {"copies": Copies(0.9, 0.9)}])
def test_what_no_setting_cures_is_not_treated(facts):
    treatment, runner = treated(lambda run: result_of(0.9, 0.9), facts=FACTS | facts)
    assert runner.asked == []
    assert all(outcome.trial is None for outcome in treatment.outcomes)
