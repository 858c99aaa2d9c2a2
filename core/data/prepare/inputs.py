"""Chosen columns → the float32 matrix a network sees: clipped, imputed, encoded and scaled by scikit-learn.

Everything that is learnt from data here (a median, a category, a mean) is learnt from `fit_rows` alone. All arithmetic
is float64 and becomes float32 only at the end, so that a large offset does not swallow small differences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from core.data.column_names import listed, unique_names
from core.errors import InputRefused
from core.spec import Missing, PreprocessingSpec, Scaling

MAX_CATEGORIES: Final = 50
"""One-hot columns per category column; the rarest categories beyond share one."""
MAX_CELLS: Final = 50_000_000
FENCE: Final = 3.0
"""Outliers lie beyond this many interquartile ranges outside the quartiles (the outer fences of Tukey 1977)."""

_FILL: Final[Mapping[Missing, str]] = {
    "mean": "mean", "median": "median", "most_frequent": "most_frequent", "zero": "constant", "indicator": "median",
}  # fmt: skip
OWN_CATEGORY: Final = frozenset({"zero", "keep"})
"""Ways to treat missing values under which a missing word is a word of its own."""

_HUGE: Final = 1e100


class Inputs(NamedTuple):
    """The input matrix, float32 [rows, features]; the name of each feature and the column it comes from; notes."""

    matrix: np.ndarray
    features: tuple[str, ...]
    origins: tuple[str, ...]
    notes: tuple[str, ...]


# Numbers near the end of float64 may overflow on the way; what does is cut to float32's range below.
@np.errstate(over="ignore", invalid="ignore")
def encode_inputs(
    spec: PreprocessingSpec, numbers: pd.DataFrame, categories: pd.DataFrame, fit_rows: np.ndarray
) -> Inputs:
    """Return the inputs of all rows.

    Numbers come first, then ordinal codes (scaled like numbers) or 0/1 columns (never scaled), in table order.

    Parameters
    ----------
    spec : PreprocessingSpec
        What to do.
    numbers : pandas.DataFrame
        float64, missing = NaN.
    categories : pandas.DataFrame
        Strings, missing = NaN.
    fit_rows : numpy.ndarray
        int [·], the positions of the rows to learn from.

    Raises
    ------
    InputRefused
        If the matrix would have more than 50 million cells.
    """
    notes: list[str] = []
    x = numbers.to_numpy(np.float64, copy=True)
    names = [str(name) for name in numbers.columns]
    if spec.outliers == "clip":
        x, clipped = _clip(x, fit_rows)
        if clipped:
            notes.append(f"Outliers clipped in {listed([names[i] for i in clipped])}.")
    flags, flagged = _indicators(spec, numbers, categories, fit_rows)
    x = _impute(spec.missing, x, fit_rows)
    words = _categories(spec.missing, categories, fit_rows)
    one_hot = np.empty((len(x), 0))
    one_hot_names: list[tuple[str, str]] = []
    if words and spec.encoding == "ordinal":
        x = np.hstack((x, _ordinal(words, fit_rows)))
        names += [word.name for word in words]
    elif words:
        one_hot, one_hot_names = _one_hot(words, fit_rows, x.size + flags.size, notes)
    x = _scale(spec.scaling, x, fit_rows)
    matrix = np.hstack((x, flags, one_hot))
    flag_names = [f"{name} missing" for name in flagged]
    features, _ = unique_names([*names, *flag_names, *(f"{name}={word}" for name, word in one_hot_names)])
    origins = (*names, *flagged, *(name for name, _ in one_hot_names))
    matrix, repaired = _as_float32(matrix, keep=spec.missing == "keep")
    if repaired:
        notes.append(f"{repaired} values too large for float32 were cut to its range.")
    return Inputs(matrix, tuple(features), origins, tuple(notes))


def _clip(x: np.ndarray, fit_rows: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """Cut each column to Tukey's outer fences; one whose middle half is a single value (flags, counts) stays."""
    finite = np.where(np.isfinite(x[fit_rows]), x[fit_rows], np.nan)
    fences = np.tile([[-np.inf], [np.inf]], (1, x.shape[1]))
    for i in np.flatnonzero(np.isfinite(finite).any(axis=0)):
        low, high = np.nanquantile(finite[:, i], [0.25, 0.75])
        if high > low:
            fences[:, i] = low - FENCE * (high - low), high + FENCE * (high - low)
    beyond = (x < fences[0]) | (x > fences[1])
    return np.clip(x, fences[0], fences[1]), np.flatnonzero(beyond.any(axis=0)).tolist()


def _indicators(
    spec: PreprocessingSpec, numbers: pd.DataFrame, categories: pd.DataFrame, fit_rows: np.ndarray
) -> tuple[np.ndarray, list[str]]:
    """Return 0/1 columns, one for each column with missing values among `fit_rows`, and its name; if asked for."""
    gaps = pd.concat((numbers.isna(), categories.isna()), axis=1)
    if spec.missing != "indicator":
        return np.empty((len(gaps), 0)), []
    gaps = gaps.loc[:, gaps.iloc[fit_rows].any(axis=0)]
    return gaps.to_numpy(np.float64), [str(name) for name in gaps.columns]


def _impute(missing: Missing, x: np.ndarray, fit_rows: np.ndarray) -> np.ndarray:
    if missing not in _FILL or not np.isnan(x).any():
        return x
    from sklearn.impute import SimpleImputer

    # A column without a value among the fitted rows stays, as zeros: the width must not depend on the split.
    imputer = SimpleImputer(strategy=_FILL[missing], fill_value=0.0, keep_empty_features=True)
    imputer.fit(x[fit_rows])
    return np.asarray(imputer.transform(x))


class _Category(NamedTuple):
    """A column of words without gaps: the number of each row's word among `words`, which are sorted."""

    name: str
    codes: np.ndarray
    words: np.ndarray


def _categories(missing: Missing, categories: pd.DataFrame, fit_rows: np.ndarray) -> list[_Category]:
    found = []
    for name, series in categories.items():
        most_frequent = series.iloc[fit_rows].mode()
        own = missing in OWN_CATEGORY or most_frequent.empty
        filled = series.fillna("missing" if own else most_frequent.iloc[0])
        # scikit-learn encodes whole numbers many times faster than words; in sorted order the outcome is the same.
        codes, words = pd.factorize(filled, sort=True)
        found.append(_Category(str(name), codes, np.asarray(words, dtype=object)))
    return found


def _ordinal(categories: list[_Category], fit_rows: np.ndarray) -> np.ndarray:
    from sklearn.preprocessing import OrdinalEncoder

    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    codes = np.column_stack([category.codes for category in categories])
    encoder.fit(codes[fit_rows])
    return np.asarray(encoder.transform(codes), np.float64)


def _one_hot(
    categories: list[_Category], fit_rows: np.ndarray, other_cells: int, notes: list[str]
) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """Return 0/1 columns, and for each the column and the word it stands for."""
    from sklearn.preprocessing import OneHotEncoder

    encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MAX_CATEGORIES, sparse_output=False)
    codes = np.column_stack([category.codes for category in categories])
    encoder.fit(codes[fit_rows])
    names = []
    for category, known, rare in zip(categories, encoder.categories_, encoder.infrequent_categories_, strict=True):
        own = known if rare is None else known[~np.isin(known, rare)]
        names += [(category.name, str(word)) for word in category.words[own]]
        if rare is not None:
            names.append((category.name, "other"))
            notes.append(f"{category.name} has {len(known)} categories: the {len(rare)} rarest share one column.")
    if other_cells + len(codes) * len(names) > MAX_CELLS:
        raise InputRefused(
            f"preprocessing.encoding: one_hot makes {len(names)} columns of {len(codes)} rows; "
            "allowed: 50 million cells, fewer rows or features, or ordinal.",
            "preprocessing.encoding",
        )
    return np.asarray(encoder.transform(codes)), names


def _scalers(rows: int) -> Mapping[Scaling, Callable[[], Any]]:
    from sklearn import preprocessing as sk

    return {
        "minmax": sk.MinMaxScaler,
        "standard": sk.StandardScaler,
        "robust": sk.RobustScaler,
        "maxabs": sk.MaxAbsScaler,
        "quantile": lambda: sk.QuantileTransformer(n_quantiles=min(1000, rows), subsample=None),
        "power": sk.PowerTransformer,
    }


def _scale(scaling: Scaling, x: np.ndarray, fit_rows: np.ndarray) -> np.ndarray:
    """Scale each column (``l2``: each row); NaN and infinite values pass through, unseen by the fit."""
    if scaling == "none" or x.shape[1] == 0:
        return x
    finite = np.where(np.isinf(x), np.nan, x)
    if scaling == "l2":
        from sklearn.preprocessing import normalize

        scaled = np.where(np.isnan(finite), np.nan, normalize(np.nan_to_num(finite)))
    else:
        # Squares of huge numbers overflow; every scaler here but power is blind to a factor.
        largest = np.nan_to_num(np.abs(finite[fit_rows])).max(axis=0)
        scaled = finite / np.where(largest > _HUGE, largest, 1.0)
        # A kept column may hold nothing to learn from among the fitted rows.
        known = ~np.isnan(finite[fit_rows]).all(axis=0)
        if known.any():
            scaler = _scalers(len(fit_rows))[scaling]()
            scaler.fit(scaled[np.ix_(fit_rows, known)])
            scaled[:, known] = scaler.transform(scaled[:, known])
    return np.where(np.isinf(x), x, scaled)


def _as_float32(x: np.ndarray, keep: bool) -> tuple[np.ndarray, int]:
    """Return `x` in float32, finite values cut to its range; without `keep` nothing non-finite is left."""
    limit = float(np.finfo(np.float32).max)
    large = np.abs(x) > limit
    if keep:
        large &= np.isfinite(x)
    else:
        x = np.nan_to_num(x, nan=0.0, posinf=limit, neginf=-limit)
    x = np.where(large, np.sign(x) * limit, x)
    return np.ascontiguousarray(x, np.float32), int(large.sum())
