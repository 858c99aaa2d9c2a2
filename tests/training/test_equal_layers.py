"""A row of equal layers in one loop against the same layers one after the other."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from core.training.equal_layers import equal_layers
from core.training.weights import Weights


@pytest.mark.parametrize("xla", [False, True], ids=["graph", "xla"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu", "softmax", "linear"])
def test_outputs_and_gradients_are_those_of_the_layers_one_by_one(activation, xla):
    draw = np.random.default_rng(2)
    # No weight is negative, so that something comes through twelve layers of relu.
    shapes = ((7, 4), (12, 4, 4), (12, 4))
    x, kernels, biases = (tf.constant(draw.uniform(0, 0.5, size=shape), tf.float32) for shape in shapes)
    function = keras.activations.get(activation)

    def one_by_one(x, kernels, biases):
        for kernel, bias in zip(tf.unstack(kernels), tf.unstack(biases), strict=True):
            x = function(x @ kernel + bias)
        return x

    def values(row):
        arguments = (x, kernels, biases)
        with tf.GradientTape() as tape:
            tape.watch(arguments)
            outputs = row(*arguments)
            loss = tf.reduce_sum(outputs * tf.range(4.0))
        return outputs, *tape.gradient(loss, arguments)

    def row(x, kernels, biases):
        return equal_layers(x, kernels, biases, function)

    looped = tf.function(lambda: values(row), jit_compile=xla)
    for ours, theirs in zip(looped(), values(one_by_one), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5 * np.abs(theirs).max())
        assert np.abs(theirs).max() > 0


def test_only_equal_layers_that_follow_each_other_share_a_loop():
    def loops(*layers):
        model = keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(1)])
        return len(model.layers) - len(Weights(model, apart=False)._steps)

    def dense(count, **options):
        return [keras.layers.Dense(4, **options) for _ in range(count)]

    assert loops(*dense(12, activation="relu")) == 11
    assert loops(*dense(6, activation="relu"), *dense(6, activation="tanh")) == 0
    assert loops(*dense(6), keras.layers.Dropout(0.1), *dense(6)) == 0
    assert loops(*dense(5)) == 0
    assert loops(*dense(11, activation="relu"), keras.layers.Dropout(0.1), *dense(11, activation="relu")) == 20
