"""Numbers that number the rows: an id, a line number, a counter."""

from __future__ import annotations

from typing import Final

import numpy as np

from core.data.kinds import as_float
from core.data.table import Column, Table

FEWEST_ROWS: Final = 20
"""Fewer whole numbers in a row may well be a measurement."""
MOST_GAPS: Final = 2
"""Ids reach up to so many times their number: rows were deleted. Whole measurements as dense as that repeat themselves
long before there are twenty (the birthday paradox)."""


def counts_rows(table: Table, column: Column) -> bool:
    """Return whether a number column numbers the rows: whole, every value once, hardly any gaps between them."""
    rows = len(table.frame)
    if column.kind != "number" or column.missing or column.distinct < rows or rows < FEWEST_ROWS:
        return False
    if column.minimum is None or column.maximum is None or column.maximum - column.minimum > MOST_GAPS * rows:
        return False
    values = as_float(table.frame[column.name])
    return bool((np.isfinite(values) & (values == np.floor(values))).all())
