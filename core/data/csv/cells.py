"""Delimited text → its cells, column by column; limits, ragged rows and open quotes are dealt with here.

Parsing is pyarrow's, from bytes only: a path or an address never reaches it, and nothing is unpacked or unpickled.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from core.data.csv.column_buffers import Buffer, Cells, Decimals, Texts, Wholes
from core.data.csv.dialect import Dialect
from core.data.csv.limits import MAX_CELL_BYTES, MAX_CELLS, MAX_ROWS, long_cell
from core.data.csv.number_formats import PLAIN, WHOLE
from core.data.csv.read_options import ChoiceNeeded, ReadOptions
from core.data.csv.row_by_row import about_ragged, check_quotes, tidied, unclear
from core.errors import InputRefused

_BLANK: Final = frozenset({"", '""'})

_BLOCK: Final = 2**20
_BLOCKS: Final = 12
"""Even a small file is parsed in so many pieces: beside the cells, parsing holds about one piece in memory."""

# Arrow's other allocators keep so much of what they get back that a small file takes ten times its size.
with suppress(NotImplementedError):
    pa.set_memory_pool(pa.jemalloc_memory_pool())


def read_cells(
    content: bytes, lines: int, dialect: Dialect, label: str, options: ReadOptions
) -> tuple[list[Cells | None], list[str]]:
    """Return the columns below the header, and notes on rows that were left out.

    Parameters
    ----------
    content : bytes
        UTF-8 with line feeds.
    lines : int
        How many there are; rows are never more.
    dialect : Dialect
    label : str
    options : ReadOptions
        Of which `drop_ragged`, `sample_rows` and `seed` matter here.

    Raises
    ------
    ChoiceNeeded
        If there are more rows than allowed, or rows of different lengths.
    InputRefused
        If a quote is never closed or a cell is too long.
    """
    _check_size(lines, dialect, label, options)
    quotes = b'"' in content
    body = tidied(content, dialect, label) if dialect.spaced else pa.py_buffer(content).slice(dialect.body)
    try:
        parsed = _parsed(body, lines, quotes, dialect, options)
    except pa.ArrowInvalid:
        check_quotes(content, dialect, label)
        raise unclear(label) from None
    if quotes and _may_end_inside_quotes(content, parsed.columns):
        check_quotes(content, dialect, label)
    notes = []
    if parsed.ragged:
        notes.append(about_ragged(content, dialect, parsed.ragged, parsed.total, label, options))
    if parsed.total < lines - (dialect.names is not None):
        _check_long_cells(parsed.columns, label)
    if parsed.rows < parsed.total:
        notes.append(f"A random sample of {parsed.rows:,} of {parsed.total:,} rows was read (seed {options.seed}).")
    return parsed.columns, notes


def _check_size(lines: int, dialect: Dialect, label: str, options: ReadOptions) -> None:
    most = min(MAX_ROWS, MAX_CELLS // dialect.width)
    rows = lines - (dialect.names is not None)
    if options.sample_rows is None:
        if rows > most:
            raise ChoiceNeeded(
                f"{label}: {rows:,} lines of {dialect.width} columns are too many; "
                f"allowed: at most {most:,} rows, or a random sample of them.",
                label,
                "sample_rows",
                most,
            )
    elif not 1 <= options.sample_rows <= most:
        raise InputRefused(
            f"sample_rows: {options.sample_rows} is refused; allowed: 1 to {most:,} rows of {label}.", "sample_rows"
        )


def _check_long_cells(columns: list[Cells | None], label: str) -> None:
    """Refuse a long cell that runs over several lines, which a check of single lines cannot find."""
    for cells in columns:
        if isinstance(cells, pa.ChunkedArray) and (pc.max(pc.binary_length(cells)).as_py() or 0) > MAX_CELL_BYTES:
            raise long_cell(label)


def _may_end_inside_quotes(content: bytes, columns: list[Cells | None]) -> bool:
    """Tell whether the last line has an odd number of quotes, or the last row runs over several lines."""
    if content.count(b'"', content.rfind(b"\n", 0, len(content) - 1) + 1) % 2:
        return True
    texts = [cells for cells in columns if isinstance(cells, pa.ChunkedArray) and len(cells)]
    return any("\n" in (cells[-1].as_py() or "") for cells in texts)


class _Parsed(NamedTuple):
    """What Arrow made of a text; `total` rows of the right width, of which `rows` are kept, and `ragged` others."""

    columns: list[Cells | None]
    rows: int
    total: int
    ragged: int


def _parsed(body: pa.Buffer, lines: int, quotes: bool, dialect: Dialect, options: ReadOptions) -> _Parsed:
    """Parse `body`; columns that look like decimals become float64 on the way, which saves the memory of their text.

    If the look deceives, or a row is longer than a block, they are read as text, in the largest blocks.
    """
    decimals = frozenset(i for i in range(dialect.width) if _is_decimal(dialect, i))
    with suppress(pa.ArrowInvalid):
        block = min(_BLOCK, body.size // _BLOCKS + 1)
        return _parsed_as(decimals, block, body, lines, quotes, dialect, options)
    return _parsed_as(frozenset(), _BLOCK, body, lines, quotes, dialect, options)


def _is_decimal(dialect: Dialect, column: int) -> bool:
    """Tell whether the first cells are all plain numbers, one of them with a point."""
    cells = dialect.cells(column)
    return dialect.decimal == "." and all(map(PLAIN.fullmatch, cells)) and not all(map(WHOLE.fullmatch, cells))


def _buffer(dialect: Dialect, column: int, decimal: bool, rows: int) -> Buffer:
    if decimal:
        return Decimals(rows)
    cells = dialect.cells(column)
    return Wholes(rows) if cells and all(map(WHOLE.fullmatch, cells)) else Texts()


def _parsed_as(
    decimals: frozenset[int],
    block: int,
    body: pa.Buffer,
    lines: int,
    quotes: bool,
    dialect: Dialect,
    options: ReadOptions,
) -> _Parsed:
    ragged: list[int] = []

    def skip(row: pa.csv.InvalidRow) -> str:
        if row.text.strip() not in _BLANK:
            ragged.append(row.actual_columns)
        return "skip"

    types = {str(i): pa.float64() if i in decimals else pa.string() for i in range(dialect.width)}
    with pa.csv.open_csv(
        pa.BufferReader(body),
        pa.csv.ReadOptions(column_names=list(types), block_size=block, use_threads=False),
        pa.csv.ParseOptions(delimiter=dialect.delimiter, newlines_in_values=quotes, invalid_row_handler=skip),
        # It is known to be UTF-8.
        pa.csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True, check_utf8=False),
    ) as batches:
        kept: Iterable[pa.RecordBatch] = batches
        total = None
        if options.sample_rows is not None:
            table, total = _sample(batches, options.sample_rows, options.seed)
            kept, lines = table.to_batches(), table.num_rows
        buffers = [_buffer(dialect, i, i in decimals, lines) for i in range(dialect.width)]
        rows = 0
        for batch in kept:
            for buffer, cells in zip(buffers, batch.columns, strict=True):
                buffer.add(cells)
            rows += batch.num_rows
    return _Parsed([buffer.gathered() for buffer in buffers], rows, rows if total is None else total, len(ragged))


def _sample(batches: Iterable[pa.RecordBatch], rows: int, seed: int) -> tuple[pa.Table, int]:
    """Return a random sample of `rows` rows in their order, and how many there were.

    Each row draws a number and the smallest stay, so that neither all rows nor their count is needed at once.
    """
    draw = np.random.Generator(np.random.Philox(seed))
    kept: pa.Table | None = None
    keys = np.empty(0)
    total = 0
    for batch in batches:
        piece = pa.Table.from_batches([batch])
        kept = piece if kept is None else pa.concat_tables([kept, piece])
        keys = np.concatenate((keys, draw.random(piece.num_rows)))
        total += piece.num_rows
        if len(keys) > 2 * rows:
            kept, keys = _smallest(kept, keys, rows)
    if kept is None:
        raise pa.ArrowInvalid("no rows")
    return _smallest(kept, keys, rows)[0], total


def _smallest(table: pa.Table, keys: np.ndarray, rows: int) -> tuple[pa.Table, np.ndarray]:
    if len(keys) <= rows:
        return table, keys
    chosen = np.sort(np.argpartition(keys, rows)[:rows])
    return table.take(pa.array(chosen)), keys[chosen]
