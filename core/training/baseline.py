"""What a constant prediction would cost, and how much better than that a network's predictions are.

Neither comes from the history, which can flatter: the baseline comes from the targets, the skill from the predictions.
"""

from __future__ import annotations

import functools
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.choices.losses import LOSSES
from core.data.prepare.prepared import Prepared
from core.training.model import build_loss

Array = npt.NDArray[Any]

_EPSILON: Final = 1e-7
"""Keras's own clip of probabilities (``keras.config.epsilon``)."""


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
    return {"loss": finite(costs[what]), "val_loss": finite(val_loss), "what": what}


def skill(prepared: Prepared, predicted: Array, *, validation: bool) -> float | None:
    """Return 1 - loss / baseline loss of predictions, in the target's own units; 1 is perfect, 0 a constant guess.

    For a regression this is R² against the training mean; for classes it is McFadden's (1974) R² from the cross-entropy
    against the training frequencies, whatever loss the run was trained with. It is undefined (None) where the baseline
    is already perfect or a prediction is not finite.

    Parameters
    ----------
    prepared : Prepared
    predicted : ndarray, shape (rows, outputs)
        The model's outputs for the training or the validation rows.
    validation : bool
        Whether they are for the validation rows.
    """
    known, actual = prepared.targets_raw, prepared.targets_raw_val if validation else prepared.targets_raw
    if not len(actual) or not np.isfinite(predicted).all():
        return None
    if prepared.task == "regression":
        with np.errstate(over="ignore"):
            error = ((prepared.unscale(predicted.astype(np.float64)) - actual) ** 2).sum(axis=0)
        guess = ((known.mean(axis=0) - actual) ** 2).sum(axis=0)
        if not (guess > 0).all():
            return None
        return finite(float(np.mean(1 - error / guess)))
    truth = _one_hot(prepared, actual)
    frequencies = _one_hot(prepared, known).mean(axis=0)
    guess_cost = _cross_entropy(truth, np.broadcast_to(frequencies, truth.shape))
    if guess_cost < _EPSILON * 10:
        return None
    return finite(1 - _cross_entropy(truth, _probabilities(prepared, predicted)) / guess_cost)


def explained(prepared: Prepared, predicted: Array, *, validation: bool) -> float | None:
    """Return the share of the target's variance that predictions explain; for classes, of their 0/1 columns.

    For a regression this is `skill`. For classes it is the skill score of Brier (1950). Unlike the cross-entropy it is
    bounded: one confident error cannot outweigh everything else, and models of any kind can be compared by it.
    """
    if prepared.task == "regression":
        return skill(prepared, predicted, validation=validation)
    actual = prepared.targets_raw_val if validation else prepared.targets_raw
    if not len(actual) or not np.isfinite(predicted).all():
        return None
    truth = _one_hot(prepared, actual)
    frequencies = _one_hot(prepared, prepared.targets_raw).mean(axis=0)
    guess = ((truth - frequencies) ** 2).sum()
    if guess < _EPSILON:
        return None
    return finite(float(1 - ((truth - _probabilities(prepared, predicted)) ** 2).sum() / guess))


def recall(prepared: Prepared, predicted: Array, *, validation: bool) -> list[float | None] | None:
    """Return the share of each class's rows that are predicted as that class, in the order of `prepared.classes`.

    It is None for a class without rows. The whole list is None where the target is not one class per row or a
    prediction is not finite.
    """
    actual = prepared.targets_raw_val if validation else prepared.targets_raw
    if prepared.task not in {"binary", "multiclass"} or not np.isfinite(predicted).all():
        return None
    hits = _probabilities(prepared, predicted).argmax(axis=1) == actual
    return [float(hits[actual == i].mean()) if (actual == i).any() else None for i in range(len(prepared.classes))]


def finite(value: float | None) -> float | None:
    """Return `value` where JSON can hold it, else None."""
    return None if value is None or not np.isfinite(value) else float(value)


def _one_hot(prepared: Prepared, actual: Array) -> Array:
    """Return 0/1 columns: one per class, or a pair (no, yes) per label."""
    if prepared.task == "multilabel":
        return np.stack([1 - actual, actual], axis=-1)
    return np.asarray(np.eye(len(prepared.classes))[actual])


def _probabilities(prepared: Prepared, predicted: Array) -> Array:
    """Return outputs read as probabilities, in the shape of `_one_hot`."""
    if prepared.task == "multilabel":
        yes = np.clip(predicted, 0, 1)
        return np.stack([1 - yes, yes], axis=-1)
    classes = len(prepared.classes)
    if predicted.shape[1] > 1:
        share = np.clip(predicted[:, :classes], _EPSILON, None)
        return np.asarray(share / predicted.clip(_EPSILON, None).sum(axis=1, keepdims=True))
    if classes == 2:
        yes = np.clip(predicted, 0, 1)
        return np.concatenate([1 - yes, yes], axis=1)
    # One output for several classes says a class number; it is taken at its word.
    return np.asarray(np.eye(classes)[np.clip(np.round(predicted[:, 0]), 0, classes - 1).astype(int)])


def _cross_entropy(truth: Array, probability: Array) -> float:
    return float(-(truth * np.log(np.clip(probability, _EPSILON, 1 - _EPSILON))).sum(axis=-1).mean())
