"""The real Keras model and optimizer of a run, and the first weights a seed gives it."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import numpy.typing as npt

from core.choices.initializers import INITIALIZERS
from core.choices.losses import LOSSES
from core.choices.optimizers import OPTIMIZERS
from core.data.prepare.prepared import Prepared
from core.spec import InitializerSpec, ModelSpec, TrainingSpec
from core.training.backend import keras


def initializer(value: InitializerSpec) -> Any:
    """Return a fresh Keras initializer; a random one draws its own seed now, from the global generator."""
    parameters = {"name": value} if isinstance(value, str) else dict(value)
    chosen = INITIALIZERS[str(parameters.pop("name"))]
    return getattr(keras.initializers, chosen.keras)(**parameters)


def build_model(model: ModelSpec, prepared: Prepared) -> Any:
    """Return the uncompiled ``keras.Sequential``, built layer by layer from input to output.

    Call ``keras.utils.set_random_seed(seed)`` first and the weights are those of the run. With batch normalisation a
    layer is Dense → BatchNormalization → Activation, as in Ioffe & Szegedy (2015), whose shift replaces the bias: the
    bias's gradient is zero but for rounding, which Adam would blow up to full steps.
    """
    regularizer = keras.regularizers.L2(model.l2) if model.l2 else None
    layers = [keras.Input((prepared.x.shape[1],))]
    for hidden in model.hidden:
        layers.append(
            keras.layers.Dense(
                hidden.units,
                activation=None if model.batch_normalization else hidden.activation,
                use_bias=not model.batch_normalization,
                kernel_initializer=initializer(hidden.initializer or model.initializer),
                kernel_regularizer=regularizer,
            )
        )
        if model.batch_normalization:
            layers += [keras.layers.BatchNormalization(), keras.layers.Activation(hidden.activation)]
        if hidden.dropout:
            layers.append(keras.layers.Dropout(hidden.dropout))
    layers.append(
        keras.layers.Dense(
            prepared.output_units,
            activation=prepared.output_activation,
            kernel_initializer=initializer(model.initializer),
            kernel_regularizer=regularizer,
        )
    )
    return keras.Sequential(layers)


def first_weights(built: Any, model: ModelSpec, seed: int) -> list[tuple[Any, npt.NDArray[Any]]]:
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
            values += [
                (layer.gamma, np.ones(layer.gamma.shape, np.float32)),
                (layer.beta, np.zeros(layer.beta.shape, np.float32)),
                (layer.moving_mean, np.zeros(layer.moving_mean.shape, np.float32)),
                (layer.moving_variance, np.ones(layer.moving_variance.shape, np.float32)),
            ]
    random.setstate(state)
    return values


def build_loss(name: str) -> Any:
    """Return the real Keras loss: a mean over the rows of a batch."""
    return getattr(keras.losses, LOSSES[name].keras)()


def build_optimizer(training: TrainingSpec) -> Any:
    """Return the real Keras optimizer; `clip_norm` bounds the norm of all gradients together."""
    chosen = OPTIMIZERS[training.optimizer]
    options = {
        "learning_rate": training.learning_rate,
        "global_clipnorm": training.clip_norm,
        "weight_decay": training.weight_decay or chosen.no_decay,
        **{name: getattr(training, name) for name in chosen.takes},
    }
    return keras.optimizers.get({"class_name": training.optimizer, "config": options})
