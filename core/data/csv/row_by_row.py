"""Text rows read one by one in Python: slower than Arrow, but able to say in which line a row goes wrong."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from core.data.csv.file_limits import long_cell
from core.data.csv.read_options import ChoiceNeeded
from core.errors import InputRefused
from core.sentence import said

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
                        said(
                            "{name}: a quote is opened in line {line} and never closed; "
                            "allowed: quotes in pairs, cells of at most 64 KB.",
                            name=self.label,
                            line=skipped + first,
                        ),
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
        return InputRefused(
            said("{name}: its rows cannot be told apart; allowed: quotes in pairs.", name=self.label), self.label
        )

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
        if drop and total:
            told = {"count": count, "width": width, "line": line}
            if count == 1:
                return said(
                    "{count:,} line without {width} cells were left out, the first of them line {line}.", **told
                )
            return said("{count:,} lines without {width} cells were left out, the first of them line {line}.", **told)
        about = {"name": self.label, "line": line, "cells": _cells(len(row)), "width": width}
        differs = said("{name}: line {line:d} has {cells!t}, the first line {width:d}", **about)
        if count == 2:
            differs = said("{differs!t}, and 1 more line differs", differs=differs)
        elif count > 2:
            differs = said("{differs!t}, and {more:,} more lines differ", differs=differs, more=count - 1)
        if count > total:
            raise InputRefused(
                said("{differs!t}; allowed: the same number in every line.", differs=differs), self.label
            )
        question = (
            said("{differs!t}; allowed: the same number in every line, or leaving it out.", differs=differs)
            if count == 1
            else said("{differs!t}; allowed: the same number in every line, or leaving them out.", differs=differs)
        )
        raise ChoiceNeeded(question, self.label, "drop_ragged", count)


def _cells(count: int) -> str:
    return said("1 cell") if count == 1 else said("{count:d} cells", count=count)
