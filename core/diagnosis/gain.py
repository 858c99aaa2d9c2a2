"""What a repair gains: one number with its interval, the same in the cards, the table and the public report."""

from __future__ import annotations

import math
import statistics
from dataclasses import asdict, dataclass
from typing import Any, Final

from core.diagnosis.evidence.signals import explained
from core.diagnosis.trials.trial import Trial
from core.training.result import Result

_SURE: Final = 0.975
"""Quantile of Student's t: two sides of it make 95 %."""
_DIGITS: Final = 4


@dataclass(frozen=True)
class Gain:
    """What is gained by a repair, each seed with it against the same seed without.

    Attributes
    ----------
    median : float
        In the share of variance explained on rows held out (training rows, if none are), or in the lowest recall of
        any class where that is the goal. What is worse than guessing explains nothing: from -1 to 1.
    low, high : float or None
        The 95 % interval of the mean of those paired differences by Student's t (Student 1908, "The probable error of
        a mean"); None for a single seed. Of three seeds it is wide, as it has to be: 4.3 standard errors.
    """

    median: float
    low: float | None = None
    high: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the public form."""
        return {name: None if value is None else round(value, _DIGITS) for name, value in asdict(self).items()}


def gain_of(trial: Trial) -> Gain:
    """Return what the change of `trial` gains."""
    gains = [_reached(trial, b) - _reached(trial, a) for a, b in zip(trial.before, trial.after, strict=True)]
    median = statistics.median(gains)
    if len(gains) < 2:
        return Gain(median)
    from scipy.special import stdtrit

    mean = statistics.mean(gains)
    reach = float(stdtrit(len(gains) - 1, _SURE)) * statistics.stdev(gains) / math.sqrt(len(gains))
    return Gain(median, max(-1.0, mean - reach), min(1.0, mean + reach))


def _reached(trial: Trial, result: Result) -> float:
    level = result.least_recall if trial.goal == "recall" else explained(result, held_out=result.validated)
    return max(0.0, level or 0.0)
