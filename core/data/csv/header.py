"""What stands above the rows of a text table: titles and comments, which are no part of it, and names of columns."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from core.data.csv.column_types import MISSING_MARKERS
from core.data.csv.file_limits import MAX_CELL_BYTES
from core.data.csv.number_formats import is_number, looks_like_number
from core.data.csv.row_by_row import Row, rows_of

_DATE: Final = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}([ T].*)?")
_MOSTLY: Final = 0.9
_BARE: Final = re.compile(r"[,;|\t](?=\S)")
_MOST_TITLES: Final = 10
_SEVERAL: Final = 3
"""So many even rows are no chance."""
_YEARS: Final = range(1800, 2101)
_WHOLE: Final = re.compile(r"[0-9]{1,9}")
_RUN: Final = 3
"""So many numbers that count up are names of columns (years, pixels), not a row."""


def count_comments(marked: Sequence[str], rows: list[Row], texts: Sequence[str], delimiter: str) -> int:
    """Return how many of the lines `marked` with a ``#``, above a table of `rows`, are comments and no part of it.

    A line as wide as the table is a row of it where the kinds of its cells fit, else its header if it has no other.
    """
    if names_columns(rows):
        return len(marked)
    width = len(rows[0])
    kinds = ""
    for line in marked:
        _, _, cells = next(rows_of([line.partition("\n")[0][:MAX_CELL_BYTES]], delimiter))
        votes, words, repeats = _kinds(cells, rows) if len(cells) == width else (0, 0, 0)
        is_row = votes < 0 or repeats * 2 > words
        kinds += "-" if len(cells) != width else "r" if is_row else "n" if votes else "w"
    if "r" in kinds:
        return kinds.index("r")
    if "n" in kinds:
        return kinds.rindex("n")
    if width == 1:
        return 0
    # Below the name of one column its numbers may have decimal commas.
    if kinds.endswith("-") and (delimiter != "," or width > 2 or not _is_one_column(rows, texts)):
        return len(kinds)
    return len(kinds[:-1].rstrip("w"))


def count_titles(rows: list[Row], texts: Sequence[str]) -> int:
    """Return how many of the first `rows` are titles; `texts` are the same rows as they are written.

    Titles have one written cell or fewer than the rows, or are prose with a number. Below them are names of columns
    above numbers, or several rows that no single column would be written as.
    """
    prose = list(map(_is_prose, texts))
    width = Counter(len(_written(row)) for row in rows).most_common(1)[0][0]
    apart = sum(prose) < _MOSTLY * len(rows)
    titles = 0
    for row, plain in zip(rows, prose, strict=True):
        if not (_is_alone(row) or len(row) < width or (apart and plain and any(map(is_value, row)))):
            break
        titles += 1
    below = rows[titles:]
    if not 0 < titles <= _MOST_TITLES or len(below) < 2:
        return 0
    if sum(len(row) == len(below[0]) for row in below) < _MOSTLY * len(below):
        return 0
    short = all(prose[:titles]) and all(len(row) < width for row in rows[:titles])
    several = short and len(below) >= _SEVERAL and not _is_one_column(below, texts[titles:])
    return titles if several or names_columns(below) else 0


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
    return _counts_up(first, below[0]) or _kinds(first, below)[0] > 0


def is_value(cell: str) -> bool:
    """Tell whether a cell is a number or a date, as names of columns hardly are."""
    return looks_like_number(cell.strip()) or bool(_DATE.fullmatch(cell.strip()))


def _kinds(first: Row, below: list[Row]) -> tuple[int, int, int]:
    """Return votes for names (columns of values under a word, less those under a value), columns of words, repeats."""
    votes = texts = repeats = 0
    for i, name in enumerate(first):
        top, *cells = (_unmarked(cell, i) for cell in (name, *(row[i] for row in below if i < len(row))))
        written = [cell for cell in cells if cell and cell not in MISSING_MARKERS]
        if not written:
            continue
        if sum(map(is_value, written)) >= _MOSTLY * len(written):
            if top and top not in MISSING_MARKERS:
                votes += -1 if is_value(top) else 1
        else:
            texts += 1
            repeats += top in written
    return votes, texts, repeats


def _unmarked(cell: str, column: int) -> str:
    """Return a cell without the ``#`` that a line may begin with."""
    cell = cell.strip()
    return cell if column else cell.lstrip("# ") or cell


def _is_alone(row: Row) -> bool:
    return sum(bool(cell.strip()) for cell in row) == 1


def _written(row: Row) -> Row:
    """Return `row` without what is empty at its end."""
    return row[: max((i for i, cell in enumerate(row, start=1) if cell.strip()), default=0)]


def _is_prose(text: str) -> bool:
    """Tell whether a blank follows each delimiter of a text, if it has any, as it follows a comma in a sentence."""
    return not _BARE.search(text)


def _is_one_column(rows: list[Row], texts: Sequence[str]) -> bool:
    """Tell whether single values may be written so: sentences, numbers with commas, lists of the same words."""
    if max(sum(map(_is_prose, texts)), sum(is_number(text.strip()) for text in texts)) >= _MOSTLY * len(texts):
        return True
    columns = [{cell.strip() for cell in column if not is_value(cell)} for column in zip(*rows, strict=False)]
    words = Counter(itertools.chain.from_iterable(columns))
    return all(any(words[cell.strip()] > 1 for cell in cells) for cells in (rows[0], *columns))


def _counts_up(row: Row, below: Row) -> bool:
    """Tell whether the numbers of `row` count up one by one, or are years at equal distances; those below are not."""
    numbers, others = ([int(cell) for cell in cells if _WHOLE.fullmatch(cell.strip())] for cells in (row, below))
    steps, others_steps = ({b - a for a, b in itertools.pairwise(found)} for found in (numbers, others))
    if len(numbers) < _RUN or len(steps) > 1:
        return False
    if all(map(_YEARS.__contains__, numbers)) and steps != {0}:
        return not others or not all(map(_YEARS.__contains__, others))
    return steps == {1} and others_steps != {1}
