"""What the best constant prediction would cost, taken from the targets."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from core.choices.losses import LOSSES
from core.data.prepare.prepared import Prepared
from core.training.model import build_loss
from core.training.result import json_number

Array = npt.NDArray[Any]


@functools.lru_cache(16)
def baseline(prepared: Prepared) -> dict[str, Any]:
    """Return the loss of the best constant prediction, in the run's own loss and target scaling.

    Returns
    -------
    dict
        ``loss``, ``val_loss`` (None without validation rows) and ``what``, the constant in words. It is taken from the
        training rows alone; of the candidates, the one with the lowest training loss counts.
    """
    weights = prepared.sample_weight
    mean = np.average(prepared.y, axis=0, weights=weights)
    if prepared.task == "regression":
        candidates = {"always predict the mean": mean, "always predict the median": np.median(prepared.y, axis=0)}
    elif LOSSES[prepared.loss].sparse and prepared.output_units > 1:
        counts = np.bincount(prepared.y[:, 0].astype(int), weights, minlength=prepared.output_units)
        candidates = {"always predict the class frequencies": counts / counts.sum()}
    else:
        most_frequent = np.round(mean) if mean.size == 1 else np.eye(mean.size)[int(np.argmax(mean))]
        candidates = {
            "always predict the class frequencies": mean,
            "always predict the most frequent class": most_frequent,
        }
    loss = build_loss(prepared.loss)

    def cost(constant: Array, y: Array, weight: Array | None) -> float:
        shape = (len(y), max(prepared.output_units, constant.size))
        guess = np.broadcast_to(constant, shape).astype(np.float32)
        return float(loss(y, guess, sample_weight=weight))

    costs = {what: cost(constant, prepared.y, weights) for what, constant in candidates.items()}
    what = min(costs, key=lambda name: (not np.isfinite(costs[name]), costs[name]))
    val_loss = cost(candidates[what], prepared.y_val, None) if len(prepared.y_val) else None
    return {"loss": json_number(costs[what]), "val_loss": json_number(val_loss), "what": what}
