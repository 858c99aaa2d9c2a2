"""A sample of a table's rows at the values of their one or two inputs, to be drawn over what a network predicts."""

from __future__ import annotations

from typing import Final

import numpy as np

from core.data.prepare.prepared import Prepared
from core.data.prepare.raw_inputs import RawInputs
from core.training.pictures.picture import Array, Values, answers, short, spread

_MOST: Final = 200
_MOST_HELD_OUT: Final = 100


def raw_points(prepared: Prepared, raw: RawInputs) -> Values:
    """Return ``inputs`` (a list of numbers for each), ``answers`` and how many, at the end, are ``held_out``.

    Rows that lack an input are left out.
    """
    rows, rows_val = _whole(raw.values, _MOST), _whole(raw.values_val, _MOST_HELD_OUT)
    shown = np.concatenate((raw.values[rows], raw.values_val[rows_val]))
    return {
        "inputs": [short(column) for column in shown.T],
        "answers": answers(prepared, rows) + answers(prepared, rows_val, validation=True),
        "held_out": len(rows_val),
    }


def _whole(values: Array, most: int) -> Array:
    """Return at most so many positions of rows without a gap, spread evenly."""
    whole = np.flatnonzero(np.isfinite(values).all(axis=1))
    return whole[spread(len(whole), most)]
