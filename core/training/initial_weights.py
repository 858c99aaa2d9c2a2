"""The weights a run starts from: those a newly built Keras model of its seed would have."""

from __future__ import annotations

import random
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


def initial_weights(built: Any, model: ModelSpec, seed: int) -> list[tuple[Any, npt.NDArray[Any]]]:
    """Return (variable, value) for every weight of `built` as a new model of this seed would have it.

    Building a model costs 30 ms, drawing its numbers 2 ms: the initializers and dropout seeds are made again in the
    order the model makes them, so that the compiled structure serves every seed. They draw from Python's generator
    alone; ``keras.utils.set_random_seed`` would also empty TensorFlow's cache of kernels and cost 0.3 s.
    ``tests/training`` holds this against a newly built model.
    """
    state = random.getstate()
    random.seed(seed)
    values: list[tuple[Any, npt.NDArray[Any]]] = []
    initializers = [hidden.initializer or model.initializer for hidden in model.hidden] + [model.initializer]
    chosen = iter(initializers)
    for layer in built.layers:
        if isinstance(layer, keras.layers.Dense):
            draw = initializer(next(chosen))
            values.append((layer.kernel, np.asarray(draw(layer.kernel.shape, dtype=layer.kernel.dtype))))
            if layer.use_bias:
                values.append((layer.bias, np.zeros(layer.bias.shape, np.float32)))
        elif isinstance(layer, keras.layers.Dropout):
            values.append((layer.seed_generator.state, np.asarray(keras.random.SeedGenerator().state)))
        elif isinstance(layer, keras.layers.BatchNormalization):
            starts = ((layer.gamma, 1), (layer.beta, 0), (layer.moving_mean, 0), (layer.moving_variance, 1))
            values += [(variable, np.full(variable.shape, start, np.float32)) for variable, start in starts]
    random.setstate(state)
    return values
