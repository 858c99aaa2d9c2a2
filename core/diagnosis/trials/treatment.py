"""From suspects to a repair: single changes and all of the textbook first, then the smallest set, then fresh seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.causes.cause import Change, Evidence, Observation, Suspect, suspects
from core.diagnosis.evidence.limits import LEARNT_LITTLE
from core.diagnosis.trials.probes import with_few_rows, with_range_of_rates
from core.diagnosis.trials.search import combine, try_repairs
from core.diagnosis.trials.smallest import NEARLY, RepairSet, by_the_book, expect_smallest, helps, smallest
from core.diagnosis.trials.trial import Outcome, Trial, Workbench, merit
from core.sentence import said
from core.spec import RunSpec
from core.training.result import Result

_WAVES: Final = 1
"""Of single changes, where all of the textbook helps: it is quicker to find what that needs."""
_ENOUGH: Final = 0.8
"""Of the target: a repair that reaches it needs no better one."""
_RATE_STRENGTH: Final = 0.3
"""From this strength on a suspicion of the rate is worth a range of rates."""
_CHEAP: Final = 0.02
"""Of the budget, for one run: the range is tried before anything else where runs cost little."""
_BROKEN: Final = 0.35
"""Of the target: where the best single change reaches less, two together are tried."""
_GOAL_STRENGTH: Final = 0.5
"""From here on a suspicion of what the skill does not show, such as over-fitting, is tried though the skill is good."""
_HIDDEN_STRENGTH: Final = 0.85
"""From here on any is: a run may be as good as simple models, and a fault keep it from being better."""
_LASTS: Final = 0.4
"""Of the median gain: what every fresh seed gains with a repair that works."""
_MOST_SEEDS: Final = 0.8
"""Of those that need a repair: with more of them than three, one may fail for a reason of its own."""
_MOST_CONFIRMED: Final = 3
"""Repairs that are trained with fresh seeds, the best first, until one works with them."""
_BY_THE_BOOK: Final = Evidence(0.2, said("nothing else speaks for it, but without this change the repair falls short"))


@dataclass(frozen=True, eq=False)
class Treatment:
    """What was tried, and what came of it."""

    observed: Observation
    suspects: tuple[Suspect, ...]
    outcomes: tuple[Outcome, ...] = ()
    """Every suspect that was considered, with the best trial of its own repairs."""
    combined: Trial | None = None
    """Several changes together, where none alone was enough."""
    chosen: RepairSet | None = None
    """The steps of `combined`, where they are the smallest set of the textbook's."""
    winner: Trial | None = None
    """The change a person is advised to make: it works on fresh seeds, which took no part in the search."""
    whole: Trial | None = None
    """All that a textbook would do otherwise, with the seeds of the search: how far the program could come."""
    placebo: tuple[Result, ...] = ()
    """The program as it is on those seeds: how far it differs from itself is what luck can do."""
    without: Change = field(default_factory=dict)
    """The change that takes away what flatters the program, where that, and every trial but the first, is of the
    program with it."""
    spent: bool = False
    """Whether there was something left to try, and no budget for it."""

    @property
    def apart(self) -> bool:
        """Whether everything else was tried on the program without what flatters it."""
        return bool(self.without)


def treat(
    workbench: Workbench,
    observed: Observation,
    found: tuple[Suspect, ...],
    target: float,
    *,
    learnt: bool,
    on_suspects: Callable[[tuple[Suspect, ...]], None],
) -> Treatment:
    """Return the repairs that were tried.

    Parameters
    ----------
    target : float
        The skill that shows that a network has learnt.
    learnt : bool
        Whether the run has: then only what its skill does not show is tried.
    on_suspects : callable
        Told of the suspects when a trial has changed them.
    """

    def look_again(seen: Observation) -> tuple[Suspect, ...]:
        again = suspects(seen, CAUSES.values())
        on_suspects(again)
        return again

    enough = _ENOUGH * target
    if learnt:
        queue = [suspect for suspect in found if worth_trying(suspect)]
        tried = try_repairs(workbench, observed, queue, enough)
        return confirmed(Treatment(observed, found, tuple(tried)), workbench)
    if any(s.cause.hopeless for s in found if s.certain):
        return Treatment(observed, found, tuple(Outcome(suspect) for suspect in found if suspect.certain))
    rates = any(s.cause.asks_rates and s.strength >= _RATE_STRENGTH for s in found)
    if rates and workbench.share({}) <= _CHEAP:
        observed = with_range_of_rates(observed, workbench)
        found = look_again(observed)
    worst = workbench.before[workbench.worst_seed]
    workbench.expect_fresh()
    # All of it first: it says how much a repair can bring.
    whole = by_the_book(workbench, observed, found, enough)
    if any(s.cause.unlearnable for s in found if s.certain):
        if not observed.facts.validation_rows or whole is None or whole.level < LEARNT_LITTLE:
            return Treatment(observed, found, tuple(Outcome(suspect) for suspect in found if suspect.certain))
        # A network finds what simple models do not.
        found = tuple(suspect for suspect in found if not suspect.cause.unlearnable)
    if whole is not None and helps(whole, worst):
        return _of_the_book(workbench, observed, found, whole, enough)
    observed = with_few_rows(observed, workbench)
    if rates and not observed.signals.rates:
        observed = with_range_of_rates(observed, workbench)
    found = look_again(observed)
    outcomes = try_repairs(workbench, observed, found, enough)
    combined = combine(workbench, outcomes) if _best(outcomes) < _BROKEN * target else None
    return confirmed(Treatment(observed, found, tuple(outcomes), combined), workbench)


def _of_the_book(
    workbench: Workbench, observed: Observation, found: tuple[Suspect, ...], whole: RepairSet, enough: float
) -> Treatment:
    """Return what works where the `whole` textbook helps: one change, else the smallest set of its, else all of it."""
    level = max(0.0, merit(workbench.before[workbench.worst_seed]))
    enough = max(level + NEARLY * (whole.level - level), min(enough, whole.level))
    expect_smallest(workbench, observed, whole, found)
    outcomes = try_repairs(workbench, observed, found, enough, _WAVES)
    every = tuple(workbench.train([run.changed(whole.change) for run in workbench.runs]))
    trial = Trial("fit", whole.change, tuple(workbench.before), every)
    alone = Treatment(observed, found, tuple(outcomes), whole=trial)
    if _best(outcomes) >= enough:
        alone = confirmed(alone, workbench)
        if alone.winner is not None:
            return alone
    least = confirmed(_of_set(workbench, alone, smallest(workbench, observed, whole, found)), workbench)
    return least if least.winner is not None else confirmed(_of_set(workbench, alone, whole), workbench)


def worth_trying(suspect: Suspect) -> bool:
    """Whether a suspicion is worth a trial though the run has learnt."""
    least = _HIDDEN_STRENGTH if suspect.cause.goal == "fit" else _GOAL_STRENGTH
    return suspect.certain or suspect.strength >= least or suspect.cause.flatters


def _of_set(workbench: Workbench, alone: Treatment, chosen: RepairSet) -> Treatment:
    """Return what a set of changes does in every seed; one change alone is a repair of its cause."""
    found, outcomes = alone.suspects, alone.outcomes
    causes = list(dict.fromkeys(step.cause for step in chosen.steps))
    known = {suspect.cause.id for suspect in found}
    found += tuple(Suspect(CAUSES[name], (_BY_THE_BOOK,)) for name in causes if name not in known)
    first = next(suspect for suspect in found if suspect.cause.id == causes[0])
    # Several changes together are to fit better, whatever one of them alone has to raise.
    fitting = replace(first, cause=replace(first.cause, goal="fit"))
    (trial,) = workbench.trials([(fitting, chosen.change)], range(len(workbench.runs)))
    tried = {outcome.suspect.cause.id for outcome in outcomes}
    every = [*outcomes, *(Outcome(s) for s in found if s.cause.id in causes and s.cause.id not in tried)]
    if len(causes) > 1:
        return replace(alone, suspects=found, outcomes=tuple(every), combined=trial, chosen=chosen)
    single = [Outcome(o.suspect, trial) if o.suspect.cause.id == causes[0] else o for o in every]
    return replace(alone, suspects=found, outcomes=tuple(single))


def confirmed(treatment: Treatment, workbench: Workbench) -> Treatment:
    """Return `treatment` with the best of its repairs that works on fresh seeds, trained with them.

    The program as it is is trained with them as well. A repair that does not work there keeps that trial.
    """
    # What is not tried for want of budget may be what would have helped.
    treatment = replace(treatment, spent=workbench.refused, placebo=tuple(workbench.trained(workbench.fresh())))
    proven = [(o.trial, o.suspect.strength) for o in treatment.outcomes if o.trial is not None and o.trial.holds]
    best = max((trial.reach for trial, _ in proven), default=0.0)
    # Of those that reach about the same, the one that was suspected most.
    proven.sort(key=lambda p: (p[0].goal == "fit", p[0].reach >= NEARLY * best, p[1], p[0].reach), reverse=True)
    ranked = [trial for trial, _ in proven]
    for trial in [treatment.combined] if treatment.combined is not None else ranked[:_MOST_CONFIRMED]:
        workbench.on_candidate(trial.change)
        anew = _on(workbench, workbench.fresh(), trial)
        before = anew.before
        works = _lasts(anew, trial)
        if works and not anew.proven:
            # Fresh seeds alone do not show what a repair does where luck has spared some of them.
            anew = _both(trial, anew)
        # Two causes with one change have one trial.
        outcomes = tuple(
            replace(o, trial=replace(anew, goal=o.trial.goal)) if o.trial and o.trial.change == trial.change else o
            for o in treatment.outcomes
        )
        treatment = replace(
            treatment,
            outcomes=outcomes,
            combined=anew if treatment.combined is not None and works else None,
            winner=anew if works else None,
            placebo=before,
        )
        if works:
            return treatment
    return treatment


def _on(workbench: Workbench, fresh: Sequence[RunSpec], trial: Trial) -> Trial:
    """Return `trial` on the program as it is with `fresh` seeds, trained together."""
    both = tuple(workbench.train([*fresh, *(run.changed(trial.change) for run in fresh)]))
    return replace(trial, before=both[: len(fresh)], after=both[len(fresh) :])


def _both(trial: Trial, anew: Trial) -> Trial:
    return replace(trial, before=trial.before + anew.before, after=trial.after + anew.after)


def _lasts(anew: Trial, trial: Trial) -> bool:
    """Whether a repair works on fresh seeds, too: each of them gains, unless the fault had spared it."""
    both = _both(trial, anew)
    gains = [gain for gain, spared in zip(both.gains, both.spared, strict=True) if not spared]
    fresh = [gain for gain, spared in zip(anew.gains, both.spared[len(trial.after) :], strict=True) if not spared]
    return both.holds and bool(fresh) and all(gain > _LASTS * statistics.median(gains) for gain in fresh)


def with_more_seeds(treatment: Treatment, workbench: Workbench) -> Treatment:
    """Return `treatment` with more seeds of the program as it is, and of the repair that works, in pairs."""
    fresh, winner = workbench.fresh(len(treatment.placebo)), treatment.winner
    if winner is None:
        return replace(treatment, placebo=treatment.placebo + tuple(workbench.train(fresh)))
    anew = _on(workbench, fresh, winner)

    def longer(trial: Trial | None) -> Trial | None:
        same = trial is not None and trial.change == winner.change and trial.before == winner.before
        return _both(trial, anew) if trial is not None and same else trial

    last = _both(winner, anew)
    lasts = sum(last.needy) >= _MOST_SEEDS * len(last.needy)
    return replace(
        treatment,
        outcomes=tuple(replace(o, trial=longer(o.trial)) for o in treatment.outcomes),
        combined=longer(treatment.combined) if lasts else None,
        winner=last if lasts else None,
        placebo=treatment.placebo + anew.before,
    )


def with_changes(treatment: Treatment, told: Callable[[Change], Change]) -> Treatment:
    """Return `treatment` with each change as `told` says it."""

    def retold(trial: Trial | None) -> Trial | None:
        return None if trial is None else replace(trial, change=told(trial.change))

    outcomes = tuple(replace(outcome, trial=retold(outcome.trial)) for outcome in treatment.outcomes)
    return replace(treatment, outcomes=outcomes, combined=retold(treatment.combined), winner=retold(treatment.winner))


def _best(outcomes: Sequence[Outcome]) -> float:
    return max((o.trial.reach for o in outcomes if o.trial and o.trial.holds), default=-math.inf)
