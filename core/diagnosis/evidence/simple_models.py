"""How well simple models of another kind do on the same arrays: what can be reached.

Every target is predicted as numbers (classes as 0/1 columns) and judged out of fold by 1 - squared error / variance:
one measure for every task.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

MOST_ROWS: Final = 1000
FEWEST_ROWS: Final = 20
_FOLDS: Final = 4
_PERMUTATIONS: Final = 20


def _linear() -> Any:
    from sklearn.linear_model import Ridge

    return Ridge(alpha=1.0)


def _neighbours() -> Any:
    from sklearn.neighbors import KNeighborsRegressor

    return KNeighborsRegressor(n_neighbors=5, weights="distance")


def _trees() -> Any:
    from sklearn.ensemble import ExtraTreesRegressor

    return ExtraTreesRegressor(n_estimators=40, min_samples_leaf=2, random_state=0)


MODELS: Final[Mapping[str, Callable[[], Any]]] = {"linear": _linear, "neighbours": _neighbours, "trees": _trees}


def reference(x: Array, y: Array) -> dict[str, float]:
    """Return the out-of-fold skill of each of `MODELS`; empty below 20 rows, where it would say nothing.

    Parameters
    ----------
    x : float array [rows, features]
        NaN and infinite values are replaced by the column's median.
    y : float array [rows, targets]
    """
    x, y = _sampled(x, y)
    if not _tells(y):
        return {}
    return {name: _out_of_fold(make, x, y) for name, make in MODELS.items()}


def chance(x: Array, y: Array) -> float:
    """Return what `reference` finds where there is nothing: its skill on shuffled answers, the second best of twenty.

    A permutation test (Ojala & Garriga 2010) with the quick models alone; 0 below 20 rows.
    """
    x, y = _sampled(x, y)
    if not _tells(y):
        return 0.0
    rng = np.random.Generator(np.random.Philox(0))
    found = []
    for _ in range(_PERMUTATIONS):
        shuffled = y[rng.permutation(len(y))]
        found.append(max(_out_of_fold(make, x, shuffled) for make in (_linear, _neighbours)))
    return max(0.0, sorted(found)[-2])


def _tells(y: Array) -> bool:
    """Whether there are enough different rows, and anything to tell apart."""
    return len(y) >= FEWEST_ROWS and bool((y.std(axis=0) > 0).any())


def _standard(x: Array) -> Array:
    x = np.where(np.isfinite(x), x, np.nan).astype(np.float64)
    empty = np.isnan(x).all(axis=0)
    x[:, empty] = 0.0
    x = np.where(np.isnan(x), np.nanmedian(x, axis=0), x)
    spread = x.std(axis=0)
    return np.asarray((x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def _sampled(x: Array, y: Array) -> tuple[Array, Array]:
    """Return at most so many rows, scaled, in random order, each once: its twin in another fold would give it away."""
    x = _standard(x)
    _, first = np.unique(np.hstack((x, y)), axis=0, return_index=True)
    order = np.random.default_rng(0).permutation(np.sort(first))[:MOST_ROWS]
    return x[order], y[order]


def _out_of_fold(make: Callable[[], Any], x: Array, y: Array) -> float:
    """Return the skill of predictions for rows the model has not seen; the rows are in random order already."""
    predicted = np.empty_like(y, dtype=np.float64)
    folds = np.arange(len(x)) % _FOLDS
    for fold in range(_FOLDS):
        held_out = folds == fold
        model = make().fit(x[~held_out], y[~held_out, 0] if y.shape[1] == 1 else y[~held_out])
        predicted[held_out] = np.asarray(model.predict(x[held_out])).reshape(-1, y.shape[1])
    varying = y.std(axis=0) > 0
    error = ((predicted - y) ** 2).sum(axis=0)[varying]
    return float(np.mean(1 - error / ((y - y.mean(axis=0)) ** 2).sum(axis=0)[varying]))
