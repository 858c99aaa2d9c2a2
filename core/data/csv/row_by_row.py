"""Text rows read one by one in Python: slower than Arrow, but able to say in which line a row goes wrong."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from core.data.csv.limits import long_cell
from core.data.csv.read_options import ChoiceNeeded
from core.errors import InputRefused

Row = list[str]

_END: Final = "\0end"


def rows_of(text: Iterable[str], delimiter: str, spaced: bool = True) -> Iterator[tuple[int, int, Row]]:
    """Return the number of the first and the last line of each row that is not blank, and its cells."""
    reader = csv.reader(text, delimiter=delimiter, skipinitialspace=spaced)
    last = 0
    for row in reader:
        first, last = last + 1, reader.line_num
        if len(row) > 1 or (row and row[0].strip()):
            yield first, last, row


@dataclass(frozen=True)
class Rows:
    """The rows of the table that begins at byte `body` of `content`.

    Going through them raises `InputRefused` at a quote that is never closed and at a cell that is too long.
    """

    content: bytes
    body: int
    delimiter: str
    spaced: bool
    label: str

    def __iter__(self) -> Iterator[tuple[int, Row]]:
        """Return the number of the first line of each row, and its cells."""
        skipped = self.content.count(b"\n", 0, self.body)
        body = io.BytesIO(memoryview(self.content)[self.body :])
        text = itertools.chain((line.decode("utf-8") for line in body), [_END])
        line = skipped + 1
        try:
            for first, last, row in rows_of(text, self.delimiter, self.spaced):
                if row == [_END]:
                    return
                if row[-1].endswith(_END):
                    raise InputRefused(
                        f"{self.label}: a quote is opened in line {skipped + first} and never closed; "
                        "allowed: quotes in pairs, cells of at most 64 KB.",
                        self.label,
                    )
                yield skipped + first, row
                line = skipped + last + 1
        except csv.Error:
            raise long_cell(self.label, line) from None

    def tidied(self) -> pa.Buffer:
        """Return the rows without blanks beside delimiters, which Arrow takes for part of the cells."""
        tidy = io.BytesIO()
        with io.TextIOWrapper(tidy, "utf-8", newline="") as text:
            writer = csv.writer(text, delimiter=self.delimiter, lineterminator="\n")
            writer.writerows([cell.strip() for cell in row] for _, row in self)
            text.flush()
            return pa.py_buffer(tidy.getvalue())

    def check(self) -> None:
        """Go through all rows, for what that raises."""
        for _ in self:
            pass

    def unclear(self) -> InputRefused:
        """Return the refusal of rows that Arrow cannot tell apart, unless going through them raises a clearer one."""
        self.check()
        return InputRefused(f"{self.label}: its rows cannot be told apart; allowed: quotes in pairs.", self.label)

    def about_ragged(self, width: int, count: int, total: int, drop: bool) -> str:
        """Return the note on `count` rows of another length, beside `total` of `width` cells, if they are dropped.

        Raises
        ------
        InputRefused
            If they are not, naming the first; more rows of another length than of this one are no choice.
        """
        found = next((row for row in self if len(row[1]) != width), None)
        if found is None:
            raise self.unclear()
        line, row = found
        cells = "1 cell" if len(row) == 1 else f"{len(row)} cells"
        lines = "line" if count == 1 else "lines"
        if drop and total:
            return f"{count:,} {lines} without {width} cells were left out, the first of them line {line}."
        message = f"{self.label}: line {line} has {cells}, the first line {width}"
        if count > 1:
            message += f", and {count - 1:,} more {'line differs' if count == 2 else 'lines differ'}"
        message += "; allowed: the same number in every line"
        if count > total:
            raise InputRefused(f"{message}.", self.label)
        them = "it" if count == 1 else "them"
        raise ChoiceNeeded(f"{message}, or leaving {them} out.", self.label, "drop_ragged", count)
