"""Numbers that stand for "not known": -999, 99999, a -1 among sizes, a 0 where nothing can be zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

USUAL: Final = frozenset({-9.0, -99.0, 99.0, *(sign * (10.0**n - 1) for n in range(3, 8) for sign in (-1, 1))})
"""What people and programs write for a missing number."""

FEWEST_ROWS: Final = 20
_FEWEST_OTHERS: Final = 10
_ZERO_GAP: Final = 0.2
_SMALL_SHARE: Final = 0.005


@dataclass(frozen=True)
class Sentinel:
    """A value under suspicion and the share of the rows that hold it."""

    value: float
    share: float


def suspicious_value(values: np.ndarray) -> Sentinel | None:
    """Return the end of a column that looks like a code for "missing", or None.

    Suspected is the smallest or largest value if it lies farther from the rest than the rest is wide and is either one
    of `USUAL` or repeated; a -1 below values from 0 up, more frequent than the value next to it; and a repeated 0 below
    positive values that keep clear of it. A column with fewer than ten other values is a code itself and never
    suspected.

    Parameters
    ----------
    values : numpy.ndarray
        float64 [rows]; what is not finite is left aside.
    """
    finite = values[np.isfinite(values)]
    if len(finite) < FEWEST_ROWS:
        return None
    distinct, counts = np.unique(finite, return_counts=True)
    if len(distinct) <= _FEWEST_OTHERS:
        return None
    for place in (0, -1):
        value, count = float(distinct[place]), int(counts[place])
        others = distinct[1:] if place == 0 else distinct[:-1]
        if _far(value, count, others, len(finite)) or (
            place == 0 and (_minus_one(distinct, counts, len(finite)) or _impossible_zero(finite, distinct, count))
        ):
            return Sentinel(value, count / len(values))
    return None


def _far(value: float, count: int, others: np.ndarray, rows: int) -> bool:
    repeated = count >= max(3, _SMALL_SHARE * rows)
    gap = min(abs(value - others[0]), abs(value - others[-1]))
    return bool(gap > others[-1] - others[0] and (value in USUAL or repeated))


def _minus_one(distinct: np.ndarray, counts: np.ndarray, rows: int) -> bool:
    return bool(distinct[0] == -1 and distinct[1] >= 0 and counts[0] > counts[1] and counts[0] >= 0.01 * rows)


def _impossible_zero(finite: np.ndarray, distinct: np.ndarray, count: int) -> bool:
    if distinct[0] != 0 or count < 2:
        return False
    # A single far value must not make the rest look wide.
    low, high = np.quantile(finite[finite > 0], [0.01, 0.99])
    step = np.median(np.diff(distinct[1:]))
    return bool(distinct[1] > _ZERO_GAP * (high - low) and distinct[1] > 3 * step)
