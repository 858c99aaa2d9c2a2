"""Text rows read one by one in Python: slower than Arrow, but able to say in which line a row goes wrong."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from core.data.csv.dialect import Dialect, rows_of
from core.data.csv.limits import long_cell
from core.data.csv.read_options import ChoiceNeeded, ReadOptions
from core.errors import InputRefused

_END: Final = "\0end"


def tidied(content: bytes, dialect: Dialect, label: str) -> pa.Buffer:
    """Return the rows without blanks beside delimiters, which Arrow takes for part of the cells."""
    tidy = io.BytesIO()
    with io.TextIOWrapper(tidy, "utf-8", newline="") as text:
        writer = csv.writer(text, delimiter=dialect.delimiter, lineterminator="\n")
        writer.writerows([cell.strip() for cell in row] for _, row in _walk(content, dialect, label))
        text.flush()
        return pa.py_buffer(tidy.getvalue())


def check_quotes(content: bytes, dialect: Dialect, label: str) -> None:
    """Refuse a quote that is never closed, and a cell that is too long.

    Raises
    ------
    InputRefused
    """
    for _ in _walk(content, dialect, label):
        pass


def about_ragged(content: bytes, dialect: Dialect, count: int, total: int, label: str, options: ReadOptions) -> str:
    """Return the note on rows of another length, if leaving them out was chosen.

    Raises
    ------
    InputRefused
        If it was not, naming the first; more rows of another length than of this one are no choice.
    """
    found = next((row for row in _walk(content, dialect, label) if len(row[1]) != dialect.width), None)
    if found is None:
        raise unclear(label)
    line, row = found
    cells = "1 cell" if len(row) == 1 else f"{len(row)} cells"
    lines = "line" if count == 1 else "lines"
    if options.drop_ragged and total:
        return f"{count:,} {lines} without {dialect.width} cells were left out, the first of them line {line}."
    message = f"{label}: line {line} has {cells}, the first line {dialect.width}"
    if count > 1:
        message += f", and {count - 1:,} more {'line differs' if count == 2 else 'lines differ'}"
    if count > total:
        raise InputRefused(f"{message}; allowed: the same number in every line.", label)
    raise ChoiceNeeded(
        f"{message}; allowed: the same number in every line, or leaving {'it' if count == 1 else 'them'} out.",
        label,
        "drop_ragged",
        count,
    )


def unclear(label: str) -> InputRefused:
    """Return the refusal of rows that Arrow cannot tell apart."""
    return InputRefused(f"{label}: its rows cannot be told apart; allowed: quotes in pairs.", label)


def _walk(content: bytes, dialect: Dialect, label: str) -> Iterator[tuple[int, list[str]]]:
    """Return the number of the first line of each row, and its cells.

    Raises
    ------
    InputRefused
        At a quote that is never closed and at a cell that is too long.
    """
    skipped = content.count(b"\n", 0, dialect.body)
    body = io.BytesIO(memoryview(content)[dialect.body :])
    text = itertools.chain((line.decode("utf-8") for line in body), [_END])
    line = skipped + 1
    try:
        for first, last, row in rows_of(text, dialect.delimiter, dialect.spaced):
            if row == [_END]:
                return
            if row[-1].endswith(_END):
                raise InputRefused(
                    f"{label}: a quote is opened in line {skipped + first} and never closed; "
                    "allowed: quotes in pairs, cells of at most 64 KB.",
                    label,
                )
            yield skipped + first, row
            line = skipped + last + 1
    except csv.Error:
        raise long_cell(label, line) from None
