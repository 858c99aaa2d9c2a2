"""What each layer passes on, how large its gradients are, and how far a step moves its weights."""

from __future__ import annotations

from typing import Final

import numpy as np

from core.data.prepare.prepared import Prepared
from core.training.epochs import Program
from core.training.pictures.picture import Array, Values, short, spread
from core.training.probe import probe_rows

BINS: Final = 24
MOST_LAYERS: Final = 12
"""Of deeper networks some are shown, the first and the output among them."""
_NOISE: Final = 1e-10
"""Of the largest gradient of a layer: what is smaller is rounding, and would leave no room for the others."""


class Layers:
    """The layers of one run.

    Attributes
    ----------
    scene : dict
        ``names`` of the layers that are shown, and how many ``hidden`` ones there are.
    """

    def __init__(self, program: Program, prepared: Prepared) -> None:
        self._probe = program.probe
        rows = probe_rows(len(prepared.x))
        self._x, self._y = prepared.x[rows], prepared.y[rows]
        self._shown = spread(program.probe.layers, MOST_LAYERS).tolist()
        last = program.probe.layers - 1
        names = [f"hidden {i + 1}" if i < last else "output" for i in self._shown]
        self.scene: Values = {"names": names, "hidden": last}

    def frames(self, snapshots: Array) -> list[Values | None]:
        """Return what is shown of each of `snapshots`; None where something in it is not finite.

        Each has a list with one entry per layer: ``activations``, a histogram; ``gradients``, one of the logarithms to
        base 10 of their sizes, and beside it how many are 0 or next to nothing, ``tiny``. A histogram has the ``span``
        of its bins and their ``counts``.
        """
        outputs, gradients = self._probe.inside(self._x, self._y, snapshots)
        shown = [[values[i].reshape(len(snapshots), -1) for i in self._shown] for values in (outputs, gradients)]
        finite = np.all([np.isfinite(values).all(axis=1) for kind in shown for values in kind], axis=0)
        activations = [_histograms(values) for values in shown[0]]
        sizes = [_histograms(_exponents(values)) for values in shown[1]]
        return [
            {
                "activations": [layer[i] for layer in activations],
                "gradients": [
                    layer[i] | {"tiny": values.shape[1] - sum(layer[i]["counts"])}
                    for layer, values in zip(sizes, shown[1], strict=True)
                ],
            }
            if known
            else None
            for i, known in enumerate(finite)
        ]

    def updates(self, before: Array, after: Array, steps: int) -> list[float | None]:
        """Return how far each layer that is shown has moved in one of so many `steps`, as a share of its size."""
        ratios = self._probe.update_ratios(before[None], after[None], np.array([steps]))
        return short(ratios[0][self._shown])


def _exponents(gradients: Array) -> Array:
    """Return the logarithms of their sizes to base 10; minus infinity where one is next to nothing in its row."""
    sizes = np.abs(gradients.astype(np.float64))
    kept = (sizes > 0) & (sizes >= _NOISE * sizes.max(axis=1, keepdims=True))
    return np.log10(sizes, out=np.full_like(sizes, -np.inf), where=kept)


def _histograms(values: Array) -> list[Values]:
    """Return a histogram of the finite numbers of each row of `values`."""
    values = values.astype(np.float64)
    known = np.isfinite(values)
    low = np.where(known, values, np.inf).min(axis=1, keepdims=True)
    high = np.where(known, values, -np.inf).max(axis=1, keepdims=True)
    low, high = (np.where(known.any(axis=1, keepdims=True), end, 0.0) for end in (low, high))
    share = (np.where(known, values, low) - low) / np.where(high > low, high - low, 1.0)
    place = np.clip(BINS * share, 0, BINS - 1).astype(int) + BINS * np.arange(len(values))[:, None]
    counts = np.bincount(place[known], minlength=BINS * len(values)).reshape(-1, BINS).tolist()
    spans = np.hstack((low, high))
    return [{"span": short(ends), "counts": bins} for ends, bins in zip(spans, counts, strict=True)]
