"""The report: verdicts, ranks, what was not checked, and the doors to it."""

import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import core
from core.__main__ import main
from core.data.prepare.cache import Preparation
from core.diagnosis.diagnosis import DiagnosisProgress, Doctor, diagnose
from core.diagnosis.evidence.facts import Examination
from core.errors import InputRefused
from core.spec import load_spec
from tests.diagnosis.table import TableRunner, result_of

NOISE = {"data": {"source": "sample:noise_targets", "target": "y"}, "preprocessing": {"scaling": "none"}}
FRIEDMAN = {"data": {"source": "sample:friedman?n=200", "target": "y"}}


def of(spec, look_up):
    runner = TableRunner(look_up)
    return diagnose(spec, runner=runner), runner


def test_a_run_that_learnt_is_healthy_and_needs_no_trial():
    report, runner = of(FRIEDMAN, lambda run: result_of(0.85, 0.8))
    (variant,) = report["variants"]
    assert variant["verdict"] == "healthy"
    assert variant["causes"] == []
    assert len(runner.asked) == 3


def test_the_cause_is_the_change_that_helps():
    """The rate is suspicious and the scaling is not: but only the scaling of the target helps."""

    def look_up(run):
        return result_of(0.85, 0.8) if run.preprocessing.target_scaling == "standard" else result_of(-9, -9)

    report, _ = of(FRIEDMAN, look_up)
    (variant,) = report["variants"]
    assert variant["verdict"] == "faulty"
    first = variant["causes"][0]
    assert first["cause"] == "target_unscaled"
    assert first["fix"] == {"preprocessing.target_scaling": "standard"}
    assert first["trial"]["improved"] == first["trial"]["seeds"] == 3
    assert (first["trial"]["skill_before"], first["trial"]["skill_after"]) == (-9, 0.85)
    assert (first["trial"]["val_skill_before"], first["trial"]["val_skill_after"]) == (-9, 0.8)
    assert first["evidence"]
    assert [cause["rank"] for cause in variant["causes"]] == list(range(1, len(variant["causes"]) + 1))
    assert all(0 <= cause["confidence"] <= 1 for cause in variant["causes"])


def test_a_run_near_the_best_of_all_trials_is_healthy():
    report, runner = of(FRIEDMAN, lambda run: result_of(0.22, 0.2))
    assert len(runner.asked) > 3
    low, _ = of({**FRIEDMAN, "training": {"epochs": 101}}, lambda run: result_of(0.31, 0.3))
    assert low["variants"][0]["verdict"] == "healthy"
    assert report["variants"][0]["verdict"] == "undecided"
    assert "simple models" in report["variants"][0]["why"]


def test_noise_has_no_signal_whatever_a_textbook_does_with_it():
    report, runner = of({**NOISE, "vary": {"training.learning_rate": [0.0001, 0.1]}}, lambda run: result_of(0.3, -0.2))
    assert [v["variant"] for v in report["variants"]] == [
        {"training.learning_rate": 0.0001},
        {"training.learning_rate": 0.1},
    ]
    for variant in report["variants"]:
        assert variant["verdict"] == "faulty"
        assert [cause["cause"] for cause in variant["causes"]] == ["no_signal"]
        assert variant["causes"][0]["fix"] is None
    assert any(run.training.learning_rate == 0.003 for run in runner.asked)


def leaky(told=0.0, **sections):
    """A copy of the target beside two columns, the first of which tells so much of it."""
    y, one, other = np.random.default_rng(0).normal(size=(3, 200)).tolist()
    one = [told * v + w for v, w in zip(y, one, strict=True)]
    columns = {"one": one, "other": other, "copy": [3 * v + 1 for v in y], "y": y}
    return {"data": {"source": {"columns": columns}, "target": "y"}, **sections}


def test_a_copy_of_the_target_is_a_fault_however_well_it_is_learnt_and_whatever_the_others_know():
    report, runner = of(leaky(), lambda run: result_of(0.9999, 0.9999))
    (variant,) = report["variants"]
    assert variant["verdict"] == "faulty"
    assert [cause["cause"] for cause in variant["causes"]] == ["leakage"]
    assert variant["causes"][0]["fix"] == {"data.features": ["one", "other"]}
    assert {tuple(run.data.features or ()) for run in runner.asked} == {(), ("one", "other")}


def test_a_copy_of_the_target_hides_no_other_fault_from_a_run_that_learns_nothing():
    slow = leaky(training={"learning_rate": 1e-7})
    report, _ = of(slow, lambda run: result_of(*((0.9, 0.9) if run.training.learning_rate > 1e-6 else (0.0, 0.0))))
    (variant,) = report["variants"]
    assert [cause["cause"] for cause in variant["causes"]][:2] == ["leakage", "learning_rate_too_low"]
    assert variant["causes"][1]["trial"]["proven"]
    assert variant["causes"][1]["fix"].keys() == {"data.features", "training.learning_rate"}


def test_a_copy_of_the_target_is_left_in_where_it_is_all_there_is_to_learn_from():
    slow = leaky(training={"learning_rate": 1e-7})

    def look_up(run):
        learns = run.data.features is None and run.training.learning_rate > 1e-6
        return result_of(0.9, 0.9) if learns else result_of(0.0, 0.0)

    report, _ = of(slow, look_up)
    told = {cause["cause"]: cause for cause in report["variants"][0]["causes"]}
    assert next(iter(told)) == "leakage"
    assert told["learning_rate_too_low"]["fix"].keys() == {"training.learning_rate"}
    assert told["learning_rate_too_low"]["trial"]["proven"]


def test_what_only_helps_a_network_to_find_a_copy_of_the_target_is_no_repair():
    """A higher rate finds the copy; without it the network needs its dropout gone, and the rate does nothing."""
    bad = leaky(told=2.0, training={"learning_rate": 1e-7}, model={"layers": [16], "dropout": 0.9})

    def look_up(run):
        copy, quick = run.data.features is None, run.training.learning_rate > 1e-6
        honest = 0.4 if not run.model.dropout and not copy else 0.0
        return result_of(0.9, 0.9) if copy and quick else result_of(honest, honest)

    report, runner = of(bad, look_up)
    (variant,) = report["variants"]
    assert variant["verdict"] == "faulty"
    told = {cause["cause"]: cause for cause in variant["causes"]}
    assert next(iter(told)) == "leakage"
    assert told["regularization_too_strong"]["standing"] == "proven"
    assert told["regularization_too_strong"]["fix"] == {"data.features": ["one", "other"], "model.dropout": 0.0}
    rate = told.get("learning_rate_too_low")
    assert rate is None or not rate["trial"]["helped"]
    rates = [one for one in variant["trials"] if "training.learning_rate" in one["fix"]]
    assert rates
    assert not any(one["holds"] for one in rates)
    assert "everything else was tried without it" in told["leakage"]["evidence"]
    assert variant["explained"] == {"training": 0.0, "validation": 0.0}
    assert all(run.data.features is not None for run in runner.asked[3:])


def test_where_a_program_learns_without_a_copy_of_the_target_nothing_else_is_said_to_be_tried():
    def look_up(run):
        return result_of(0.7, 0.7) if run.data.features else result_of(0.0, 0.0)

    report, runner = of(leaky(told=2.0), look_up)
    (variant,) = report["variants"]
    assert len(runner.asked) == 6
    assert "without it the network learns from the other columns" in variant["causes"][0]["evidence"]
    assert not any("was tried" in text for text in variant["causes"][0]["evidence"])
    assert not any("not tried" in gap["why"] for gap in variant["not_checked"])
    assert variant["reachable"] < 0.95, "what the other columns allow"


def test_a_copy_of_the_target_stays_among_the_suspects_while_the_rest_is_tried():
    told: list[DiagnosisProgress] = []
    runner = TableRunner(lambda _run: result_of(0.0, 0.0))
    doctor = Doctor(runner, Examination(Preparation()), on_progress=told.append)
    doctor.diagnose(load_spec(leaky(told=2.0)).runs())
    assert all("leakage" in [suspect.cause.id for suspect in progress.suspects] for progress in told)
    counts = [progress.runs for progress in told]
    assert counts == sorted(counts)


def test_what_cannot_be_checked_is_said():
    data = {"source": {"columns": {"x": [1, 2, 3, 4], "y": [1, 2, 3, 4]}}, "target": "y", "validation_fraction": 0}
    report, _ = of({"data": data}, lambda run: result_of(0.95))
    gaps = {gap["cause"]: gap["why"] for gap in report["variants"][0]["not_checked"]}
    assert {"overfitting", "leakage", "no_signal"} <= set(gaps)
    assert "no validation rows" in gaps["overfitting"]


def test_three_seeds_are_trained_whatever_the_spec_asks():
    _, runner = of({**FRIEDMAN, "training": {"seed": 7}}, lambda run: result_of(0.85, 0.8))
    assert [run.training.seed for run in runner.asked] == [7, 8, 9]
    _, runner = of({**FRIEDMAN, "seeds": 4}, lambda run: result_of(0.85, 0.8))
    assert len(runner.asked) == 4


def at_once(processors, seen=(), spec=FRIEDMAN):
    """Return the batches that are trained where so many runs are trained at the same time."""
    batches = []

    def look_up(run):
        return result_of(0.85, 0.8) if run.preprocessing.target_scaling == "standard" else result_of(0.0, 0.0)

    table = TableRunner(look_up)

    def runner(runs, *, probed=False):
        batches.append((probed, list(runs)))
        return table(runs)

    doctor = Doctor(runner, Examination(Preparation()), at_once=processors)
    report = doctor.diagnose(load_spec(spec).runs(), seen)
    return batches, report


def test_the_likeliest_repair_is_trained_beside_the_program_where_there_are_two_processors():
    (alone, *_), report = at_once(1)
    batches, same = at_once(2)
    assert alone in batches
    assert (alone[0], len(alone[1])) == (True, 3)
    hashes = [run.hash() for _, batch in batches for run in batch]
    assert len(hashes) == len(set(hashes)), "nothing is trained twice"
    seeds = [run.training.seed for run in alone[1]]
    likely = [batch for probed, batch in batches if not probed][:3]
    assert sorted(run.training.seed for (run,) in likely) == seeds
    assert all(run.preprocessing.target_scaling == "standard" for (run,) in likely)
    assert [f.suspect.cause.id for f in same.findings] == [f.suspect.cause.id for f in report.findings]


def test_what_a_repair_does_on_all_rows_is_trained_beside_its_fresh_seeds_and_once():
    large = {"data": {"source": "sample:friedman?n=12000", "target": "y"}, "training": {"epochs": 5}}
    places = {}
    for processors in (1, 2):
        batches, report = at_once(processors, spec=large)
        assert report.on_all_rows == 0.8
        runs = [(run, place) for place, (_, batch) in enumerate(batches) for run in batch]
        assert len({run.hash() for run, _ in runs}) == len(runs), "nothing is trained twice"
        (places[processors],) = [len(batches) - place for run, place in runs if run.data.rows is None]
    assert (places[1], places[2] > 1) == (1, True)


@pytest.mark.parametrize("refused", [True, False])
def test_a_repair_that_all_rows_do_not_fit_is_not_said_to_explain_nothing(refused):
    large = {"data": {"source": "sample:friedman?n=12000", "target": "y"}, "training": {"epochs": 5}}

    def look_up(run):
        if run.data.rows is None and refused:
            raise InputRefused("The queue is full.")
        if run.data.rows is None:
            return replace(result_of(None), state="failed", error="Out of memory.")
        return result_of(0.85, 0.8) if run.preprocessing.target_scaling == "standard" else result_of(0.0, 0.0)

    (variant,) = diagnose(large, runner=TableRunner(look_up))["variants"]
    assert variant["verdict"] == "faulty"
    assert variant["sampled"]
    assert variant["on_all_rows"] is None


DEEP = {**FRIEDMAN, "model": {"layers": [8] * 8, "activation": "sigmoid"}}


def test_what_the_first_seed_of_a_deep_network_asks_for_is_trained_beside_the_others_and_not_again():
    ahead = threading.Event()
    asked: list[str] = []

    def runner(runs, *, probed=False):
        asked.extend(run.hash() for run in runs)
        if probed and len(runs) > 1:
            assert ahead.wait(20)
        if not probed and all(run.model.activation == "tanh" and len(run.model.layers) == 8 for run in runs):
            ahead.set()
        return [result_of(0.85, 0.8) if run.model.activation == "tanh" else result_of(0.0, 0.0) for run in runs]

    doctor = Doctor(runner, Examination(Preparation()), at_once=2)
    report = doctor.diagnose(load_spec(DEEP).runs())
    assert ahead.is_set()
    assert len(asked) == len(set(asked))
    alone = Doctor(runner, Examination(Preparation())).diagnose(load_spec(DEEP).runs())
    assert [f.suspect.cause.id for f in report.findings] == [f.suspect.cause.id for f in alone.findings]


class Waiting(Examination):
    """Looks at a table once something has happened."""

    def __init__(self, event):
        super().__init__(Preparation())
        self.event = event

    def of(self, run):
        assert self.event.wait(20)
        return super().of(run)


def test_the_table_is_looked_at_while_the_program_is_trained():
    begun = threading.Event()

    def runner(runs, *, probed=False):
        begun.set()
        return [result_of(0.85, 0.8) for _ in runs]

    report = Doctor(runner, Waiting(begun), at_once=2).diagnose(load_spec(FRIEDMAN).runs())
    assert report.judgement.verdict == "healthy"


def test_who_gives_up_does_not_wait_for_what_was_begun():
    going = threading.Event()

    class Broken(Examination):
        def of(self, run):
            raise KeyboardInterrupt

    def runner(runs, *, probed=False):
        going.wait(60)
        return [result_of(0.85, 0.8) for _ in runs]

    with pytest.raises(KeyboardInterrupt):
        Doctor(runner, Broken(Preparation()), at_once=2).diagnose(load_spec(FRIEDMAN).runs())
    assert not going.is_set()
    going.set()


def test_a_refusal_of_the_program_is_told_before_anything_else_is_trained():
    asked = []
    refused = threading.Event()

    def runner(runs, *, probed=False):
        asked.append(len(runs))
        refused.set()
        raise core.InputRefused("The queue is full.")

    with pytest.raises(core.InputRefused, match="queue is full"):
        Doctor(runner, Waiting(refused), at_once=2).diagnose(load_spec(FRIEDMAN).runs())
    assert asked == [3]


def test_a_run_that_is_known_to_have_learnt_is_trained_alone():
    batches, _ = at_once(2, seen=[result_of(0.85, 0.8)])
    assert [len(runs) for probed, runs in batches if probed] == [3]
    assert all(run.preprocessing.target_scaling != "standard" for run in batches[0][1])


def test_progress_counts_runs():
    seen: list[DiagnosisProgress] = []
    diagnose(NOISE, seen.append, TableRunner(lambda run: result_of(0.0, 0.0)))
    assert (seen[0].variant, seen[0].variants, seen[0].runs) == (0, 1, 0)


def test_a_target_that_is_not_there_is_refused():
    with pytest.raises(core.InputRefused):
        diagnose(
            {"data": {"source": "sample:iris", "target": "colour"}}, runner=TableRunner(lambda run: result_of(0.5))
        )


def test_a_variant_that_is_refused_stands_beside_one_that_is_not():
    spec = {**FRIEDMAN, "vary": {"data.features": [["x1", "x2"], ["x1", "colour"]]}}
    runner = TableRunner(lambda run: result_of(0.85, 0.8))
    fine, refused = diagnose(spec, runner=runner)["variants"]
    assert fine["verdict"] == "healthy"
    assert fine["error"] is None
    assert refused.keys() == fine.keys()
    assert (refused["verdict"], refused["causes"]) == ("refused", [])
    assert refused["variant"] == {"data.features": ["x1", "colour"]}
    assert "colour" in refused["error"]
    assert len(runner.asked) == 3


def test_the_report_is_json_and_the_command_line_prints_it(tmp_path, capsys):
    path = tmp_path / "spec.json"
    path.write_text(json.dumps({**NOISE, "training": {"epochs": 3}}))
    assert main(["diagnose", str(path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["variants"][0]["causes"][0]["cause"] == "no_signal"
    assert main(["diagnose", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "faulty" in printed
    assert "fail to beat the baseline" in printed
    path.write_text("{}")
    assert main(["diagnose", str(path)]) == 2


def test_a_rate_that_is_too_high_is_found_by_training():
    """The whole way, once, with real networks."""
    spec = {
        "data": {"source": "sample:line?n=60", "target": "y"},
        "model": {"layers": []},
        "training": {"optimizer": "sgd", "learning_rate": 2.5, "epochs": 30},
    }
    (variant,) = core.diagnose(spec)["variants"]
    assert variant["verdict"] == "faulty"
    assert variant["causes"][0]["cause"] == "learning_rate_too_high"
    assert variant["causes"][0]["trial"]["improved"] == 3
    healthy = {**spec, "training": {"optimizer": "sgd", "learning_rate": 0.1, "epochs": 30}}
    assert core.diagnose(healthy)["variants"][0]["verdict"] == "healthy"


def test_the_diagnosis_alone_loads_no_tensorflow():
    code = "import sys, core.diagnosis.diagnosis; print('tensorflow' in sys.modules, 'sklearn' in sys.modules)"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.split() == ["False", "False"]
