"""Bytes of a delimited text file → a raw pandas frame; whatever is not such a file is refused in one sentence.

Parsing is pandas' own, from bytes only: a path or an address never reaches it, and nothing is unpacked or unpickled.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterable
from typing import Final

import numpy as np
import pandas as pd

from core.data.csv_bytes import (
    ALLOWED,
    MAX_CELL_BYTES,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_LINE_BYTES,
    check_lines,
    decoded,
    long_cell,
)
from core.data.names import unique_names
from core.errors import InputRefused
from core.spec import plain_text

DELIMITERS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
MISSING_MARKERS: Final = ("?", "-", "--")
"""Read as missing besides pandas' own markers (empty, NA, NaN, null, None, …)."""

_NUMBER: Final = re.compile(r"\s*[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?\s*")
_SAMPLE_LINES: Final = 30
_HEAD: Final = 2**17


def parse_csv(content: bytes, name: str = "") -> tuple[pd.DataFrame, list[str]]:
    """Return the frame in `content`, as pandas types it, and notes on what was inferred or repaired.

    Raises
    ------
    InputRefused
        If `content` is not delimited text, is beyond a limit of `core.data.csv_bytes`, or has rows of different
        lengths.
    """
    label = plain_text(name, 80) or "The file"
    content, text, notes = decoded(content, label)
    lines = check_lines(content, label)
    delimiter, sample = _sniffed(text, label)
    width = len(sample[0])
    _check_size(lines, width, label)
    has_header = not all(_NUMBER.fullmatch(cell) for cell in sample[0])
    names, renamed = _names(sample, has_header, label)
    decimal, punctuation = _punctuation(delimiter, sample)
    # pandas refuses a row with too many cells, except the first: of that it drops the surplus.
    if any(len(row) > width for row in sample):
        _check_ragged(text, delimiter, width, label)
    try:
        frame = pd.read_csv(
            io.BytesIO(content), sep=delimiter, decimal=decimal, header=0 if has_header else None, names=names,
            index_col=False, na_values=list(MISSING_MARKERS), skipinitialspace=True, compression=None,
            encoding="utf-8", low_memory=False,
        )  # fmt: skip
    except pd.errors.ParserError:
        _check_ragged(text, delimiter, width, label)
        raise InputRefused(f"{label}: a quote is opened and never closed; allowed: quotes in pairs.", label) from None
    if frame.empty:
        raise _no_rows(label)
    rows = len(frame) + has_header
    # pandas fills up a short row with missing values.
    if frame.iloc[:, -1].isna().any() and _cells(content, delimiter) != rows * width:
        _check_ragged(text, delimiter, width, label)
    if rows < lines - content.endswith(b"\n"):
        _check_cells(frame, label)
    return frame, notes + renamed + punctuation


def _check_size(lines: int, width: int, label: str) -> None:
    if width > MAX_COLUMNS:
        raise InputRefused(f"{label}: {width} columns are too many; allowed: at most {MAX_COLUMNS}.", label)
    if width * lines > MAX_CELLS:
        raise InputRefused(
            f"{label}: {lines} lines of {width} columns are too much; allowed: at most {MAX_CELLS} cells.", label
        )


def _names(sample: list[list[str]], has_header: bool, label: str) -> tuple[list[str], list[str]]:
    width = len(sample[0])
    if not has_header:
        note = f"There is no header line: the columns are called column 1 … column {width}."
        return [f"column {i}" for i in range(1, width + 1)], [note]
    if len(sample) == 1:
        raise _no_rows(label)
    return unique_names(sample[0])


def _punctuation(delimiter: str, sample: list[list[str]]) -> tuple[str, list[str]]:
    """Return the decimal mark, and notes where it or the delimiter is not the usual one."""
    if delimiter == ",":
        return ".", []
    notes = [f"The cells are apart by {DELIMITERS[delimiter]}."]
    numbers = [cell for row in sample for cell in row if _NUMBER.fullmatch(cell)]
    if any("," in number for number in numbers) and not any("." in number for number in numbers):
        return ",", [*notes, "Numbers are written with a decimal comma."]
    return ".", notes


def _sniffed(text: str, label: str) -> tuple[str, list[list[str]]]:
    """Return the delimiter under which most of the first rows are as wide as the header, and those rows."""
    head = text[:_HEAD] if text.count("\n", 0, _HEAD) > 1 else text[: 2 * MAX_LINE_BYTES]
    too_long = False
    best: tuple[tuple[float, int], str, list[list[str]]] | None = None
    for delimiter in DELIMITERS:
        try:
            rows = list(itertools.islice(_rows(head, delimiter), _SAMPLE_LINES))
        except csv.Error:
            too_long = True
            continue
        if not rows:
            raise InputRefused(f"{label}: is empty; {ALLOWED}.", label)
        width = len(rows[0])
        score = (sum(len(row) == width for row in rows) / len(rows) if width > 1 else 0.0, width)
        if best is None or score > best[0]:
            best = (score, delimiter, rows)
    if best is None or (too_long and best[0][0] == 0):
        raise long_cell(label)
    return best[1], best[2]


def _rows(text: str, delimiter: str) -> Iterable[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    return (row for row in reader if row and row != [""])


def _cells(content: bytes, delimiter: str) -> int:
    """Count the cells by their delimiters, those inside quotes not counted."""
    data = np.frombuffer(content, np.uint8)
    breaks = data == ord(delimiter)
    if b'"' in content:
        breaks &= ~np.bitwise_xor.accumulate(data == ord('"'))
    lines = sum(1 for line in content.splitlines() if line.strip())
    return int(breaks.sum()) + lines


def _check_ragged(text: str, delimiter: str, width: int, label: str) -> None:
    """Refuse the first row that has not `width` cells, if there is one."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    line = 1
    try:
        for row in reader:
            if row and row != [""] and len(row) != width:
                cells = "1 cell" if len(row) == 1 else f"{len(row)} cells"
                raise InputRefused(
                    f"{label}: line {line} has {cells}, the first line {width}; "
                    "allowed: the same number in every line.",
                    label,
                )
            line = reader.line_num + 1
    except csv.Error:
        raise long_cell(label, line) from None


def _check_cells(frame: pd.DataFrame, label: str) -> None:
    """Refuse a long cell that spans several lines, which no look at single lines finds."""
    for name, dtype in frame.dtypes.items():
        if dtype == "str" and frame[name].str.len().max() > MAX_CELL_BYTES:
            raise long_cell(label)


def _no_rows(label: str) -> InputRefused:
    return InputRefused(f"{label}: has a header and no rows; allowed: at least one row.", label)
