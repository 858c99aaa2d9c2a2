"""Where in a curve its symptoms are: the epochs a person should look at, each with a few words.

The limits are those of the causes (`evidence.limits`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from core.diagnosis.evidence.limits import CLIMBED, JUMPS, KICKED, STILL_FALLING, STOPPED_EARLY, turned
from core.diagnosis.evidence.signals import falling, oscillation, rise, still_from, times, turn, until_broken
from core.sentence import Sentence, said
from core.training.result import Result

Curve = npt.NDArray[np.float64]

MarkKind = Literal[
    "kicked", "climbs", "validation_rises", "jumps", "flat", "still_falling", "stopped", "diverged"
]  # fmt: skip

_FEWEST_EPOCHS: Final = 5
"""Fewer make no curve: a flat or turning one would be luck."""
_HARMLESS: Final = 0.05
"""Below this share of the baseline's loss it does not matter how a loss jumps."""
_POOR: Final = 0.8
"""A loss above this share of the baseline's has learnt little: only there a flat curve is a symptom."""


@dataclass(frozen=True)
class Mark:
    """One symptom in a curve."""

    kind: MarkKind
    curve: Literal["loss", "val_loss"]
    """``loss`` or ``val_loss``."""
    epoch: int
    """From 1; where the curve is not a number, the nearest epoch before is meant."""
    words: Sentence
    """At most some thirty letters: there is little room in a chart."""


def marks(results: Iterable[Result], epochs: int) -> tuple[Mark, ...]:
    """Return the symptoms that most of `results` show, the seeds of one variant with whole histories; by epoch.

    `epochs` were asked for. Results that were never trained count for nothing; each is looked at once and let go.
    """
    looks = [[next(look(result, epochs), None) for look in _LOOKS] for result in results if result.history.get("loss")]
    found: list[Mark] = []
    for told in zip(*looks, strict=True):
        seen = sorted(filter(None, told), key=lambda mark: mark.epoch)
        if 2 * len(seen) > len(looks):
            found.append(seen[len(seen) // 2])
    return tuple(sorted(found, key=lambda mark: mark.epoch))


def _curve(result: Result, name: str) -> Curve:
    """Return a curve up to where it is no longer a number."""
    return until_broken(np.array(result.history.get(name, ()), float))


def _diverged(result: Result, _epochs: int) -> Iterator[Mark]:
    if result.state == "diverged" and result.diverged_at:
        yield Mark("diverged", "loss", result.diverged_at, said("NaN from epoch {epoch}", epoch=result.diverged_at))


def _kicked(result: Result, _epochs: int) -> Iterator[Mark]:
    first, before = _curve(result, "loss")[:1], (result.telemetry or {}).get("initial_loss")
    if before and len(first) and first[0] > KICKED * before:
        yield Mark("kicked", "loss", 1, said("first epoch: {times!n} times worse", times=times(first[0] / before)))


def _climbs(result: Result, _epochs: int) -> Iterator[Mark]:
    curve = _curve(result, "loss")
    climbed = rise(curve) if _swings(curve) <= JUMPS else None
    if climbed is not None and climbed > CLIMBED:
        yield Mark("climbs", "loss", int(curve.argmin()) + 1, said("climbs from here"))


def _validation_rises(result: Result, _epochs: int) -> Iterator[Mark]:
    curve = _curve(result, "val_loss")
    if len(curve) >= _FEWEST_EPOCHS and turned(*turn(curve)):
        lowest = int(curve.argmin()) + 1
        yield Mark("validation_rises", "val_loss", lowest, said("validation lowest: epoch {epoch}", epoch=lowest))


def _jumps(result: Result, _epochs: int) -> Iterator[Mark]:
    curve, baseline = _curve(result, "loss"), (result.baseline or {}).get("loss")
    half = len(curve) // 2
    if baseline and half and np.abs(curve[half:]).mean() < _HARMLESS * baseline:
        return
    if (swings := _swings(curve)) > JUMPS:
        highest = half + int(curve[half:].argmax())
        yield Mark("jumps", "loss", highest + 1, said("jumps by {share:.0%}", share=swings))


def _flat(result: Result, _epochs: int) -> Iterator[Mark]:
    curve, baseline = _curve(result, "loss"), (result.baseline or {}).get("loss")
    start = still_from(curve)
    if start is not None and baseline and curve[-1] >= _POOR * baseline:
        yield Mark("flat", "loss", start, said("flat from epoch {epoch}", epoch=start))


def _still_falling(result: Result, epochs: int) -> Iterator[Mark]:
    curve = _curve(result, "loss")
    if still_from(curve) is not None:  # It falls by less than anybody sees.
        return
    if _FEWEST_EPOCHS <= len(curve) >= epochs and result.state == "done" and _swings(curve) <= JUMPS:
        late = falling(curve)
        if late is not None and late > STILL_FALLING:
            yield Mark("still_falling", "loss", len(curve), said("still falling"))


def _stopped(result: Result, epochs: int) -> Iterator[Mark]:
    trained = len(_curve(result, "loss"))
    if result.state == "done" and trained < STOPPED_EARLY * epochs:
        yield Mark(
            "stopped",
            "loss",
            trained,
            said("stopped after {trained} of {epochs} epochs", trained=trained, epochs=epochs),
        )


def _swings(curve: Curve) -> float:
    return oscillation(curve) or 0.0


_LOOKS: Final[tuple[Callable[[Result, int], Iterator[Mark]], ...]] = (
    _kicked, _climbs, _validation_rises, _jumps, _flat, _still_falling, _stopped, _diverged,
)  # fmt: skip
