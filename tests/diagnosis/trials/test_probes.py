"""Probes: asked for by a symptom, paid from the budget, and what they tell."""

from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.causes.cause import suspects
from core.diagnosis.trials.probes import FEW_ROWS, RATES, with_few_rows, with_range_of_rates
from core.diagnosis.trials.trial import Workbench
from tests.diagnosis.table import TableRunner, observation_of, result_of, run_of

STUCK = {"skill": (0.0,) * 3, "val_skill": (0.0,) * 3}


def workbench_of(look_up, budget=300_000, **sections):
    runs = [run_of(**sections).changed({"training.seed": seed}) for seed in range(3)]
    runner = TableRunner(look_up)
    return Workbench(runs, [result_of(0.0, 0.0)] * 3, runner, 200, left=budget), runner


def test_a_stuck_network_is_asked_to_learn_sixteen_rows():
    workbench, runner = workbench_of(lambda run: result_of(0.05))
    observed = with_few_rows(observation_of(signals=STUCK), workbench)
    (asked,) = runner.asked
    assert (asked.data.rows, asked.data.validation_fraction) == (FEW_ROWS, 0.0)
    assert observed.signals.few_rows == 0.05


def test_a_network_that_learns_is_not_asked():
    workbench, runner = workbench_of(lambda run: result_of(0.05))
    assert with_few_rows(observation_of(), workbench).signals.few_rows is None
    assert with_few_rows(observation_of(signals={**STUCK, "diverged": 1.0}), workbench).signals.few_rows is None
    assert runner.asked == []


def test_what_cannot_be_paid_for_is_not_tried():
    workbench, runner = workbench_of(lambda run: result_of(0.05), budget=10)
    observed = with_range_of_rates(with_few_rows(observation_of(signals=STUCK), workbench), workbench)
    assert observed.signals.few_rows is None
    assert observed.signals.rates == {}
    assert runner.asked == []


def test_failing_on_sixteen_rows_speaks_against_the_network_only():
    signals = {**STUCK, "dead": 1.0, "falling": 0.3, "few_rows": 0.02}
    found = {suspect.cause.id: suspect for suspect in suspects(observation_of(signals=signals), CAUSES.values())}
    told = {name for name, suspect in found.items() if any("by heart" in piece.text for piece in suspect.evidence)}
    assert "dying_relu" in told
    assert "learning_rate_too_low" not in told
    learnt = suspects(observation_of(signals={**signals, "few_rows": 0.9}), CAUSES.values())
    assert not any("by heart" in piece.text for suspect in learnt for piece in suspect.evidence)


def test_a_range_of_rates_is_tried_with_the_worst_seed():
    workbench, runner = workbench_of(lambda run: result_of(0.9 if run.training.learning_rate == 0.1 else 0.1, 0.8))
    observed = with_range_of_rates(observation_of(), workbench)
    assert sorted(observed.signals.rates) == sorted(0.001 * times for times in RATES)
    assert len({run.training.seed for run in runner.asked}) == 1


def test_the_best_rate_of_the_range_is_the_first_repair():
    rates = {1e-6: 0.0, 1e-5: 0.0, 1e-4: 0.1, 0.01: 0.5, 0.1: 0.9}
    observed = observation_of(signals={**STUCK, "rates": rates})
    low = CAUSES["learning_rate_too_low"]
    assert next(iter(low.repairs(observed))) == {"training.learning_rate": 0.1}
    assert any("0.1 does best" in piece.text for piece in low.look(observed))
    high = CAUSES["learning_rate_too_high"]
    assert next(iter(high.repairs(observed))) == {"training.learning_rate": 1e-4}
    assert not any("does best" in piece.text for piece in high.look(observed))
