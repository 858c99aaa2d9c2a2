"""A training that was broken off goes on as if it had not been: held against the same run in one piece."""

import dataclasses

import numpy as np
import pytest

from core.data.prepare.prepared import prepare
from core.data.source import load_table
from core.spec import load_spec
from core.training import run as run_module
from core.training.checkpoint import training_name
from core.training.epochs import Program, forget_programs
from core.training.run import compile_run, train_run
from tests.training.memory_safe import MemorySafe, broken_off

IRIS = {"source": "sample:iris", "target": "species"}
TARGETS = {"source": "sample:noise_targets", "target": "y"}
FEW = {"epochs": 24, "batch_size": 16}

RUNS = {
    "adam": {"data": IRIS, "training": FEW},
    "sgd, momentum": {
        "data": TARGETS,
        "training": {"optimizer": "sgd", "momentum": 0.9, "nesterov": True, "learning_rate": 0.05, **FEW},
    },
    "nadam": {"data": IRIS, "training": {"optimizer": "nadam", **FEW}},
    "adafactor": {"data": IRIS, "training": {"optimizer": "adafactor", "learning_rate": 0.01, **FEW}},
    "dropout": {"data": IRIS, "model": {"layers": [16, 16], "dropout": 0.3}, "training": FEW},
    "batch normalisation": {"data": IRIS, "model": {"batch_normalization": True}, "training": FEW},
    "a schedule": {
        "data": IRIS,
        "training": {"learning_rate": 0.05, "schedule": {"name": "warmup_cosine", "warmup_epochs": 9}, **FEW},
    },
    "a plateau": {
        "data": TARGETS,
        "training": {
            "learning_rate": 0.1,
            "schedule": {"name": "reduce_on_plateau", "patience": 3, "factor": 0.5, "min_delta": 0.2, "cooldown": 2},
            **FEW,
        },
    },
    "early stopping": {
        "data": TARGETS,
        "training": {
            "learning_rate": 0.01,
            "early_stopping": {"patience": 14, "min_delta": 0.001},
            **FEW,
            "epochs": 90,
        },
    },
    "early stopping for accuracy": {
        "data": IRIS,
        "training": {
            "learning_rate": 0.01,
            "early_stopping": {"monitor": "val_accuracy", "patience": 9, "restore_best_weights": False},
            **FEW,
            "epochs": 90,
        },
    },
    "unshuffled": {"data": IRIS, "training": {"shuffle": False, **FEW}},
    "no validation rows": {"data": {**IRIS, "validation_fraction": 0}, "training": FEW},
}


def made(sections):
    run = load_spec(sections).runs()[0]
    return run, prepare(run, load_table(run.data, run.base))


@pytest.fixture
def _in_one_compiler(monkeypatch):
    """A graph alone, so that two runs agree to the last bit."""
    forget_programs()
    monkeypatch.setattr(Program, "deserves_xla", lambda *_: False)


@pytest.fixture
def _one_batch_a_call(monkeypatch):
    monkeypatch.setattr(run_module, "CHUNK_SECONDS", 1e-9)
    monkeypatch.setattr(run_module, "_FIRST_BATCHES", 1)


def told(result):
    """All that a result says but how long things took."""
    telemetry = {name: value for name, value in result.telemetry.items() if name != "compile_seconds"}
    return vars(result) | {"history": result.history.as_dict(), "seconds": None, "telemetry": telemetry}


@pytest.mark.usefixtures("_in_one_compiler", "_one_batch_a_call")
@pytest.mark.parametrize("sections", RUNS.values(), ids=RUNS)
def test_it_equals_the_run_in_one_piece_to_the_last_bit(sections):
    run, prepared = made(sections)
    whole = train_run(run, prepared)
    # In the middle of an epoch, and after the best one, which early stopping remembers.
    calls = int(0.8 * whole.epochs * len(prepared.x) / run.training.batch_size)
    last = next(kept for kept in reversed(broken_off(run, prepared, calls)) if kept.batch)
    assert whole.telemetry.get("weights_of_epoch", 10) < last.epoch < whole.epochs - 1
    # Nothing is left in the program that both were trained in.
    train_run(run.changed({"training.seed": 1, "training.epochs": 2}), prepared)

    points = []
    safe = MemorySafe(last)
    resumed = train_run(run, prepared, lambda first, new: points.append((first, new)), safe=safe)
    assert told(resumed) == told(whole)
    assert safe.kept[0].epoch == last.epoch
    assert points[0] == (1, {name: values[: last.epoch] for name, values in whole.history.as_dict().items()})
    assert [first for first, _ in points[1:]] == [*range(last.epoch + 1, whole.epochs + 1)]


@pytest.mark.usefixtures("_in_one_compiler")
def test_what_was_measured_until_then_is_measured_once():
    run, prepared = made({"data": IRIS, "model": {"layers": [8]}, "training": {"epochs": 3000}})
    whole = train_run(run, prepared, probed=True)
    last = broken_off(run, prepared, calls=3, probed=True)[-1]
    assert last.epoch > 0
    resumed = train_run(run, prepared, probed=True, safe=MemorySafe(last))
    assert resumed.telemetry["epochs"] == whole.telemetry["epochs"]
    assert resumed.telemetry["initial_loss"] == whole.telemetry["initial_loss"]
    for layer, same in zip(resumed.telemetry["layers"], whole.telemetry["layers"], strict=True):
        assert layer["gradient_norm"] == pytest.approx(same["gradient_norm"], rel=1e-4)
        assert layer["weight_norm"] == pytest.approx(same["weight_norm"], rel=1e-4)


@pytest.mark.usefixtures("_one_batch_a_call")
def test_a_run_may_begin_as_a_graph_and_go_on_under_xla():
    forget_programs()
    run, prepared = made({"data": IRIS, "model": {"dropout": 0.2}, "training": {"epochs": 60}})
    last = broken_off(run, prepared, calls=2)[-1]
    compile_run(run, prepared, wait=True)
    resumed = train_run(run, prepared, safe=MemorySafe(last))
    assert resumed.telemetry["compiler"] == "graph then xla"
    whole = train_run(run, prepared)
    np.testing.assert_allclose(resumed.history.finite("loss"), whole.history.finite("loss"), rtol=1e-5)


@pytest.mark.usefixtures("_in_one_compiler", "_one_batch_a_call")
def test_the_time_of_earlier_attempts_counts():
    run, prepared = made(RUNS["adam"])
    last = dataclasses.replace(broken_off(run, prepared, calls=1)[-1], seconds=100.0)
    assert 100 < train_run(run, prepared, safe=MemorySafe(last)).seconds < 160


@pytest.mark.usefixtures("_in_one_compiler")
def test_what_is_kept_stays_as_it_was_while_the_training_goes_on():
    run, prepared = made(RUNS["adam"])
    safe = MemorySafe()
    train_run(run, prepared, safe=safe)
    again = MemorySafe()
    train_run(run, prepared, safe=again)
    for mine, other in zip(safe.kept[0].arrays["program"], again.kept[0].arrays["program"], strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.usefixtures("_in_one_compiler", "_one_batch_a_call")
def test_a_checkpoint_of_another_training_is_not_gone_on_from():
    run, prepared = made(RUNS["adam"])
    last = broken_off(run, prepared, calls=2)[-1]
    for other in ({"training": {**FEW, "seed": 1}}, {"preprocessing": {"scaling": "minmax"}, "training": FEW}):
        safe = MemorySafe(last)
        another = made({"data": IRIS, **other})
        assert told(train_run(*another, safe=safe))["history"] == told(train_run(*another))["history"]
        assert not safe.accepted


@pytest.mark.usefixtures("_in_one_compiler", "_one_batch_a_call")
def test_nor_is_one_of_other_rows_or_other_shapes():
    run, prepared = made(RUNS["adam"])
    last = broken_off(run, prepared, calls=2)[-1]
    moved = dataclasses.replace(prepared, x=prepared.x + np.float32(1))
    assert training_name(run, moved) != training_name(run, prepared) == last.of
    first, *rest = last.arrays["program"]
    for arrays in ((first[:-1], *rest), rest, (first.astype(np.float64), *rest)):
        safe = MemorySafe(dataclasses.replace(last, arrays={**last.arrays, "program": tuple(arrays)}))
        train_run(run, prepared, safe=safe)
        assert not safe.accepted


@pytest.mark.usefixtures("_in_one_compiler", "_one_batch_a_call")
def test_nor_is_one_that_lacks_a_curve_or_a_part():
    run, prepared = made(RUNS["adam"])
    last = broken_off(run, prepared, calls=2)[-1]
    curves, sums = last.arrays["history"]
    for arrays in ({**last.arrays, "history": (curves[:-1], sums)}, {"program": last.arrays["program"]}):
        safe = MemorySafe(dataclasses.replace(last, arrays=arrays))
        assert train_run(run, prepared, safe=safe).state == "done"
        assert not safe.accepted
