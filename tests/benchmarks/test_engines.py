"""The engines the lab is compared with do the same work, and one that is missing leaves its place empty."""

from importlib.util import find_spec

import numpy as np
import pytest

from benchmarks import engines as module
from benchmarks.engine_process import EngineProcess
from benchmarks.engines import DEEP, WORKLOADS, Workload, engines_table, measure_engines
from benchmarks.problem import Problem
from core.data.prepare.cache import Preparation
from core.errors import WorkFailed
from core.spec import load_spec
from core.training.run import train_run

EPOCHS = 15
DATA = {"source": "sample:friedman?n=100&noise=1", "target": "y", "validation_fraction": 0}


def run_of(**sections):
    return load_spec({"data": DATA, "model": {"layers": [8, 4]}, "training": {"epochs": EPOCHS}, **sections}).runs()[0]


def losses(engine, run, folder, epochs=EPOCHS):
    """What the engine tells of the problem of `run`."""
    file = folder / "problem.npz"
    Problem.of(run, Preparation().of(run), epochs).write(file)
    with EngineProcess(engine, folder) as process:
        process.load(run, file)
        trained = process.train(epochs)
    assert 0 < trained.first_point <= trained.seconds
    return np.array(trained.losses)


def the_labs(run):
    return np.array(train_run(run, Preparation().of(run)).history["loss"], float)


def needed(package):
    """Leave a test out where the package is missing; it is not imported here, beside TensorFlow."""
    return pytest.mark.skipif(find_spec(package) is None, reason=f"{package} is not installed")


@pytest.mark.parametrize(
    ("engine", "activation"),
    [
        pytest.param("jax", "relu", marks=needed("jax")),
        pytest.param("jax", "tanh", marks=needed("jax")),
        pytest.param("torch", "relu", marks=needed("torch")),
    ],
)
def test_a_peer_trains_what_the_lab_trains(engine, activation, tmp_path):
    run = run_of(model={"layers": [8, 4], "activation": activation})
    assert 100 % run.training.batch_size, "the last batch is a smaller one"
    told = losses(engine, run, tmp_path)
    np.testing.assert_allclose(told, the_labs(run), rtol=1e-4)
    in_order = the_labs(run.changed({"training.shuffle": False}))
    assert np.max(np.abs(told / in_order - 1)) > 1e-4, "the order of rows is seen in the losses"


@needed("jax")
def test_jax_drops_units(tmp_path):
    run = run_of(model={"layers": [8, 4], "dropout": 0.5}, training={"epochs": 200, "learning_rate": 0.01})
    dropping = losses("jax", run, tmp_path, 200)[-50:]
    plain = the_labs(run.changed({"model.dropout": 0.0}))[-50:]
    assert dropping.min() > plain.max(), "half of the units explain less"
    # As much less as where Keras drops them.
    assert np.median(dropping) == pytest.approx(np.median(the_labs(run)[-50:]), rel=0.3)


def test_a_problem_is_read_as_it_was_written(tmp_path):
    run = run_of(model={"layers": [8, {"units": 4, "dropout": 0.25}]}, training={"learning_rate": 0.01})
    prepared = Preparation().of(run)
    written = Problem.of(run, prepared, 3)
    written.write(tmp_path / "problem.npz")
    read = Problem.read(tmp_path / "problem.npz")
    assert [kernel.shape for kernel, _ in read.weights] == [(10, 8), (8, 4), (4, 1)]
    for mine, theirs in zip(written.weights, read.weights, strict=True):
        np.testing.assert_array_equal(mine[0], theirs[0])
        np.testing.assert_array_equal(mine[1], theirs[1])
    np.testing.assert_array_equal(read.x, prepared.x)
    np.testing.assert_array_equal(np.sort(read.orders, axis=1), np.tile(np.arange(100), (3, 1)))
    assert not np.array_equal(read.orders[0], read.orders[1])
    assert (read.dropout, read.batch_size, read.learning_rate, read.activation) == ((0.0, 0.25), 32, 0.01, "relu")


@pytest.mark.parametrize("spec", [*(w.spec for w in WORKLOADS), *DEEP.values()])
def test_every_workload_is_one_a_problem_can_say(spec):
    for run in load_spec(spec).runs():
        training, model = run.training, run.model
        assert (training.optimizer, training.schedule.reacts, training.clip_norm) == ("adam", False, None)
        assert (training.weight_decay, training.class_weight, training.early_stopping) == (0.0, None, None)
        assert (model.batch_normalization, model.l2, model.loss, model.output_activation) == (
            False,
            0.0,
            "auto",
            "auto",
        )
        assert run.data.validation_fraction == 0
        assert {layer.activation for layer in model.hidden} == {model.activation}


def test_a_table_is_told_with_an_engine_missing(monkeypatch, capsys):
    monkeypatch.setattr(module, "installed", lambda: ("lab", "fit"))
    monkeypatch.setattr(module, "_TURN_SECONDS", 0.0)
    monkeypatch.setattr(EngineProcess, "settle", lambda _process: None)
    spec = {"data": DATA, "model": {"layers": [3]}}
    measured = measure_engines([Workload("tiny", spec, 3, 6, 2)], {"two": {**spec, "seeds": 2}})
    (row,), (deep,) = measured["workloads"], measured["deep"]
    assert {row[name] for name in ("jax_epoch", "jax_many", "jax_first", "lab_to_jax", "torch_epoch")} == {None}
    assert row["deviation"] is None
    assert min(row[name] for name in ("lab_epoch", "lab_many", "fit_epoch", "fit_to_lab", "first_epochs")) > 0
    assert 0 < row["first_point"] <= row["first_epochs"]
    assert deep["jax"] is None
    assert deep["lab"] > 0
    head, _, line, *_ = engines_table(measured).splitlines()
    cells = dict(zip(map(str.strip, head.split("|")), map(str.strip, line.split("|")), strict=True))
    assert (cells["JAX"], cells["PyTorch"], cells["lab / JAX"]) == ("–", "–", "–")
    assert float(cells["the lab"]) == pytest.approx(row["lab_epoch"] * 1000, rel=0.01)
    assert "None" not in engines_table(measured)
    assert capsys.readouterr().err == "tiny: – times JAX\n"


def test_what_is_installed_is_what_can_be_imported():
    assert {"lab", "fit"} <= set(module.installed())
    assert ("jax" in module.installed()) == (find_spec("jax") is not None)


def test_an_engine_that_fails_is_heard_of(tmp_path):
    with EngineProcess("fit", tmp_path) as process:
        with pytest.raises(WorkFailed, match=r"^fit_engine failed: IndexError"):
            process.train(3)
        with pytest.raises(WorkFailed, match=r"^fit_engine ended \(exit status 1\)\.$"):
            process.train(3)


def test_an_engine_that_does_not_exist_is_heard_of(tmp_path):
    with pytest.raises(WorkFailed, match=r"^abacus_engine ended \(exit status 1\)\.$"):
        EngineProcess("abacus", tmp_path)
