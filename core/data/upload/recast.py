"""Columns with another kind or name than was inferred: what each can become, and the table in which it has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.data.column_names import listed
from core.data.csv.column_types import TRUTHS
from core.data.csv.date_formats import read_dates
from core.data.csv.number_formats import read_numbers
from core.data.kinds import EXACT_INTEGER, MANY_DISTINCT, Kind, as_float
from core.data.table import Column, Table
from core.errors import InputRefused
from core.sentence import said
from core.spec import plain_text

KINDS: Final[tuple[Kind, ...]] = ("number", "category", "boolean", "date", "text", "identifier")

_LOOKED_AT: Final = 50

_Reader = Callable[[pd.Series, str], pd.Series | None]


def possible_kinds(table: Table) -> dict[str, tuple[Kind, ...]]:
    """Return for each column of `table`, which is as it was inferred, the kinds it can become, its own among them."""
    decimal = _decimal(table)
    return {column.name: _possible(table.frame[column.name], column, decimal) for column in table.columns}


def recast(table: Table, kinds: Mapping[str, Kind], base: str, names: Mapping[str, str] | None = None) -> Table:
    """Return `table` with columns of other kinds and names; every value present is kept, in the type of its new kind.

    Parameters
    ----------
    table : Table
        As it was inferred.
    kinds, names : mapping
        The new kind and the new name of some columns, by the name in `table`.
    base : str
        The ``data.source`` of `table`.

    Raises
    ------
    InputRefused
        If there is no such column, it cannot become that kind, or it cannot have that name.
    """
    frame = table.frame.copy(deep=False)
    changed: dict[str, Kind] = {}
    decimal = _decimal(table)
    for name, kind in kinds.items():
        column = table.column(name)
        refuse_kind(column.name, kind, _possible(frame[column.name], column, decimal))
        if kind != column.kind:
            frame[column.name] = _AS[kind](frame[column.name], decimal)
            changed[column.name] = kind
    renamed = {name: new for name, new in (names or {}).items() if new != table.column(name).name}
    refuse_names(list(frame.columns), renamed)
    if not (changed or renamed):
        return table
    changed = {renamed.get(name, name): kind for name, kind in changed.items()}
    kinds_told = listed([f"{plain_text(name, 60)} ({kind})" for name, kind in changed.items()])
    names_told = listed([f"{plain_text(new, 60)} (was {plain_text(name, 60)})" for name, new in renamed.items()])
    notes = (
        *table.notes,
        *([said("Kinds as chosen: {columns!l}.", columns=kinds_told)] if changed else []),
        *([said("Names as chosen: {columns!l}.", columns=names_told)] if renamed else []),
    )
    return replace(table, frame=frame.rename(columns=renamed), notes=notes, kinds=changed, names=renamed, base=base)


def refuse_kind(name: str, kind: Kind, allowed: Sequence[Kind]) -> None:
    """Raise `InputRefused` unless the column called `name` is `allowed` to become a `kind`."""
    if kind not in allowed:
        shown = plain_text(name, 60)
        raise InputRefused(
            said(
                "{column}: cannot be read as {kind}; allowed: {allowed}.",
                column=shown,
                kind=plain_text(kind, 20),
                allowed=", ".join(allowed),
            ),
            shown,
        )


def refuse_names(columns: Sequence[str], names: Mapping[str, str]) -> None:
    """Raise `InputRefused` unless every column can have its new name in `names`, by the name among `columns`."""
    taken = Counter(names.get(name, name) for name in columns)
    for name, new in names.items():
        shown = plain_text(name, 60)
        if not new or plain_text(new) != new:
            raise InputRefused(
                said("{column}: a name is plain text of 1 to 120 characters, on one line.", column=shown), shown
            )
        if taken[new] > 1:
            raise InputRefused(
                said(
                    "{column}: the name {name} is taken; allowed: one no other column has.",
                    column=shown,
                    name=plain_text(new, 60),
                ),
                shown,
            )


def _decimal(table: Table) -> str:
    return (table.origin and table.origin.used.decimal) or "."


def _possible(series: pd.Series, column: Column, decimal: str) -> tuple[Kind, ...]:
    present = len(series) - column.missing
    repeats = column.distinct <= max(MANY_DISTINCT, present // 2)
    others: dict[Kind, bool]
    match column.kind:
        case "number":
            others = {
                "category": column.distinct > 0 and repeats,
                "boolean": column.distinct == 2 and (column.minimum, column.maximum) == (0, 1),
                "identifier": present > 0 and _whole(as_float(series)),
            }
        case "boolean":
            others = {"number": True, "category": True}
        case "date":
            others = {"category": True}
        case _:
            others = {kind: _reads(series.dropna(), read, decimal) for kind, read in _READERS.items()}
            others |= {"category": True, "text": True, "identifier": True}
    return tuple(kind for kind in KINDS if kind == column.kind or others.get(kind))


def _reads(present: pd.Series, read: _Reader, decimal: str) -> bool:
    """Tell whether every value can be read; most columns fail at their first few."""
    if present.empty or read(present.head(_LOOKED_AT), decimal) is None:
        return False
    return read(pd.Series(present.unique(), dtype="str"), decimal) is not None


def _as_words(series: pd.Series, _: str) -> pd.Series:
    """Return strings that differ where the values do; whole numbers and days are written as such."""
    if series.dtype == "str":
        return series
    missing = series.isna().to_numpy(bool)
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        days = bool((series.dropna() == series.dropna().dt.normalize()).all())
        words = series.dt.strftime("%Y-%m-%d") if days else series.map(lambda moment: moment.isoformat(), "ignore")
    elif pd.api.types.is_bool_dtype(series.dtype):
        words = series.map({True: "true", False: "false"})
    elif pd.api.types.is_integer_dtype(series.dtype):
        words = series.astype("str")
    else:
        words = series.map(_numeral, "ignore")
    return words.astype("str").mask(missing)


def _numeral(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) <= EXACT_INTEGER else repr(value)


def _as_number(series: pd.Series, decimal: str) -> pd.Series | None:
    if pd.api.types.is_bool_dtype(series.dtype):
        values = as_float(series)
        return pd.Series(values if np.isnan(values).any() else values.astype(np.int64), name=series.name)
    words = _stripped(series)
    numbers = read_numbers(words, decimal)
    if numbers is None:
        return None
    if numbers.series is not None:
        return numbers.series
    try:
        values = pc.cast(words, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None
    exact = np.isfinite(values).all() and np.abs(values).max(initial=0) <= EXACT_INTEGER
    return pd.Series(values.astype(np.int64) if exact else values, name=series.name)


def _as_boolean(series: pd.Series, decimal: str) -> pd.Series | None:
    words = _as_words(series, decimal).str.strip().str.lower()
    different = set(words.dropna().unique()[:3])
    for no, yes in (*TRUTHS, ("0", "1")):
        if different == {no, yes}:
            truths = words.map({no: False, yes: True}).astype("boolean")
            return truths if truths.isna().any() else truths.astype(bool)
    return None


def _as_date(series: pd.Series, _: str) -> pd.Series | None:
    dates = read_dates(_stripped(series))
    return dates and dates.series


def _stripped(series: pd.Series) -> pa.Array:
    return pa.array(series.str.strip(), pa.string(), from_pandas=True)


def _whole(values: np.ndarray) -> bool:
    known = values[~np.isnan(values)]
    return bool((np.isfinite(known) & (known == np.floor(known))).all())


_AS: Final[Mapping[Kind, _Reader]] = {
    "number": _as_number, "category": _as_words, "boolean": _as_boolean, "date": _as_date, "text": _as_words,
    "identifier": _as_words,
}  # fmt: skip
_READERS: Final[Mapping[Kind, _Reader]] = {"number": _as_number, "boolean": _as_boolean, "date": _as_date}
