"""How well simple models of another kind do on the same arrays: what can be reached, and how surely.

Every target is predicted as numbers (classes as 0/1 columns) and judged out of fold by 1 - squared error / variance:
one measure for every task.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

MOST_ROWS: Final = 1000
"""More cost seconds and hardly change what is found …"""
_MOST_LINEAR: Final = 20_000
"""… but for the linear model, which is quick, and finds what is weak but real where there are many."""
FEWEST_ROWS: Final = 20
"""Of fewer, a fold holds less than five rows to be judged by."""
_FOLDS: Final = 4
_PERMUTATIONS: Final = 20
"""The second best of twenty is exceeded by chance in one of ten tables without signal."""
_MOST_SPLIT: Final = 48
"""Columns a tree looks at for each split; of more a random part, as a forest for classes does (Breiman 2001)."""
_COPIED: Final = 0.2
"""Share of the rows that are copies of others; of fewer, little can be learnt by heart."""
_TELLING, _NEARLY_TELLING = 0.8, 0.6
"""Different values of a column, as a share of the different rows: one such column, or two of the second kind, tell
nearly every row from every other."""


def _models(columns: int) -> dict[str, Any]:
    from sklearn.ensemble import ExtraTreesRegressor
    from sklearn.linear_model import Ridge
    from sklearn.neighbors import KNeighborsRegressor

    return {
        "linear": Ridge(alpha=1.0),
        "neighbours": KNeighborsRegressor(n_neighbors=5, weights="distance"),
        "trees": ExtraTreesRegressor(
            n_estimators=40, min_samples_leaf=2, max_features=min(columns, _MOST_SPLIT), random_state=0
        ),
    }


class Copies(NamedTuple):
    """Rows that are there several times, although hardly any two are alike in a column that tells them apart."""

    share: float = 0.0
    """Of the rows, those whose inputs another row has too."""
    conflict: float = 0.0
    """Share of the target's variance that lies between rows of equal inputs."""


def copies(x: Array, y: Array) -> Copies:
    """Return how much of a table is copies.

    Rows that share a few codes, as in a survey, are alike because there are few kinds of rows; rows that share a
    measurement to the last digit are the same row twice. So measurements have to tell the different rows apart.
    """
    if len(x) < FEWEST_ROWS or x.shape[1] < 2:
        return Copies()
    groups = _groups(x)
    sizes = np.bincount(groups)
    share = float((sizes[groups] > 1).mean())
    if share < _COPIED or len(sizes) < FEWEST_ROWS:
        return Copies()
    most, next_ = sorted((len(np.unique(column)) / len(sizes) for column in x.T), reverse=True)[:2]
    if most < _TELLING and next_ < _NEARLY_TELLING:
        return Copies()
    means = np.stack([np.bincount(groups, column) / sizes for column in y.T], axis=1)
    variance = y.var(axis=0)
    within = ((y - means[groups]) ** 2).mean(axis=0)
    return Copies(share, float((within / np.where(variance > 0, variance, np.inf)).max()))


def reference(x: Array, y: Array, *, apart: bool = False) -> dict[str, float]:
    """Return the out-of-fold skill of each model, the mean over the targets that vary; empty below 20 rows.

    Parameters
    ----------
    x : float array [rows, features]
        NaN and infinite values are replaced by the column's median.
    y : float array [rows, targets]
    apart : bool
        Whether rows of equal inputs are kept in one fold, so that none is judged by its copy.
    """
    if not _tells(x, y, apart):
        return {}
    varying = y.std(axis=0) > 0
    found = {}
    for name, model in _models(x.shape[1]).items():
        some_x, some_y = _sampled(x, y, _MOST_LINEAR if name == "linear" else MOST_ROWS)
        found[name] = float(_explained(model, some_x, some_y, apart=apart)[varying].mean())
    return found


def chance(x: Array, y: Array, *, apart: bool = False) -> float:
    """Return what `reference` finds where there is nothing: its skill on shuffled targets, the second best of twenty.

    A permutation test (Ojala & Garriga 2010) with the quick models alone; 0 below 20 rows.
    """
    if not _tells(x, y, apart):
        return 0.0
    if apart:
        # One row of each: copies that are shuffled apart would be as many rows as they are not.
        _, first = np.unique(np.nan_to_num(x), axis=0, return_index=True)
        x, y = x[np.sort(first)], y[np.sort(first)]
    varying = y.std(axis=0) > 0
    scores = []
    for name, model in _models(x.shape[1]).items():
        if name == "trees":
            continue
        rng = np.random.Generator(np.random.Philox(0))
        some_x, some_y = _sampled(x, y, _MOST_LINEAR if name == "linear" else MOST_ROWS)
        shuffled = np.hstack([some_y[rng.permutation(len(some_y))] for _ in range(_PERMUTATIONS)])
        # These models treat every target by itself, so that all permutations are one fit per fold: twenty times as fast
        # as scikit-learn's `permutation_test_score`, and the best of several models can be taken.
        score = _explained(model, some_x, shuffled, apart=False).reshape(_PERMUTATIONS, -1)
        scores.append(score[:, varying].mean(axis=1))
    return max(0.0, float(np.sort(np.max(scores, axis=0))[-2]))


def doubt(skill: float, rows: int) -> float:
    """Return the standard error of a share of variance that so many rows were judged by.

    Of R², for many rows (Olkin & Finn 1995, "Correlations redux"): 2 R (1 - R²) / √n.
    """
    share = float(np.clip(skill, 0.0, 1.0))
    return float(2 * np.sqrt(share) * (1 - share) / np.sqrt(max(1, rows)))


def _tells(x: Array, y: Array, apart: bool) -> bool:
    """Whether there are enough rows, and anything to tell apart."""
    rows = len(np.unique(_groups(x))) if apart and len(x) else len(y)
    return rows >= FEWEST_ROWS and bool((y.std(axis=0) > 0).any())


def _standard(x: Array) -> Array:
    x = np.where(np.isfinite(x), x, np.nan).astype(np.float64)
    empty = np.isnan(x).all(axis=0)
    x[:, empty] = 0.0
    x = np.where(np.isnan(x), np.nanmedian(x, axis=0), x)
    spread = x.std(axis=0)
    return np.asarray((x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def _sampled(x: Array, y: Array, most: int) -> tuple[Array, Array]:
    """Return at most so many rows, scaled, in random order."""
    order = np.random.default_rng(0).permutation(len(x))[:most]
    return _standard(x[order]), y[order]


def _groups(x: Array) -> Array:
    """Return for each row the number of its inputs among the different ones."""
    return np.unique(np.nan_to_num(x), axis=0, return_inverse=True)[1].reshape(-1)


def _explained(model: Any, x: Array, y: Array, *, apart: bool) -> Array:
    """Return R² of each target, for rows the model has not seen; the rows are in random order already."""
    from sklearn.metrics import r2_score
    from sklearn.model_selection import PredefinedSplit, cross_val_predict

    place = _groups(x) if apart else np.arange(len(x))
    predicted = cross_val_predict(model, x, y[:, 0] if y.shape[1] == 1 else y, cv=PredefinedSplit(place % _FOLDS))
    return np.asarray(r2_score(y, predicted.reshape(y.shape), multioutput="raw_values"))
