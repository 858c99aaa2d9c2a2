"""The curves a diagnosis is about and the symptoms in them: found in whole histories once, kept as they are drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from core.diagnosis.evidence.marks import Mark, marks
from core.jobs.storage.history import thinned
from core.jobs.storage.overview import CURVES
from core.jobs.storage.records import State
from core.recent import Recent
from core.training.result import Result
from core.ui.diagnose.state import Opened
from core.ui.people.mine import my_store

MOST_POINTS: Final = 600
"""A curve of more epochs is drawn by its extremes."""
_FIRST_NUMBER: Final = ord("①")
_ENDED: Final = frozenset({State.DONE, State.DIVERGED, State.FAILED, State.CANCELLED})


@dataclass(frozen=True)
class Curves:
    """The curves of one variant.

    Attributes
    ----------
    lines : tuple of mapping
        For each seed its ``baseline`` and, as `thinned` gives them, ``loss`` and ``val_loss``.
    marks : tuple of Mark
        The symptoms, found in every epoch.
    """

    lines: tuple[Mapping[str, Any], ...]
    marks: tuple[Mark, ...]

    @property
    def numbers(self) -> dict[str, str]:
        """The kind of each mark → its number in the chart: ①, ② …, by epoch."""
        return {mark.kind: chr(_FIRST_NUMBER + place) for place, mark in enumerate(self.marks)}

    @property
    def epochs(self) -> int:
        """The epochs of the longest; 0 where nothing was trained."""
        return max((line["loss"]["epochs"][-1] for line in self.lines), default=0)


_KEPT: Final[Recent[tuple[Any, ...], Curves]] = Recent(entries=32)


def curves_of(opened: Opened, initial_losses: Mapping[int, float | None]) -> Curves:
    """Return the curves of the runs of `opened` that have ended.

    Parameters
    ----------
    initial_losses : mapping
        By seed, the loss before the first epoch, which only a probed run knows.
    """
    ended = [run for run in opened.runs if run.state in _ENDED]
    places = [run.index for run in ended]
    # What has ended changes no more.
    key = opened.experiment.id, *((run.id, run.attempt, initial_losses.get(run.seed)) for run in ended)
    return _KEPT.get(key, lambda: _read(opened, places, initial_losses))


def _read(opened: Opened, places: list[int], initial_losses: Mapping[int, float | None]) -> Curves:
    lines: list[Mapping[str, Any]] = []

    def trained() -> Iterator[Result]:
        """Yield one result after the other: only one history is whole in memory at a time."""
        for place in places:
            (result,) = my_store().results(opened.experiment.id, [place], CURVES)
            if result.history.get("loss"):
                drawn = {name: thinned(values, MOST_POINTS) for name, values in result.history.items() if values}
                lines.append({"baseline": result.baseline, **drawn})
                yield replace(result, telemetry={**result.telemetry, "initial_loss": initial_losses.get(result.seed)})

    found = marks(trained(), opened.run.training.epochs)
    return Curves(tuple(lines), found)
