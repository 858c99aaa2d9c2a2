"""Small weights of one shape are one variable for the optimizer; the model keeps its own and shows no difference."""

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


def test_equal_ones_are_stacked_and_others_left_alone():
    model = network(3)
    weights = Weights(model, apart=False)
    assert sorted(tuple(variable.shape) for variable in weights.parameters) == [(1,), (3, 1), (6, 3), (6, 3, 3)]
    few, large = Weights(network(3, layers=3), apart=False), Weights(network(80), apart=False)
    assert len(few.parameters) == 8
    assert (6, 80, 80) not in {tuple(variable.shape) for variable in large.parameters}


def test_the_model_computes_with_what_it_is_lent_and_keeps_its_own():
    model = network(3)
    x = tf.ones((2, 3))
    weights = Weights(model, apart=False)
    weights.take()
    before = model(x).numpy()
    for parameter in weights.parameters:
        parameter.assign(parameter * 2)
    model.layers[-1].kernel.assign(model.layers[-1].kernel / 2)
    model.layers[-1].bias.assign(model.layers[-1].bias / 2)
    np.testing.assert_array_equal(model(x).numpy(), before)
    with weights.lent():
        lent = model(x).numpy()
    assert not np.allclose(lent, before)
    np.testing.assert_array_equal(model(x).numpy(), before)
    weights.give_back()
    np.testing.assert_array_equal(model(x).numpy(), lent)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_that_is_not_marked_moves_a_stack_as_it_moves_its_parts(name):
    """Two steps with either; where a variable counts as a whole, they must differ, or the mark is needless."""
    optimizers = [keras.optimizers.get({"class_name": name, "config": {"learning_rate": 0.1}}) for _ in range(2)]
    draw = np.random.default_rng(0)
    start = draw.normal(size=(5, 4, 4)).astype(np.float32)
    apart, stack = [keras.Variable(part) for part in start], keras.Variable(start)
    for optimizer, variables in zip(optimizers, (apart, [stack]), strict=True):
        optimizer.build(variables)
    for scale in (1.0, 30.0):
        gradient = (draw.normal(size=start.shape) * np.arange(5)[:, None, None] * scale).astype(np.float32)
        optimizers[0].apply([tf.constant(part) for part in gradient], apart)
        optimizers[1].apply([tf.constant(gradient)], [stack])
    same = np.allclose(np.stack([variable.numpy() for variable in apart]), stack.numpy(), rtol=1e-5)
    assert same is not OPTIMIZERS[name].apart
