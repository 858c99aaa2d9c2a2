"""How well simple models of another kind do on the same arrays: what can be reached.

Every target is predicted as numbers (classes as 0/1 columns) and judged out of fold by 1 - squared error / variance:
one measure for every task.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

MOST_ROWS: Final = 1000
"""More cost seconds and hardly change what is found."""
FEWEST_ROWS: Final = 20
"""Of fewer, a fold holds less than five rows to be judged by."""
_FOLDS: Final = 4
_PERMUTATIONS: Final = 20
"""The second best of twenty is exceeded by chance in one of ten tables without signal."""


def _models() -> dict[str, Any]:
    from sklearn.ensemble import ExtraTreesRegressor
    from sklearn.linear_model import Ridge
    from sklearn.neighbors import KNeighborsRegressor

    return {
        "linear": Ridge(alpha=1.0),
        "neighbours": KNeighborsRegressor(n_neighbors=5, weights="distance"),
        "trees": ExtraTreesRegressor(n_estimators=40, min_samples_leaf=2, random_state=0),
    }


def reference(x: Array, y: Array) -> dict[str, float]:
    """Return the out-of-fold skill of each model, the mean over the targets that vary; empty below 20 rows.

    Parameters
    ----------
    x : float array [rows, features]
        NaN and infinite values are replaced by the column's median.
    y : float array [rows, targets]
    """
    x, y = _sampled(x, y)
    if not _tells(y):
        return {}
    varying = y.std(axis=0) > 0
    return {name: float(_explained(model, x, y)[varying].mean()) for name, model in _models().items()}


def chance(x: Array, y: Array) -> float:
    """Return what `reference` finds where there is nothing: its skill on shuffled targets, the second best of twenty.

    A permutation test (Ojala & Garriga 2010) with the quick models alone; 0 below 20 rows.
    """
    x, y = _sampled(x, y)
    if not _tells(y):
        return 0.0
    rng = np.random.Generator(np.random.Philox(0))
    shuffled = np.hstack([y[rng.permutation(len(y))] for _ in range(_PERMUTATIONS)])
    # These models treat every target by itself, so that all permutations are one fit per fold: twenty times as fast as
    # scikit-learn's `permutation_test_score`, and the best of several models can be taken.
    quick = [model for name, model in _models().items() if name != "trees"]
    scores = [_explained(model, x, shuffled).reshape(_PERMUTATIONS, -1) for model in quick]
    varying = y.std(axis=0) > 0
    best = np.max([score[:, varying].mean(axis=1) for score in scores], axis=0)
    return max(0.0, float(np.sort(best)[-2]))


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


def _explained(model: Any, x: Array, y: Array) -> Array:
    """Return R² of each target, for rows the model has not seen; the rows are in random order already."""
    from sklearn.metrics import r2_score
    from sklearn.model_selection import PredefinedSplit, cross_val_predict

    folds = PredefinedSplit(np.arange(len(x)) % _FOLDS)
    predicted = cross_val_predict(model, x, y[:, 0] if y.shape[1] == 1 else y, cv=folds)
    return np.asarray(r2_score(y, predicted.reshape(y.shape), multioutput="raw_values"))
