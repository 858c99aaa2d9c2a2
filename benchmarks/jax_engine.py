"""JAX as an engine: a whole training is one compiled program, a scan over epochs of a scan over batches.

That is the limit to compare with: nothing is left to Python between the first batch and the last.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

# Before the import: one thread, as the lab's trainers have it.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.engine_process import Losses, serve_engine
from benchmarks.problem import Problem
from core.spec import RunSpec

_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-7
"""Keras's defaults for Adam."""


class JaxEngine:
    """A `Problem` and its compiled training; table and first weights are on the device before a training begins."""

    def __init__(self, problem: Problem) -> None:
        self._orders = problem.orders
        self._data = jax.device_put((problem.weights, problem.x, problem.y))
        forward = partial(_forward, getattr(jax.nn, problem.activation), problem.dropout)
        draw = partial(_draw, problem.dropout, [len(bias) for _, bias in problem.weights[:-1]])
        self._function = jax.jit(partial(_epochs, forward, problem.batch_size, problem.learning_rate, draw))
        # What JAX loads once per process is loaded.
        jax.block_until_ready(jax.jit(jnp.negative)(np.ones(2, np.float32)))

    def train(self, epochs: int, seed: int) -> tuple[Losses, float]:
        """Train for so many epochs; the losses come all at once. Compiled again for another number of epochs."""
        losses = np.asarray(self._function(*self._data, self._orders[:epochs], jax.random.key(seed)))
        return losses.tolist(), time.perf_counter()


def _epochs(forward: Callable[..., Any], size: int, rate: float, draw: Callable[..., Any], *arguments: Any) -> Any:
    """Return the loss of each epoch, as Keras tells it: the mean of the batches' losses, weighted by their rows."""
    weights, x, y, orders, key = arguments
    rows = len(x)
    full = rows // size * size
    update = jax.value_and_grad(lambda weights, x, y, kept: jnp.mean((forward(weights, x, kept) - y) ** 2))

    def step(state: Any, batch: Any) -> tuple[Any, Any]:
        weights, mean, variance, count = state
        loss, gradients = update(weights, *batch)
        count += 1
        # Keras's formula: both corrections are in the step, epsilon is outside them (Kingma & Ba 2015, section 2).
        length = rate * jnp.sqrt(1 - _BETA_2**count) / (1 - _BETA_1**count)
        mean = jax.tree.map(lambda m, g: m + (g - m) * (1 - _BETA_1), mean, gradients)
        variance = jax.tree.map(lambda v, g: v + (g * g - v) * (1 - _BETA_2), variance, gradients)
        weights = jax.tree.map(lambda w, m, v: w - length * m / (jnp.sqrt(v) + _EPSILON), weights, mean, variance)
        return (weights, mean, variance, count), loss * len(batch[0])

    def epoch(state: Any, order: Any) -> tuple[Any, Any]:
        own = (x[order], y[order], draw(jax.random.fold_in(key, state[3]), rows))
        batches = jax.tree.map(lambda array: array[:full].reshape(-1, size, array.shape[1]), own)
        state, losses = jax.lax.scan(step, state, batches)
        total = losses.sum()
        if full < rows:
            state, loss = step(state, jax.tree.map(lambda array: array[full:], own))
            total += loss
        return state, total / rows

    zeros = jax.tree.map(jnp.zeros_like, weights)
    return jax.lax.scan(epoch, (weights, zeros, zeros, jnp.int32(0)), orders)[1]


def _draw(dropout: Sequence[float], units: Sequence[int], key: Any, rows: int) -> dict[int, Any]:
    """Return what each layer keeps in one epoch, bool [rows, units]; batch by batch takes half as long again."""
    return {
        i: jax.random.bernoulli(jax.random.fold_in(key, i), 1 - share, (rows, width))
        for i, (share, width) in enumerate(zip(dropout, units, strict=True))
        if share
    }


def _forward(activation: Callable[..., Any], dropout: Sequence[float], weights: Any, x: Any, kept: Any) -> Any:
    *hidden, (kernel, bias) = weights
    for i, (inner, shift) in enumerate(hidden):
        x = activation(x @ inner + shift)
        if i in kept:
            x = jnp.where(kept[i], x / (1 - dropout[i]), 0)
    return x @ kernel + bias


def _make(_run: RunSpec, problem: Path) -> JaxEngine:
    return JaxEngine(Problem.read(problem))


if __name__ == "__main__":
    serve_engine(_make)
