"""Dropout of our own against that of Keras and the generator of TensorFlow: the same bits."""

from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf

from core.training.dropout import uniform
from core.training.weights import Weights

SEEDS = [[0, 0], [1, 2], [2**31 - 2, 17], [2**32 - 1, 2**32 - 1]]


@pytest.mark.parametrize("xla", [False, True], ids=["graph", "xla"])
def test_numbers_of_several_seeds_and_shapes_are_those_of_tensorflow(xla):
    shapes = [(1,), (3, 5), (32, 32), (7, 301)]
    draw = tf.function(lambda seeds: uniform(shapes, seeds), jit_compile=xla, autograph=False)
    for turn in range(len(SEEDS)):
        seeds = np.roll(SEEDS, turn, axis=0)
        for numbers, shape, seed in zip(draw(tf.constant(seeds, tf.uint32)), shapes, seeds, strict=True):
            theirs = tf.random.stateless_uniform(shape, tf.constant(seed, tf.int64)).numpy()
            np.testing.assert_array_equal(numbers.numpy(), theirs)
            assert 0 <= theirs.min() < theirs.max() + (theirs.size == 1)


def dropping():
    keras.utils.set_random_seed(5)
    layers = [keras.layers.Dropout(0.3), keras.layers.Activation("tanh"), keras.layers.Dropout(0.6)]
    return keras.Sequential([keras.Input((30,)), *layers])


@pytest.mark.parametrize("xla", [False, True], ids=["graph", "xla"])
def test_what_falls_out_is_what_falls_out_in_keras_step_by_step(xla):
    x = tf.ones((40, 30)) * 3
    theirs, model = dropping(), dropping()
    ours = Weights(model, apart=False)

    @partial(tf.function, jit_compile=xla, autograph=False)
    def call(x):
        with ours.lent():
            return ours.outputs(x, training=True, under_xla=xla)

    masks = []
    for _ in range(3):
        found = call(x).numpy()
        np.testing.assert_allclose(found, theirs(x, training=True).numpy(), rtol=1e-6)
        masks.append(found == 0)
    assert not np.array_equal(masks[0], masks[1])
    assert 0.65 < np.mean(masks) < 0.78
    np.testing.assert_array_equal(ours.outputs(x, training=False), theirs(x, training=False))
