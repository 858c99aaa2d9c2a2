"""Suspicion becomes proof: the repair is trained with the very seeds of the faulty runs, nothing else changed.

First every repair with the seed that went worst, then the promising ones with all seeds; the strongest suspects first.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from core.diagnosis.cause import Case, Change, Suspect
from core.diagnosis.signals import Result, worth
from core.errors import InputRefused
from core.spec import RunSpec


class Runner(Protocol):
    """Who trains: this process, the queue of the app, or a table in a test."""

    def __call__(self, runs: Sequence[RunSpec], *, probed: bool = False) -> list[dict[str, Any]]:
        """Return the results of `runs` in the same order; `probed` asks for what happened in the layers."""


MARGIN: Final = 0.01
"""A gain in skill of less may be luck."""
HARM: Final = 0.1
"""A repair that costs this much validation skill is none, however well it fits the training rows."""
AT_A_TIME: Final = 2
MOST_SUSPECTS: Final = 9
MOST_REPAIRS: Final = 3
MOST_CONFIRMED: Final = 4
MOST_UPDATES: Final = 250_000
"""Optimizer steps all trials of one variant may take together: about ten seconds."""


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
        """In how many seeds the change helped."""
        return sum(gain > MARGIN for gain in self.gains)

    @property
    def proven(self) -> bool:
        """Whether it helped in every seed, of three at least."""
        return len(self.after) >= 3 and self.improved == len(self.after)

    @property
    def level(self) -> float:
        """The skill reached, on validation rows where there are any: the median over seeds."""
        return statistics.median(quality(result) for result in self.after)

    def as_dict(self) -> dict[str, Any]:
        """Return the public form: how many seeds, in how many it helped, median skills before and after."""
        skills = {
            f"{name}_{when}": _middle(results, name)
            for name in ("skill", "val_skill")
            for when, results in (("before", self.before), ("after", self.after))
        }
        return {"seeds": len(self.after), "improved": self.improved, **skills}


@dataclass(frozen=True, eq=False)
class Outcome:
    """A suspect and the best trial of its repairs; None where none was tried."""

    suspect: Suspect
    trial: Trial | None = None


def quality(result: Result) -> float:
    """Return the validation skill, or the training skill where there are no validation rows, as `worth` has it."""
    held_out = "val_loss" in result["history"] or result["val_skill"] is not None
    return worth(result["val_skill"] if held_out else result["skill"])


@dataclass
class Bench:
    """Where the trials of one variant are run: the runs as they are, and every run tried so far."""

    runs: Sequence[RunSpec]
    before: Sequence[Result]
    runner: Callable[[Sequence[RunSpec]], list[dict[str, Any]]]
    rows: int
    left: int = MOST_UPDATES
    _done: dict[str, Result] = field(default_factory=dict)

    @property
    def worst_seed(self) -> int:
        """The place of the run that went worst."""
        return min(range(len(self.before)), key=lambda i: quality(self.before[i]))

    def affords(self, change: Change) -> bool:
        """Take the cost of one run with `change` off the budget; say whether it was there and the spec takes it."""
        try:
            training = self.runs[0].changed(change).training
        except InputRefused:
            return False
        cost = training.epochs * -(-self.rows // min(training.batch_size, self.rows))
        if cost > self.left:
            return False
        self.left -= cost
        return True

    def trials(self, wanted: Sequence[tuple[Suspect, Change]], seeds: Sequence[int]) -> list[Trial]:
        """Train every change with the runs at `seeds`, in one batch; what was trained before is not trained again."""
        specs = [[self.runs[seed].changed(change) for seed in seeds] for _, change in wanted]
        new = {spec.hash(): spec for line in specs for spec in line if spec.hash() not in self._done}
        self._done |= dict(zip(new, self.runner(list(new.values())), strict=True)) if new else {}
        before = tuple(self.before[seed] for seed in seeds)
        return [
            Trial(suspect.cause.goal, change, before, tuple(self._done[spec.hash()] for spec in line))
            for (suspect, change), line in zip(wanted, specs, strict=True)
        ]


def try_repairs(bench: Bench, case: Case, suspects: Sequence[Suspect], enough: float) -> list[Outcome]:
    """Return an outcome for each suspect; trials end when one proves a repair that reaches the skill `enough`."""
    outcomes: list[Outcome] = []
    confirmed = 0
    queue = list(suspects)
    while queue:
        wave, queue = queue[:AT_A_TIME], queue[AT_A_TIME:]
        best = max((o.trial.level for o in outcomes if o.trial and o.trial.proven), default=-math.inf)
        if best >= enough or len(outcomes) >= MOST_SUSPECTS:
            outcomes += [Outcome(suspect) for suspect in wave]
            continue
        for suspect, tried in _first_look(bench, case, wave, enough):
            outcomes.append(Outcome(suspect, max(tried, key=lambda trial: trial.gain, default=None)))
        promising = [o for o in outcomes if o.trial and len(o.trial.after) == 1 and o.trial.gain > MARGIN]
        promising = promising[: max(0, MOST_CONFIRMED - confirmed)]
        confirmed += len(promising)
        every = bench.trials([(o.suspect, o.trial.change) for o in promising if o.trial], range(len(bench.runs)))
        for outcome, trial in zip(promising, every, strict=True):
            outcomes[outcomes.index(outcome)] = Outcome(outcome.suspect, trial)
    return outcomes


def combine(bench: Bench, outcomes: Sequence[Outcome]) -> Trial | None:
    """Return the trial of the best change with the one that helps most on top of it; None where none does."""
    tried = [(o.suspect, o.trial) for o in outcomes if o.trial]
    suspect, best = max(tried, key=lambda pair: (pair[1].proven, pair[1].gain), default=(None, None))
    if suspect is None or best is None or best.gain <= MARGIN:
        return None
    both = [{**best.change, **t.change} for _, t in tried if not best.change.keys() & t.change.keys()]
    worst = bench.worst_seed
    first = bench.trials([(suspect, change) for change in both[:MOST_CONFIRMED] if bench.affords(change)], [worst])
    winner = max(first, key=lambda trial: trial.level, default=None)
    if winner is None or winner.level <= quality(best.after[worst if len(best.after) > 1 else 0]) + MARGIN:
        return None
    return bench.trials([(suspect, winner.change)], range(len(bench.runs)))[0]


def _first_look(bench: Bench, case: Case, wave: Sequence[Suspect], enough: float) -> list[tuple[Suspect, list[Trial]]]:
    """Try the repairs of each suspect with the worst seed, one after the other until one reaches `enough`."""
    tried: list[list[Trial]] = [[] for _ in wave]
    for place in range(MOST_REPAIRS):
        wanted = {}
        for i, suspect in enumerate(wave):
            change = next(itertools.islice(suspect.cause.repairs(case), place, None), None)
            best = max((trial.level for trial in tried[i]), default=-math.inf)
            if change and best < enough and bench.affords(change):
                wanted[i] = (suspect, change)
        for i, trial in zip(wanted, bench.trials(list(wanted.values()), [bench.worst_seed]), strict=True):
            tried[i].append(trial)
    return list(zip(wave, tried, strict=True))


def _fit_gain(before: Result, after: Result) -> float:
    skill = worth(after["skill"]) - worth(before["skill"])
    if "val_loss" not in after["history"] and after["val_skill"] is None:
        return skill
    validation = quality(after) - quality(before)
    return min(skill, validation) if skill < -MARGIN or validation < -HARM else (skill + validation) / 2


def _recall_gain(before: Result, after: Result) -> float:
    return _least_recall(after) - _least_recall(before)


def _least_recall(result: Result) -> float:
    telemetry = result["telemetry"]
    recall = telemetry.get("val_recall") or telemetry.get("recall") or []
    return min((value for value in recall if value is not None), default=0.0)


_GAINS: Final[dict[str, Callable[[Result, Result], float]]] = {
    "fit": _fit_gain,
    "validation": lambda before, after: quality(after) - quality(before),
    "recall": _recall_gain,
}


def _middle(results: Sequence[Result], name: str) -> float | None:
    values = [result[name] for result in results if result[name] is not None]
    return statistics.median(values) if values else None
