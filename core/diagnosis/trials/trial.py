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
        """Return the results of `runs` in the same order; `probed` asks for what happened in the layers.

        A diagnosis with several processors asks from several threads at a time.
        """


MARGIN: Final = 0.01
"""A gain in skill of less may be luck."""
HARM: Final = 0.1
"""A repair that costs this much on one side, the training or the validation rows, is none, whatever it brings there."""
_AS_FAR: Final = 0.9
"""Of what a change reaches: a seed that comes so far without it was spared the fault."""
FEWEST_NEEDY: Final = 2
"""Seeds that need a change, before it is said to hold where others are spared."""
_PRICE: Final = 0.05
"""Skill that a higher recall may cost."""
MOST_UPDATES: Final = 300_000
"""Optimizer steps all trials of one variant may take together: about ten seconds."""
_TO_THE_END: Final = 3
"""What a change that helps costs at least, in runs of it: other seeds of the search, and fresh ones."""
_SMALL_STEP: Final = 150_000
"""Weights times rows of a batch that take as long as all the rest of a step."""
_LITTLE: Final = 0.4
"""Of the budget: so much in all may be trained that nobody asks for in the end; it is not taken off it."""
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
        return sum(self._helps)

    @property
    def _helps(self) -> tuple[bool, ...]:
        pairs = zip(self.gains, self.before, self.after, strict=True)
        return tuple(gain > MARGIN and (self.goal != "fit" or _raised(a, b)) for gain, a, b in pairs)

    @property
    def spared(self) -> tuple[bool, ...]:
        """Which seeds had little to gain: the run had come as far without the change, and comes with it."""
        enough = _AS_FAR * self.level
        pairs = zip(self.before, self.after, strict=True)
        return tuple(self.goal == "fit" and min(quality(a), quality(b)) >= enough > 0 for a, b in pairs)

    @property
    def proven(self) -> bool:
        """Whether it helped in every seed, of three at least."""
        return len(self.after) >= FEWEST_SEEDS and self.improved == len(self.after)

    @property
    def holds(self) -> bool:
        """Whether it helped in every seed, of three at least, that had something to gain; two are to have had."""
        return len(self.after) >= FEWEST_SEEDS and len(self.needy) >= FEWEST_NEEDY and all(self.needy)

    @property
    def needy(self) -> tuple[bool, ...]:
        """Whether it helped, for each seed that had something to gain."""
        seeds = zip(self._helps, self.spared, strict=True)
        return tuple(helps for helps, spared in seeds if helps or not spared)

    @property
    def helped(self) -> bool:
        """Whether it was better in most seeds, of three at least, and lifts what is explained by more than luck."""
        return len(self.after) >= FEWEST_SEEDS and 2 * self.improved > len(self.after) and self.rise > MARGIN

    @property
    def level(self) -> float:
        """The skill reached, on validation rows where there are any: the median over seeds."""
        return statistics.median(quality(result) for result in self.after)

    @property
    def reach(self) -> float:
        """As `level`; of what is to fit better, no more than the public skill: over-confident is not yet good."""
        return statistics.median(map(merit, self.after)) if self.goal == "fit" else self.level

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


def merit(result: Result) -> float:
    """Return the lower of `quality` and the public skill: what is right but over-confident is not yet good."""
    return min(quality(result), worth(result.val_skill if result.validated else result.skill))


@dataclass
class Workbench:
    """Where the trials of one variant are run: the runs as they are, and every run tried so far.

    `fits` says whether there is memory for a run.
    """

    runs: Sequence[RunSpec]
    before: Sequence[Result]
    runner: Callable[[Sequence[RunSpec]], list[Result]]
    rows: int
    features: int = 1
    left: float = MOST_UPDATES
    fits: Callable[[RunSpec], bool] = lambda _run: True
    ahead: Callable[[Sequence[RunSpec]], None] = lambda _runs: None
    """Has trained what is likely to be asked for, by who has nothing else to do."""
    on_candidate: Callable[[Change], None] = lambda _change: None
    """Told of a repair before it is trained with fresh seeds."""
    refused: bool = False
    """Whether the budget did not allow for something."""
    done: dict[str, Result] = field(default_factory=dict)
    """What was trained, by the spec's hash."""
    _structures: set[str] = field(default_factory=set)
    _expected: set[str] = field(default_factory=set)
    _spare: float = field(init=False)

    def __post_init__(self) -> None:
        self._spare = _LITTLE * self.left
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
        """Take the cost of one run with `change` off the budget; of other seeds it is taken when they are trained.

        Return whether it was there, there is memory for the run, and the spec takes the change.
        """
        run = self._changed(change)
        if run is None or not self.fits(run):
            return False
        if self.knows(change):
            return True
        cost = self._cost(run)
        if _TO_THE_END * cost > self.left:
            self.refused = True
            return False
        self._structures.add(structure_key(run))
        self.left -= cost
        return True

    def expect(self, changes: Sequence[Change]) -> None:
        """Have the worst seed trained with `changes`, too, as far as that costs little.

        It is taken off the budget once it is asked for.
        """
        runs = [self.runs[self.worst_seed].changed(change) for change in changes if self._changed(change)]
        self._expect([run for run in runs if self.fits(run)])

    def expect_fresh(self) -> None:
        """Have the program as it is trained with seeds that no trial has seen."""
        self._expect(self.fresh())

    def _expect(self, runs: Sequence[RunSpec]) -> None:
        for run in runs:
            cost = self._cost(run)
            if run.hash() not in self.done and run.hash() not in self._expected and cost <= self._spare:
                self._spare -= cost
                self._expected.add(run.hash())
                self.ahead([run])

    def share(self, change: Change) -> float:
        """Return the share of what is left of the budget that one run with `change` takes."""
        return self._cost(self.runs[0].changed(change)) / max(self.left, 1.0)

    def knows(self, change: Change) -> bool:
        """Whether the worst seed was trained with `change`."""
        run = self._changed(change)
        return run is not None and self.runs[self.worst_seed].changed(change).hash() in self.done

    def _cost(self, run: RunSpec) -> float:
        """Return the time of a run in small steps, with what is compiled before the first."""
        cost = cost_of(run, self.rows, self.features)
        if structure_key(run) in self._structures:
            return cost
        return cost + COMPILE_UPDATES * (1 + len(run.model.layers) // 4)

    def _changed(self, change: Change) -> RunSpec | None:
        try:
            return self.runs[0].changed(change)
        except InputRefused:
            return None

    def probe(self, changes: Sequence[Change]) -> list[Result]:
        """Return what the worst seed does with each change."""
        return self.train([self.runs[self.worst_seed].changed(change) for change in changes])

    def fresh(self, after: int = 0) -> list[RunSpec]:
        """Return the run with as many seeds that no trial has seen, `after` so many others."""
        return fresh_runs(self.runs, after)

    def trained(self, specs: Sequence[RunSpec]) -> list[Result]:
        """Return the results of `specs` if all of them were trained before; else none."""
        return [self.done[spec.hash()] for spec in specs] if all(spec.hash() in self.done for spec in specs) else []

    def trials(self, wanted: Sequence[tuple[Suspect, Change]], seeds: Sequence[int]) -> list[Trial]:
        """Train every change with the runs at `seeds`, in one batch; what was trained before is not trained again."""
        specs = [self.runs[seed].changed(change) for _, change in wanted for seed in seeds]
        results = iter(self.train(specs))
        before = tuple(self.before[seed] for seed in seeds)
        return [
            Trial(suspect.cause.goal, change, before, tuple(itertools.islice(results, len(seeds))))
            for suspect, change in wanted
        ]

    def train(self, specs: Sequence[RunSpec]) -> list[Result]:
        """Return the results of `specs`; of what was trained before, the result of then."""
        new = {spec.hash(): spec for spec in specs if spec.hash() not in self.done}
        worst = self.runs[self.worst_seed].training.seed
        # What is asked for with the worst seed was paid for when it was chosen.
        self.left -= sum(self._cost(run) for run in new.values() if run.training.seed != worst)
        self._structures |= set(map(structure_key, new.values()))
        self.done |= dict(zip(new, self.runner(list(new.values())), strict=True)) if new else {}
        return [self.done[spec.hash()] for spec in specs]


def fresh_runs(runs: Sequence[RunSpec], after: int = 0) -> list[RunSpec]:
    """Return the first of `runs` with as many seeds that none of them has, `after` so many others."""
    used = {run.training.seed for run in runs}
    new = (seed for seed in itertools.count(min(used)) if seed not in used)
    return [runs[0].changed({"training.seed": seed}) for seed in itertools.islice(new, after, after + FEWEST_SEEDS)]


def cost_of(run: RunSpec, rows: int, features: int) -> float:
    """Return the time of a run in small steps: what a step of it multiplies, by their number."""
    widths = [features, *(layer.units for layer in run.model.hidden)]
    weights = sum(a * b for a, b in itertools.pairwise(widths))
    return updates(run, rows) * (1 + min(run.training.batch_size, rows) * weights / _SMALL_STEP)


def _raised(before: Result, after: Result) -> bool:
    return after.skill is not None and (before.skill is None or after.skill > before.skill)


def _fit_gain(before: Result, after: Result) -> float:
    skill = worth(explained(after, held_out=False)) - worth(explained(before, held_out=False))
    if not after.validated:
        return skill
    validation = quality(after) - quality(before)
    return min(skill, validation) if min(skill, validation) < -HARM else (skill + validation) / 2


def _recall_gain(before: Result, after: Result) -> float:
    """Return what the recall gains, unless the probabilities pay for it: found more often is not known better."""
    recall = (after.least_recall or 0.0) - (before.least_recall or 0.0)
    paid = merit(after) - merit(before)
    return min(recall, paid) if paid < -_PRICE else recall


_GAINS: Final[dict[str, Callable[[Result, Result], float]]] = {
    "fit": _fit_gain,
    "validation": lambda before, after: quality(after) - quality(before),
    "recall": _recall_gain,
}
