"""What a network answers everywhere on the plane of its two inputs: where one class ends, or a map of heights."""

from __future__ import annotations

from typing import Final

import numpy as np

from core.data.prepare.prepared import Prepared
from core.training.pictures.picture import Array, Picture, Subject, Values, asked, coded, in_own_units, short, span
from core.training.pictures.raw_points import raw_points
from core.training.predictions import probabilities

SIDE: Final = 48
"""Cells along each input: a boundary between them is drawn to a fiftieth of the picture."""


def _of(prepared: Prepared) -> Subject | None:
    raw, question = prepared.raw, asked(prepared)
    if raw is None or len(raw.names) != 2 or question is None:
        return None
    spans = [span(column) for column in np.concatenate((raw.values, raw.values_val)).T]
    if spans[0] is None or spans[1] is None:
        return None
    # Row by row from the bottom, as the second input grows.
    plane = np.stack(np.meshgrid(*(np.linspace(*ends, SIDE) for ends in spans if ends)), axis=-1).reshape(-1, 2)
    known = np.concatenate((prepared.targets_raw, prepared.targets_raw_val))
    heights = (float(known.min()), float(known.max()))
    scene = {
        **question,
        "inputs": list(raw.names),
        "spans": spans,
        "side": SIDE,
        "points": raw_points(prepared, raw),
        **({} if prepared.classes else {"heights": heights}),
    }

    def frame(outputs: Array) -> Values:
        if not prepared.classes:
            return _heights(in_own_units(prepared, outputs), *heights)
        return _classes(probabilities(prepared, outputs))

    return Subject(raw.encode(plane), scene, frame)


def _classes(probability: Array) -> Values:
    """Return the ``share`` of the second of two classes; of more, the ``winner`` of each cell and its share."""
    if probability.shape[1] == 2:
        return {"share": coded(probability[:, 1])}
    return {"winner": coded(probability.argmax(axis=1) / 255), "share": coded(probability.max(axis=1))}


def _heights(predicted: Array, low: float, high: float) -> Values:
    """Return the ``share`` of each cell's prediction on the way between the true answers, and the ``reach`` of all."""
    with np.errstate(over="ignore", invalid="ignore"):
        share = (predicted - low) / (high - low or 1.0)
    return {"share": coded(np.nan_to_num(share)), "reach": short(np.array([predicted.min(), predicted.max()]))}


DECISION_BOUNDARY: Final = Picture("decision_boundary", _of)
