"""What kind of column a series is, and the one pandas type each kind is kept in."""

from __future__ import annotations

import math
import re
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

Kind = Literal["number", "category", "boolean", "date", "text", "identifier"]

MANY_DISTINCT: Final = 20
"""Up to this many distinct strings are categories, however few rows there are."""
TEXT_LENGTH: Final = 40
"""Nearly all-distinct strings of more than this many characters on average are text, shorter ones identifiers."""

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?")


def typed(series: pd.Series[Any]) -> pd.Series[Any]:
    """Return `series` as int64, float64, bool, boolean (with missing values), datetime64 (UTC, naive) or str."""
    if series.dtype == object:
        series = _typed_objects(series)
    if series.dtype == "str":
        present = series.dropna()
        if len(present) and all(_DATE.fullmatch(text) for text in present.head(20)):
            dates = pd.to_datetime(series, format="ISO8601", utc=True, errors="coerce")
            if dates.notna().sum() == len(present):
                return dates.dt.tz_localize(None)
    return series


def kind_of(series: pd.Series[Any], distinct: int, present: int) -> Kind:
    """Return the kind of a typed `series` with `distinct` different values among `present` ones.

    Strings are categories, unless they are more than 20 and more than half of them differ: a name, an id, a remark.
    """
    if pd.api.types.is_bool_dtype(series.dtype):
        return "boolean"
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return "date"
    if pd.api.types.is_numeric_dtype(series.dtype):
        return "number"
    if distinct > MANY_DISTINCT and distinct > present / 2:
        return "text" if series.str.len().mean() > TEXT_LENGTH else "identifier"
    return "category"


def as_float(series: pd.Series[Any]) -> np.ndarray:
    """Return a number, boolean (0/1) or date (days since 1970) series as float64 [rows], missing = NaN."""
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return ((series - pd.Timestamp(0)) / pd.Timedelta(days=1)).to_numpy(np.float64)
    return series.to_numpy(np.float64, na_value=np.nan)


def _typed_objects(series: pd.Series[Any]) -> pd.Series[Any]:
    cells = [None if value is None or value is pd.NA or value != value else value for value in series]
    kinds = {type(value) for value in cells if value is not None}
    if kinds == {bool}:
        return pd.Series(cells, dtype="boolean", name=series.name)
    if kinds and any(issubclass(kind, str) for kind in kinds):
        return pd.Series([None if c is None else str(c) for c in cells], dtype="str", name=series.name)
    return pd.Series([math.nan if c is None else _float(c) for c in cells], dtype=np.float64, name=series.name)


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
