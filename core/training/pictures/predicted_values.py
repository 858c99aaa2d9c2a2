"""Numbers a network predicts against the true ones; what is between them are the residuals."""

from __future__ import annotations

from typing import Final

import numpy as np

from core.data.prepare.prepared import Prepared
from core.training.pictures.picture import Array, Picture, Subject, Values, answers, in_own_units, short, spread

_MOST: Final = 250
_MOST_HELD_OUT: Final = 150


def _of(prepared: Prepared) -> Subject | None:
    if prepared.task != "regression":
        return None
    rows, rows_val = spread(len(prepared.x), _MOST), spread(len(prepared.x_val), _MOST_HELD_OUT)
    scene = {
        "target": prepared.targets[0],
        "answers": answers(prepared, rows) + answers(prepared, rows_val, validation=True),
        "held_out": len(rows_val),
        "rows": [len(prepared.x), len(prepared.x_val)],
    }

    def frame(outputs: Array) -> Values:
        """Return ``predicted``, in the order of the answers."""
        return {"predicted": short(in_own_units(prepared, outputs))}

    return Subject(np.concatenate((prepared.x[rows], prepared.x_val[rows_val])), scene, frame)


PREDICTED_VALUES: Final = Picture("predicted_values", _of)
