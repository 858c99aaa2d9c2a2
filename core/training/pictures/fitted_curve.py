"""What a network answers along its one input."""

from __future__ import annotations

from typing import Final

import numpy as np

from core.data.prepare.prepared import Prepared
from core.training.pictures.picture import Array, Picture, Subject, Values, asked, in_own_units, short, span
from core.training.pictures.raw_points import raw_points
from core.training.predictions import probabilities

PLACES: Final = 128
"""Predictions along the input, at even distances."""


def _of(prepared: Prepared) -> Subject | None:
    raw, question = prepared.raw, asked(prepared)
    if raw is None or len(raw.names) != 1 or question is None:
        return None
    ends = span(np.concatenate((raw.values, raw.values_val)))
    if ends is None:
        return None
    along = np.linspace(*ends, PLACES)

    def frame(outputs: Array) -> Values:
        """Return ``lines``: the predictions; the share of the second of two classes, or of each of more."""
        if not prepared.classes:
            return {"lines": [short(in_own_units(prepared, outputs))]}
        shares = probabilities(prepared, outputs)
        return {"lines": [short(line) for line in (shares[:, 1:] if shares.shape[1] == 2 else shares).T]}

    scene = {**question, "inputs": list(raw.names), "along": short(along), "points": raw_points(prepared, raw)}
    return Subject(raw.encode(along[:, None]), scene, frame)


FITTED_CURVE: Final = Picture("fitted_curve", _of)
