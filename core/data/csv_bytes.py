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
    (b"%PDF", "a PDF"),
    (b"\x7fELF", "a program"),
    (b"\x89HDF", "an HDF5 file"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "a SQLite database"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    *((bytes([0x80, protocol]), "a Python pickle") for protocol in range(2, 6)),
)


def decoded(content: bytes, label: str) -> tuple[bytes, str, list[str]]:
    """Return `content` as UTF-8 without mark and with line feeds, the same as text, and notes.

    Raises
    ------
    InputRefused
        If it is too large, empty, binary or not valid Unicode.
    """
    if len(content) > MAX_BYTES:
        size = len(content) // 2**20
        raise InputRefused(f"{label}: {size} MB is too much; allowed: at most {MAX_BYTES // 2**20} MB.", label)
    if not content.strip():
        raise InputRefused(f"{label}: is empty; {ALLOWED}.", label)
    kind = _binary_kind(content)
    if kind:
        raise InputRefused(f"{label} is not a text table (it looks like {kind}); {ALLOWED}.", label)
    notes = []
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            content = content.decode("utf-16").encode()
        except UnicodeDecodeError:
            raise InputRefused(f"{label} is not a text table (broken UTF-16); {ALLOWED}.", label) from None
        notes.append("The text is UTF-16.")
    content = content.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in content:
        raise InputRefused(f"{label} is not a text table (it holds NUL bytes); {ALLOWED}.", label)
    if b"\n" not in content:
        content = content.replace(b"\r", b"\n")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputRefused(
            f"{label}: line {line} is not UTF-8 text; allowed: UTF-8, or UTF-16 with its mark.", label
        ) from None
    if not text.strip():
        raise InputRefused(f"{label}: is empty; {ALLOWED}.", label)
    return content, text, notes


def _binary_kind(content: bytes) -> str | None:
    if content.startswith(b"PK\x03\x04"):
        return "an Excel workbook" if b"xl/" in content[:4096] else "a zip archive"
    if content[:256].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "a web page"
    return next((kind for magic, kind in MAGIC if content.startswith(magic)), None)


def check_lines(content: bytes, label: str) -> int:
    """Return the number of lines, none of them too long, holding no cell that is too long."""
    ends = np.flatnonzero(np.frombuffer(content, np.uint8) == ord("\n"))
    bounds = np.concatenate(([-1], ends, [len(content)]))
    lengths = np.diff(bounds) - 1
    if len(lengths) > MAX_ROWS + 2:
        raise InputRefused(f"{label}: {len(lengths)} lines are too many; allowed: at most {MAX_ROWS} rows.", label)
    longest = int(np.argmax(lengths))
    if lengths[longest] > MAX_LINE_BYTES:
        raise InputRefused(f"{label}: line {longest + 1} is too long; allowed: at most 1 MB a line.", label)
    for line in np.flatnonzero(lengths > MAX_CELL_BYTES):
        cells = re.split(rb"[,;\t|]", content[bounds[line] + 1 : bounds[line + 1]])
        if max(map(len, cells)) > MAX_CELL_BYTES:
            raise long_cell(label, int(line) + 1)
    return len(lengths)


def long_cell(label: str, line: int | None = None) -> InputRefused:
    """Return the refusal of a cell that is too long."""
    where = f"line {line} has" if line else "there is"
    return InputRefused(f"{label}: {where} a cell above 64 KB (an open quote?); allowed: at most 64 KB a cell.", label)
