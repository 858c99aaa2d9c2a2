"""How good predictions are. A history can flatter; this comes from the predictions themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from core.choices.losses import KERAS_EPSILON
from core.data.prepare.prepared import Prepared
from core.training.result import json_number

Array = npt.NDArray[Any]


class Scores(NamedTuple):
    """What predictions are worth; all None where one is not finite.

    Attributes
    ----------
    skill : float or None
        1 - loss / loss of a constant guess, in the target's own units; 1 is perfect, 0 a constant guess. For a
        regression this is R² against the training mean; for classes it is McFadden's (1974) R² from the cross-entropy
        against the training frequencies, whatever loss the run was trained with. None where the guess is perfect; of
        several targets those of which it is perfect do not count.
    explained : float or None
        The share of the target's variance that is explained. For a regression this is `skill`; for classes it is the
        skill score of Brier (1950). Unlike the cross-entropy it is bounded: one confident error cannot outweigh
        everything else, and models of any kind can be compared by it.
    recall : list of float or None
        The share of each class's rows that are predicted as that class, in the order of `Prepared.classes`; None for a
        class without rows. The whole list is None where the target is not one class per row.
    """

    skill: float | None = None
    explained: float | None = None
    recall: list[float | None] | None = None


def scores(prepared: Prepared, predicted: Array, *, validation: bool = False) -> Scores:
    """Return the scores of `predicted`, the outputs [rows, outputs] for the training or the validation rows."""
    known, actual = prepared.targets_raw, prepared.targets_raw_val if validation else prepared.targets_raw
    if not len(actual) or not np.isfinite(predicted).all():
        return Scores()
    if prepared.task == "regression":
        with np.errstate(over="ignore"):
            error = ((prepared.unscale(predicted.astype(np.float64)) - actual) ** 2).sum(axis=0)
        guess = ((known.mean(axis=0) - actual) ** 2).sum(axis=0)
        varying = guess > 0
        r2 = json_number(float(np.mean(1 - error[varying] / guess[varying]))) if varying.any() else None
        return Scores(r2, r2)
    truth, probability = _one_hot(prepared, actual), probabilities(prepared, predicted)
    guess = np.broadcast_to(_one_hot(prepared, known).mean(axis=0), truth.shape)
    recall = None
    if prepared.task != "multilabel":
        hits = probability.argmax(axis=1) == actual
        by_class = [hits[actual == i] for i in range(len(prepared.classes))]
        recall = [float(found.mean()) if len(found) else None for found in by_class]
    return Scores(
        _gain(_cross_entropy, truth, probability, guess, KERAS_EPSILON * 10),
        _gain(_brier, truth, probability, guess, KERAS_EPSILON),
        recall,
    )


def _gain(
    cost: Callable[[Array, Array], float], truth: Array, probability: Array, guess: Array, least: float
) -> float | None:
    """Return how much less `probability` costs than `guess`, as a share; None where that costs less than `least`."""
    guessed = cost(truth, guess)
    return None if guessed < least else json_number(1 - cost(truth, probability) / guessed)


def _brier(truth: Array, probability: Array) -> float:
    return float(((truth - probability) ** 2).sum())


def _cross_entropy(truth: Array, probability: Array) -> float:
    return float(-(truth * np.log(np.clip(probability, KERAS_EPSILON, 1 - KERAS_EPSILON))).sum(axis=-1).mean())


def _one_hot(prepared: Prepared, actual: Array) -> Array:
    """Return 0/1 columns: one per class, or a pair (no, yes) per label."""
    if prepared.task == "multilabel":
        return np.stack([1 - actual, actual], axis=-1)
    return np.asarray(np.eye(len(prepared.classes))[actual])


def probabilities(prepared: Prepared, predicted: Array) -> Array:
    """Return outputs read as probabilities: [rows, classes], or [rows, labels, (no, yes)] of several labels."""
    if prepared.task == "multilabel":
        yes = np.clip(predicted, 0, 1)
        return np.stack([1 - yes, yes], axis=-1)
    classes = len(prepared.classes)
    if predicted.shape[1] > 1:
        share = np.clip(predicted[:, :classes], KERAS_EPSILON, None)
        return np.asarray(share / predicted.clip(KERAS_EPSILON, None).sum(axis=1, keepdims=True))
    if classes == 2:
        yes = np.clip(predicted, 0, 1)
        return np.concatenate([1 - yes, yes], axis=1)
    # One output for several classes says a class number; it is taken at its word.
    return np.asarray(np.eye(classes)[np.clip(np.round(predicted[:, 0]), 0, classes - 1).astype(int)])
