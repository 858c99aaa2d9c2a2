"""The verdict: *faulty* only where harm is shown or the program cannot be right, *undecided* where neither is known."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal, NamedTuple

from core.choices.losses import KERAS_EPSILON
from core.diagnosis.causes.cause import Observation
from core.diagnosis.evidence.limits import CLEAR_GAIN
from core.diagnosis.evidence.signals import explained, worth
from core.diagnosis.evidence.simple_models import doubt
from core.diagnosis.trials.treatment import Treatment
from core.diagnosis.trials.trial import FEWEST_NEEDY, Outcome, Trial, quality
from core.sentence import Sentence, said
from core.training.result import Result

Verdict = Literal["healthy", "faulty", "undecided", "refused"]

_LEARNT_SHARE: Final = 0.8
"""A run that explains this share of what a simple model does has learnt; what is left is tuning."""
_HALF: Final = 0.5
"""One that explains less than this share of it, and has no repair, is undecided: something is wrong, or it is hard."""
_TUNED: Final = 0.5
"""A repair shows a fault where the run has less than this share of what it reaches."""
_STRONG, _STRONG_SHARE = 0.85, 0.8
"""The same where the suspicion was this strong before the trial; or where what is not explained is more than halved."""
_MUCH, _LITTLE_LEFT = 0.25, 0.25
"""Or, whatever was suspected, where it, or all that a textbook does otherwise, gains more than the first and leaves
less than the second of what is not explained: a control that explains three quarters of what the best does cannot gain
so much."""
_LUCK, _LUCKLESS = 0.4, 0.25
"""Or where less than the first is all that the second share of its seeds reach: whether it learns is luck."""
_UNKNOWN_TARGET, _LEAST_TARGET = 0.9, 0.01
"""The skill asked for where simple models could not be judged, and at least."""
_LIKELY, _SURELY = 1.0, 2.0
"""Standard errors."""


class Judgement(NamedTuple):
    """A verdict, and what would decide it where it is undecided."""

    verdict: Verdict
    why: Sentence | None = None


def target_of(observed: Observation) -> float:
    """Return the skill that shows that a network has learnt; what simple models reach, where that is known."""
    reachable = observed.facts.reachable
    return _UNKNOWN_TARGET if reachable is None else max(reachable, _LEAST_TARGET)


def has_learnt(observed: Observation) -> bool:
    """Whether every seed reached what a healthy run does, or so nearly that its rows cannot tell."""
    signals, facts = observed.signals, observed.facts
    if signals.failed or signals.diverged:
        return False
    target = target_of(observed)
    least = _LEARNT_SHARE * target if facts.skills else target
    unsure = _SURELY * doubt(target, facts.validation_rows or facts.rows) if facts.skills else 0.0
    return min(signals.val_skill or signals.skill) >= least - min(unsure, CLEAR_GAIN) and observed.signals.val_level > 0


def judge(treatment: Treatment, before: Sequence[Result]) -> Judgement:
    """Return the verdict of runs and what was tried on them."""
    return _judge(treatment, [*before, *treatment.placebo], treatment.winner)


def hangs_on_a_seed(treatment: Treatment, before: Sequence[Result]) -> bool:
    """Whether the verdict would be another one without one of the seeds (the jackknife of Quenouille 1956)."""
    unchanged, winner = [*before, *treatment.placebo], treatment.winner
    verdict = _judge(treatment, unchanged, winner).verdict
    seeds = {result.seed for result in unchanged}
    for seed in seeds if len(seeds) > 1 else ():
        rest = [result for result in unchanged if result.seed != seed]
        if _judge(treatment, rest, None if winner is None else _without(winner, seed)).verdict != verdict:
            return True
    return False


def _without(trial: Trial, seed: int) -> Trial:
    pairs = [(a, b) for a, b in zip(trial.before, trial.after, strict=True) if a.seed != seed]
    return replace(trial, before=tuple(a for a, _ in pairs), after=tuple(b for _, b in pairs))


def _judge(treatment: Treatment, unchanged: Sequence[Result], winner: Trial | None) -> Judgement:
    observed = treatment.observed
    if any(suspect.certain for suspect in treatment.suspects):
        return Judgement("faulty")
    if winner is not None:
        mine = (o.suspect.strength for o in treatment.outcomes if o.trial and o.trial.change == winner.change)
        if _harm(winner, max(mine, default=0.0), unchanged, treatment.whole):
            return Judgement("faulty")
    if any(flattered(outcome) for outcome in treatment.outcomes):
        return Judgement("faulty")
    level, target = statistics.median(quality(result) for result in unchanged), target_of(observed)
    short = _HALF * target - _SURELY * doubt(target, observed.facts.validation_rows or observed.facts.rows)
    if level >= min(short, target - CLEAR_GAIN) and level > 0:
        doubted = None if has_learnt(observed) else _hidden(treatment)
        return Judgement("healthy") if doubted is None else Judgement("undecided", doubted)
    return Judgement("undecided", _missing(treatment))


def _harm(trial: Trial, strength: float, unchanged: Sequence[Result], whole: Trial | None) -> bool:
    """Whether a repair gains over chance, and so much that the run is broken without it."""
    levels = [quality(result) for result in unchanged]
    gain = max(trial.gain, statistics.mean(map(quality, trial.after)) - statistics.mean(levels))
    if gain < CLEAR_GAIN or (trial.goal == "fit" and trial.level <= 0):
        return False  # From worse than guessing to guessing is no repair.
    if trial.goal == "fit" and _luck(levels, trial):
        return True
    if not _beyond_luck(trial, levels):
        return False
    strong = strength >= _STRONG
    share = _STRONG_SHARE if strong else _TUNED
    if trial.goal != "fit" or _clearly_less(levels, trial, share, _LIKELY):
        return True
    if strong and _left(trial) < _TUNED:
        return True
    return any(one.gain > _MUCH and _left(one) < _LITTLE_LEFT for one in (trial, whole) if one is not None)


def _left(trial: Trial) -> float:
    """Return how much is left with a repair of what is not explained without it."""
    return _unexplained(trial.after) / max(_unexplained(trial.before), KERAS_EPSILON)


def _luck(levels: Sequence[float], trial: Trial) -> bool:
    """Whether it is luck if the program learns, and none with the repair."""
    least = _LUCK * trial.level
    failed = sum(level < least for level in levels)
    return failed >= max(FEWEST_NEEDY, _LUCKLESS * len(levels)) and all(quality(r) >= least for r in trial.after)


def _beyond_luck(trial: Trial, without: Sequence[float]) -> bool:
    """Whether the program does not come as far without the repair with any seed, or the means differ surely."""
    if trial.goal == "recall":
        return True  # The recall has no placebo; it was better in every seed.
    return min(map(quality, trial.after)) > max(without) or _clearly_less(without, trial, 1.0, _SURELY)


def _clearly_less(without: Sequence[float], trial: Trial, share: float, errors: float) -> bool:
    """Whether the means say that `without` a repair less than a `share` is reached of what is with it.

    By so many standard `errors` of the difference (Welch 1947): how far seeds differ from each other.
    """
    repaired = [share * quality(result) for result in trial.after]
    error = math.sqrt(sum(statistics.variance(levels) / len(levels) for levels in (without, repaired)))
    return statistics.mean(repaired) - statistics.mean(without) > errors * error


def _unexplained(results: Sequence[Result]) -> float:
    """Return the share of the target's variance that is not explained, of training and validation rows alike."""
    rows = ((explained(result, held_out=False), explained(result, held_out=result.validated)) for result in results)
    return statistics.median(1 - (worth(seen) + worth(unseen)) / 2 for seen, unseen in rows)


def flattered(outcome: Outcome) -> bool:
    """Whether the skill falls in every seed once the fault is gone: it was too good to be true."""
    trial = outcome.trial
    if trial is None or not outcome.suspect.cause.flatters:
        return False
    return all(quality(b) - quality(a) > CLEAR_GAIN for b, a in zip(trial.before, trial.after, strict=True))


def _hidden(treatment: Treatment) -> Sentence | None:
    """Return what keeps a run that is short of the target from being called healthy: a strong suspicion, unproven.

    What was suspected of a cause whose repair works on fresh seeds is known: it does so little harm as that gains.
    """
    winner = treatment.winner
    known = {o.suspect.cause.id for o in treatment.outcomes if winner and o.trial and o.trial.change == winner.change}
    strong = (
        suspect.cause.title
        for suspect in treatment.suspects
        if suspect.cause.goal == "validation" and suspect.strength >= _STRONG and suspect.cause.id not in known
    )
    title = next(strong, None)
    if title is None:
        return None
    return said("{cause!m}, it seems, but no repair gained more than luck does.", cause=title)


def _missing(treatment: Treatment) -> Sentence:
    """Return in a sentence what would decide it."""
    facts = treatment.observed.facts
    if treatment.spent:
        return said("The time for trials was over before all was tried: a more thorough diagnosis may decide it.")
    if facts.reachable is None:
        return said(
            "There are too few rows to say what could be learnt from them, and no change that was tried was enough."
        )
    if facts.reachable < CLEAR_GAIN:
        return said("Simple models find little in these columns: more rows or others would tell whether more is there.")
    if max(treatment.observed.signals.val_skill or treatment.observed.signals.skill) < 0:
        return said("It does worse than always the same answer, and no change that was tried has cured that.")
    return said("No change that was tried brought it near what simple models reach.")
