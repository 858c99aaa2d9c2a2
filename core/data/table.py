"""A table: a typed frame, what its columns are, what was inferred or repaired on the way in; and the same as bytes."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from core.data.csv.read_options import Origin, ReadOptions, origin_of
from core.data.csv.reader import parse_csv
from core.data.kinds import EXACT_INTEGER, Kind, as_float, kind_of, typed
from core.errors import InputRefused
from core.sentence import said
from core.spec import plain_text

SAMPLE_ROWS: Final = 100_000
"""The shape of a longer table is that of a seeded sample of so many rows."""

_NOTES: Final = b"loss-lab-notes"
_ORIGIN: Final = b"loss-lab-origin"
_CHOSEN: Final = b"loss-lab-kinds"


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
    def repeated(self) -> float:
        """Share of the rows that equal an earlier one in every column, in the sample of a long table."""
        return float(self.sample.duplicated().mean()) if len(self.sample) else 0.0

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
            told = {"name": plain_text(name, 60), "allowed": names}
            if not where:
                raise InputRefused(said("there is no column {name!r}; allowed: {allowed}.", **told), name)
            raise InputRefused(
                said("{where}: there is no column {name!r}; allowed: {allowed}.", where=where, **told), where
            )
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
    rounded = [
        said("{column} has whole numbers above 2^53: as features they are rounded to 16 digits.", column=name)
        for name in large
    ]
    return Table(frame, (*notes, *rounded))


def read_table(content: bytes, name: str = "", **options: Any) -> Table:
    """Return the table in the bytes of a CSV file, in this process; `core.data.upload.upload` does it in another.

    Parameters
    ----------
    content : bytes
        Text whose cells are separated by commas, semicolons, tabs or vertical bars.
    name : str
        The file's name; shown in messages, never opened.
    **options
        Fields of `core.data.csv.read_options.ReadOptions`; what they leave open is inferred, and said in the notes.

    Raises
    ------
    ChoiceNeeded
        If an option has to decide: the encoding is unclear, rows differ in length, or there are too many.
    InputRefused
        If it is not such a file or is beyond a limit of `core.data.csv.file_limits`.
    """
    return Table(*parse_csv(content, name, ReadOptions(**options)))


def is_packed(content: bytes) -> bool:
    """Tell whether `content` is a packed table; no text table begins like one."""
    return content.startswith(b"ARROW1")


def pack(table: Table) -> bytes:
    """Return `table` as an Arrow file, what is known of it in the metadata; the same bytes for the same table."""
    arrow = pa.Table.from_pandas(table.frame, preserve_index=False)
    metadata = {**(arrow.schema.metadata or {}), _NOTES: json.dumps(table.notes).encode()}
    if table.origin is not None:
        metadata[_ORIGIN] = json.dumps(table.origin.as_json()).encode()
    chosen = {name: dict(value) for name in ("kinds", "names") if (value := getattr(table, name))}
    if chosen:
        metadata[_CHOSEN] = json.dumps({"base": table.base, **chosen}).encode()
    arrow = arrow.replace_schema_metadata(metadata)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, arrow.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as file:
        file.write_table(arrow)
    return bytes(sink.getvalue())


def unpack(content: bytes) -> Table:
    """Return the table that `pack` made `content` of, an older version's too; nothing is unpickled."""
    with pa.ipc.open_file(pa.BufferReader(content)) as file:
        arrow = file.read_all()
    known = arrow.schema.metadata
    origin = origin_of(json.loads(known[_ORIGIN])) if _ORIGIN in known else None
    chosen = json.loads(known.get(_CHOSEN, b"{}"))
    return Table(arrow.to_pandas(), tuple(json.loads(known[_NOTES])), origin, **chosen)


def made_from(source: Path | BinaryIO) -> tuple[str, str]:
    """Return what a packed table was made from: the source of its `base`, the SHA-256 of the upload.

    Either is empty where there is none, and both of a file that is not there or holds no packed table.

    Raises
    ------
    OSError
        If it cannot be read just now: nothing is known of it then.
    """
    try:
        with _opened(source) as file:
            known = file.schema.metadata or {}
        chosen, origin = (json.loads(known.get(part, b"{}")) for part in (_CHOSEN, _ORIGIN))
    except OSError as error:
        # Arrow's own are of what it reads, and have no number.
        if error.errno in {None, errno.ENOENT}:
            return "", ""
        raise
    except (ValueError, pa.ArrowException):
        return "", ""
    return chosen.get("base", ""), origin.get("file", "")


def packed_size(source: Path | BinaryIO) -> tuple[int, int] | None:
    """Return the rows and columns of the packed table in a file without making a cell of it; None if there is none."""
    try:
        with _opened(source) as file:
            return file.count_rows(), len(file.schema)
    except (OSError, pa.ArrowInvalid):
        return None


@contextmanager
def _opened(source: Path | BinaryIO) -> Iterator[pa.RecordBatchFileReader]:
    """Open a packed table, of which no more is read than is asked for."""
    if isinstance(source, Path):
        with pa.memory_map(str(source)) as mapped, pa.ipc.open_file(pa.BufferReader(mapped.read_buffer())) as file:
            yield file
    else:
        with pa.ipc.open_file(pa.PythonFile(source, mode="r")) as file:
            yield file


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
