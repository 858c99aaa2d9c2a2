"""What a repair gains: one number with its interval, the same in the cards, the table and the public report."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from core.diagnosis.evidence.signals import explained, median_of_most
from core.diagnosis.trials.trial import Trial
from core.training.result import Result

_SURE: Final = 0.975
"""Quantile of Student's t: two sides of it make 95 %."""
_DIGITS: Final = 4
MUCH_LOWER: Final = 2.0
"""How many times lower a loss could be before it is worth a word."""
AS_GOOD: Final = 0.05
"""What a run may explain less than simple models and still be called about as good."""


def times_lower(level: float, best: float) -> float:
    """Return how many times lower a loss could be that explains `level`, where `best` is possible; 1 where that is all.

    Parameters
    ----------
    level, best : float
        Shares of the variance; what is not explained is the loss.
    """
    return (1 - level) / (1 - best) if best < 1 else 1.0


@dataclass(frozen=True)
class Gain:
    """What is gained by a repair, over the seeds of its trial.

    Attributes
    ----------
    value : float
        The median with it less the median without: of the share of variance explained on rows held out (training rows,
        if none are), or of the lowest recall of any class where that is the goal. What is worse than guessing, or no
        result, explains nothing: from -1 to 1.
    low, high : float or None
        The 95 % interval of the mean difference, each seed against itself, by Student's t (Student 1908, "The probable
        error of a mean"), as far as the value where seeds are so unlike that the mean is far from it; None for a single
        seed. Of three seeds it is wide, as it has to be: 4.3 standard errors.
    """

    value: float
    low: float | None = None
    high: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the public form."""
        return {name: None if value is None else round(value, _DIGITS) for name, value in asdict(self).items()}


def gain_of(trial: Trial) -> Gain:
    """Return what the change of `trial` gains."""
    before, after = ([_reached(trial, result) for result in results] for results in (trial.before, trial.after))
    # Whole percents, as they are shown: what is gained is what they differ by.
    value = round(round(_level(after), 2) - round(_level(before), 2), 2)
    gains = [_level([b]) - _level([a]) for a, b in zip(before, after, strict=True)]
    if len(gains) < 2:
        return Gain(value)
    from scipy.special import stdtrit

    mean = statistics.mean(gains)
    reach = float(stdtrit(len(gains) - 1, _SURE)) * statistics.stdev(gains) / math.sqrt(len(gains))
    return Gain(value, max(-1.0, min(mean - reach, value)), min(1.0, max(mean + reach, value)))


def _reached(trial: Trial, result: Result) -> float | None:
    return result.least_recall if trial.goal == "recall" else explained(result, held_out=result.validated)


def _level(reached: Sequence[float | None]) -> float:
    return max(0.0, median_of_most(reached) or 0.0)
