"""Small weights are one variable for the optimizer; the model keeps its own and shows no difference."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from core.choices.optimizers import OPTIMIZERS
from core.training.weights import Weights


def network(units, layers=6):
    keras.utils.set_random_seed(4)
    hidden = [keras.layers.Dense(units, "tanh") for _ in range(layers)]
    return keras.Sequential([keras.Input((units,)), *hidden, keras.layers.Dense(1)])


def shapes(model, **options):
    return sorted(tuple(variable.shape) for variable in Weights(model, **options).parameters)


def test_small_ones_are_one_and_large_ones_left_alone():
    assert shapes(network(3), apart=False) == [(6 * 9 + 6 * 3 + 3 + 1,)]
    assert shapes(network(80, layers=2), apart=False) == [(80, 80), (80, 80), (80 * 2 + 80 + 1,)]
    assert shapes(network(3, layers=1), apart=True) == [(1,), (3,), (3, 1), (3, 3)]


@pytest.mark.parametrize("units", [3, 80])
@pytest.mark.parametrize("apart", [False, True])
def test_the_model_computes_with_what_it_is_lent_and_keeps_its_own(units, apart):
    model = network(units)
    x = tf.ones((2, units))
    weights = Weights(model, apart=apart)
    weights.take()
    before, own = model(x).numpy(), [variable.numpy() for variable in model.trainable_variables]
    for parameter in weights.parameters:
        parameter.assign(parameter * 2)
    for variable, value in zip(model.trainable_variables, own, strict=True):
        variable.assign(value)
    with weights.lent():
        lent = model(x).numpy()
        layer_by_layer = weights.outputs(x, training=False).numpy()
    np.testing.assert_array_equal(layer_by_layer, lent)
    if apart:
        np.testing.assert_array_equal(lent, before)
        return
    assert not np.allclose(lent, before)
    weights.give_back()
    for variable, value in zip(model.trainable_variables, own, strict=True):
        small = np.prod(variable.shape) <= 4096
        np.testing.assert_array_equal(variable.numpy(), value * 2 if small else value)


def test_a_snapshot_holds_the_value_of_every_variable_in_use():
    keras.utils.set_random_seed(4)
    normal = keras.layers.BatchNormalization()
    model = keras.Sequential([keras.Input((80,)), keras.layers.Dense(80), normal, keras.layers.Dense(2)])
    normal.moving_mean.assign(tf.range(80.0))
    weights = Weights(model, apart=False)
    weights.take()
    first = weights.snapshot()
    assert first.shape == (weights.size,)
    for parameter in weights.parameters:
        parameter.assign(parameter + 1)
    values = weights.values_in(tf.stack([first, weights.snapshot()]))
    for variable in model.trainable_variables:
        then, now = values(variable).numpy()
        np.testing.assert_array_equal(now, then + 1)
        assert then.shape == variable.shape
    np.testing.assert_array_equal(values(model.layers[2].kernel)[0], model.layers[2].kernel.numpy())
    np.testing.assert_array_equal(values(normal.moving_mean)[1], np.arange(80))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_that_is_not_marked_moves_one_variable_as_it_moves_its_parts(name):
    """Two steps with either; where a variable counts as a whole, they must differ, or the mark is needless."""
    optimizers = [keras.optimizers.get({"class_name": name, "config": {"learning_rate": 0.1}}) for _ in range(2)]
    draw = np.random.default_rng(0)
    start = draw.normal(size=(5, 4, 4)).astype(np.float32)
    parts, whole = [keras.Variable(part) for part in start], keras.Variable(start.reshape(-1))
    for optimizer, variables in zip(optimizers, (parts, [whole]), strict=True):
        optimizer.build(variables)
    for scale in (1.0, 30.0):
        gradient = (draw.normal(size=start.shape) * np.arange(5)[:, None, None] * scale).astype(np.float32)
        optimizers[0].apply([tf.constant(part) for part in gradient], parts)
        optimizers[1].apply([tf.constant(gradient.reshape(-1))], [whole])
    moved = np.stack([variable.numpy() for variable in parts]).reshape(-1)
    assert np.allclose(moved, whole.numpy(), rtol=1e-5) is not OPTIMIZERS[name].apart
