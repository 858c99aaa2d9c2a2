"""Dropout of our own against that of Keras and the generator of TensorFlow: the same bits."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from core.training.dropout import Dropout, uniform


@pytest.mark.parametrize("xla", [False, True], ids=["graph", "xla"])
@pytest.mark.parametrize("shape", [(1,), (3, 5), (32, 32), (7, 301)])
def test_numbers_are_those_of_tensorflow(shape, xla):
    draw = tf.function(lambda seed: uniform(shape, seed), jit_compile=xla, autograph=False)
    for seed in ([0, 0], [1, 2], [2**31 - 2, 17], [2**32 - 1, 2**32 - 1]):
        ours = draw(tf.constant(seed, tf.uint32)).numpy()
        theirs = tf.random.stateless_uniform(shape, tf.constant(seed, tf.int64)).numpy()
        np.testing.assert_array_equal(ours, theirs)
        assert ours.min() >= 0
        assert ours.max() < 1


@pytest.mark.parametrize("xla", [False, True], ids=["graph", "xla"])
def test_what_falls_out_is_what_falls_out_in_keras_step_by_step(xla):
    x = tf.ones((40, 30)) * 3
    keras.utils.set_random_seed(5)
    theirs = keras.layers.Dropout(0.3)
    keras.utils.set_random_seed(5)
    ours = Dropout(0.3)
    call = tf.function(lambda x: ours(x, training=True), jit_compile=xla, autograph=False)
    masks = []
    for _ in range(3):
        np.testing.assert_array_equal(call(x).numpy(), theirs(x, training=True).numpy())
        masks.append(ours(x, training=True).numpy() == 0)
        theirs(x, training=True)
    assert not np.array_equal(masks[0], masks[1])
    assert 0.2 < np.mean(masks) < 0.4


def test_nothing_falls_out_of_predictions():
    x = tf.ones((4, 3))
    np.testing.assert_array_equal(Dropout(0.9)(x, training=False).numpy(), x.numpy())
    np.testing.assert_array_equal(Dropout(0.0)(x, training=True).numpy(), x.numpy())
