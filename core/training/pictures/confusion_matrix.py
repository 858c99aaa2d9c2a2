"""How often each class was taken for which: a row for each true class, a column for each that was predicted."""

from __future__ import annotations

from typing import Final

import numpy as np

from core.data.prepare.prepared import Prepared
from core.training.pictures.picture import Array, Picture, Subject, Values, asked, spread
from core.training.predictions import probabilities

_MOST: Final = 2000
_MOST_HELD_OUT: Final = 1000
"""Of larger tables a sample is counted, or the picture would take as long as the training."""


def _of(prepared: Prepared) -> Subject | None:
    question = asked(prepared)
    if question is None or not prepared.classes:
        return None
    rows, rows_val = spread(len(prepared.x), _MOST), spread(len(prepared.x_val), _MOST_HELD_OUT)
    size = len(prepared.classes)
    truth, truth_val = prepared.targets_raw[rows], prepared.targets_raw_val[rows_val]

    def frame(outputs: Array) -> Values:
        """Return ``counts`` of training and of validation rows, [true class][predicted class]."""
        named = probabilities(prepared, outputs).argmax(axis=1)
        parts = ((truth, named[: len(truth)]), (truth_val, named[len(truth) :]))
        return {"counts": [_counts(true, predicted, size) for true, predicted in parts]}

    scene = {**question, "rows": [len(prepared.x), len(prepared.x_val)]}
    return Subject(np.concatenate((prepared.x[rows], prepared.x_val[rows_val])), scene, frame)


def _counts(true: Array, predicted: Array, size: int) -> list[list[int]]:
    counts: list[list[int]] = np.bincount(true * size + predicted, minlength=size**2).reshape(size, size).tolist()
    return counts


CONFUSION_MATRIX: Final = Picture("confusion_matrix", _of)
