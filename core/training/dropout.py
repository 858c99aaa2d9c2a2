"""Dropout whose numbers are those of Keras under every compiler.

XLA draws other numbers than TensorFlow from the same seed, so a run with dropout could not change from one to the
other. Here TensorFlow's own generator is written in plain arithmetic, which both compute alike.
"""

from __future__ import annotations

import math
from typing import Any, Final

from core.training.backend import keras, tf

# Philox4x32-10 of Salmon et al. (2011), "Parallel random numbers: as easy as 1, 2, 3", section 3.3.
_ROUNDS: Final = 10
_MULTIPLIERS: Final = (0xD2511F53, 0xCD9E8D57)
_WEYL: Final = (0x9E3779B9, 0xBB67AE85)

_SCRAMBLE: Final = (0x3EC8F720, 0x02461E29)
"""The key under which TensorFlow makes a key and a counter of a seed (stateless_random_ops, GuardedPhiloxRandom)."""


class Dropout(keras.layers.Dropout):  # type: ignore[misc] # Keras comes without types
    """``keras.layers.Dropout``, the same bits of the same seed, in a graph and under XLA."""

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return `inputs`, in training with a share of `rate` set to 0 and the rest scaled up by 1 / (1 - rate)."""
        if not training or self.rate == 0:
            return inputs
        # As keras.random does it: the seed is kept below the largest int32.
        seed = tf.math.floormod(tf.cast(self.seed_generator.next(), tf.int64), tf.int32.max - 1)
        kept = uniform(tuple(inputs.shape), seed) >= self.rate
        return tf.where(kept, inputs * tf.constant(1 / (1 - self.rate), tf.float32), 0.0)


def uniform(shape: tuple[int, ...], seed: Any) -> Any:
    """Return what ``tf.random.stateless_uniform(shape, seed)`` returns: float32 in [0, 1).

    Parameters
    ----------
    shape : tuple of int
        Known when the graph is traced.
    seed : tensor of shape (2,)
        Of any integer type, below 2³².
    """
    size = math.prod(shape)
    low, high = tf.unstack(tf.cast(seed, tf.uint32))
    zero = tf.zeros_like(low)
    scrambled = _philox((low, zero, high, zero), _SCRAMBLE)
    block = tf.cast(tf.range(-(-size // 4)), tf.uint32)
    counter = (block, tf.zeros_like(block), *(tf.broadcast_to(scrambled[i], tf.shape(block)) for i in (2, 3)))
    words = tf.stack(_philox(counter, scrambled[:2]), axis=1)
    # 23 random bits behind the exponent of 1.0 make a number in [1, 2).
    bits = (tf.reshape(words, [-1])[:size] & 0x7FFFFF) | 0x3F800000
    return tf.reshape(tf.bitcast(bits, tf.float32) - 1.0, shape)


def _philox(counter: tuple[Any, ...], key: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return four words for each counter of four; in a loop, because XLA computes unrolled rounds many times over."""

    def one(step: Any, key: tuple[Any, ...], words: tuple[Any, ...]) -> tuple[Any, ...]:
        (low_a, high_a), (low_c, high_c) = _product(words[0], _MULTIPLIERS[0]), _product(words[2], _MULTIPLIERS[1])
        words = (high_c ^ words[1] ^ key[0], low_c, high_a ^ words[3] ^ key[1], low_a)
        return step + 1, (key[0] + _WEYL[0], key[1] + _WEYL[1]), words

    keys = tuple(tf.constant(word, tf.uint32) if isinstance(word, int) else word for word in key)
    return tuple(tf.while_loop(lambda step, *_: step < _ROUNDS, one, (0, keys, counter))[2])


def _product(word: Any, factor: int) -> tuple[Any, Any]:
    """Return the lower and the upper 32 bits of a product."""
    product = tf.cast(word, tf.uint64) * tf.constant(factor, tf.uint64)
    return tf.cast(product, tf.uint32), tf.cast(tf.bitwise.right_shift(product, tf.constant(32, tf.uint64)), tf.uint32)
