"""Target columns → what the network is trained to give: scaled numbers, class indices, one-hot rows or labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.choices.losses import LOSSES
from core.choices.scalers import TARGET_SCALERS
from core.errors import InputRefused
from core.sentence import said
from core.spec import ModelSpec, TargetScaling, Task

_USUAL: Final[Mapping[Task, tuple[str, str]]] = {
    "regression": ("linear", "mse"),
    "binary": ("sigmoid", "binary_crossentropy"),
    "multiclass": ("softmax", "categorical_crossentropy"),
    "multilabel": ("sigmoid", "binary_crossentropy"),
}
"""The last layer's activation and the loss."""


@dataclass(frozen=True)
class Outputs:
    """The last layer, the loss and the metric, every ``auto`` resolved."""

    units: int
    activation: str
    loss: str
    metric: str


@dataclass(frozen=True)
class TargetScale:
    """An invertible scaling of regression targets, in float64; calling it turns predictions back into own units.

    ``z = bend((y - shift) / factor)``, where `kind` says how to bend (see `core.choices.scalers`).
    """

    kind: TargetScaling = "none"
    shift: np.ndarray | float = 0.0
    factor: np.ndarray | float = 1.0

    def scale(self, y: np.ndarray) -> np.ndarray:
        """Return `y` [rows, targets] scaled."""
        return np.asarray(TARGET_SCALERS[self.kind].bend((y - self.shift) / self.factor))

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Return scaled predictions [rows, targets] in the target's own units, float64."""
        return np.asarray(TARGET_SCALERS[self.kind].unbend(np.asarray(z, np.float64)) * self.factor + self.shift)


def fit_target_scale(kind: TargetScaling, y: np.ndarray) -> TargetScale:
    """Return the scaling `kind` learnt from `y`, float64 [rows, targets]; a constant target is only shifted."""
    if (fit := TARGET_SCALERS[kind].fit) is None:
        return TargetScale(kind)
    shift, factor = fit(y)
    # Rounding leaves a constant column a tiny deviation, which must not become its unit.
    tiny = 10 * np.finfo(np.float64).eps * np.abs(shift)
    return TargetScale(kind, shift, np.where(factor > tiny, factor, 1.0))


def resolve_outputs(model: ModelSpec, task: Task, targets: int, classes: int) -> Outputs:
    """Return the last layer, loss and metric for `task`.

    Raises
    ------
    InputRefused
        If the model has more than one output unit and fewer than classes.
    """
    if model.output_units == "auto":
        units = {"binary": 1, "multiclass": max(2, classes)}.get(task, targets)
    else:
        units = model.output_units
        if task in {"binary", "multiclass"} and 1 < units < classes:
            raise InputRefused(
                said(
                    "model.output_units: {units} units cannot tell {classes} classes apart; "
                    "allowed: auto, 1, or at least {classes}.",
                    units=units,
                    classes=classes,
                ),
                "model.output_units",
            )
        if task == "multilabel" and units not in {1, targets}:
            raise InputRefused(
                said(
                    "model.output_units: {units} units for {targets} labels; allowed: auto or {targets}.",
                    units=units,
                    targets=targets,
                ),
                "model.output_units",
            )
    activation, loss = _USUAL["multiclass" if task == "binary" and units > 1 else task]
    return Outputs(
        units=units,
        activation=activation if model.output_activation == "auto" else model.output_activation,
        loss=loss if model.loss == "auto" else model.loss,
        metric="mae" if task == "regression" else "accuracy",
    )


def encode_classes(indices: np.ndarray, outputs: Outputs) -> np.ndarray:
    """Return int64 [rows] as float32: indices [rows, 1] for one unit or a sparse loss, else one-hot [rows, units]."""
    if outputs.units == 1 or LOSSES[outputs.loss].sparse:
        return indices.astype(np.float32)[:, None]
    return np.asarray(np.eye(outputs.units, dtype=np.float32)[indices])
