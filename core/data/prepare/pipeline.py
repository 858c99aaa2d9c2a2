"""The scikit-learn pipeline of a run, built from the entries that its preprocessing names.

Importing this module loads scikit-learn, so it is imported inside functions only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import Pipeline

from core.choices.encoders import ENCODERS
from core.choices.imputation import IMPUTATIONS
from core.choices.outliers import OUTLIERS
from core.choices.scalers import SCALERS
from core.spec import PreprocessingSpec

_Part = tuple[str, list[tuple[str, Any]], slice]
_HUGE: Final = 1e100
"""Squares of larger numbers come near the end of float64."""


def build_pipeline(spec: PreprocessingSpec, numbers: np.ndarray, codes: np.ndarray, fit_rows: int) -> ColumnTransformer:
    """Return the unfitted pipeline for a matrix of `numbers` and, to their right, word `codes`.

    It makes numbers that are clipped, imputed and scaled, 0/1 columns that tell what was missing, and labelled columns
    of words. An encoder without labels makes numbers of words, which are scaled with the others. A step that has
    nothing to do on these values is left out.

    Parameters
    ----------
    numbers, codes : numpy.ndarray
        float64 [rows, ·], missing = NaN.
    fit_rows : int
        How many rows the pipeline will be fitted on.
    """
    imputation, encoder, scaler = IMPUTATIONS[spec.missing], ENCODERS[spec.encoding], SCALERS[spec.scaling]
    fence = OUTLIERS[spec.outliers].fence
    width, end = numbers.shape[1], numbers.shape[1] + codes.shape[1]
    first, last, every = slice(0, width), slice(width, end), slice(0, end)
    gaps, missing_words = np.isnan(numbers).any(), np.isnan(codes).any()
    cleaned = [("clip", Clip(fence))] if fence else []
    if imputation.build and gaps:
        cleaned.append(("impute", imputation.build()))
    encoded = [("impute", SimpleImputer(strategy="most_frequent", keep_empty_features=True))] if missing_words else []
    if encoder.build:
        encoded.append(("encode", encoder.build()))
    scaled = [("scale", Finite(scaler.build(fit_rows), scaler.by_row))] if scaler.build else []
    parts: list[_Part] = [("numbers", [*cleaned, *scaled], first), ("words", encoded, last)]
    if codes.shape[1] and not encoder.labels:
        columns = _side_by_side([("numbers", cleaned, first), ("words", encoded, last)])
        parts = [("numbers", [("columns", columns), *scaled], every)]
    if imputation.indicator and (gaps or missing_words):
        parts.insert(1, ("missing", [("flag", MissingIndicator(error_on_new=False))], every))
    return _side_by_side(parts)


def _side_by_side(parts: Iterable[_Part]) -> ColumnTransformer:
    transformers = [
        (name, Pipeline(steps) if steps else "passthrough", columns)
        for name, steps, columns in parts
        if columns.start < columns.stop
    ]
    return ColumnTransformer(transformers, sparse_threshold=0)


class Clip(BaseEstimator):  # type: ignore[misc]
    """Cuts columns to Tukey's fences; one whose middle half is a single value (flags, counts) stays."""

    def __init__(self, fence: float) -> None:
        self.fence = fence

    def fit(self, x: np.ndarray, _y: None = None) -> Clip:
        """Learn the fences from the finite values of `x`, float64 [rows, columns]."""
        finite = np.where(np.isfinite(x), x, np.nan)
        self.fences_ = np.tile([[-np.inf], [np.inf]], (1, x.shape[1]))
        for i in np.flatnonzero(np.isfinite(finite).any(axis=0)):
            low, high = np.nanquantile(finite[:, i], [0.25, 0.75])
            if high > low:
                self.fences_[:, i] = low - self.fence * (high - low), high + self.fence * (high - low)
        return self

    def transform(self, x: np.ndarray) -> np.ndarray:
        """Return `x` within the fences."""
        return np.asarray(np.clip(x, *self.fences_))

    def beyond(self, x: np.ndarray) -> np.ndarray:
        """Return whether each column of `x` has a value beyond its fences, bool [columns]."""
        return np.asarray(((x < self.fences_[0]) | (x > self.fences_[1])).any(axis=0))


class Finite(BaseEstimator):  # type: ignore[misc]
    """A scaler of finite values; NaN and infinite ones pass by it, unseen by its fit."""

    def __init__(self, scaler: Any, by_row: bool) -> None:
        self.scaler = scaler
        self.by_row = by_row

    def fit(self, x: np.ndarray, _y: None = None) -> Finite:
        """Fit the scaler to the finite values of `x`, float64 [rows, columns]."""
        self.scaler_ = clone(self.scaler)
        if self.by_row:
            return self
        finite = np.where(np.isinf(x), np.nan, x)
        # Squares of huge numbers overflow; every scaler here but power is blind to a factor.
        largest = np.nan_to_num(np.abs(finite)).max(axis=0)
        self.unit_ = np.where(largest > _HUGE, largest, 1.0)
        # A kept column may hold nothing to learn from.
        self.known_ = ~np.isnan(finite).all(axis=0)
        if self.known_.any():
            self.scaler_.fit(np.ascontiguousarray((finite / self.unit_)[:, self.known_]))
        return self

    def transform(self, x: np.ndarray) -> np.ndarray:
        """Return `x` scaled."""
        finite = np.where(np.isinf(x), np.nan, x)
        if self.by_row:
            scaled = np.where(np.isnan(finite), np.nan, self.scaler_.transform(np.nan_to_num(finite)))
        else:
            scaled = finite / self.unit_
            if self.known_.any():
                scaled[:, self.known_] = self.scaler_.transform(scaled[:, self.known_])
        return np.where(np.isinf(x), x, scaled)
