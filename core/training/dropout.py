"""Dropout whose numbers are those of Keras under every compiler.

XLA draws other numbers than TensorFlow from the same seed, so a run with dropout could not change from one to the
other. For XLA, TensorFlow's own generator is written in plain arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from core.training.backend import tf

# Philox4x32-10 of Salmon et al. (2011), "Parallel random numbers: as easy as 1, 2, 3", section 3.3.
_ROUNDS: Final = 10
_MULTIPLIERS: Final = (0xD2511F53, 0xCD9E8D57)
_WEYL: Final = (0x9E3779B9, 0xBB67AE85)

_TOGETHER: Final = 2**18
"""Numbers drawn in one loop, which is traced and compiled once; of more, the loops of several take less memory."""

_SCRAMBLE: Final = (0x3EC8F720, 0x02461E29)
"""The key under which TensorFlow makes a key and a counter of a seed (stateless_random_ops, GuardedPhiloxRandom)."""


def dropout_numbers(layers: Sequence[Any], rows: int, units: Sequence[int], *, under_xla: bool) -> list[Any]:
    """Return what each of several ``keras.layers.Dropout`` draws next for so many rows: float32 in [0, 1).

    They are the same in a graph and under XLA; what is traced for one draws something else in the other, or slowly.
    """
    # As keras.random does it: the seed is kept below the largest int32.
    seeds = tf.math.floormod([tf.cast(layer.seed_generator.next(), tf.int64) for layer in layers], tf.int32.max - 1)
    shapes = [(rows, count) for count in units]
    if under_xla:
        return uniform(shapes, seeds)
    return [tf.random.stateless_uniform(shape, seeds[i]) for i, shape in enumerate(shapes)]


def dropped(x: Any, numbers: Any, rate: float) -> Any:
    """Return `x` with a share of `rate` set to 0, where `numbers` are below it, and the rest times 1 / (1 - rate)."""
    return tf.where(numbers >= rate, x * tf.constant(1 / (1 - rate), tf.float32), 0.0)


def uniform(shapes: Sequence[tuple[int, ...]], seeds: Any) -> list[Any]:
    """Return what ``tf.random.stateless_uniform(shape, seed)`` returns for each shape: float32 in [0, 1).

    Parameters
    ----------
    shapes : sequence of tuples of int
        Known when the graph is traced.
    seeds : tensor of shape (shapes, 2)
        Of any integer type, below 2³².
    """
    sizes = [math.prod(shape) for shape in shapes]
    if len(shapes) > 1 and sum(sizes) > _TOGETHER:
        return [numbers for i, shape in enumerate(shapes) for numbers in uniform([shape], seeds[i : i + 1])]
    blocks = [-(-size // 4) for size in sizes]
    low, high = tf.unstack(tf.cast(seeds, tf.uint32), axis=1)
    zero = tf.zeros_like(low)
    scrambled = tf.stack(_philox((low, zero, high, zero), _SCRAMBLE), axis=1)
    block = tf.cast(tf.concat([tf.range(count) for count in blocks], 0), tf.uint32)
    own = tf.gather(scrambled, tf.concat([tf.fill([count], i) for i, count in enumerate(blocks)], 0))
    *key, third, fourth = tf.unstack(own, axis=1)
    words = tf.stack(_philox((block, tf.zeros_like(block), third, fourth), tuple(key)), axis=1)
    # 23 random bits behind the exponent of 1.0 make a number in [1, 2).
    bits = (tf.reshape(words, [-1]) & 0x7FFFFF) | 0x3F800000
    parts = tf.split(tf.bitcast(bits, tf.float32) - 1.0, [4 * count for count in blocks])
    return [tf.reshape(part[:size], shape) for part, size, shape in zip(parts, sizes, shapes, strict=True)]


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
