"""Columns that say the same twice: equal values, or the same groups of rows under other words."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import Final

import numpy as np
import pandas as pd

from core.data.kinds import NUMERIC, as_float
from core.data.table import Column, Table

FEWEST_GROUPED: Final = 20
"""With fewer rows, each counted once, two columns may group them alike by chance."""


def same_values(table: Table, first: str, second: str) -> bool:
    """Return whether two columns hold the same values, or group the rows in the same way (1, 2 = First, Second).

    The second counts only where values repeat in rows that differ: two columns that differ in every row group them
    alike, as do all columns of rows that come again as a whole, and need not have anything to do with one another.
    """
    one, other = table.column(first), table.column(second)
    if _counts(one) != _counts(other) or one.distinct < 2:
        return False
    return bool(_prints(table, one) & _prints(table, other))


def duplicate_columns(table: Table) -> dict[str, str]:
    """Return, for every column that repeats an earlier one, the name of that one."""
    alike = defaultdict[tuple[int, int], list[Column]](list)
    for column in table.columns:
        if column.distinct > 1:
            alike[_counts(column)].append(column)
    twins: dict[str, str] = {}
    for columns in alike.values():
        originals: dict[bytes, str] = {}
        for column in columns if len(columns) > 1 else ():
            prints = _prints(table, column)
            original = next((originals[found] for found in prints if found in originals), None)
            if original is not None:
                twins[column.name] = original
            originals |= dict.fromkeys(prints - originals.keys(), original or column.name)
    return twins


def _counts(column: Column) -> tuple[int, int]:
    return column.distinct, column.missing


def _prints(table: Table, column: Column) -> set[bytes]:
    """Return fingerprints of the values and, where they repeat, of the groups of rows they make."""
    series = table.frame[column.name]
    rows = (len(series) - column.missing) * (1 - table.repeated)
    prints = set()
    if column.kind in NUMERIC:
        values = as_float(series) + 0.0  # -0 is 0
        values[np.isnan(values)] = np.nan
        prints.add(_digest(b"numbers", values))
    else:
        prints.add(_digest(b"words", pd.util.hash_pandas_object(series, index=False).to_numpy()))
    if rows >= FEWEST_GROUPED and column.distinct <= rows / 2:
        # Groups numbered in the order of their first rows are equal where the groups are.
        prints.add(_digest(b"groups", pd.factorize(series)[0].astype(np.int64)))
    return prints


def _digest(kind: bytes, values: np.ndarray) -> bytes:
    return hashlib.blake2b(kind + values.tobytes(), digest_size=16).digest()
