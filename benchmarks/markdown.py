"""Tables that read well in a terminal and in a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Columns = Mapping[str, Callable[[Mapping[str, Any]], str]]
"""Heading → the cell of a row."""


def markdown_table(columns: Columns, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return `rows` as a Markdown table, its cells filled up to the width of their column."""
    lines = [list(columns), *([cell(row) for cell in columns.values()] for row in rows)]
    widths = [max(3, *(len(line[i]) for line in lines)) for i in range(len(columns))]
    head, *body = (
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )
    return "\n".join([head, "| " + " | ".join("-" * width for width in widths) + " |", *body])
