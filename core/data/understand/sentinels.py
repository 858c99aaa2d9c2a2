"""Numbers that stand for "not known": -999, 99999, a -1 among counts, a 0 where nothing can be zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from core.data.kinds import as_float
from core.data.table import Column, Table

USUAL: Final = frozenset({-1.0, -9.0, -99.0, 99.0, *(sign * (10.0**n - 1) for n in range(3, 8) for sign in (-1, 1))})
"""What people and programs write for a missing number: all nines, as survey codebooks have it, or -1."""
FEWEST_OTHERS: Final = 5
"""Beside fewer other values a usual code is one of the codes of a category …"""
FEWEST_OTHERS_OF_ANY: Final = 10
"""… and any other number needs so many before it looks out of place among them, …"""
FEWEST_COUNTED: Final = 20
"""… in so many rows; with fewer its repeats are chance."""
FEWEST_REPEATS: Final = 3
SMALL_SHARE: Final = 0.005
"""A far number is an outlier until it comes again so often, and in this share of the rows; a usual code may be one."""
MINUS_ONE_SHARE: Final = 0.01
"""A -1 among counts is an oddity in fewer rows."""
ZERO_GAP: Final = 0.2
"""Measurements that keep this share of their width away from 0 cannot be 0 (blood pressures of the Pima data set)."""
FAR: Final = 5.0
"""Repeated, and so many times as far from the rest as the rest is wide, no measurement is left as an explanation."""


@dataclass(frozen=True)
class Sentinel:
    """A number of a column that looks like a code for "missing", and how many rows hold it.

    Attributes
    ----------
    certain : bool
        Whether it can hardly be anything else: a usual code far from all other values, or any number very far from
        them, that is the largest in size and comes again in many rows.
    """

    column: str
    value: float
    count: int
    certain: bool = False


# Numbers near the end of float64 have no width: nothing is far from them.
@np.errstate(over="ignore", invalid="ignore")
def sentinels(table: Table, column: Column) -> tuple[Sentinel, ...]:
    """Return the ends of a number column that look like codes for "missing": none, one or both.

    Suspected is the smallest or largest value if it lies farther from the rest than the rest is wide and is either one
    of `USUAL` or repeated; a -1 below values from 0 up, more frequent than the value next to it; and a repeated 0 below
    positive values that keep clear of it. A usual code at one end does not make the rest look wide for the other.

    The sample of the table is looked at, the rows are counted in all of it; what is not finite is left aside.
    """
    if column.kind != "number":
        return ()
    looked_at = as_float(table.sample[column.name])
    finite = looked_at[np.isfinite(looked_at)]
    distinct, counts = np.unique(finite, return_counts=True)
    if len(distinct) <= FEWEST_OTHERS:
        return ()
    values = as_float(table.frame[column.name]) if len(table.sample) < len(table.frame) else looked_at
    found = []
    for place, opposite in ((0, -1), (-1, 0)):
        others = np.delete(distinct, [place, opposite] if float(distinct[opposite]) in USUAL else place)
        certain = _judged(float(distinct[place]), int(counts[place]), others, finite)
        if certain is not None:
            value = float(distinct[place])
            found.append(Sentinel(column.name, value, int((values == value).sum()), certain))
    return tuple(found)


def _judged(value: float, count: int, others: np.ndarray, finite: np.ndarray) -> bool | None:
    """Return whether the end `value` is certainly a code; None where it is no suspect."""
    if len(others) < FEWEST_OTHERS:
        return None
    width = others[-1] - others[0]
    gap = min(abs(value - others[0]), abs(value - others[-1]))
    enough = len(finite) >= FEWEST_COUNTED
    repeated = enough and count >= max(FEWEST_REPEATS, SMALL_SHARE * len(finite))
    largest = bool(abs(value) > np.abs(others).max())
    if value in USUAL and gap > width:
        return repeated and largest
    if len(others) < FEWEST_OTHERS_OF_ANY or not enough:
        return None
    if gap > width and repeated:
        return largest and bool(gap > FAR * width)
    rest = finite[(finite >= others[0]) & (finite <= others[-1])]
    return False if _minus_one(value, count, rest) or _impossible_zero(value, count, others, rest) else None


def _minus_one(value: float, count: int, rest: np.ndarray) -> bool:
    lowest = rest.min()
    return bool(value == -1 and lowest >= 0 and count > max((rest == lowest).sum(), MINUS_ONE_SHARE * len(rest)))


def _impossible_zero(value: float, count: int, others: np.ndarray, rest: np.ndarray) -> bool:
    if value != 0 or count < 2 or others[0] <= 0:
        return False
    # A single far value must not make the rest look wide.
    low, high = np.quantile(rest, [0.01, 0.99])
    return bool(others[0] > ZERO_GAP * (high - low) and others[0] > 3 * np.median(np.diff(others)))
