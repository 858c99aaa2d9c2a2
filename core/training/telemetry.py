"""What was measured inside a network, as lists by epoch, layer and kind.

A measurement costs about as much as some training steps, so where epochs have few steps only some are measured.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.training.result import json_number

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


def telemetry(
    measurements: Mapping[int, npt.NDArray[np.float32]], layers: int, clip_norm: float | None
) -> dict[str, Any]:
    """Return ``initial_loss``, ``epochs``, ``layers``, ``output``, ``probe_loss`` and ``clipped``.

    `measurements` are those at the end of epochs, counted from 1, of a network of so many dense `layers`; at 0 that of
    the first weights, of which the loss is told. ``layers`` have a name and a list per kind. ``clipped`` is the share
    of the probe's gradient that `clip_norm` would cut off; None where nothing is clipped.
    """
    initial_loss = json_number(measurements[0][-1])
    measurements = {epoch: row for epoch, row in measurements.items() if epoch}
    end = len(PER_LAYER) * layers
    table = np.array(list(measurements.values()), float).reshape(len(measurements), end + len(OUTPUT) + 2)
    columns = [[json_number(value) for value in column] for column in table.T]
    names = [*(f"hidden {i + 1}" for i in range(layers - 1)), "output"]
    return {
        "initial_loss": initial_loss,
        "epochs": list(measurements),
        "layers": [
            {"name": name} | {what: columns[kind * layers + i] for kind, what in enumerate(PER_LAYER)}
            for i, name in enumerate(names)
        ],
        "output": {what: columns[end + i] for i, what in enumerate(OUTPUT)},
        "probe_loss": columns[-2],
        "clipped": None if clip_norm is None else _clipped(table[:, :layers], clip_norm),
    }


def _clipped(norms: npt.NDArray[np.float64], clip_norm: float) -> list[float | None]:
    whole = np.sqrt((norms**2).sum(axis=1))
    return [0.0 if norm == 0 else json_number(np.maximum(0.0, 1 - clip_norm / norm)) for norm in whole]
