"""The smallest set of changes that brings a program to life: all of the textbook first, then what is needed of it.

The settings most suspected are put together until they are enough; then one after the other is left out until none can
be spared, as in the last step of ddmin (Zeller & Hildebrandt 2002, "Simplifying and isolating failure-inducing input",
section 3).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.choices.optimizers import OPTIMIZERS
from core.diagnosis.causes.cause import Change, Observation, Suspect
from core.diagnosis.trials.textbook import TEXTBOOKS, Step, applied, steps_of
from core.diagnosis.trials.trial import MARGIN, Workbench, merit
from core.errors import InputRefused
from core.training.result import Result

NEARLY: Final = 0.85
"""Of what all of it gains: a smaller set that gains so much is as good."""

_BESIDE: Final = 2
"""Suspects whose first repair is trained beside the textbook: one for each of two processors …"""
_AS_STRONG: Final = 0.5
"""… if they are this strong, compared with the first: the repair of the others is hardly asked for."""
_OF_THE_BEST: Final = 2
"""Textbooks that are trained with every seed."""
_RATE: Final = "training.learning_rate"
_MANY, _SHORTER = 3, 0.05
"""Of so many changes one is tried to be spared by a rate of this share: a guess, and training decides."""
_PREFIXES: Final = 2
"""Sets that are tried at a time: one for each of two processors."""


@dataclass(frozen=True)
class RepairSet:
    """Some settings of the textbook, and what the worst seed reaches with them."""

    steps: tuple[Step, ...]
    change: Change
    level: float
    needed: tuple[bool, ...]
    """For each step whether the program was seen to fail again without it, its fault put back."""


def likeliest(observed: Observation) -> Change | None:
    """Return all that the first textbook would do otherwise; None where the spec takes none of it."""
    try:
        return applied(observed.run, steps_of(observed, TEXTBOOKS[0][0], ())) or None
    except InputRefused:
        return None


def by_the_book(
    workbench: Workbench, observed: Observation, suspects: Sequence[Suspect], enough: float
) -> RepairSet | None:
    """Return the textbook's program that does best, or the first that reaches `enough`; None where none is affordable.

    All are tried with the worst seed, the best of them with every seed: its level is the lowest. The first repairs of
    the strongest suspects are trained beside them: they are asked for next.
    """
    ids = [suspect.cause.id for suspect in suspects]
    strong = [s for s in suspects[:_BESIDE] if s.strength >= _AS_STRONG * suspects[0].strength]
    first = (next(iter(suspect.cause.repairs(observed)), None) for suspect in strong)
    beside = [change for change in first if change is not None and workbench.affords(change)]
    best: RepairSet | None = None
    for books in TEXTBOOKS:
        plans = [(steps, applied(observed.run, steps)) for steps in (steps_of(observed, book, ids) for book in books)]
        sets = [(steps, change) for steps, change in plans if change and workbench.affords(change)]
        results = workbench.probe([change for _, change in sets] + beside)
        ranked = sorted(zip(sets, map(merit, results[: len(sets)]), strict=True), key=lambda pair: -pair[1])
        for (steps, change), reached in ranked[:_OF_THE_BEST]:
            if best is not None and reached <= best.level:
                break
            level = lowest(workbench, change) if reached > MARGIN else reached
            if best is None or level > best.level:
                best = RepairSet(steps, change, level, (False,) * len(steps))
            if level >= enough:
                return best
    return best


def lowest(workbench: Workbench, change: Change) -> float:
    """Return the merit of the seed that does worst with `change`."""
    return min(map(merit, workbench.train([run.changed(change) for run in workbench.runs])))


def smallest(workbench: Workbench, observed: Observation, whole: RepairSet, suspects: Sequence[Suspect]) -> RepairSet:
    """Return what is left of `whole` when nothing more can be spared, judged by the seed that does worst.

    With shorter steps of plain gradient descent the target's scale may be spared, too: the gradient has that scale, and
    a step of it is the gradient times the rate.
    """
    search = _Search(workbench, observed, whole, suspects)
    least = search.shrunk()
    return search.without_target_scaling(least) or least


def expect_smallest(workbench: Workbench, observed: Observation, whole: RepairSet, suspects: Sequence[Suspect]) -> None:
    """Have what `smallest` begins with trained already; that nobody may ask for it."""
    workbench.expect(_Search(workbench, observed, whole, suspects).first())


class _Search:
    def __init__(
        self,
        workbench: Workbench,
        observed: Observation,
        whole: RepairSet,
        suspects: Sequence[Suspect],
        enough: float | None = None,
    ) -> None:
        self._workbench, self._observed, self._suspects = workbench, observed, suspects
        self._run, self._whole = observed.run, whole
        self._strengths = {suspect.cause.id: suspect.strength for suspect in suspects}
        before = max(0.0, merit(workbench.before[workbench.worst_seed]))
        self._enough = before + NEARLY * (whole.level - before) if enough is None else enough

    @property
    def _ordered(self) -> list[Step]:
        return sorted(self._whole.steps, key=self._strength, reverse=True)

    def first(self) -> list[Change]:
        """Return what is tried first, and what next where those are not enough."""
        ordered = self._ordered
        sizes = range(1, min(1 + _PREFIXES, len(ordered)))
        return [self._change_of(ordered[:size]) for size in sizes] + self._without_one(ordered, sizes)

    def _without_one(self, ordered: Sequence[Step], sizes: Sequence[int]) -> list[Change]:
        """Return all but one of `ordered`, where only the whole is left once its beginnings of these `sizes` fail."""
        if not sizes or not sizes[-1] == len(ordered) - 1 <= _PREFIXES:
            return []
        return [self._change_of([other for other in ordered if other is not step]) for step in ordered[:-1]]

    def shrunk(self) -> RepairSet:
        ordered = self._ordered
        steps = self._enough_of(ordered)
        # Without the last one it was not enough.
        needed = [steps[-1]] if self._tried(steps[:-1]) else []
        # What fails without a step also fails without it where there is less to make up for it.
        while doubtful := [step for step in steps if step not in needed] if len(steps) > 1 else []:
            without = [[other for other in steps if other is not step] for step in doubtful]
            works = self._works(without)
            spared = [step for step, works_ in zip(doubtful, works, strict=True) if works_]
            needed += [
                step for step, rest in zip(doubtful, without, strict=True) if step not in spared and self._tried(rest)
            ]
            if not spared:
                break
            kept = [step for step in steps if step not in spared]
            if len(spared) > 1 and not self._works([kept])[0]:
                # Each alone can be spared, not all: the least suspected goes.
                kept = [step for step in steps if step is not min(spared, key=self._strength)]
            steps = kept
        steps = [step for step in self._whole.steps if step in steps]
        return RepairSet(
            tuple(steps),
            self._change_of(steps),
            self._levels([steps])[0],
            tuple(step in needed or len(steps) == 1 for step in steps),
        )

    def without_target_scaling(self, least: RepairSet) -> RepairSet | None:
        """Return `least` without its step of the target's scale and with shorter ones instead; None if that fails."""
        rate = least.change.get(_RATE)
        steps = tuple(step for step in least.steps if step.cause != "target_unscaled")
        if rate is None or len(least.steps) < _MANY or len(steps) != len(least.steps) - 1:
            return None
        if not OPTIMIZERS[self._run.changed(least.change).training.optimizer].plain:
            return None
        shorter = {_RATE: float(f"{_SHORTER * rate:.3g}")}
        is_rate = [_RATE in self._change_of([step]) for step in steps]
        steps = tuple(
            Step(step.cause, lambda _run: shorter) if its else step for step, its in zip(steps, is_rate, strict=True)
        )
        change = applied(self._run, steps)
        if not self._workbench.affords(change) or merit(self._workbench.probe([change])[0]) < self._enough:
            return None
        level = lowest(self._workbench, change)
        found = RepairSet(steps, change, level, (False,) * len(steps))
        if level < self._enough:
            return None
        return _Search(self._workbench, self._observed, found, self._suspects, self._enough).shrunk()

    def _enough_of(self, ordered: Sequence[Step]) -> list[Step]:
        """Return the shortest beginning of `ordered` that is enough, two tried at a time; at last all of it."""
        for count in range(1, len(ordered), _PREFIXES):
            sizes = range(count, min(count + _PREFIXES, len(ordered)))
            self._workbench.expect(self._without_one(ordered, sizes))
            works = self._works([ordered[:size] for size in sizes])
            if any(works):
                return list(ordered[: sizes[works.index(True)]])
        return list(ordered)

    def _tried(self, steps: Sequence[Step]) -> bool:
        """Whether `steps` were trained: what there was no budget for says nothing."""
        return not steps or self._workbench.knows(self._change_of(steps))

    def _change_of(self, steps: Sequence[Step]) -> Change:
        """Return what `steps` change, as they are applied: a later one may build on an earlier one."""
        return applied(self._run, [step for step in self._whole.steps if step in steps])

    def _strength(self, step: Step) -> float:
        return self._strengths.get(step.cause, 0.0)

    def _works(self, sets: Sequence[Sequence[Step]]) -> list[bool]:
        return [level >= self._enough for level in self._levels(sets)]

    def _levels(self, sets: Sequence[Sequence[Step]]) -> list[float]:
        """Return the lowest merit of any seed with each set; one that fails the worst seed is not tried with others."""
        bench = self._workbench
        changes = [self._change_of(steps) for steps in sets]
        affordable = [bench.affords(change) for change in changes]
        results = iter(bench.probe([c for c, can in zip(changes, affordable, strict=True) if can]))
        first = [merit(next(results)) if can else -math.inf for can in affordable]
        good = [change for change, level in zip(changes, first, strict=True) if level >= self._enough]
        bench.train([run.changed(change) for change in good for run in bench.runs])
        return [
            lowest(bench, change) if level >= self._enough else level
            for change, level in zip(changes, first, strict=True)
        ]


def helps(whole: RepairSet, before: Result) -> bool:
    """Whether it reaches more than the run as it is."""
    return whole.level > max(0.0, merit(before)) + MARGIN
