"""What is measured inside the network: true, bounded, JSON-able, and only where it was asked for."""

import json

import keras
import numpy as np
import pytest

from core.training import epochs, probe
from core.training import telemetry as telemetry_module
from core.training.epochs import program_for
from core.training.model import build_loss, build_model
from core.training.run import compile_run
from core.training.telemetry import MOST_EPOCHS, PER_LAYER, measured_epochs

TARGETS = {"source": "sample:noise_targets", "target": "y"}
LABELS = {"source": "sample:noise_labels", "target": "label"}


def test_short_runs_are_measured_each_epoch_and_long_ones_now_and_then():
    assert measured_epochs(20, 50).all()
    sparse = np.flatnonzero(measured_epochs(100, 4))
    assert sparse[:3].tolist() == [0, 1, 2]
    assert sparse[-1] == 99
    assert len(sparse) < 40
    assert measured_epochs(100_000, 100).sum() <= MOST_EPOCHS


@pytest.mark.parametrize("xla", [False, True])
def test_gradients_and_updates_are_those_of_keras(trained, xla):
    """One step of plain gradient descent: the kernels move by learning rate × gradient at the start."""
    sections = {
        "data": TARGETS,
        "training": {"optimizer": "sgd", "learning_rate": 0.1, "epochs": 1, "batch_size": 100},
    }
    if xla:
        run, prepared, _ = trained(probed=True, **sections)
        compile_run(run, prepared, wait=True)
    run, prepared, result = trained(probed=True, **sections)
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    model, loss = build_model(run.model, prepared), build_loss(prepared.loss)
    kernels = [layer.kernel for layer in model.layers]
    start = [kernel.numpy() for kernel in kernels]

    def gradients():
        with tf.GradientTape() as tape:
            value = loss(prepared.y, model(prepared.x))
        return float(value), [g.numpy() for g in tape.gradient(value, [w.value for w in model.trainable_weights])]

    initial, steps = gradients()
    for weight, step in zip(model.trainable_weights, steps, strict=True):
        weight.assign_sub(0.1 * step)
    final, after = gradients()
    telemetry = result.telemetry
    assert telemetry["compiler"] == ("xla" if xla else "graph")
    assert telemetry["initial_loss"] == pytest.approx(initial, rel=1e-5)
    assert telemetry["probe_loss"] == pytest.approx([final], rel=1e-5)
    for i, layer in enumerate(telemetry["layers"]):
        moved = np.linalg.norm(kernels[i].numpy() - start[i]) / np.linalg.norm(kernels[i].numpy())
        assert layer["gradient_norm"] == pytest.approx([np.linalg.norm(after[2 * i])], rel=1e-4)
        assert layer["weight_norm"] == pytest.approx([np.linalg.norm(kernels[i].numpy())], rel=1e-5)
        assert layer["update_ratio"] == pytest.approx([moved], rel=1e-4)
    outputs = model.predict(prepared.x, verbose=0)
    assert telemetry["output"]["mean"] == pytest.approx([outputs.mean()], rel=1e-4)
    assert telemetry["output"]["std"] == pytest.approx([outputs.std()], rel=1e-4)
    assert telemetry["output"]["min"][0] < telemetry["output"]["max"][0]


def test_dead_and_saturated_units_are_counted(trained):
    negative = {"name": "constant", "value": -1.0}
    _, _, dead = trained(
        probed=True,
        data=TARGETS,
        preprocessing={"scaling": "none"},
        model={"initializer": negative},
        training={"epochs": 1},
    )
    assert dead.telemetry["layers"][0]["dead"] == [1.0]
    huge = {"name": "random_normal", "stddev": 1000.0}
    _, _, flat = trained(
        probed=True, data=LABELS, model={"activation": "tanh", "initializer": huge}, training={"epochs": 1}
    )
    assert flat.telemetry["layers"][0]["saturated"][0] > 0.95
    assert flat.telemetry["layers"][0]["dead"] == [0.0]
    _, _, healthy = trained(probed=True, data=LABELS, model={"activation": "tanh"}, training={"epochs": 1})
    assert healthy.telemetry["layers"][0]["saturated"][0] < 0.1


def test_batch_normalisation_is_measured_behind_its_activation(trained):
    _, _, result = trained(
        probed=True,
        data=LABELS,
        model={"layers": [8, 8], "batch_normalization": True, "activation": "relu"},
        training={"epochs": 2},
    )
    layers = result.telemetry["layers"]
    assert [layer["name"] for layer in layers] == ["hidden 1", "hidden 2", "output"]
    assert all(0 <= value < 1 for layer in layers for value in layer["dead"])


def test_numbers_are_json_and_what_is_not_finite_is_none(trained):
    _, _, result = trained(
        probed=True,
        data={"source": "sample:line", "target": "y", "validation_fraction": 0},
        preprocessing={"scaling": "none"},
        training={"optimizer": "sgd", "learning_rate": 1e6, "epochs": 50},
    )
    assert result.state == "diverged"
    telemetry = json.loads(json.dumps(result.telemetry, allow_nan=False))
    assert telemetry["epochs"]
    assert max(telemetry["epochs"]) <= result.diverged_at
    assert None in telemetry["probe_loss"]


def test_every_list_is_as_long_as_the_epochs(trained):
    _, _, result = trained(probed=True, data=TARGETS, model={"layers": []}, training={"epochs": 30})
    telemetry = result.telemetry
    assert telemetry["epochs"][-1] == 30
    assert len(telemetry["layers"]) == 1
    for name in PER_LAYER:
        assert len(telemetry["layers"][0][name]) == len(telemetry["epochs"])


def test_recall_says_which_class_is_missed(trained):
    iris = {"source": "sample:iris", "target": "species"}
    _, prepared, result = trained(probed=True, data=iris, training={"epochs": 100, "learning_rate": 0.01})
    assert len(result.telemetry["recall"]) == len(prepared.classes)
    assert min(result.telemetry["recall"]) > 0.9
    _, _, numbers = trained(probed=True, data=TARGETS, training={"epochs": 1})
    assert numbers.telemetry["recall"] is None


def test_nothing_is_probed_unless_asked_for(trained):
    _, _, result = trained(data=TARGETS, training={"epochs": 2})
    assert "layers" not in result.telemetry
    assert "initial_loss" not in result.telemetry


def test_probing_changes_no_history(trained):
    sections = {"data": TARGETS, "training": {"epochs": 12}}
    _, _, plain = trained(**sections)
    _, _, probed = trained(probed=True, **sections)
    assert set(probed.history) == set(plain.history)
    for name, values in plain.history.items():
        # One may have been compiled on its way and the other not; that leaves the first five digits alone.
        assert probed.history[name] == pytest.approx(values, rel=1e-5)


def test_an_epoch_trained_in_several_calls_is_measured_as_its_last_one(trained, monkeypatch):
    """Plain gradient descent: what a kernel moves in one step is learning rate times gradient."""
    from core.training import run as run_module

    sections = {
        "data": {**TARGETS, "rows": 100, "validation_fraction": 0},
        "training": {"optimizer": "sgd", "learning_rate": 1e-3, "epochs": 1, "batch_size": 10},
    }
    _, _, whole = trained(probed=True, **sections)
    monkeypatch.setattr(run_module, "CHUNK_SECONDS", 1e-9)
    monkeypatch.setattr(run_module, "_FIRST_BATCHES", 1)
    program = program_for(*trained(**sections)[:2])
    program.seconds_per_batch = 0.0
    _, _, apart = trained(probed=True, **sections)
    for one, other in zip(whole.telemetry["layers"], apart.telemetry["layers"], strict=True):
        # Ten steps, or the last of them, by their number.
        assert one["update_ratio"] == pytest.approx(other["update_ratio"], rel=0.5)
        assert one["weight_norm"] == pytest.approx(other["weight_norm"], rel=1e-5)


def test_large_networks_are_measured_like_small_ones(trained, monkeypatch):
    """Their weights are kept by no compiled epoch: each that is measured is a call of its own."""
    sections = {"data": TARGETS, "model": {"layers": [20]}, "training": {"epochs": 40, "batch_size": 100}}
    _, _, small = trained(probed=True, **sections)
    monkeypatch.setattr(epochs, "SNAPSHOT_NUMBERS", 1)
    monkeypatch.setattr(probe, "SNAPSHOT_NUMBERS", 1)
    epochs.forget_programs()
    _, _, large = trained(probed=True, **sections)
    epochs.forget_programs()
    assert large.telemetry["epochs"] == small.telemetry["epochs"]
    for one, other in zip(small.telemetry["layers"], large.telemetry["layers"], strict=True):
        for name in PER_LAYER:
            assert one[name] == pytest.approx(other[name], rel=1e-3, abs=1e-6)
    assert large.history["loss"] == pytest.approx(small.history["loss"], rel=1e-5)


def test_a_gradient_that_is_no_number_is_not_said_to_be_whole():
    assert telemetry_module._clipped(np.array([[np.nan, 1], [0, 0], [3, 4]]), 1.0) == [None, 0.0, 0.8]
