"""What stands above the rows of a text table: titles and comments, which are no part of it, and names of columns."""

from __future__ import annotations

import itertools
import re
from typing import Final

from core.data.csv.column_types import MISSING_MARKERS
from core.data.csv.number_formats import looks_like_number
from core.data.csv.row_by_row import Row

_DATE: Final = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}([ T].*)?")
_MOSTLY: Final = 0.9
_MOST_TITLES: Final = 10
_RUN: Final = 3
"""So many numbers that count up one by one are names of columns (years, pixels), not a row."""


def is_comment(cells: Row, rows: list[Row], delimiter: str) -> bool:
    """Tell whether `cells`, a line with a ``#`` in front, is a comment on the `rows` below and not their header."""
    width = len(rows[0])
    if names_columns(rows):
        return True
    # Below the name of one column its numbers may have decimal commas.
    return width > 1 and len(cells) != width and (delimiter != "," or width > 2)


def count_titles(rows: list[Row]) -> int:
    """Return how many of the first `rows` are titles: one written cell each, above names of columns above numbers.

    A single column has one written cell in each row, so it has no title; neither has one whose words hold delimiters.
    """
    titles = sum(1 for _ in itertools.takewhile(_is_alone, rows))
    below = rows[titles:]
    if not 0 < titles <= _MOST_TITLES or len(below) < 2:
        return 0
    width = len(below[0])
    even = sum(len(row) == width for row in below) >= _MOSTLY * len(below)
    return titles if even and names_columns(below) else 0


def has_header(rows: list[Row]) -> bool:
    """Tell whether the first row names the columns: it differs in kind from what is below it."""
    first, below = rows[0], rows[1:]
    if not below:
        return not all(map(is_value, first))
    if names_columns(rows):
        return True
    votes, texts, repeats = _kinds(first, below)
    return votes == 0 and repeats * 2 <= texts


def names_columns(rows: list[Row]) -> bool:
    """Tell whether the first row can only be names: words above numbers, or numbers that count up above others."""
    if len(rows) < 2:
        return False
    first, below = rows[0], rows[1:]
    return (_counts_up(first) and not _counts_up(below[0])) or _kinds(first, below)[0] > 0


def is_value(cell: str) -> bool:
    """Tell whether a cell is a number or a date, as names of columns hardly are."""
    return looks_like_number(cell.strip()) or bool(_DATE.fullmatch(cell.strip()))


def _kinds(first: Row, below: list[Row]) -> tuple[int, int, int]:
    """Return votes for names (columns of values under a word, less those under a value), columns of words, repeats."""
    votes = texts = repeats = 0
    for i, top in enumerate(first):
        cells = [row[i].strip() for row in below if i < len(row)]
        written = [cell for cell in cells if cell and cell not in MISSING_MARKERS]
        if not written:
            continue
        if sum(map(is_value, written)) >= _MOSTLY * len(written):
            if top.strip() and top.strip() not in MISSING_MARKERS:
                votes += -1 if is_value(top.strip()) else 1
        else:
            texts += 1
            repeats += top.strip() in written
    return votes, texts, repeats


def _is_alone(row: Row) -> bool:
    return sum(bool(cell.strip()) for cell in row) == 1


def _counts_up(row: Row) -> bool:
    numbers = [int(cell) for cell in row if cell.strip().isascii() and cell.strip().isdigit() and len(cell) < 10]
    return len(numbers) >= _RUN and all(b - a == 1 for a, b in itertools.pairwise(numbers))
