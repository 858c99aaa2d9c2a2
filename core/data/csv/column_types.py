"""Cells as text → one typed column: missing markers, booleans, numbers, dates; what is none of these stays text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.data.csv.date_formats import read_dates
from core.data.csv.notes import Remarks, Values
from core.data.csv.number_formats import Look, count_numbers, read_numbers, whole_numbers
from core.data.csv.read_options import ReadOptions
from core.data.kinds import EXACT_INTEGER

Cells: TypeAlias = pa.ChunkedArray | np.ndarray
"""One column: strings, null where nothing is written; or float64 or int64 [rows] already, NaN where nothing is."""

MISSING_MARKERS: Final = frozenset(
    {
        "?", "-", "--", "---", ".", "..", "*", "NA", "N/A", "n/a", "na", "#N/A", "#N/A N/A", "#NA", "<NA>", "NaN",
        "nan", "NAN", "-nan", "-NaN", "1.#QNAN", "-1.#QNAN", "1.#IND", "-1.#IND", "#DIV/0!", "#VALUE!", "#REF!",
        "#NAME?", "#NUM!", "NULL", "null", "Null", "None", "none", "NONE", "NIL", "nil", "(null)", "missing",
    }
)  # fmt: skip
"""Words that stand for a missing value, besides nothing at all."""
_NOTHING: Final = pa.array([*sorted(MISSING_MARKERS), ""])

TRUTHS: Final = (
    ("false", "true"), ("no", "yes"), ("n", "y"), ("f", "t"), ("nein", "ja"), ("non", "oui"), ("off", "on"),
)  # fmt: skip
"""Pairs of words, in any case, that are read as false and true."""

_IN_NUMBERS: Final = "[0-9]|(?i:inf)"
_MOSTLY: Final = 0.8
_MANY_WORDS: Final = 20


def typed_columns(
    names: Iterable[str], columns: list[Cells], looks: Iterable[Look], used: ReadOptions, remarks: Remarks
) -> pd.DataFrame:
    """Return `columns` as int64, float64, bool, boolean (with missing values), datetime64 or str.

    Parameters
    ----------
    columns : list of pyarrow.ChunkedArray or numpy.ndarray
        Emptied on the way, so that text and values are never both held whole.
    looks : iterable of str
        Of the first cells of each; they decide what is tried first, never what comes out.
    used : ReadOptions
        Of which `decimal` and `day_first` matter here.
    remarks : Remarks
        Takes what was inferred or repaired.
    """
    # Arrays, not series: there are no indexes to align.
    arrays = {name: _typed(name, columns.pop(0), look, used, remarks) for name, look in zip(names, looks, strict=False)}
    return pd.DataFrame(arrays, copy=False)


def _typed(name: str, cells: Cells, look: Look, used: ReadOptions, remarks: Remarks) -> Any:
    if isinstance(cells, np.ndarray):
        if cells.dtype == np.int64:
            _remark_large(name, pa.array(cells), remarks)
        return cells
    if cells.null_count == len(cells):
        return np.full(len(cells), np.nan)
    if cells.null_count and look in {"empty", "whole"} and (numbers := whole_numbers(cells)) is not None:
        _remark_large(name, numbers, remarks)
        return numbers.to_numpy()
    if used.decimal == "." and look != "text" and (values := _plain(cells)) is not None:
        return values
    return _typed_words(name, cells, used, remarks)


def _remark_large(name: str, numbers: pa.Array | pa.ChunkedArray, remarks: Remarks) -> None:
    least, most = pc.min_max(numbers).as_py().values()
    if max(-least, most) > EXACT_INTEGER:
        remarks.add("large", name)


def _plain(cells: pa.ChunkedArray) -> np.ndarray | None:
    """Return `cells` as float64, unless one is no number, or all are digits and might be codes."""
    # Nearly every column of decimals has a point, which is found much faster than a pattern.
    pointed = pc.any(pc.match_substring(cells, ".")).as_py()
    if not (pointed or pc.any(pc.match_substring_regex(cells, "[eE]")).as_py()):
        return None
    try:
        return np.asarray(pc.cast(cells, pa.float64()).to_numpy())
    except pa.ArrowInvalid:
        return None


@dataclass(frozen=True)
class _Words:
    """The different words of a column, and where they stand."""

    cells: pa.ChunkedArray
    raw: pa.Array

    @cached_property
    def places(self) -> np.ndarray:
        """Which word each cell holds, -1 for none; found at the first look, most columns of text never need it."""
        return np.asarray(pc.fill_null(pc.index_in(self.cells, value_set=self.raw), -1))

    @cached_property
    def counts(self) -> np.ndarray:
        """How many cells hold each word."""
        return np.bincount(self.places[self.places >= 0], minlength=len(self.raw))


def _typed_words(name: str, cells: pa.ChunkedArray, used: ReadOptions, remarks: Remarks) -> Any:
    """Type each different word once, then put the values in the places of the words."""
    raw = pc.unique(cells).drop_null()
    of_column = _Words(cells, raw)
    trimmed = pc.utf8_trim_whitespace(raw)
    missing = np.asarray(pc.is_in(trimmed, value_set=_NOTHING))
    words = pc.if_else(pa.array(~missing), trimmed, pa.scalar(None, pa.string()))
    found = _truths(words)
    for i in np.flatnonzero(missing):
        if word := trimmed[int(i)].as_py():
            remarks.mark(word, name, int(of_column.counts[i]))
    if missing.all():
        return np.full(len(cells), np.nan)
    if found is None and pc.any(pc.match_substring_regex(words, _IN_NUMBERS)).as_py():
        found = read_numbers(words, used.decimal or ".")
        if found is None:
            _remark_mixture(name, words, of_column, remarks)
            found = read_dates(words, used.day_first)
    for kind, detail in found.remarks if found else ():
        remarks.add(kind, name, detail)
    if found and found.series is not None:
        return _placed(found.series, of_column.places)
    if not missing.any():
        return cells.to_pandas().array
    written = pc.if_else(pa.array(~missing), raw, pa.scalar(None, pa.string()))
    places = of_column.places
    return written.take(pa.array(places, mask=places < 0)).to_pandas().array


def _truths(words: pa.Array) -> Values | None:
    if len(words) > _MANY_WORDS:
        return None
    lower = pc.utf8_lower(words)
    different = {word for word in lower.to_pylist() if word is not None}
    for no, yes in TRUTHS:
        # One word of a pair alone could be anything, except true and false themselves.
        if different == {no, yes} or (yes == "true" and different <= {no, yes}):
            values = pd.Series(pc.equal(lower, yes).to_pandas(), dtype="boolean")
            return Values(values, () if yes == "true" else (("truth", f"{yes}/{no}"),))
    return None


def _remark_mixture(name: str, words: pa.Array, of_column: _Words, remarks: Remarks) -> None:
    """Say so if a column would be numbers but for a few cells."""
    numeric = count_numbers(words)
    if not numeric.any():
        return
    others = np.asarray(pc.is_valid(words)) & ~numeric
    numbers, rest = of_column.counts[numeric].sum(), int(of_column.counts[others].sum())
    if rest and numbers >= _MOSTLY * (numbers + rest):
        remarks.mixture(name, words[int(np.flatnonzero(others)[0])].as_py(), rest)


def _placed(values: pd.Series[Any], places: np.ndarray) -> Any:
    """Return the value of each cell's word; a gap is NaN, NaT or NA, and only then."""
    placed = values.iloc[places] if (places >= 0).all() else values.reindex(places)
    if placed.dtype == "boolean" and not placed.isna().any():
        return placed.to_numpy(bool)
    return placed.array
