"""What a chart draws of a long history: the first `WHOLE` epochs, then the extremes of stretches that grow longer.

Which stretch an epoch belongs to follows from its number alone: what grew bit by bit equals what is thinned at once,
and each doubling of the epochs adds the same number of points. The trainer makes the overview while it trains; the
history itself is stored whole.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Final

from core.jobs.storage.history import number_text
from core.training.result import Points

CURVES: Final = ("loss", "val_loss")
"""What the live chart draws of a history."""
WHOLE: Final = 1024
"""So many epochs are drawn as they are. A power of two; the live chart (`series.js`) has the same number."""
_STRETCHES: Final = 128
"""Stretches in each doubling of the epochs, as in `series.js`: four to eight pixels each in a chart of 1000."""
_BLOCK: Final = 32
"""Stretches that are stored together, and sent again together while the last of them grows."""

_Row = tuple[list[int], list[float | None], float | None]


class Overview:
    """The overview of one history, from its first epoch on, in blocks.

    A block is the JSON text ``{"first": epoch, "loss": {"epochs": […], "values": […], "means": […]}, …}``. Of each
    stretch it has the first, the lowest, the highest and the first missing value at their epochs, and the mean, from
    which the chart smooths. The last stretch of a block, and so of a history, has its last value too.
    """

    def __init__(self) -> None:
        self._block = range(0)
        self._rows: dict[str, list[_Row]] = {}
        self._stretch = range(0)
        self._values: dict[str, list[float | None]] = {}

    def add(self, first_epoch: int, points: Points) -> dict[int, str]:
        """Take the next epochs of the history; return the blocks that are new or have changed, by their first epoch."""
        curves = {name: points[name] for name in CURVES if points.get(name)}
        last = first_epoch - 1 + max(map(len, curves.values()), default=0)
        changed: dict[int, str] = {}
        epoch = max(first_epoch, WHOLE + 1)
        while epoch <= last:
            self._enter(epoch)
            stop = min(self._stretch.stop, last + 1)
            for name, values in curves.items():
                mine = self._values.setdefault(name, [])
                mine.extend([None] * (epoch - self._stretch.start - len(mine)))
                mine.extend(values[epoch - first_epoch : stop - first_epoch])
            if stop in (self._block.stop, last + 1):
                changed[self._block.start] = self._text()
            epoch = stop
        return changed

    def _enter(self, epoch: int) -> None:
        if epoch not in self._stretch:
            for name, values in self._values.items():
                self._rows.setdefault(name, []).append(_row(self._stretch.start, values))
            self._stretch, self._values = _around(epoch, 1), {}
        if epoch not in self._block:
            self._block, self._rows = _around(epoch, _BLOCK), {}

    def _text(self) -> str:
        newest = {name: [_row(self._stretch.start, values, last=True)] for name, values in self._values.items()}
        curves = (
            f"{json.dumps(name)}:{_curve(self._rows.get(name, []) + newest.get(name, []))}"
            for name in CURVES
            if name in self._rows or name in newest
        )
        return "{" + ",".join([f'"first":{self._block.start}', *curves]) + "}"


def _around(epoch: int, stretches: int) -> range:
    """Return the epochs, from 1, of the stretch `epoch` belongs to, or of the group of so many `stretches`."""
    length = stretches * 2 ** ((epoch - 1).bit_length() - 1) // _STRETCHES
    first = (epoch - 1) // length * length + 1
    return range(first, first + length)


def _row(first: int, values: Sequence[float | None], *, last: bool = False) -> _Row:
    """Return epochs and values of what is kept of one stretch, and the mean."""
    known = [(value, place) for place, value in enumerate(values) if value is not None and math.isfinite(value)]
    kept = {0, len(values) - 1} if last else {0}
    if known:
        kept |= {min(known)[1], max(known, key=lambda pair: pair[0])[1]}
    if len(known) < len(values):
        kept.add(next(place for place, value in enumerate(values) if value is None or not math.isfinite(value)))
    places = sorted(kept)
    mean = math.fsum(value for value, _ in known) / len(known) if known else None
    return [first + place for place in places], [values[place] for place in places], mean


def _curve(rows: Sequence[_Row]) -> str:
    epochs = ",".join(str(epoch) for row in rows for epoch in row[0])
    values = _numbers(value for row in rows for value in row[1])
    return f'{{"epochs":[{epochs}],"values":[{values}],"means":[{_numbers(row[2] for row in rows)}]}}'


def _numbers(values: Iterable[float | None]) -> str:
    return ",".join(map(number_text, values))
