"""The one or two number columns a network is fed, as they stand in the table, and what brings such values into it.

Where the inputs fit on paper, a prediction can be drawn over them: over values that are in no row too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from core.data.table import Table

MOST_COLUMNS: Final = 2


@dataclass(frozen=True, eq=False)
class RawInputs:
    """Inputs in their own units.

    Attributes
    ----------
    names : tuple of str
        One or two columns of the table.
    values, values_val : numpy.ndarray
        float64 [rows, names] of the training and the validation rows; missing = NaN.
    encode : callable
        Values like these, finite, float64 [n, names] → what the network sees, float32 [n, features].
    """

    names: tuple[str, ...]
    values: np.ndarray
    values_val: np.ndarray
    encode: Callable[[np.ndarray], np.ndarray]


def raw_inputs(
    table: Table,
    numbers: pd.DataFrame,
    categories: pd.DataFrame,
    encode: Callable[[np.ndarray], np.ndarray],
    train: np.ndarray,
    held_out: np.ndarray,
) -> RawInputs | None:
    """Return the inputs of the rows `train` and `held_out`; None where they are more than two, or not all numbers."""
    names = tuple(map(str, numbers.columns))
    if categories.shape[1] or not 1 <= len(names) <= MOST_COLUMNS:
        return None
    # A date is days since 1970 here, which nobody reads, and its parts belong together.
    if any(table.column(name).kind != "number" for name in names):
        return None
    values = numbers.to_numpy(np.float64)
    return RawInputs(names, values[train], values[held_out], encode)
