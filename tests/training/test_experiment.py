"""A whole experiment: a variant that is refused stands beside the others, and progress is told as it is made."""

import pytest

import core
from core.errors import InputRefused
from core.training.experiment import Progress

IRIS = {"data": {"source": "sample:iris", "target": "species"}, "training": {"epochs": 8}}
BESIDE = {**IRIS, "vary": {"model.output_units": ["auto", 2, 3]}}
"""The second variant is refused: two units cannot tell three classes apart."""


def test_a_refused_variant_has_failed_beside_those_that_are_done():
    runs = core.train(BESIDE)["runs"]
    assert [run["state"] for run in runs] == ["done", "failed", "done"]
    refused = runs[1]
    assert refused["variant"] == {"model.output_units": 2}
    assert refused["error"].startswith("model.output_units: 2 units cannot tell 3 classes apart; allowed: ")
    assert (refused["epochs"], refused["history"], refused["baseline"], refused["skill"]) == (0, {}, None, None)
    assert all(run["error"] is None and len(run["history"]["loss"]) == 8 for run in (runs[0], runs[2]))


def test_every_result_has_the_same_keys():
    done, refused, _ = core.train(BESIDE)["runs"]
    assert done.keys() == refused.keys()


def test_an_experiment_of_refused_variants_is_refused():
    with pytest.raises(InputRefused, match="2 units cannot tell 3 classes apart") as refusal:
        core.train({**IRIS, "vary": {"model.output_units": [2]}, "seeds": 2})
    assert refusal.value.where == "model.output_units"


def test_progress_is_told_epoch_by_epoch_and_run_by_run():
    told: list[Progress] = []
    spec = {**IRIS, "vary": {"training.learning_rate": [0.001, 0.1]}, "training": {"epochs": 400}}
    runs = core.train(spec, told.append)["runs"]
    assert [step.run for step in told] == sorted(step.run for step in told)
    for index, run in enumerate(runs):
        steps = [step for step in told if step.run == index]
        assert len(steps) > 1
        assert {(step.runs, step.spec.variant["training.learning_rate"]) for step in steps} == {
            (2, run["variant"]["training.learning_rate"])
        }
        epochs = [step.epoch for step in steps]
        assert epochs == sorted(set(epochs))
        assert epochs[-1] == run["epochs"] == 400
        for name, curve in run["history"].items():
            assert [value for step in steps for value in step.points[name]] == curve


def test_a_refused_variant_makes_no_progress_but_counts():
    told: list[Progress] = []
    core.train(BESIDE, told.append)
    assert {(step.run, step.runs) for step in told} == {(0, 3), (2, 3)}


def test_progress_ends_with_the_epoch_that_diverged():
    told: list[Progress] = []
    spec = {
        "data": {"source": {"columns": {"x": [1e6, -2e6, 3e6], "y": [1, 2, 3]}}, "target": "y",
                 "validation_fraction": 0},
        "preprocessing": {"scaling": "none"},
        "training": {"optimizer": "sgd", "learning_rate": 1e5, "epochs": 500},
    }  # fmt: skip
    (run,) = core.train(spec, told.append)["runs"]
    assert run["state"] == "diverged"
    assert told[-1].epoch == run["diverged_at"] == run["epochs"] < 500
    assert told[-1].points["loss"][-1] is None
