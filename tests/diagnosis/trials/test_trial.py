"""Trials with a runner that looks results up: what is proven, what drops, and when enough was tried."""

from dataclasses import replace

from core.data.understand.leaks import Leak
from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.causes.cause import suspects
from core.diagnosis.trials.search import combine, try_repairs
from core.diagnosis.trials.trial import Trial, Workbench
from core.spec import RunSpec
from tests.diagnosis.table import TableRunner, observation_of, result_of, run_of


def workbench_of(look_up, before, rows=200, fits=lambda _run: True, **sections):
    base = run_of(**sections)
    runs = [base.changed({"training.seed": seed}) for seed in range(3)]
    runner = TableRunner(look_up)
    return Workbench(runs, before, runner, rows, fits=fits), runner


def suspected(observed, *names):
    found = {suspect.cause.id: suspect for suspect in suspects(observed, CAUSES.values())}
    return [found[name] for name in names]


def trial_of(workbench, observed, cause):
    (outcome,) = try_repairs(workbench, observed, suspected(observed, cause), 0.7)
    assert outcome.trial is not None
    return outcome.trial


def test_a_repair_that_helps_in_every_seed_is_proven():
    observed = observation_of(signals={"kick": 1000.0})
    workbench, runner = workbench_of(lambda run: result_of(0.9, 0.8), [result_of(0.0, 0.0)] * 3)
    trial = trial_of(workbench, observed, "learning_rate_too_high")
    assert trial.proven
    assert trial.as_dict()["improved"] == 3
    assert {run.training.seed for run in runner.asked} == {0, 1, 2}
    assert all(run.training.learning_rate < 0.001 for run in runner.asked)


def test_a_repair_that_helps_one_seed_is_luck():
    observed = observation_of(signals={"kick": 1000.0})
    workbench, _ = workbench_of(
        lambda run: result_of(0.9 if run.training.seed == 0 else 0.0, 0.0), [result_of(0.0, 0.0)] * 3
    )
    trial = trial_of(workbench, observed, "learning_rate_too_high")
    assert trial.improved == 1
    assert not trial.proven


def test_a_repair_that_does_nothing_costs_one_seed():
    observed = observation_of(signals={"kick": 1000.0})
    workbench, runner = workbench_of(lambda run: result_of(0.0, 0.0), [result_of(0.0, 0.0)] * 3)
    trial = trial_of(workbench, observed, "learning_rate_too_high")
    assert not trial.proven
    assert len({run.training.seed for run in runner.asked}) == 1


def test_fitting_the_training_rows_at_the_cost_of_the_others_is_no_repair():
    observed = observation_of(signals={"falling": 0.2})
    workbench, _ = workbench_of(lambda run: result_of(0.99, 0.1), [result_of(0.6, 0.5)] * 3)
    trial = trial_of(workbench, observed, "learning_rate_too_low")
    assert trial.gain < 0
    assert not trial.proven


def test_over_fitting_is_judged_by_validation():
    observed = observation_of(signals={"skill": (0.99,) * 3, "val_skill": (0.1,) * 3, "val_rise": 2.0, "best_at": 0.2})
    workbench, _ = workbench_of(lambda run: result_of(0.7, 0.5), [result_of(0.99, 0.1)] * 3)
    trial = trial_of(workbench, observed, "overfitting")
    assert trial.proven


def test_trials_end_when_a_repair_is_good_enough():
    signals = {"kick": 9.0, "dead": 1.0, "penalty": 0.9}
    observed = observation_of({"input_offset": 500.0}, signals, preprocessing={"scaling": "none"}, model={"l2": 1.0})
    found = suspects(observed, CAUSES.values())
    assert len(found) > 3
    workbench, _ = workbench_of(lambda run: result_of(0.9, 0.9), [result_of(0.0, 0.0)] * 3)
    outcomes = try_repairs(workbench, observed, found, 0.7)
    assert [outcome.trial is not None for outcome in outcomes[:4]] == [True, True, True, False]


def test_a_repair_that_is_too_large_is_left_out_and_the_others_are_tried():
    observed = observation_of(signals={"kick": 1000.0, "penalty": 0.9}, model={"l2": 1.0})
    rate = observed.run.training.learning_rate
    workbench, runner = workbench_of(
        lambda run: result_of(0.0, 0.0),
        [result_of(0.0, 0.0)] * 3,
        model={"l2": 1.0},
        fits=lambda run: run.training.learning_rate >= rate,
    )
    found = suspected(observed, "learning_rate_too_high", "regularization_too_strong")
    high, strong = try_repairs(workbench, observed, found, 0.7)
    assert (high.trial, high.too_large) == (None, True)
    assert strong.trial is not None
    assert not strong.too_large
    assert runner.asked
    assert all(run.training.learning_rate >= rate for run in runner.asked)


def test_what_is_too_large_costs_no_budget():
    workbench, _ = workbench_of(lambda run: result_of(0.0), [result_of(0.0)] * 3, fits=lambda _run: False)
    before = workbench.left
    assert not workbench.affords({"model.layers": [4096]})
    assert workbench.too_large({"model.layers": [4096]})
    assert not workbench.too_large({"model.layers": [-1]})
    assert workbench.left == before


def test_a_budget_ends_the_trials():
    observed = observation_of(signals={"kick": 1000.0})
    workbench, runner = workbench_of(
        lambda run: result_of(0.0, 0.0), [result_of(0.0, 0.0)] * 3, rows=10_000_000, training={"batch_size": 1}
    )
    (outcome,) = try_repairs(workbench, observed, suspected(observed, "learning_rate_too_high"), 0.7)
    assert outcome.trial is None
    assert runner.asked == []


def test_the_same_change_is_trained_once_for_all_that_suspect_it():
    observed = observation_of(
        signals={"dead": 1.0, "gradient_ratio": 1e-6, "skill": (0.0,) * 3}, model={"layers": [4] * 5}
    )
    model = {"layers": [4] * 5}
    workbench, runner = workbench_of(lambda run: result_of(0.0, 0.0), [result_of(0.0, 0.0)] * 3, model=model)
    found = suspected(observed, "dying_relu", "vanishing_gradients")
    wanted = [[repr(change) for change in suspect.cause.repairs(observed)] for suspect in found]
    assert set(wanted[0]) & set(wanted[1])
    outcomes = try_repairs(workbench, observed, found, 0.7)
    assert all(outcome.trial for outcome in outcomes)
    assert len({run.hash() for run in runner.asked}) == len(runner.asked) == len({*wanted[0], *wanted[1]})


def test_two_changes_are_combined_when_one_is_not_enough():
    def look_up(run):
        scaled = run.preprocessing.scaling != "none"
        calm = run.training.learning_rate < 0.001
        return result_of(0.9 if scaled and calm else 0.1 if scaled or calm else 0.0)

    sections = {"preprocessing": {"scaling": "none"}}
    observed = observation_of({"input_offset": 500.0}, {"kick": 9.0}, **sections)
    workbench, _ = workbench_of(look_up, [result_of(0.0)] * 3, **sections)
    outcomes = try_repairs(workbench, observed, suspected(observed, "inputs_unscaled", "learning_rate_too_high"), 0.7)
    both = combine(workbench, outcomes)
    assert both is not None
    assert both.proven
    assert set(both.change) == {"preprocessing.scaling", "training.learning_rate"}


def test_nothing_is_combined_where_nothing_helped():
    sections = {"preprocessing": {"scaling": "none"}}
    observed = observation_of({"input_offset": 500.0}, {"kick": 9.0}, **sections)
    workbench, _ = workbench_of(lambda run: result_of(0.0), [result_of(0.0)] * 3, **sections)
    outcomes = try_repairs(workbench, observed, suspected(observed, "inputs_unscaled", "learning_rate_too_high"), 0.7)
    assert combine(workbench, outcomes) is None


def test_the_class_nobody_recognises_counts_for_imbalance():
    facts = {"task": "binary", "classes": ("no", "yes"), "class_shares": (0.95, 0.05), "loss": "binary_crossentropy",
             "output_activation": "sigmoid"}  # fmt: skip
    observed = observation_of(facts, {"recall": (0.0, 0.0, 0.0)})
    labels = {"source": {"columns": {"x": list(range(40)), "y": [int(i > 35) for i in range(40)]}}, "target": "y"}
    workbench, _ = workbench_of(
        lambda run: result_of(0.0, recall=[0.8, 0.9]), [result_of(0.0, recall=[1.0, 0.0])] * 3, data=labels
    )
    trial = trial_of(workbench, observed, "class_imbalance")
    assert trial.proven


def test_a_recall_that_the_probabilities_pay_for_is_no_repair():
    before, found = result_of(0.2, recall=[1.0, 0.0]), result_of(-0.4, recall=[0.8, 0.9])
    assert not Trial("recall", {}, (before,) * 3, (found,) * 3).proven


def test_a_repair_that_takes_away_flattery_is_shown_with_every_seed():
    leak = Leak("x", "y", 1.0, "copy", "x is y.", certain=True)
    observed = observation_of({"leaks": (leak,), "usable_columns": ("x", "z")})
    columns = {"x": list(range(40)), "z": [v % 7 for v in range(40)], "y": [v / 40 for v in range(40)]}
    workbench, _ = workbench_of(
        lambda run: result_of(0.3, 0.3), [result_of(1.0, 1.0)] * 3, data={"source": {"columns": columns}, "target": "y"}
    )
    trial = trial_of(workbench, observed, "leakage")
    assert len(trial.after) == 3
    assert not trial.proven


def test_what_is_expected_is_paid_for_once_it_is_asked_for():
    bench, runner = workbench_of(lambda _run: result_of(0.9, 0.8), [result_of(0.0, 0.0)] * 3)
    expected: list[RunSpec] = []
    bench.ahead = expected.extend
    change = {"training.learning_rate": 0.02}
    begin = bench.left
    cost = bench.share(change) * begin
    bench.expect([change])
    assert expected == [bench.runs[bench.worst_seed].changed(change)]
    assert (bench.left, bench.refused, runner.asked) == (begin, False, [])
    assert bench.affords(change)
    bench.probe([change])
    assert bench.left == begin - cost
    bench.expect([change])
    assert len(expected) == 1, "what is known is expected no more"


def test_what_costs_more_than_little_is_not_expected_and_that_is_no_refusal():
    bench, _ = workbench_of(lambda _run: result_of(0.9, 0.8), [result_of(0.0, 0.0)] * 3)
    expected: list[RunSpec] = []
    changes = [{"training.learning_rate": rate} for rate in (0.02, 0.03)]
    bench = replace(bench, left=3 * bench.share(changes[0]) * bench.left, ahead=expected.extend)
    bench.expect(changes)
    bench.expect(changes)
    assert expected == [bench.runs[bench.worst_seed].changed(changes[0])]
    assert not bench.refused
