"""Chosen columns → the float32 matrix a network sees: clipped, imputed, encoded and scaled by scikit-learn.

Everything that is learnt from data here (a median, a category, a mean) is learnt from `fit_rows` alone. All arithmetic
is float64 and becomes float32 only at the end, so that a large offset does not swallow small differences.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from core.choices.encoders import ENCODERS
from core.choices.imputation import IMPUTATIONS
from core.choices.outliers import OUTLIERS
from core.data.column_names import listed, unique_names
from core.errors import InputRefused
from core.sentence import said
from core.spec import PreprocessingSpec

MAX_CELLS: Final = 50_000_000
"""Of a matrix with columns for words: 200 MB in float32, and twice that and more while it is made in float64."""


class Inputs(NamedTuple):
    """The input matrix, float32 [rows, features]; the name of each feature and the column it comes from; notes.

    `encode` does to other numbers (and codes of words to their right), float64 [n, columns], what was done to the rows.
    """

    matrix: np.ndarray
    features: tuple[str, ...]
    origins: tuple[str, ...]
    notes: tuple[str, ...]
    encode: Callable[[np.ndarray], np.ndarray]


# Numbers near the end of float64 may overflow on the way; what does is cut to float32's range below.
@np.errstate(over="ignore", invalid="ignore")
def encode_inputs(
    spec: PreprocessingSpec, numbers: pd.DataFrame, categories: pd.DataFrame, fit_rows: np.ndarray
) -> Inputs:
    """Return the inputs of all rows.

    Numbers come first, with words encoded as numbers to their right; then columns that tell what was missing; then
    labelled columns of words, which are never scaled. Each in table order.

    Parameters
    ----------
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
    from core.data.prepare.pipeline import build_pipeline

    imputation, encoder = IMPUTATIONS[spec.missing], ENCODERS[spec.encoding]
    words = [_coded(str(name), series, fit_rows, imputation.own_category) for name, series in categories.items()]
    every = np.column_stack((numbers.to_numpy(np.float64), *(word.codes for word in words)))
    x, codes = np.split(every, [numbers.shape[1]], axis=1)
    names = [str(name) for name in (*numbers.columns, *categories.columns)]
    gaps = np.isnan(every[fit_rows]).any(axis=0) if imputation.indicator else np.zeros(len(names), bool)
    flagged = [name for name, some in zip(names, gaps, strict=True) if some]
    if words and encoder.labels:
        names = names[: x.shape[1]]
        _check_size(spec, len(x), len(names) + len(flagged), sum(encoder.columns(word.known) for word in words))
    pipeline = build_pipeline(spec, x, codes, len(fit_rows))
    matrix, repaired = _fit_transform(pipeline, every, fit_rows, keep=imputation.keeps)
    notes = _clipped(pipeline, x, names) if OUTLIERS[spec.outliers].fence else []
    labelled: list[tuple[str, str]] = []
    if words and encoder.labels:
        labels = encoder.labels(pipeline.named_transformers_["words"]["encode"], [word.words for word in words])
        for word, own in zip(words, labels, strict=True):
            labelled += [(word.name, "other" if label is None else label) for label in own]
            if None in own:
                rare = word.known - len(own) + 1
                notes.append(
                    said(
                        "{column} has {count} categories: the {rare} rarest share one column.",
                        column=word.name,
                        count=word.known,
                        rare=rare,
                    )
                )
    features, _ = unique_names(
        [*names, *(f"{name} missing" for name in flagged), *(f"{name}={label}" for name, label in labelled)]
    )
    if repaired:
        notes.append(said("{count} values too large for float32 were cut to its range.", count=repaired))
    origins = (*names, *flagged, *(name for name, _ in labelled))
    return Inputs(matrix, tuple(features), origins, tuple(notes), partial(_transform, pipeline, keep=imputation.keeps))


class _Coded(NamedTuple):
    """A category column: each row's place among its sorted `words`, NaN = missing; how many the fitted rows have."""

    name: str
    codes: np.ndarray
    words: Sequence[str]
    known: int


def _coded(name: str, series: pd.Series, fit_rows: np.ndarray, own_category: bool) -> _Coded:
    # scikit-learn encodes numbers several times faster than words; in sorted order the outcome is the same.
    codes, found = pd.factorize(series.fillna("missing") if own_category else series, sort=True)
    words = [str(word) for word in found]
    if (codes[fit_rows] < 0).all():
        # Missing is all there is to learn: the word an imputer that has seen none puts in, which is the first.
        codes, words = np.where(codes < 0, -1, codes + 1), ["missing", *words]
    known = max(1, int(np.count_nonzero(np.bincount(codes[fit_rows] + 1)[1:])))
    return _Coded(name, np.where(codes < 0, np.nan, codes), words, known)


def _check_size(spec: PreprocessingSpec, rows: int, others: int, made: int) -> None:
    if rows * (others + made) > MAX_CELLS:
        raise InputRefused(
            said(
                "preprocessing.encoding: {encoding} makes {made} columns of {rows} rows; "
                "allowed: 50 million cells, fewer rows or features, or ordinal.",
                encoding=spec.encoding,
                made=made,
                rows=rows,
            ),
            "preprocessing.encoding",
        )


def _fit_transform(pipeline: Any, x: np.ndarray, fit_rows: np.ndarray, *, keep: bool) -> tuple[np.ndarray, int]:
    """Return `x` transformed by what is learnt from `fit_rows`, in float32, and how many values were cut to its range.

    The fitted rows are transformed as they are learnt from, the others afterwards: each once.
    """
    learnt, repaired = _as_float32(pipeline.fit_transform(x[fit_rows]), keep)
    matrix = np.empty((len(x), learnt.shape[1]), np.float32)
    matrix[fit_rows] = learnt
    others = np.ones(len(x), bool)
    others[fit_rows] = False
    if others.any():
        matrix[others], more = _as_float32(pipeline.transform(x[others]), keep)
        repaired += more
    return matrix, repaired


@np.errstate(over="ignore", invalid="ignore")
def _transform(pipeline: Any, x: np.ndarray, *, keep: bool) -> np.ndarray:
    return _as_float32(pipeline.transform(x), keep)[0]


def _clipped(pipeline: Any, x: np.ndarray, names: Sequence[str]) -> list[str]:
    """Return a note on the columns of numbers that were clipped."""
    if not x.shape[1]:
        return []
    steps = pipeline.named_transformers_["numbers"]
    if "columns" in steps.named_steps:
        steps = steps["columns"].named_transformers_["numbers"]
    clipped = [name for name, some in zip(names, steps["clip"].beyond(x), strict=False) if some]
    return [said("Outliers clipped in {columns!l}.", columns=listed(clipped))] if clipped else []


def _as_float32(x: np.ndarray, keep: bool) -> tuple[np.ndarray, int]:
    """Return `x` in float32, finite values cut to its range; without `keep` nothing non-finite is left."""
    limit = float(np.finfo(np.float32).max)
    small = x.astype(np.float32)
    # Not so where a value is NaN.
    if not x.size or (-limit < small.min() and small.max() < limit):
        return small, 0
    large = np.abs(x) > limit
    if keep:
        large &= np.isfinite(x)
    else:
        x = np.nan_to_num(x, nan=0.0, posinf=limit, neginf=-limit)
    return np.where(large, np.sign(x) * limit, x).astype(np.float32), int(large.sum())
