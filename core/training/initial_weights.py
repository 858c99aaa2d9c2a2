"""The weights a run starts from: those a newly built Keras model of its seed would have."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from core.choices.initializers import INITIALIZERS
from core.spec import InitializerSpec, ModelSpec
from core.training.backend import keras


def initializer(value: InitializerSpec) -> Any:
    """Return a fresh Keras initializer; a random one draws its own seed now, from the global generator."""
    parameters = {"name": value} if isinstance(value, str) else dict(value)
    chosen = INITIALIZERS[str(parameters.pop("name"))]
    return getattr(keras.initializers, chosen.keras)(**parameters)


def drawn_variables(built: Any) -> list[Any]:
    """Return the variables of `built` that start anew with each run: every weight, and the seeds of dropout."""
    found: list[Any] = []
    for layer in built.layers:
        if isinstance(layer, keras.layers.Dropout):
            found.append(layer.seed_generator.state)
        else:
            found += layer.variables
    return found


def initial_weights(built: Any, model: ModelSpec, seed: int) -> list[npt.NDArray[Any]]:
    """Return the values of `drawn_variables` as a new model of this seed would have them.

    Building a model costs 30 ms, drawing its numbers 2 ms: the initializers and dropout seeds are made again in the
    order the model makes them, so that the compiled structure serves every seed. They draw from Python's generator
    alone; ``keras.utils.set_random_seed`` would also empty TensorFlow's cache of kernels and cost 0.3 s.
    ``tests/training`` holds this against a newly built model.
    """
    state = random.getstate()
    random.seed(seed)
    chosen = iter([hidden.initializer or model.initializer for hidden in model.hidden] + [model.initializer])
    values = [value for layer in built.layers for value in _values(layer, chosen)]
    random.setstate(state)
    return values


def _values(layer: Any, chosen: Iterator[InitializerSpec]) -> Iterator[npt.NDArray[Any]]:
    if isinstance(layer, keras.layers.Dense):
        yield np.asarray(initializer(next(chosen))(layer.kernel.shape, dtype=layer.kernel.dtype))
        if layer.use_bias:
            yield np.zeros(layer.bias.shape, np.float32)
    elif isinstance(layer, keras.layers.Dropout):
        yield np.asarray(keras.random.SeedGenerator().state)
    elif isinstance(layer, keras.layers.BatchNormalization):
        # gamma, beta, moving mean, moving variance
        yield from (
            np.full(variable.shape, start, np.float32)
            for variable, start in zip(layer.variables, (1, 0, 0, 1), strict=True)
        )
