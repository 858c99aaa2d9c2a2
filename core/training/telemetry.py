"""What happens inside the network while it trains, measured on a fixed probe of training rows at the end of an epoch.

A measurement costs about as much as one training step, so where epochs have few steps only some of them are measured.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.choices.activations import ACTIVATIONS
from core.training.backend import keras, tf
from core.training.model import layer_outputs
from core.training.result import json_number

PROBE_ROWS: Final = 128
MOST_EPOCHS: Final = 200
_FIRST_EPOCHS: Final = 3
_STEPS_BETWEEN: Final = 32
"""The fewest training steps between two measurements, so that these take only a few percent of the time."""

PER_LAYER: Final = ("gradient_norm", "weight_norm", "update_ratio", "dead", "saturated")
OUTPUT: Final = ("mean", "std", "min", "max")


def measured_epochs(epochs: int, steps: int) -> npt.NDArray[np.bool_]:
    """Return which of `epochs` epochs of `steps` training steps are measured: the first three, then one in so many."""
    stride = max(math.ceil(_STEPS_BETWEEN / steps), math.ceil(epochs / (MOST_EPOCHS - _FIRST_EPOCHS - 1)))
    epoch = np.arange(epochs)
    return np.asarray((epoch < _FIRST_EPOCHS) | (epoch % stride == 0) | (epoch == epochs - 1))


def probe_rows(rows: int) -> npt.NDArray[np.int64]:
    """Return at most 128 positions spread evenly over `rows`, which may be sorted by class."""
    return np.unique(np.linspace(0, rows - 1, min(rows, PROBE_ROWS)).astype(np.int64))


class Probe:
    """Measures a model inside a compiled epoch; each measurement is a row of numbers.

    Attributes
    ----------
    width : int
        Numbers per measurement: one per layer for each of `PER_LAYER`, then those of `OUTPUT`, then the probe's loss
        without penalties.
    """

    def __init__(self, model: Any, activations: list[str], loss: Any, rows: int) -> None:
        self._model, self._activations, self._loss = model, activations, loss
        self._rows = probe_rows(rows)
        self._dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
        self._loss_at = tf.function(self._penalised_loss, autograph=False)
        self.width = len(PER_LAYER) * len(self._dense) + len(OUTPUT) + 1

    def before(self) -> list[Any]:
        """Return the kernels as they are now, for comparison at the end of the epoch."""
        return [tf.identity(layer.kernel.value) for layer in self._dense]

    def measure(self, x: Any, y: Any, before: list[Any], steps: Any) -> Any:
        """Return the measurement after `steps` training steps from the kernels `before`, float32 [width]."""
        kernels = [layer.kernel.value for layer in self._dense]
        with tf.GradientTape() as tape:
            tape.watch(kernels)
            outputs = self._outputs(tf.gather(x, self._rows))
            data_loss = self._loss(tf.gather(y, self._rows), outputs[-1])
            penalised = data_loss + tf.add_n(self._model.losses) if self._model.losses else data_loss
        gradients = tape.gradient(penalised, kernels)
        norms = [tf.norm(kernel) for kernel in kernels]
        moved = [tf.norm(kernel - start) for kernel, start in zip(kernels, before, strict=True)]
        count = tf.cast(tf.maximum(steps, 1), tf.float32)
        columns = [
            [tf.norm(gradient) for gradient in gradients],
            norms,
            [tf.math.divide_no_nan(distance, norm) / count for distance, norm in zip(moved, norms, strict=True)],
            [_dead(output, name) for output, name in zip(outputs, self._activations, strict=True)],
            [_saturated(output, name) for output, name in zip(outputs, self._activations, strict=True)],
        ]
        last = outputs[-1]
        spread = tf.reduce_mean(tf.math.reduce_std(last, axis=0))
        numbers = [tf.reduce_mean(last), spread, tf.reduce_min(last), tf.reduce_max(last), data_loss]
        return tf.stack([value for column in columns for value in column] + numbers)

    def loss_at(self, x: Any, y: Any) -> float | None:
        """Return the present loss of the model's predictions for the probe, penalties included."""
        return json_number(float(self._loss_at(tf.gather(x, self._rows), tf.gather(y, self._rows))))

    def _penalised_loss(self, x: Any, y: Any) -> Any:
        loss = self._loss(y, self._outputs(x)[-1])
        return loss + tf.add_n(self._model.losses) if self._model.losses else loss

    def _outputs(self, x: Any) -> list[Any]:
        """Return what each dense layer passes on; with batch normalisation its activation is a separate layer."""
        outputs: list[Any] = []
        for layer in self._model.layers:
            x = layer_outputs(layer, x, training=False)
            if isinstance(layer, keras.layers.Dense):
                outputs.append(x)
            elif outputs:
                outputs[-1] = x
        return outputs


def telemetry(
    measurements: Mapping[int, npt.NDArray[np.float32]], layers: int, clip_norm: float | None
) -> dict[str, Any]:
    """Return ``epochs``, ``layers`` (name, a list per kind), ``output``, ``probe_loss`` and ``clipped``.

    `measurements` are those at the end of epochs, counted from 1, of a network of so many dense `layers`. ``clipped``
    is the share of the probe's gradient that `clip_norm` would cut off; None where nothing is clipped.
    """
    end = len(PER_LAYER) * layers
    table = np.array(list(measurements.values()), float).reshape(len(measurements), end + len(OUTPUT) + 1)
    columns = [[json_number(value) for value in column] for column in table.T]
    names = [*(f"hidden {i + 1}" for i in range(layers - 1)), "output"]
    return {
        "epochs": list(measurements),
        "layers": [
            {"name": name} | {what: columns[kind * layers + i] for kind, what in enumerate(PER_LAYER)}
            for i, name in enumerate(names)
        ],
        "output": {what: columns[end + i] for i, what in enumerate(OUTPUT)},
        "probe_loss": columns[-1],
        "clipped": None if clip_norm is None else _clipped(table[:, :layers], clip_norm),
    }


def _clipped(norms: npt.NDArray[np.float64], clip_norm: float) -> list[float | None]:
    whole = np.sqrt((norms**2).sum(axis=1))
    return [json_number(max(0.0, 1 - clip_norm / norm)) if norm > 0 else 0.0 for norm in whole]


def _dead(output: Any, activation: str) -> Any:
    """Share of rectified units that are zero for every row of the probe."""
    if not ACTIVATIONS[activation].rectified:
        return tf.constant(0.0)
    return tf.reduce_mean(tf.cast(tf.reduce_all(output <= 0, axis=0), tf.float32))


def _saturated(output: Any, activation: str) -> Any:
    """Share of values on a flat end of the activation."""
    ends = ACTIVATIONS[activation].flat_beyond
    if ends is None:
        return tf.constant(0.0)
    low, high = ends
    return tf.reduce_mean(tf.cast((output < low) | (output > high), tf.float32))
