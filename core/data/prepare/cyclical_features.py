"""What a network can use of a date besides its place in time: the season, the day of the week, the hour.

Each is a place in a cycle, given by its sine and cosine, so that December is next to January.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import pandas as pd

_YEAR: Final = pd.Timedelta(days=366)
_TWO_WEEKS: Final = pd.Timedelta(days=14)
_WEEK: Final = pd.Timedelta(days=7)

_CYCLES: Final[Mapping[str, tuple[int, Callable[[pd.Series], pd.Series]]]] = {
    "month": (12, lambda dates: dates.dt.month - 1),
    "weekday": (7, lambda dates: dates.dt.day_of_week),
    "hour": (24, lambda dates: dates.dt.hour + dates.dt.minute / 60),
}


def useful_cycles(dates: pd.Series) -> tuple[str, ...]:
    """Return which of month, weekday and hour say more about `dates` (datetime64) than their place in time does.

    The month where they span more than a year, the weekday where they span more than two weeks and are not all the
    same day of a month, the hour where the time of day differs and they span more than a week.
    """
    present = dates.dropna()
    if present.empty:
        return ()
    span = present.max() - present.min()
    useful = {
        "month": span > _YEAR and _varies(present.dt.month),
        "weekday": span > _TWO_WEEKS and _varies(present.dt.day) and _varies(present.dt.day_of_week),
        "hour": span > _WEEK and _varies(present - present.dt.normalize()),
    }
    return tuple(name for name, is_useful in useful.items() if is_useful)


def on_cycle(dates: pd.Series, cycle: str) -> tuple[np.ndarray, np.ndarray]:
    """Return sine and cosine, float64 [rows], of the place of `dates` in a cycle; of a missing date both are 0."""
    length, place = _CYCLES[cycle]
    angle = 2 * np.pi * place(dates).to_numpy(np.float64, na_value=np.nan) / length
    return np.nan_to_num(np.sin(angle)), np.nan_to_num(np.cos(angle))


def _varies(series: pd.Series) -> bool:
    return bool((series != series.iloc[0]).any())
