"""What is shown of layers, against plain Keras and the telemetry of a probed run."""

import numpy as np
import pytest

from core.diagnosis.evidence import limits
from core.training.backend import keras, tf
from core.training.model import build_loss
from core.training.pictures.frame import Frame
from core.training.pictures.layers import BINS, MOST_LAYERS
from core.training.probe import probe_rows
from core.training.run import train_run
from tests.training.pictures.test_pictures import plain_model

MOONS = {"source": "sample:moons?n=200", "target": "label"}
FEW = {"epochs": 4, "learning_rate": 0.03}


@pytest.fixture
def looked(trained):
    """Return (run, prepared, scene, layers by epoch, result of a probed run) of a spec given by its sections."""

    def train(**sections):
        run, prepared, _ = trained(**sections)
        frames: list[Frame] = []
        result = train_run(run, prepared, probed=True, on_frame=frames.append)
        scene, *rest = frames
        return run, prepared, scene.pictures["layers"], {f.epoch: f.pictures["layers"] for f in rest}, result

    return train


def ends(histogram):
    return np.linspace(histogram["span"][0], histogram["span"][1], BINS + 1)


def test_histograms_count_what_plain_keras_passes_on_and_its_gradients(looked):
    run, prepared, scene, layers, _ = looked(data=MOONS, model={"layers": [6, 4]}, training=FEW)
    model, rows = plain_model(run, prepared), probe_rows(len(prepared.x))
    parts = keras.Model(model.inputs, [layer.output for layer in model.layers])
    kernels = [layer.kernel.value for layer in model.layers]
    with tf.GradientTape() as tape:
        outputs = parts(prepared.x[rows])
        loss = build_loss(prepared.loss)(prepared.y[rows], outputs[-1])
    gradients = tape.gradient(loss, kernels)
    assert scene == {"names": ["hidden 1", "hidden 2", "output"], "hidden": 2}
    found = layers[4]
    for shown, gradient, output, told in zip(found["gradients"], gradients, outputs, found["activations"], strict=True):
        passed, sizes = output.numpy().ravel(), np.abs(gradient.numpy()).ravel()
        assert sum(told["counts"]) == passed.size
        assert sum(shown["counts"]) + shown["tiny"] == sizes.size
        assert told["span"] == pytest.approx([passed.min(), passed.max()], rel=1e-2, abs=1e-4)
        assert shown["span"][1] == pytest.approx(np.log10(sizes.max()), abs=1e-2)
        # A number at the edge of a bin may fall on either side of it.
        expected = np.histogram(np.clip(passed, *told["span"]), ends(told))[0]
        assert np.abs(np.cumsum(expected) - np.cumsum(told["counts"])).max() <= 3


def test_gradients_of_dead_units_are_counted_apart(looked):
    dead = {"layers": [{"units": 8, "initializer": "zeros"}]}
    _, _, _, layers, _ = looked(data=MOONS, model=dead, training={"epochs": 1})
    first = layers[0]["gradients"][0]
    assert (first["tiny"], sum(first["counts"])) == (16, 0)
    assert (first["span"], layers[0]["activations"][0]["span"]) == ([0, 0], [0, 0])


def test_updates_are_those_of_the_telemetry(looked):
    _, _, _, layers, result = looked(data=MOONS, model={"layers": [6, 4]}, training=FEW)
    measured = result.telemetry
    for epoch in (1, 2, 3, 4):
        expected = [layer["update_ratio"][measured["epochs"].index(epoch)] for layer in measured["layers"]]
        assert layers[epoch]["updates"] == pytest.approx(expected, rel=1e-4)
    assert "updates" not in layers[0]


def test_gradients_vanish_on_their_way_through_sigmoids(looked):
    model = {"layers": [8] * 8, "activation": "sigmoid"}
    plain = {"epochs": 1, "optimizer": "sgd", "learning_rate": 0.1}
    _, _, scene, layers, _ = looked(data=MOONS, model=model, training=plain)
    first, *_, last = layers[1]["updates"]
    assert first < limits.SHORT_STEP < last < limits.LONG_STEP
    highest = [gradient["span"][1] for gradient in layers[0]["gradients"]]
    assert highest[0] < highest[-1] - 3
    assert len(scene["names"]) == 9


def test_of_deep_networks_some_layers_are_shown(looked):
    _, _, scene, layers, _ = looked(data=MOONS, model={"layers": [4] * 20}, training={"epochs": 1})
    assert (len(scene["names"]), scene["hidden"]) == (MOST_LAYERS, 20)
    assert (scene["names"][0], scene["names"][-1]) == ("hidden 1", "output")
    assert len(layers[1]["updates"]) == MOST_LAYERS
