"""One kind of picture of a run: the rows it has predicted, and what becomes of the predictions."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.data.prepare.prepared import Prepared

MOST_CLASSES: Final = 20
"""More cannot be told apart by colour, nor their counts be read."""

_MARGIN: Final = 0.06
"""Share of the range of an input that is shown on either side of it."""

Array = npt.NDArray[Any]
Values = dict[str, Any]
"""JSON-able, with names for keys."""


@dataclass(frozen=True, eq=False)
class Subject:
    """What one picture shows of one run.

    Attributes
    ----------
    x : numpy.ndarray
        float32 [rows, features], rows to predict, as the network sees them.
    scene : dict
        What is the same in all its frames.
    frame : callable
        Outputs of the network for these rows, finite, [rows, outputs] → what one frame shows.
    """

    x: Array
    scene: Values
    frame: Callable[[Array], Values]


@dataclass(frozen=True)
class Picture:
    """A kind of picture; `of` gives its subject in a run that trains on these arrays, None where it does not apply."""

    name: str
    of: Callable[[Prepared], Subject | None]


def spread(rows: int, most: int) -> npt.NDArray[np.int64]:
    """Return at most so many positions spread evenly over `rows`, which may be sorted by class."""
    return np.unique(np.linspace(0, rows - 1, min(rows, most)).astype(np.int64))


def span(values: Array) -> tuple[float, float] | None:
    """Return an axis on which the finite `values` lie; None where there is none, or it would be endless."""
    known = values[np.isfinite(values)]
    if not known.size:
        return None
    low, high = float(known.min()), float(known.max())
    margin = _MARGIN * (high - low) or 0.5 * abs(low) or 1.0
    return (low - margin, high + margin) if np.isfinite(high - low + margin) else None


def short(values: Array) -> list[float | None]:
    """Return numbers as JSON has them, in five significant digits; None where one is not finite."""
    finite = np.isfinite(values)
    sizes = np.abs(np.where(finite & (values != 0), values, 1.0)).astype(np.float64)
    places = 4 - np.floor(np.log10(sizes))
    # Divided by a power of ten, not multiplied with a tenth: JSON would show that it is none.
    up, down = 10.0 ** np.clip(places, 0, 300), 10.0 ** np.clip(-places, 0, 300)
    rounded = np.round(np.where(finite, values, 0.0) * up / down) * down / up
    return [value if known else None for value, known in zip(rounded.tolist(), finite.tolist(), strict=True)]


def coded(shares: Array) -> str:
    """Return shares from 0 to 1 as a byte each, 0 to 255, in base64."""
    return base64.b64encode(np.round(255 * np.clip(shares, 0, 1)).astype(np.uint8).tobytes()).decode()


def in_own_units(prepared: Prepared, outputs: Array) -> Array:
    """Return predictions of the first target of a regression, float64 [rows]."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(prepared.unscale(outputs.astype(np.float64))[:, 0])


def answers(prepared: Prepared, rows: Array, *, validation: bool = False) -> list[Any]:
    """Return the true answers of training or validation `rows`: class indices, or values of the first target."""
    raw = prepared.targets_raw_val if validation else prepared.targets_raw
    return short(raw[rows, 0]) if raw.ndim == 2 else [int(index) for index in raw[rows]]


def asked(prepared: Prepared) -> Values | None:
    """Return the ``target`` and its ``classes``, if it has some; None where they are too many or of several labels."""
    if prepared.task == "multilabel" or len(prepared.classes) > MOST_CLASSES:
        return None
    return {"target": prepared.targets[0], "classes": list(prepared.classes)}
