"""The loss on a plane through the weights a run ended with, along the two directions in which they moved most.

As in Li et al. 2018, "Visualizing the Loss Landscape of Neural Nets", section 7: the directions are the principal
components of the weights along the path.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np

from core.data.prepare.prepared import Prepared
from core.training.epochs import Program
from core.training.pictures.picture import Array, Values, coded, short, spread

SIDE: Final = 25
"""Cells along each direction."""
MOST_ROWS: Final = 256
_FEWEST_ROWS: Final = 32
_WORK: Final = 5e7
"""Weights × rows × cells that are computed for one landscape: some 0.02 s. What takes more is too large for one."""
_MARGIN: Final = 0.3
"""Of the length of the path, on either side."""
_NARROWEST: Final = 0.4
"""The range of one direction, as a share of that of the other: else a straight path would look winding."""
_STRAIGHT: Final = 1e-5
"""Movement along the second direction, as a share of that along the first, which is a rounding error of float32."""
_DECADES: Final = 30.0
"""Highest loss over lowest from which colours follow the logarithm."""
_MOST_TOLD: Final = 512
"""Weights of a network whose path is told weight by weight, some 10 kB, to be drawn on the planes of other runs too."""
_OUTPUTS_AT_A_TIME: Final = 2**20


class Landscape:
    """The loss around the end of one run.

    Attributes
    ----------
    scene : dict
        ``weights`` of the network; ``rows``: those the loss is computed on, and all training rows; ``ground``: runs
        that have the same one have the same loss at the same weights.
    """

    def __init__(self, program: Program, prepared: Prepared, most_rows: int) -> None:
        self._probe = program.probe
        rows = spread(len(prepared.x), most_rows)
        weight = np.ones(len(prepared.x), np.float32) if prepared.sample_weight is None else prepared.sample_weight
        self._rows = prepared.x[rows], prepared.y[rows], weight[rows]
        widest = max(layer.units for layer in program.model.layers if hasattr(layer, "units"))
        self._at_a_time = int(np.clip(_OUTPUTS_AT_A_TIME // (len(rows) * widest), 1, SIDE**2))
        self.scene: Values = {
            "weights": program.model.count_params(),
            "rows": [len(rows), len(prepared.x)],
            "ground": _ground(program, prepared.loss, self._rows),
        }

    def along(self, path: Sequence[tuple[float, Array]]) -> Values | None:
        """Return the landscape around the end of `path`, the weights after some epochs.

        Returns
        -------
        dict or None
            ``spans`` of the two directions, in distances from the last weights; the ``losses`` of the cells as shares
            of the way from ``low`` to ``high``, row by row from the bottom, of their logarithms where ``log``;
            ``path``, with ``epochs``, ``places`` and ``losses``; the share of the movement that the two directions
            have ``held``; of a small network also the ``directions``, float32 [2, weights], and the ``weights`` of the
            path, float16 [epochs, weights], in base64. None where weights are not finite or have not moved in two
            directions.
        """
        weights = np.stack([taken for _, taken in path]).astype(np.float64)
        if not np.isfinite(weights).all():
            return None
        _, sizes, directions = np.linalg.svd(weights - weights.mean(axis=0), full_matrices=False)
        if len(sizes) < 2 or sizes[1] <= _STRAIGHT * sizes[0]:
            return None
        places = (weights - weights[-1]) @ directions[:2].T
        # Which way a principal direction points is chance: every path begins on the left, at the bottom.
        away = np.where(places[0] > 0, -1.0, 1.0)
        places, plane = places * away, directions[:2] * away[:, None]
        spans = _spans(places)
        across, up = (np.linspace(float(ends[0]), float(ends[1]), SIDE) for ends in spans)
        cells = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2) @ plane + weights[-1]
        with np.errstate(over="ignore"):
            found = self._losses(np.concatenate((cells, weights)).astype(np.float32))
        shown, of_path = found[: SIDE**2], found[SIDE**2 :]
        known = shown[np.isfinite(shown)]
        if not known.size:
            return None
        low, high = float(known.min()), float(known.max())
        log = low > 0 and high > _DECADES * low
        ends = np.log([low, high]) if log else np.array([low, high])
        heights = np.nan_to_num(np.log(np.maximum(shown, low)) if log else shown, nan=ends[1], posinf=ends[1])
        return {
            "spans": [short(ends) for ends in spans],
            "losses": coded((heights - ends[0]) / (np.ptp(ends) or 1.0)),
            "low": low,
            "high": high,
            "log": log,
            "path": {
                "epochs": [epoch for epoch, _ in path],
                "places": [short(along) for along in places.T],
                "losses": short(of_path),
            },
            "held": float((sizes[:2] ** 2).sum() / (sizes**2).sum()),
            **_told(plane, weights),
        }

    def _losses(self, snapshots: Array) -> Array:
        parts = range(0, len(snapshots), self._at_a_time)
        found = [self._probe.losses(*self._rows, snapshots[first : first + self._at_a_time]) for first in parts]
        return np.concatenate(found).astype(np.float64)


def landscape_of(program: Program, prepared: Prepared) -> Landscape | None:
    """Return the landscape of a run, still to be drawn; None where it would take too long.

    Nor is there one with batch normalisation, whose means and variances would not be those of the weights beside the
    path.
    """
    rows = int(min(MOST_ROWS, _WORK / (SIDE**2 * program.model.count_params())))
    if rows < _FEWEST_ROWS or program.model.non_trainable_weights:
        return None
    return Landscape(program, prepared, rows)


def _ground(program: Program, loss: str, rows: Sequence[Array]) -> str:
    """Return a short name of all that the loss at some weights depends on."""
    dense = [layer for layer in program.model.layers if hasattr(layer, "units")]
    penalties = [float(getattr(layer.kernel_regularizer, "l2", 0.0)) for layer in dense]
    layers = [(layer.units, layer.activation.__name__) for layer in dense]
    name = hashlib.sha256(repr((loss, layers, penalties, program.probe.order)).encode())
    for array in rows:
        name.update(array.tobytes())
    return name.hexdigest()[:16]


def _told(plane: Array, weights: Array) -> Values:
    if weights.shape[1] > _MOST_TOLD or np.abs(weights).max() > np.finfo(np.float16).max:
        return {}
    told = {"directions": plane.astype("<f4"), "weights": weights.astype("<f2")}
    return {name: base64.b64encode(values.tobytes()).decode() for name, values in told.items()}


def _spans(places: Array) -> list[Array]:
    """Return from where to where the plane goes along each direction."""
    low, high = places.min(axis=0), places.max(axis=0)
    half = (high - low).max() * np.maximum((high - low) / (high - low).max(), _NARROWEST) * (0.5 + _MARGIN)
    middle = (low + high) / 2
    return [np.array([m - h, m + h]) for m, h in zip(middle, half, strict=True)]
