"""The bytes of a file before anything is parsed: whether they are text, and within the limits."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from core.errors import InputRefused

MAX_BYTES: Final = 100 * 2**20
MAX_ROWS: Final = 1_000_000
MAX_COLUMNS: Final = 2_000
MAX_CELLS: Final = 20_000_000
MAX_LINE_BYTES: Final = 10**6
MAX_CELL_BYTES: Final = 2**16

ALLOWED: Final = "allowed: CSV text, its cells apart by comma, semicolon, tab or |"

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
_MARKUP: Final = (
    (b"<!doctype html", "a web page"), (b"<html", "a web page"), (b"<?xml", "XML"), (b"<svg", "an SVG image"),
)  # fmt: skip
_JSON: Final = re.compile(rb'\s*(\{\s*"[^"\n]*"\s*:|\[\s*[\[{])')
_DELIMITERS: Final = np.frombuffer(b",;\t|", np.uint8)
_PIECE: Final = 2**20


def check_content(content: bytes, label: str) -> None:
    """Refuse what is too large, empty, or known not to be a text table by its first bytes.

    Raises
    ------
    InputRefused
    """
    if len(content) > MAX_BYTES:
        size = len(content) // 2**20
        raise InputRefused(f"{label}: {size} MB is too much; allowed: at most {MAX_BYTES // 2**20} MB.", label)
    if not content or content.isspace():
        raise empty(label)
    kind = _binary_kind(content)
    if kind:
        raise InputRefused(f"{label} is not a text table (it looks like {kind}); {ALLOWED}.", label)


def _binary_kind(content: bytes) -> str | None:
    if content.startswith(b"PK\x03\x04"):
        return "an Excel workbook" if b"xl/" in content[:4096] else "a zip archive"
    head = content[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for beginning, kind in _MARKUP:
        if head.startswith(beginning):
            return kind
    if _JSON.match(content[:256].lstrip(b"\xef\xbb\xbf")) and content[-256:].rstrip().endswith((b"}", b"]")):
        return "JSON"
    return next((kind for magic, kind in MAGIC if content.startswith(magic)), None)


def with_line_feeds(content: bytes, label: str) -> bytes:
    """Return UTF-8 `content` with every line end as one line feed.

    Raises
    ------
    InputRefused
        If it holds NUL bytes, which no text does, or nothing but space.
    """
    if b"\0" in content:
        raise InputRefused(f"{label} is not a text table (it holds NUL bytes); {ALLOWED}.", label)
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not content[:_PIECE].decode("utf-8", "ignore").strip() and not content.decode().strip():
        raise empty(label)
    return content


def check_lines(content: bytes, label: str) -> int:
    """Return the number of lines, none of them too long, holding no cell that is too long.

    Raises
    ------
    InputRefused
        With the number of the line.
    """
    lines, begin = 1, 0
    for start in range(0, len(content), _PIECE):
        piece = np.frombuffer(content, np.uint8, min(_PIECE, len(content) - start), start)
        ends = np.flatnonzero(piece == ord("\n")) + start
        if len(ends):
            _check_lengths(content, np.concatenate(([begin], ends + 1)), lines, label)
            begin = int(ends[-1]) + 1
            lines += len(ends)
        if start + len(piece) - begin > MAX_LINE_BYTES:
            raise _long_line(label, lines)
    _check_lengths(content, np.array([begin, len(content) + 1]), lines, label)
    return lines - content.endswith(b"\n")


def _check_lengths(content: bytes, begins: np.ndarray, first: int, label: str) -> None:
    """Refuse a long line or cell; line `first` + i is from ``begins[i]`` to just before ``begins[i + 1]``."""
    lengths = np.diff(begins) - 1
    for i in np.flatnonzero(lengths > MAX_CELL_BYTES):
        line = first + int(i)
        if lengths[i] > MAX_LINE_BYTES:
            raise _long_line(label, line)
        characters = np.frombuffer(content, np.uint8, int(lengths[i]), int(begins[i]))
        delimiters = np.flatnonzero(np.isin(characters, _DELIMITERS))
        if np.diff(delimiters, prepend=-1, append=len(characters)).max() > MAX_CELL_BYTES:
            raise long_cell(label, line)


def empty(label: str) -> InputRefused:
    """Return the refusal of a file without any text."""
    return InputRefused(f"{label}: is empty; {ALLOWED}.", label)


def _long_line(label: str, line: int) -> InputRefused:
    return InputRefused(f"{label}: line {line} is too long; allowed: at most 1 MB a line.", label)


def long_cell(label: str, line: int | None = None) -> InputRefused:
    """Return the refusal of a cell that is too long."""
    where = f"line {line} has" if line else "there is"
    return InputRefused(f"{label}: {where} a cell above 64 KB (an open quote?); allowed: at most 64 KB a cell.", label)
