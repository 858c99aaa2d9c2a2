"""Rows as text in aligned columns, for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Columns = Mapping[str, Callable[[Mapping[str, Any]], str]]
"""Heading → what a row says below it."""


def in_columns(columns: Columns, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a line of headings and a line per row."""
    lines = [list(columns), *([cell(row) for cell in columns.values()] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
