"""The bytes of a file before anything is parsed: whether they are text, and within the limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from core.errors import InputRefused
from core.sentence import said, template

MAX_BYTES: Final = 256 * 2**20
MAX_ROWS: Final = 1_000_000
MAX_COLUMNS: Final = 2_000
MAX_CELLS: Final = 20_000_000
MAX_LINE_BYTES: Final = 10**6
MAX_CELL_BYTES: Final = 2**16

ALLOWED: Final = template("allowed: CSV text, its cells separated by comma, semicolon, tab or |")

MAGIC: Final = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!\x1a", "a RAR archive"),
    (b"%PDF", "a PDF"),
    (b"{\\rtf", "a word processor's text"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\x00", "a program"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"SQLite format 3", "a SQLite database"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    *((bytes([0x80, protocol]), "a Python pickle") for protocol in range(2, 6)),
)
MARKUP: Final = (
    (b"<!doctype html", "a web page"), (b"<html", "a web page"), (b"<?xml", "XML"), (b"<svg", "an SVG image"),
)  # fmt: skip
_JSON: Final = re.compile(rb'\s*(\{\s*"[^"\n]*"\s*:|\[\s*[\[{])')
_DELIMITERS: Final = np.frombuffer(b",;\t|", np.uint8)
_BEGINNING: Final = 4096
_PIECE: Final = 2**16


def too_large(label: str, size: int, most: int) -> InputRefused:
    """Return the refusal of a file of so many bytes where `most` megabytes are allowed."""
    megabytes = size // 2**20
    return InputRefused(
        said("{name}: {size} MB is too much; allowed: at most {most} MB.", name=label, size=megabytes, most=most), label
    )


def check_content(content: bytes, label: str) -> None:
    """Refuse what is too large, empty, or known not to be a text table by its first bytes."""
    if len(content) > MAX_BYTES:
        raise too_large(label, len(content), MAX_BYTES // 2**20)
    if not content or content.isspace():
        raise empty(label)
    kind = _binary_kind(content)
    if kind:
        raise InputRefused(
            said(
                "{name} is not a text table (it looks like {kind!w}); {allowed!w}.",
                name=label,
                kind=kind,
                allowed=ALLOWED,
            ),
            label,
        )


def _binary_kind(content: bytes) -> str | None:
    if content.startswith(b"PK\x03\x04"):
        return said("an Excel workbook") if b"xl/" in content[:4096] else said("a zip archive")
    head = content[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for beginning, kind in MARKUP:
        if head.startswith(beginning):
            return kind
    if _JSON.match(content[:256].lstrip(b"\xef\xbb\xbf")) and content[-256:].rstrip().endswith((b"}", b"]")):
        return said("JSON")
    return next((kind for magic, kind in MAGIC if content.startswith(magic)), None)


def with_line_feeds(content: bytes, label: str) -> bytes:
    """Return UTF-8 `content` with every line end as one line feed; NUL bytes, which no text holds, are refused."""
    if b"\0" in content:
        raise InputRefused(
            said("{name} is not a text table (it holds NUL bytes); {allowed!w}.", name=label, allowed=ALLOWED), label
        )
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not content[:_BEGINNING].decode("utf-8", "ignore").strip() and not content.decode().strip():
        raise empty(label)
    return content


def check_lines(content: bytes, label: str) -> int:
    """Return the number of lines; one that is too long, or holds a cell that is, is refused with its number."""
    for begin, end in _long_lines(content):
        if end - begin > MAX_LINE_BYTES:
            line = _line_at(content, begin)
            raise InputRefused(
                said("{name}: line {line} is too long; allowed: at most 1 MB in a line.", name=label, line=line), label
            )
        characters = np.frombuffer(content, np.uint8, end - begin, begin)
        delimiters = np.flatnonzero(np.isin(characters, _DELIMITERS))
        if np.diff(delimiters, prepend=-1, append=len(characters)).max() > MAX_CELL_BYTES + 1:
            raise long_cell(label, _line_at(content, begin))
    return _line_feeds(content) + (not content.endswith(b"\n"))


def _line_feeds(content: bytes) -> int:
    """Return how many there are; `bytes.count` takes five times as long where they are many."""
    characters = np.frombuffer(content, np.uint8)
    pieces = range(0, len(content), _PIECE)
    return sum(int(np.count_nonzero(characters[start : start + _PIECE] == ord("\n"))) for start in pieces)


def _long_lines(content: bytes) -> Iterator[tuple[int, int]]:
    """Return where each line begins and ends that is longer than a cell may be.

    Such a line fills half of its length between two multiples of `step`, so all others are passed over at their first
    line feed, without a look at each byte.
    """
    step = MAX_CELL_BYTES // 2
    start = 0
    while start + step <= len(content):
        if content.find(b"\n", start, start + step) >= 0:
            start += step
            continue
        begin = content.rfind(b"\n", 0, start) + 1
        end = content.find(b"\n", start + step)
        end = len(content) if end < 0 else end
        if end - begin > MAX_CELL_BYTES:
            yield begin, end
        start = end - end % step


def _line_at(content: bytes, begin: int) -> int:
    return content.count(b"\n", 0, begin) + 1


def empty(label: str) -> InputRefused:
    """Return the refusal of a file without any text."""
    return InputRefused(said("{name} is empty; {allowed!w}.", name=label, allowed=ALLOWED), label)


def long_cell(label: str, line: int | None = None) -> InputRefused:
    """Return the refusal of a cell that is too long."""
    if line is None:
        return InputRefused(
            said("{name}: there is a cell above 64 KB (an open quote?); allowed: at most 64 KB in a cell.", name=label),
            label,
        )
    return InputRefused(
        said(
            "{name}: line {line} has a cell above 64 KB (an open quote?); allowed: at most 64 KB in a cell.",
            name=label,
            line=line,
        ),
        label,
    )
