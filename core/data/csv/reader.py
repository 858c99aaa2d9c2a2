"""Bytes of a delimited text file → a typed pandas frame; whatever is not such a file is refused in one sentence."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final, NamedTuple

import pandas as pd
import pyarrow as pa

from core.data.column_names import unique_names
from core.data.csv.cells import read_cells
from core.data.csv.column_buffers import Cells
from core.data.csv.column_types import Reading, typed_cells
from core.data.csv.confusable_encodings import foreign_words
from core.data.csv.dialect import Dialect, sniff
from core.data.csv.encoding import encoding_of, to_utf8
from core.data.csv.limits import check_content, check_lines, with_line_feeds
from core.data.csv.notes import Remarks
from core.data.csv.read_options import Origin, ReadOptions
from core.errors import InputRefused
from core.spec import plain_text

_VISIBLE: Final = re.compile(rb"\S")


class Parsed(NamedTuple):
    """The frame in a file, each column typed; notes on what was inferred or repaired; how the file was read."""

    frame: pd.DataFrame
    notes: list[str]
    origin: Origin


def parse_csv(content: bytes, name: str, options: ReadOptions) -> Parsed:
    """Return the table in `content`.

    Raises
    ------
    ChoiceNeeded
        If the person has to decide something: the encoding, or whether rows may be left out.
    InputRefused
        If `content` is not delimited text or is beyond a limit of `core.data.csv.limits`.
    """
    label = plain_text(name, 80) or "The file"
    check_content(content, label)
    raw = content
    content, notes = to_utf8(raw, label, options.encoding)
    encoding = encoding_of(raw, content, options.encoding)
    guessed = encoding == "cp1252" and options.encoding is None
    content = with_line_feeds(content, label)
    lines = check_lines(content, label)
    dialect = sniff(content, label, options)
    if not _VISIBLE.search(content, dialect.body):
        raise InputRefused(f"{label}: has a header and no rows; allowed: at least one row.", label)
    columns, left_out = read_cells(content, lines - dialect.above, dialect, label, options)
    if all(_is_empty(cells) for cells in columns):
        raise InputRefused(f"{label}: every cell is empty; allowed: at least one value.", label)
    _drop_surplus(columns, dialect, label)
    names, renamed = _names(dialect, len(columns))
    remarks = Remarks()
    frame = _typed(columns, names, dialect, options, remarks)
    used = replace(
        options,
        encoding=encoding,
        delimiter=dialect.delimiter,
        decimal=dialect.decimal,
        header=dialect.names is not None,
        day_first=remarks.day_first,
    )
    origin = Origin(options, used, foreign_words(raw, dialect.delimiter) if guessed else ())
    return Parsed(frame, [*notes, *dialect.notes, *left_out, *renamed, *remarks.sentences()], origin)


def _is_empty(cells: Cells | None) -> bool:
    return isinstance(cells, pa.ChunkedArray) and cells.null_count == len(cells)


def _drop_surplus(columns: list[Cells | None], dialect: Dialect, label: str) -> None:
    """Take away the column after a trailing delimiter, unless there is something in it after all."""
    if not dialect.surplus:
        return
    if _is_empty(columns[-1]):
        columns.pop()
    elif dialect.names is not None and len(dialect.names) < dialect.width:
        raise InputRefused(
            f"{label}: some rows have {dialect.width} cells, the first line {dialect.width - 1}; "
            "allowed: the same number in every line.",
            label,
        )


def _names(dialect: Dialect, columns: int) -> tuple[list[str], list[str]]:
    if dialect.names is None:
        note = f"There is no header line: the columns are called column 1 … column {columns}."
        return [f"column {i}" for i in range(1, columns + 1)], [note]
    return unique_names(dialect.names[:columns], ignore_case=True)


def _typed(
    columns: list[Cells | None], names: list[str], dialect: Dialect, options: ReadOptions, remarks: Remarks
) -> pd.DataFrame:
    """Type `columns` and let each go, so that text and values are never both held whole."""
    reading = Reading(dialect.decimal, options.day_first)
    series: dict[str, pd.Series[Any]] = {}
    for i, name in enumerate(names):
        sample = [row[i].strip() for row in dialect.sample if i < len(row)]
        cells, columns[i] = columns[i], None
        series[name] = typed_cells(name, cells, sample, reading, remarks)
        del cells
    # Arrays, not series: there are no indexes to align.
    return pd.DataFrame({name: column.array for name, column in series.items()}, copy=False)
