"""How a text table is written: its delimiter, decimal mark and header, read off its first lines."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from core.data.csv.file_limits import MAX_COLUMNS, MAX_LINE_BYTES, empty, long_cell
from core.data.csv.header import count_comments, count_titles, has_header, is_value
from core.data.csv.number_formats import Look, decimal_mark, look_of, looks_like_number
from core.data.csv.read_options import ReadOptions
from core.data.csv.row_by_row import Row, rows_of
from core.errors import InputRefused
from core.sentence import said
from core.spec import plain_text

DELIMITERS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}

_SAMPLE_ROWS: Final = 60
_HEAD: Final = 2**17
_SEPARATOR_LINE: Final = re.compile(rb'"?sep=(.)"?\n', re.IGNORECASE)
_COMMENT: Final = re.compile(r"#[^\n]*\n\s*")
"""A line with a ``#`` in front, and blank ones below it."""
_COMMENTS: Final = re.compile(f"({_COMMENT.pattern})+")
_MOSTLY: Final = 0.9


@dataclass(frozen=True)
class Dialect:
    """How a table is written.

    Attributes
    ----------
    spaced : bool
        Whether blanks stand beside the delimiters, which are not part of the cells.
    names : tuple of str or None
        The header as it is written, at least one for each cell of a row but a surplus one; None if there is none.
    width : int
        Cells in a row, a `surplus` one included.
    surplus : bool
        Whether each row ends with a delimiter, after which there is nothing.
    body : int
        Where the first row begins, in bytes.
    above : int
        Lines of titles and comments above the table.
    looks : tuple of str
        What the first cells of each column look like.
    """

    delimiter: str
    decimal: str
    spaced: bool
    names: tuple[str, ...] | None
    width: int
    surplus: bool
    body: int
    above: int
    looks: tuple[Look, ...]
    notes: tuple[str, ...]


def sniff(content: bytes, label: str, options: ReadOptions) -> Dialect:
    """Return how the table in `content`, UTF-8 with line feeds, is written; `options` win over what it looks like.

    A text without a row or with too many columns is refused.
    """
    start = len(content) - len(content.lstrip(b"\n"))
    stated = _SEPARATOR_LINE.match(content, start)
    delimiter = options.delimiter
    if stated and stated[1].decode("latin-1") in DELIMITERS:
        start = stated.end()
        delimiter = delimiter or stated[1].decode("latin-1")
    head = _head(content, start)
    if delimiter is not None and delimiter not in DELIMITERS:
        raise InputRefused(said("delimiter: allowed: comma, semicolon, tab, |."), "delimiter")
    found = _below_comments(head, label, [delimiter] if delimiter else list(DELIMITERS))
    delimiter, rows = found.delimiter, found.rows
    width = max(len(rows[0]), 1)
    named = has_header(rows) if options.header is None else options.header
    names = rows[0] if named else None
    below = rows[1:] if named else rows
    width, surplus = _surplus(names, below, width)
    decimal = options.decimal or decimal_mark((cell for row in below for cell in row), delimiter)
    if decimal not in {".", ","}:
        raise InputRefused(said("decimal: allowed: a point or a comma."), "decimal")
    return Dialect(
        delimiter=delimiter,
        decimal=decimal,
        spaced=_is_spaced(head[len(found.above) :], delimiter),
        names=None if names is None else tuple(names[:width]),
        width=width,
        surplus=surplus,
        body=start + len((found.above + found.texts[0] if named else found.above).encode()),
        above=found.above.count("\n"),
        looks=tuple(look_of((row[i] for row in below if i < len(row)), decimal) for i in range(width)),
        notes=tuple(_notes(found, surplus, named and options.header is None)),
    )


def _head(content: bytes, start: int) -> str:
    head = content[start : start + _HEAD]
    if len(head) == _HEAD:
        # Whole lines only, at least two of them.
        if head.count(b"\n") < 2:
            head = content[start : start + 2 * MAX_LINE_BYTES]
        head = head[: head.rfind(b"\n") + 1] or head
    return head.decode("utf-8", "ignore")


class _Sniffed(NamedTuple):
    """The delimiter, what stands above the table, its first rows, and the same as they are written."""

    delimiter: str
    above: str
    rows: list[Row]
    texts: list[str]


def _below_comments(head: str, label: str, delimiters: Sequence[str]) -> _Sniffed:
    """Return how the table is written below the comments it begins with."""
    marked = _COMMENT.findall(match[0]) if (match := _COMMENTS.match(head)) else []
    start = len("".join(marked))
    if not head[start:].strip():
        return _sniffed(head, label, delimiters)
    found = _sniffed(head[start:], label, delimiters)
    comments = count_comments(marked, found.rows, found.texts, found.delimiter) if marked else 0
    if comments < len(marked):
        start = len("".join(marked[:comments]))
        found = _sniffed(head[start:], label, delimiters)
    return found._replace(above=head[:start] + found.above)


def _sniffed(head: str, label: str, delimiters: Sequence[str]) -> _Sniffed:
    """Return the delimiter that splits the first rows most evenly, and what it makes of them."""
    best: tuple[tuple[float, ...], _Sniffed] | None = None
    absent = [delimiter for delimiter in delimiters if delimiter not in head]
    lines = list(io.StringIO(head))
    for delimiter in delimiters:
        if delimiter in absent[1:]:
            # The rows are those of the first that is absent.
            continue
        try:
            ends, rows = _first_rows(head, delimiter, label)
        except csv.Error:
            continue
        texts = ["".join(lines[begin:end]) for begin, end in itertools.pairwise([0, *ends])]
        titles = count_titles(rows, texts)
        score = _score(rows[titles:], titles)
        if best is None or score > best[0]:
            best = score, _Sniffed(delimiter, "".join(texts[:titles]), rows[titles:], texts[titles:])
    if best is None:
        raise long_cell(label)
    return best[1]


def _first_rows(head: str, delimiter: str, label: str) -> tuple[list[int], list[Row]]:
    """Return the first rows and the last line of each; too many columns are refused at the first sight."""
    ends: list[int] = []
    rows: list[Row] = []
    for _, last, row in rows_of(io.StringIO(head), delimiter):
        if not rows and len(row) > MAX_COLUMNS:
            raise InputRefused(
                said(
                    "{name}: {count:,} columns are too many; allowed: at most {most:,}.",
                    name=label,
                    count=len(row),
                    most=MAX_COLUMNS,
                ),
                label,
            )
        ends.append(last)
        rows.append(row)
        if len(rows) == _SAMPLE_ROWS or len(row) > MAX_COLUMNS:
            break
    if not rows:
        raise empty(label)
    return ends, rows


def _score(rows: list[Row], titles: int) -> tuple[float, ...]:
    """Rate a delimiter: rows of one width above one, else of one cell; few titles; numbers among cells; the width."""
    widths = Counter(map(len, rows))
    width = widths.most_common(1)[0][0]
    # A first line of one cell is the header of one column, whatever its cells hold.
    if len(rows[0]) == 1 or (width == 1 and widths[len(rows[0])] > 1):
        width = len(rows[0])
    share = widths[width] / len(rows)
    cells = [cell.strip() for row in rows[:10] for cell in row]
    numbers = sum(map(looks_like_number, cells)) / len(cells)
    return (share, 0.0, -titles, numbers, width) if width > 1 else (0.0, share, -titles, numbers, 1)


def _surplus(names: Row | None, rows: list[Row], width: int) -> tuple[int, bool]:
    """Return the width of the rows, and whether their last cell is only what follows a trailing delimiter."""
    widest = len(rows[0]) if rows else 0
    if widest == 0 or any(len(row) != widest for row in rows):
        return width, False
    nameless = names is None or width == widest - 1 or (width == widest and not names[-1].strip())
    if widest > 1 and nameless and not any(row[-1] for row in rows):
        return widest, True
    if names is not None and width == widest + 1 and not names[-1].strip():
        return widest, False
    return width, False


def _is_spaced(head: str, delimiter: str) -> bool:
    if delimiter == "\t" or f"{delimiter} " not in head:
        return False
    if head.count(f"{delimiter} ") >= _MOSTLY * head.count(delimiter):
        return True
    # A quote after a blank opens a cell only where the blank is skipped.
    return f'{delimiter} "' in head and any(
        len(loose) != len(strict)
        for loose, strict in zip(
            csv.reader(io.StringIO(head), delimiter=delimiter, skipinitialspace=True),
            csv.reader(io.StringIO(head), delimiter=delimiter),
            strict=False,
        )
    )


def _notes(found: _Sniffed, surplus: bool, header_inferred: bool) -> Iterator[str]:
    if found.above.strip():
        lines = [line for line in found.above.splitlines() if line.strip()]
        longest = plain_text(max(lines, key=len), 60)
        if len(lines) == 1:
            yield said("The first line is left out, a title or comment above the table: {line!r}.", line=longest)
        else:
            yield said(
                "The first {count} lines are left out, a title or comment above the table: {line!r}.",
                count=len(lines),
                line=longest,
            )
    if found.delimiter != "," and len(found.rows[0]) > 1:
        yield said("The cells are separated by {delimiter!m}.", delimiter=DELIMITERS[found.delimiter])
    if surplus:
        yield said("Each row ends with a delimiter: the empty column after it was left out.")
    if header_inferred and any(map(is_value, found.rows[0])):
        yield said("The first line is read as the names of the columns, though it holds numbers.")
