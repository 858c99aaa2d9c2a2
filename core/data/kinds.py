"""What kind of column a series is, and the one pandas type each kind is kept in."""

from __future__ import annotations

import math
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from core.data.csv.date_formats import iso_dates

Kind = Literal["number", "category", "boolean", "date", "text", "identifier"]
NUMERIC: Final[tuple[Kind, ...]] = ("number", "boolean", "date")
"""What goes into the network as a number of its own; the others are words to encode."""
NEARLY_UNIQUE: Final[tuple[Kind, ...]] = ("identifier", "text")
"""What differs in nearly every row: an input only where a person says so."""

MANY_DISTINCT: Final = 20
"""Up to this many distinct strings are categories, however few rows there are."""
TEXT_LENGTH: Final = 40
"""Nearly all-distinct strings of more than this many characters on average are text, shorter ones identifiers."""
EXACT_INTEGER: Final = 2**53
"""Whole numbers up to here are exact in float64."""

_EPOCH: Final = np.datetime64(0, "us")
_DAY: Final = np.timedelta64(1, "D")


def typed(series: pd.Series[Any]) -> pd.Series[Any]:
    """Return `series` as int64, float64, bool, boolean (with missing values), datetime64 (UTC, naive) or str."""
    if series.dtype == object:
        series = _typed_objects(series)
    dates = iso_dates(series) if series.dtype == "str" else None
    return series if dates is None else dates


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
        moments = series.to_numpy("datetime64[us]", na_value=np.datetime64("NaT"))
        return np.asarray((moments - _EPOCH) / _DAY)
    return series.to_numpy(np.float64, na_value=np.nan)


def moment(days: float) -> str:
    """Return the date and time so many days after 1970 began, as ``2024-02-29 12:00:00``; any year will do."""
    # pandas' own moments end in the year 2262 or, at best, 9999.
    since = np.timedelta64(round(days * (_DAY // np.timedelta64(1, "us"))), "us")
    return str(_EPOCH + since).removesuffix(".000000").replace("T", " ")


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
