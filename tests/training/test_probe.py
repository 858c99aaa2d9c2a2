"""Snapshots measured several at once, against plain Keras one by one."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from core.choices.activations import ACTIVATIONS
from core.choices.losses import LOSSES
from core.training.model import build_loss
from core.training.probe import Measurements, Probe, probe_rows
from core.training.telemetry import OUTPUT, PER_LAYER
from core.training.weights import Weights

DRAW = np.random.default_rng(3)


def test_rows_are_spread_over_a_table_that_may_be_sorted():
    assert probe_rows(5).tolist() == [0, 1, 2, 3, 4]
    rows = probe_rows(10_000)
    assert len(rows) == 128
    assert rows[0] == 0
    assert rows[-1] == 9999


def network(activation="tanh", outputs=1, last="linear", normal=False, l2=0.0):
    keras.utils.set_random_seed(5)
    regularizer = keras.regularizers.L2(l2) if l2 else None
    layers = [keras.Input((3,))]
    for _ in range(2):
        layers.append(keras.layers.Dense(4, None if normal else activation, kernel_regularizer=regularizer))
        if normal:
            layers += [keras.layers.BatchNormalization(), keras.layers.Activation(activation)]
        layers.append(keras.layers.Dropout(0.5))
    return keras.Sequential([*layers, keras.layers.Dense(outputs, last, kernel_regularizer=regularizer)])


def wander(model):
    """Give each weight, and what batch normalisation has seen, another value."""
    for variable in model.trainable_variables:
        variable.assign_add(DRAW.normal(scale=0.3, size=variable.shape))
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_mean.assign(DRAW.normal(size=layer.moving_mean.shape))
            layer.moving_variance.assign(DRAW.uniform(0.5, 2, size=layer.moving_variance.shape))


def gradient_norms_and_losses(model, loss, x, y):
    kernels = [layer.kernel.value for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    with tf.GradientTape() as tape:
        data_loss = loss(y, model(x))
        penalised = data_loss + sum(model.losses)
    norms = [float(tf.norm(gradient)) for gradient in tape.gradient(penalised, kernels)]
    return norms, [float(data_loss), float(penalised)], [float(tf.norm(kernel)) for kernel in kernels]


def outputs_of(model, x):
    """What the dense layers pass on in the end, by a Keras model of the same layers."""
    dense = [i for i, layer in enumerate(model.layers) if isinstance(layer, keras.layers.Dense)]
    ends = [i - 1 for i in dense[1:]] + [len(model.layers) - 1]
    return [output.numpy() for output in keras.Model(model.inputs, [model.layers[i].output for i in ends])(x)]


def shares(outputs, activations):
    chosen = [ACTIVATIONS[name] for name in activations]
    ends = [activation.flat_beyond or (-np.inf, np.inf) for activation in chosen]
    dead = [(o <= 0).all(axis=0).mean() * a.rectified for o, a in zip(outputs, chosen, strict=True)]
    flat = [((o < low) | (o > high)).mean() for o, (low, high) in zip(outputs, ends, strict=True)]
    last = outputs[-1]
    return [*dead, *flat, last.mean(), last.std(axis=0).mean(), last.min(), last.max()]


def check(model, activations, loss, y):
    x = tf.constant(DRAW.normal(size=(len(y), 3)), tf.float32)
    weights = Weights(model, apart=False)
    probe = Probe(model, weights, activations, loss, len(y))
    snapshots, expected = [], []
    for _ in range(3):
        wander(model)
        weights.take()
        snapshots.append(weights.snapshot().numpy())
        expected.append((*gradient_norms_and_losses(model, loss, x, y), shares(outputs_of(model, x), activations)))
    after = np.stack(snapshots)
    found = probe.measure(x, tf.constant(y, tf.float32), after, after, np.array([1, 1, 1]))
    assert found.shape == (3, probe.width)
    assert found.dtype == np.float32
    for row, (gradients, losses, norms, rest) in zip(found, expected, strict=True):
        np.testing.assert_allclose(row[:3], gradients, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(row[3:6], norms, rtol=1e-5)
        np.testing.assert_allclose(row[-2:], losses, rtol=1e-4)
        np.testing.assert_allclose(row[9:-2], rest, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_is_that_of_keras_in_each_snapshot(name):
    classes = 3 if "categorical" in name else 1
    last = "softmax" if classes > 1 else "sigmoid"
    labels = DRAW.integers(0, max(2, classes), size=(20, 1))
    y = np.eye(3)[labels[:, 0]] if name.startswith("categorical") else labels
    check(network(outputs=classes, last=last), ["tanh", "tanh", last], build_loss(name), y.astype(np.float32))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_that_of_keras_in_each_snapshot(name):
    check(network(name), [name, name, "linear"], build_loss("mse"), DRAW.normal(size=(20, 1)).astype(np.float32))


def test_normalisation_penalties_and_several_targets_are_those_of_keras():
    y = DRAW.normal(size=(20, 2)).astype(np.float32)
    check(network(outputs=2, normal=True, l2=0.1), ["tanh", "tanh", "linear"], build_loss("mse"), y)


def test_weights_beyond_all_bounds_are_told_and_break_nothing():
    model = network()
    probe, y = Probe(model, weights := Weights(model, apart=False), ["tanh", "tanh", "linear"], build_loss("mse"), 4), 4
    huge = np.full((1, weights.size), 1e30, np.float32)
    nothing = np.full((1, weights.size), np.nan, np.float32)
    for after in (huge, nothing):
        (row,) = probe.measure(tf.ones((y, 3)), tf.ones((y, 1)), np.zeros_like(huge), after, np.array([1]))
        assert not np.isfinite(row[-2:]).any()


@pytest.mark.parametrize("count", [1, 7, 8, 9])
def test_measured_at_once_or_one_by_one_is_the_same(count):
    model = network()
    weights = Weights(model, apart=False)
    probe = Probe(model, weights, ["tanh", "tanh", "linear"], build_loss("mse"), 30)
    x, y = (tf.constant(DRAW.normal(size=(30, n)), tf.float32) for n in (3, 1))
    after = DRAW.normal(size=(count, weights.size)).astype(np.float32)
    before = after * np.float32(0.9)
    together, apart = Measurements(probe, x, y), Measurements(probe, x, y)
    together.take(range(count), before, after, 5)
    for i in range(count):
        apart.take([i], before[i : i + 1], after[i : i + 1], 5)
        apart.by_epoch()
    assert list(together.by_epoch()) == list(range(count))
    for epoch, row in together.by_epoch().items():
        np.testing.assert_allclose(row, apart.by_epoch()[epoch], rtol=1e-5, atol=1e-7)
    ratio = row[2 * 3 : 3 * 3]
    np.testing.assert_allclose(ratio, 0.1 / 5, rtol=1e-3)
    assert len(row) == 3 * len(PER_LAYER) + len(OUTPUT) + 2


def test_what_has_not_ended_is_not_measured():
    model = network()
    weights = Weights(model, apart=False)
    found = Measurements(Probe(model, weights, ["tanh"] * 3, build_loss("mse"), 4), tf.ones((4, 3)), tf.ones((4, 1)))
    snapshots = np.zeros((3, weights.size), np.float32)
    found.take([1, 2], snapshots, snapshots, 1)
    assert list(found.by_epoch()) == [1, 2]
