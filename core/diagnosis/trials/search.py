"""In which order repairs are tried: several structures at once, the strongest suspects first, until one is good enough.

Every repair is tried with the seed that went worst; what helps there is confirmed with all seeds.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from core.diagnosis.causes.cause import Change, Observation, Suspect
from core.diagnosis.trials.trial import MARGIN, Outcome, Trial, Workbench, quality

AT_A_TIME: Final = 3
"""Different changes: enough to keep two processors busy, few enough that the first good one saves the others."""
MOST_SUSPECTS: Final = 9
MOST_REPAIRS: Final = 5
MOST_COMBINED: Final = 4
"""Bounds of the time one diagnosis takes; what is most promising comes first."""
_PATIENCE: Final = 0.7
"""The next repair of a suspect whose last one did not suffice is worth this much of its strength."""
_TOGETHER: Final = 0.5
"""What is tried beside the most promising repair is at least this promising, compared with it."""
_RIVAL: Final = 0.8
"""A suspect this strong, compared with the one whose repair is good enough, gets its trial all the same."""
_WORTH_CONFIRMING: Final = 0.25
"""Of the best gain so far."""


@dataclass
class _Line:
    """A suspect, the repairs it has still to offer, and the trials it had."""

    suspect: Suspect
    repairs: deque[Change]
    tried: list[Trial] = field(default_factory=list)
    too_large: bool = False

    @property
    def best(self) -> Trial | None:
        """The best trial: a proven one before any other; of what takes away flattery, the one that takes most."""
        if self.suspect.cause.flatters:
            return min(self.tried, key=lambda t: t.level, default=None)
        return max(self.tried, key=lambda t: (t.holds, t.improved / len(t.after) * t.gain, t.gain), default=None)

    @property
    def priority(self) -> float:
        """How much the next trial is worth."""
        return self.suspect.strength * _PATIENCE ** len(self.tried)

    def cured(self, enough: float) -> bool:
        """Whether a proven repair is good enough."""
        best = self.best
        return best is not None and best.holds and best.reach >= enough

    def settled(self, enough: float) -> bool:
        """Whether a proven repair needs no better one: it is good enough, or does all that is asked of it."""
        best = self.best
        return best is not None and best.holds and (best.reach >= enough or best.goal != "fit")


def try_repairs(
    workbench: Workbench, observed: Observation, suspects: Sequence[Suspect], enough: float, waves: int | None = None
) -> list[Outcome]:
    """Return an outcome for each suspect; trials end when one proves a repair that reaches the skill `enough`.

    Of `waves` there are no more than that many.
    """
    lines = [
        _Line(suspect, deque(itertools.islice(suspect.cause.repairs(observed), MOST_REPAIRS)))
        for suspect in suspects[:MOST_SUSPECTS]
    ]
    while waves != 0 and (wave := _wave(workbench, lines, enough)):
        waves = None if waves is None else waves - 1
        tried = workbench.trials([(line.suspect, change) for line, change in wave], [workbench.worst_seed])
        best = max([MARGIN, *(trial.gain for line in lines for trial in line.tried), *(trial.gain for trial in tried)])
        promising = []
        for (line, change), trial in zip(wave, tried, strict=True):
            line.tried.append(trial)
            helps = trial.gain > MARGIN and trial.gain >= _WORTH_CONFIRMING * best
            if helps or line.suspect.cause.flatters:
                promising.append((line, change))
        every = workbench.trials([(line.suspect, change) for line, change in promising], range(len(workbench.runs)))
        for (line, _), trial in zip(promising, every, strict=True):
            line.tried[-1] = trial
    outcomes = [Outcome(line.suspect, line.best, line.too_large) for line in lines]
    return outcomes + [Outcome(suspect) for suspect in suspects[MOST_SUSPECTS:]]


def _wave(workbench: Workbench, lines: Sequence[_Line], enough: float) -> list[tuple[_Line, Change]]:
    """Return what to try next: at most so many different changes, each with every suspect that asks for it."""
    wave: list[tuple[_Line, Change]] = []
    while not wave and (waiting := _waiting(lines, enough)):
        changes: set[str] = set()
        least = _TOGETHER * waiting[0].priority
        for line in waiting:
            name = repr(line.repairs[0])
            if line.priority < least or (name not in changes and len(changes) == AT_A_TIME):
                continue
            change = line.repairs.popleft()
            if name in changes or workbench.affords(change):
                changes.add(name)
                wave.append((line, change))
            elif workbench.too_large(change):
                line.too_large = True
    return wave


def _waiting(lines: Sequence[_Line], enough: float) -> list[_Line]:
    """Return the suspects whose next repair is worth a trial, the most promising first."""
    leader = max((line.suspect.strength for line in lines if line.cured(enough)), default=None)
    waiting = [line for line in lines if line.repairs and not line.settled(enough)]
    if leader is not None:
        waiting = [line for line in waiting if not line.tried and line.suspect.strength >= _RIVAL * leader]
    return sorted(waiting, key=lambda line: -line.priority)


def combine(workbench: Workbench, outcomes: Sequence[Outcome]) -> Trial | None:
    """Return the trial of the best change with the one that helps most on top of it; None where none does."""
    tried = [(o.suspect, o.trial) for o in outcomes if o.trial]
    suspect, best = max(tried, key=lambda pair: (pair[1].holds, pair[1].gain), default=(None, None))
    if suspect is None or best is None or best.gain <= MARGIN:
        return None
    both = [{**best.change, **t.change} for _, t in tried if not best.change.keys() & t.change.keys()]
    worst = workbench.worst_seed
    first = workbench.trials(
        [(suspect, change) for change in both[:MOST_COMBINED] if workbench.affords(change)], [worst]
    )
    winner = max(first, key=lambda trial: trial.level, default=None)
    if winner is None or winner.level <= quality(best.after[worst if len(best.after) > 1 else 0]) + MARGIN:
        return None
    return workbench.trials([(suspect, winner.change)], range(len(workbench.runs)))[0]
