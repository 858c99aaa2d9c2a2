"""Suspicion becomes proof: the repair is trained with the very seeds of the faulty runs, nothing else changed."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from core.diagnosis.causes.cause import Change, Suspect
from core.diagnosis.evidence.limits import FEWEST_SEEDS
from core.diagnosis.evidence.signals import explained, known_median, worth
from core.errors import InputRefused
from core.spec import RunSpec
from core.training.result import Result
from core.training.structure import structure_key, updates


class Runner(Protocol):
    """Who trains: this process, the queue of the app, or a table in a test."""

    def __call__(self, runs: Sequence[RunSpec], *, probed: bool = False) -> list[Result]:
        """Return the results of `runs` in the same order; `probed` asks for what happened in the layers."""


MARGIN: Final = 0.01
"""A gain in skill of less may be luck."""
HARM: Final = 0.1
"""A repair that costs this much on one side, the training or the validation rows, is none, whatever it brings there."""
MOST_UPDATES: Final = 300_000
"""Optimizer steps all trials of one variant may take together: about ten seconds."""
COMPILE_UPDATES: Final = 10_000
"""What compiling a new structure costs for every four layers of it, in steps."""


@dataclass(frozen=True)
class Trial:
    """One change, trained with the seeds of `before`, in the same order."""

    goal: str
    change: Change
    before: tuple[Result, ...]
    after: tuple[Result, ...]

    @property
    def gains(self) -> tuple[float, ...]:
        """What each seed gained, in skill (or recall)."""
        return tuple(_GAINS[self.goal](a, b) for a, b in zip(self.before, self.after, strict=True))

    @property
    def gain(self) -> float:
        """The median gain."""
        return statistics.median(self.gains)

    @property
    def improved(self) -> int:
        """In how many seeds the change helped; what is to fit better must have a better public skill, too."""
        pairs = zip(self.gains, self.before, self.after, strict=True)
        return sum(gain > MARGIN and (self.goal != "fit" or _raised(a, b)) for gain, a, b in pairs)

    @property
    def proven(self) -> bool:
        """Whether it helped in every seed, of three at least."""
        return len(self.after) >= FEWEST_SEEDS and self.improved == len(self.after)

    @property
    def helped(self) -> bool:
        """Whether it was better in most seeds, and lifts what is explained by more than luck."""
        return 2 * self.improved > len(self.after) and self.rise > MARGIN

    @property
    def level(self) -> float:
        """The skill reached, on validation rows where there are any: the median over seeds."""
        return statistics.median(quality(result) for result in self.after)

    @property
    def rise(self) -> float:
        """How far the change lifts what is explained of the rows that count, or the recall: the median over seeds."""
        if self.goal == "recall":
            return self.gain
        return self.level - statistics.median(quality(result) for result in self.before)

    def as_dict(self) -> dict[str, Any]:
        """Return the public form: how many seeds, in how many it helped, what that shows, median skills."""
        skills = {
            f"{name}_{when}": known_median(getattr(result, name) for result in results)
            for name in ("skill", "val_skill")
            for when, results in (("before", self.before), ("after", self.after))
        }
        shown = {"helped": self.helped, "proven": self.proven}
        return {"seeds": len(self.after), "improved": self.improved, **shown, **skills}


@dataclass(frozen=True, eq=False)
class Outcome:
    """A suspect and the best trial of its repairs; None where none was tried."""

    suspect: Suspect
    trial: Trial | None = None
    too_large: bool = False
    """Whether a repair was left out because it would need more memory than there is."""


def quality(result: Result) -> float:
    """Return what is explained of the validation rows, or of the training rows without any, as `worth` has it."""
    return worth(explained(result, held_out=result.validated))


@dataclass
class Workbench:
    """Where the trials of one variant are run: the runs as they are, and every run tried so far.

    `fits` says whether there is memory for a run.
    """

    runs: Sequence[RunSpec]
    before: Sequence[Result]
    runner: Callable[[Sequence[RunSpec]], list[Result]]
    rows: int
    left: int = MOST_UPDATES
    fits: Callable[[RunSpec], bool] = lambda _run: True
    _done: dict[str, Result] = field(default_factory=dict)
    _structures: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._structures.add(structure_key(self.runs[0]))

    @property
    def worst_seed(self) -> int:
        """The place of the run that went worst."""
        return min(range(len(self.before)), key=lambda i: quality(self.before[i]))

    def too_large(self, change: Change) -> bool:
        """Return whether there is no memory for a run with `change`."""
        run = self._changed(change)
        return run is not None and not self.fits(run)

    def affords(self, change: Change) -> bool:
        """Take the cost of one run with `change` off the budget.

        Return whether it was there, there is memory for the run, and the spec takes the change.
        """
        run = self._changed(change)
        if run is None or not self.fits(run):
            return False
        cost = updates(run, self.rows)
        structure = structure_key(run)
        if structure not in self._structures:
            cost += COMPILE_UPDATES * (1 + len(run.model.layers) // 4)
        if cost > self.left:
            return False
        self._structures.add(structure)
        self.left -= cost
        return True

    def _changed(self, change: Change) -> RunSpec | None:
        try:
            return self.runs[0].changed(change)
        except InputRefused:
            return None

    def probe(self, changes: Sequence[Change]) -> list[Result]:
        """Return what the worst seed does with each change."""
        return self._trained([self.runs[self.worst_seed].changed(change) for change in changes])

    def trials(self, wanted: Sequence[tuple[Suspect, Change]], seeds: Sequence[int]) -> list[Trial]:
        """Train every change with the runs at `seeds`, in one batch; what was trained before is not trained again."""
        specs = [self.runs[seed].changed(change) for _, change in wanted for seed in seeds]
        results = iter(self._trained(specs))
        before = tuple(self.before[seed] for seed in seeds)
        return [
            Trial(suspect.cause.goal, change, before, tuple(itertools.islice(results, len(seeds))))
            for suspect, change in wanted
        ]

    def _trained(self, specs: Sequence[RunSpec]) -> list[Result]:
        """Return the results of `specs`; of what was trained before, the result of then."""
        new = {spec.hash(): spec for spec in specs if spec.hash() not in self._done}
        self._done |= dict(zip(new, self.runner(list(new.values())), strict=True)) if new else {}
        return [self._done[spec.hash()] for spec in specs]


def _raised(before: Result, after: Result) -> bool:
    return after.skill is not None and (before.skill is None or after.skill > before.skill)


def _fit_gain(before: Result, after: Result) -> float:
    skill = worth(explained(after, held_out=False)) - worth(explained(before, held_out=False))
    if not after.validated:
        return skill
    validation = quality(after) - quality(before)
    return min(skill, validation) if min(skill, validation) < -HARM else (skill + validation) / 2


_GAINS: Final[dict[str, Callable[[Result, Result], float]]] = {
    "fit": _fit_gain,
    "validation": lambda before, after: quality(after) - quality(before),
    "recall": lambda before, after: (after.least_recall or 0.0) - (before.least_recall or 0.0),
}
