"""Delimited text → its cells, column by column; limits, ragged rows and open quotes are dealt with here.

Parsing is pyarrow's, from bytes only: a path or an address never reaches it, and nothing is unpacked or unpickled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from core.data.csv.column_types import Cells
from core.data.csv.dialect import Dialect
from core.data.csv.file_limits import MAX_CELL_BYTES, MAX_CELLS, MAX_ROWS, long_cell
from core.data.csv.number_formats import Look, whole_numbers
from core.data.csv.read_options import ChoiceNeeded, ReadOptions
from core.data.csv.row_by_row import Rows
from core.errors import InputRefused
from core.sentence import said

_BLANK: Final = frozenset({"", '""'})
_BLOCK: Final = 2**20
_BLOCKS: Final = 12
"""Even a small file is parsed in so many pieces: beside the cells, parsing holds about one piece in memory."""
_AT_ONCE: Final = 4096
"""So many rows are converted together, for the batches of a wide table are short and many."""

# Arrow's other allocators keep so much of what they get back that a small file takes ten times its size.
with suppress(NotImplementedError):
    pa.set_memory_pool(pa.jemalloc_memory_pool())


def read_cells(
    content: bytes, lines: int, dialect: Dialect, label: str, options: ReadOptions
) -> tuple[list[Cells], list[str]]:
    """Return the columns below the header of `content`, UTF-8 of so many `lines`, and notes on rows left out.

    Of the options `drop_ragged`, `sample_rows` and `seed` matter here.

    Raises
    ------
    ChoiceNeeded
        If there are more rows than allowed, or rows of different lengths.
    InputRefused
        If a quote is never closed, a cell is too long, or every cell is empty.
    """
    _check_size(lines, dialect, label, options)
    quotes = b'"' in content
    rows = Rows(content, dialect.body, dialect.delimiter, dialect.spaced, label)
    body = rows.tidied() if dialect.spaced else pa.py_buffer(content).slice(dialect.body)
    try:
        parsed = _parsed(body, lines, quotes, dialect, options)
    except pa.ArrowInvalid:
        raise rows.unclear() from None
    if quotes and _may_end_inside_quotes(content, parsed.columns):
        rows.check()
    notes = []
    if parsed.ragged:
        notes.append(rows.about_ragged(dialect.width, parsed.ragged, parsed.total, options.drop_ragged))
    if parsed.total < lines - (dialect.names is not None):
        _check_long_cells(parsed.columns, label)
    if (kept := len(parsed.columns[0])) < parsed.total:
        notes.append(
            said(
                "A random sample of {kept:,} of {total:,} rows was read (seed {seed}).",
                kept=kept,
                total=parsed.total,
                seed=options.seed,
            )
        )
    if all(map(_is_empty, parsed.columns)):
        raise InputRefused(said("{name}: every cell is empty; allowed: at least one value.", name=label), label)
    return _without_surplus(parsed.columns, dialect, label), notes


def _check_size(lines: int, dialect: Dialect, label: str, options: ReadOptions) -> None:
    most = min(MAX_ROWS, MAX_CELLS // dialect.width)
    rows = lines - (dialect.names is not None)
    if options.sample_rows is None:
        if rows > most:
            raise ChoiceNeeded(
                said(
                    "{name}: {rows:,} lines of {width} columns are too many; "
                    "allowed: at most {most:,} rows, or a random sample of them.",
                    name=label,
                    rows=rows,
                    width=dialect.width,
                    most=most,
                ),
                label,
                "sample_rows",
                most,
            )
    elif not 1 <= options.sample_rows <= most:
        raise InputRefused(
            said(
                "sample_rows: {rows} is refused; allowed: 1 to {most:,} rows of {name}.",
                rows=options.sample_rows,
                most=most,
                name=label,
            ),
            "sample_rows",
        )


def _check_long_cells(columns: list[Cells], label: str) -> None:
    """Refuse a long cell that runs over several lines, which a check of single lines cannot find."""
    for cells in columns:
        if isinstance(cells, pa.ChunkedArray) and (pc.max(pc.binary_length(cells)).as_py() or 0) > MAX_CELL_BYTES:
            raise long_cell(label)


def _may_end_inside_quotes(content: bytes, columns: list[Cells]) -> bool:
    """Tell whether the last line has an odd number of quotes, or the last row runs over several lines."""
    if content.count(b'"', content.rfind(b"\n", 0, len(content) - 1) + 1) % 2:
        return True
    texts = [cells for cells in columns if isinstance(cells, pa.ChunkedArray) and len(cells)]
    return any("\n" in (cells[-1].as_py() or "") for cells in texts)


def _is_empty(cells: Cells) -> bool:
    return isinstance(cells, pa.ChunkedArray) and cells.null_count == len(cells)


def _without_surplus(columns: list[Cells], dialect: Dialect, label: str) -> list[Cells]:
    """Take away the column after a trailing delimiter, unless there is something in it after all."""
    if dialect.surplus and _is_empty(columns[-1]):
        return columns[:-1]
    if dialect.surplus and dialect.names is not None and len(dialect.names) < dialect.width:
        raise InputRefused(
            said(
                "{name}: some rows have {width} cells, the first line {first}; allowed: the same number in every line.",
                name=label,
                width=dialect.width,
                first=dialect.width - 1,
            ),
            label,
        )
    return columns


class _Parsed(NamedTuple):
    """The rows of the right width that Arrow made of a text, some or all of the `total`, and how many are `ragged`."""

    columns: list[Cells]
    total: int
    ragged: int


def _parsed(body: pa.Buffer, lines: int, quotes: bool, dialect: Dialect, options: ReadOptions) -> _Parsed:
    """Parse `body`; columns that look like decimals become float64 on the way, which saves the memory of their text.

    If the look deceives, or a row is longer than a block, they are read as text, in the largest blocks.
    """
    with suppress(pa.ArrowInvalid):
        block = min(_BLOCK, body.size // _BLOCKS + 1)
        return _parsed_as(dialect.looks, block, body, lines, quotes, dialect, options)
    looks = tuple("text" if look == "decimal" else look for look in dialect.looks)
    return _parsed_as(looks, _BLOCK, body, lines, quotes, dialect, options)


def _parsed_as(
    looks: Sequence[Look],
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

    types = {str(i): pa.float64() if look == "decimal" else pa.string() for i, look in enumerate(looks)}
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
        buffers = [_BUFFERS[look](lines) for look in looks]
        for batch in kept:
            for buffer, cells in zip(buffers, batch.columns, strict=True):
                buffer.add(cells)
    columns = [buffer.gathered() for buffer in buffers]
    return _Parsed(columns, len(columns[0]) if total is None else total, len(ragged))


class _Texts:
    """Gathers the cells of one column as they are written."""

    def __init__(self, _most: int) -> None:
        self._chunks: list[pa.Array] = []

    def add(self, cells: pa.Array) -> None:
        self._chunks.append(cells)

    def gathered(self) -> Cells:
        return pa.chunked_array(self._chunks, pa.string())


class _Decimals:
    """Gathers cells that Arrow has made numbers, written straight to where they stay."""

    def __init__(self, most: int, dtype: type = np.float64) -> None:
        self._values: np.ndarray = np.empty(most, dtype)
        self._rows = 0

    def add(self, cells: pa.Array | pa.ChunkedArray) -> None:
        self._values[self._rows : self._rows + len(cells)] = cells.to_numpy(zero_copy_only=False)
        self._rows += len(cells)

    def gathered(self) -> Cells:
        return self._values[: self._rows]


class _Wholes:
    """Gathers cells that look like whole numbers; at the first that is not one, or is missing, all are texts again."""

    def __init__(self, most: int) -> None:
        self._numbers = _Decimals(most, np.int64)
        self._waiting: list[pa.Array] = []
        self._waiting_rows = 0
        self._texts: list[pa.Array] | None = None

    def add(self, cells: pa.Array) -> None:
        self._waiting.append(cells)
        self._waiting_rows += len(cells)
        if self._waiting_rows >= _AT_ONCE:
            self._convert()

    def gathered(self) -> Cells:
        self._convert()
        return self._numbers.gathered() if self._texts is None else pa.chunked_array(self._texts, pa.string())

    def _convert(self) -> None:
        cells = pa.chunked_array(self._waiting, pa.string())
        numbers = None if self._texts or cells.null_count else whole_numbers(cells)
        if numbers is not None:
            self._numbers.add(numbers)
        else:
            if self._texts is None:
                # A whole number that is not a code can be written in one way only.
                self._texts = [pc.cast(pa.array(self._numbers.gathered()), pa.string())]
                self._numbers = _Decimals(0)
            self._texts += cells.chunks
        self._waiting, self._waiting_rows = [], 0


_BUFFERS: Final[Mapping[Look, Callable[[int], _Texts | _Decimals | _Wholes]]] = {
    "empty": _Texts,
    "whole": _Wholes,
    "decimal": _Decimals,
    "text": _Texts,
}


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
