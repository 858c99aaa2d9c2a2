"""A table: a typed pandas frame, what its columns are, and what was inferred or repaired on the way in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd

from core.data.csv.read_options import Origin, ReadOptions
from core.data.csv.reader import parse_csv
from core.data.kinds import EXACT_INTEGER, Kind, as_float, kind_of, typed
from core.errors import InputRefused
from core.spec import plain_text

SAMPLE_ROWS: Final = 100_000
"""The shape of a longer table is that of a seeded sample of so many rows."""


@dataclass(frozen=True)
class Column:
    """One column in numbers; `minimum` and `maximum` are those of the finite values of a number column."""

    name: str
    kind: Kind
    missing: int
    distinct: int
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Table:
    """Rows and columns in memory; treat `frame` as read-only.

    Attributes
    ----------
    frame : pandas.DataFrame
        One of int64, float64, bool, boolean, datetime64 and str per column; a plain row number as index.
    notes : tuple of str
        What was inferred or repaired, one sentence each.
    origin : Origin, optional
        The file it was read from, and how.
    kinds : mapping
        The kind of each column for which a person chose another than was inferred (`core.data.upload.recast`).
    names : mapping
        The name of each column that a person renamed, by the name it was read with.
    base : str
        Where `kinds` or `names` are chosen: the ``data.source`` of the same table as it was inferred.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...] = ()
    origin: Origin | None = None
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    base: str = ""

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """What each column is, in order; counted at the first look, since reading alone does not need it."""
        return tuple(_described(self.frame[name], self.kinds.get(name)) for name in self.frame.columns)

    @cached_property
    def sample(self) -> pd.DataFrame:
        """The rows that tell the shape of the columns: all, or `SAMPLE_ROWS` of them in their order."""
        if len(self.frame) <= SAMPLE_ROWS:
            return self.frame
        rows = np.random.Generator(np.random.Philox(0)).permutation(len(self.frame))[:SAMPLE_ROWS]
        return self.frame.iloc[np.sort(rows)]

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def column(self, name: str, where: str = "") -> Column:
        """Return the column called `name`.

        Raises
        ------
        InputRefused
            If there is none; names up to ten that there are.
        """
        found = self._by_name.get(name) or self._by_name.get(plain_text(name))
        if found is None:
            names = ", ".join(self._by_name.keys() if len(self._by_name) <= 10 else [*list(self._by_name)[:10], "…"])
            prefix = f"{where}: " if where else ""
            raise InputRefused(f"{prefix}there is no column {plain_text(name, 60)!r}; allowed: {names}.", where or name)
        return found


def table_of(frame: pd.DataFrame, notes: Iterable[str] = ()) -> Table:
    """Return a table of `frame`, each column brought to the one type its kind is kept in."""
    frame = pd.DataFrame({name: typed(frame[name]) for name in frame.columns}).reset_index(drop=True)
    large = [
        name
        for name, series in frame.items()
        if pd.api.types.is_integer_dtype(series.dtype)
        and len(series)
        and max(-int(series.min()), int(series.max())) > EXACT_INTEGER
    ]
    rounded = [f"{name} has whole numbers above 2^53: as features they are rounded to 16 digits." for name in large]
    return Table(frame, (*notes, *rounded))


def read_table(
    content: bytes,
    name: str = "",
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    header: bool | None = None,
    day_first: bool | None = None,
    drop_ragged: bool = False,
    sample_rows: int | None = None,
    seed: int = 0,
) -> Table:
    """Return the table in the bytes of a CSV file, in this process; `core.data.upload.reader` does it in another.

    How the text is written is inferred, and said in the notes; each keyword decides it instead (see
    `core.data.csv.read_options.ReadOptions`).

    Parameters
    ----------
    content : bytes
        Text whose cells are separated by commas, semicolons, tabs or vertical bars.
    name : str
        The file's name; shown in messages, never opened.
    encoding, delimiter, decimal, header, day_first
        How the text is written.
    drop_ragged : bool
        Leave out rows with another number of cells than the first line.
    sample_rows, seed : int
        Read a random sample of at most so many rows.

    Raises
    ------
    ChoiceNeeded
        If a keyword has to decide: the encoding is unclear, rows differ in length, or there are too many.
    InputRefused
        If it is not such a file or is beyond a limit of `core.data.csv.limits`.
    """
    options = ReadOptions(encoding, delimiter, decimal, header, day_first, drop_ragged, sample_rows, seed)
    parsed = parse_csv(content, name, options)
    return Table(parsed.frame, tuple(parsed.notes), parsed.origin)


def _described(series: pd.Series, chosen: Kind | None) -> Column:
    missing = int(series.isna().sum())
    distinct = int(series.nunique())
    kind = chosen or kind_of(series, distinct, len(series) - missing)
    minimum = maximum = None
    if kind == "number":
        values = as_float(series)
        values = values[np.isfinite(values)]
        if len(values):
            minimum, maximum = float(values.min()), float(values.max())
    return Column(str(series.name), kind, missing, distinct, minimum, maximum)
