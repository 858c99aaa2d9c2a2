"""What a repair costs: steps, seconds and weights, as they are and with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from core.diagnosis.evidence.signals import median_of_most
from core.diagnosis.trials.trial import Trial
from core.training.result import Result

Pair = tuple[float, float]
"""As it is, and with the repair."""


@dataclass(frozen=True)
class Cost:
    """Medians over the seeds of one run as it is and with a repair; None where one of the two is not known.

    Attributes
    ----------
    steps : pair of float or None
        Optimizer steps.
    seconds : pair of float or None
        Of training; known where both were trained alike, without a look into the layers.
    weights : pair of float or None
    """

    steps: Pair | None = None
    seconds: Pair | None = None
    weights: Pair | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the public form."""
        return {name: None if pair is None else list(pair) for name, pair in asdict(self).items()}


def cost_of(trial: Trial, planned: Pair | None, *, alike: bool) -> Cost:
    """Return what the change of `trial` costs.

    Parameters
    ----------
    planned : pair of float or None
        The steps that were asked for, which count where runs ended before their time.
    alike : bool
        Whether the runs as they are were trained as those with the repair: without a look into the layers.
    """
    taken = _pair(trial, lambda result: result.telemetry.get("updates") if result.state == "done" else None)
    steps = taken or planned
    seconds = _pair(trial, lambda result: result.seconds or None) if alike and taken else None
    return Cost(steps, seconds, _pair(trial, lambda result: result.parameters))


def _pair(trial: Trial, measure: Callable[[Result], float | None]) -> Pair | None:
    before, after = (median_of_most(map(measure, results)) for results in (trial.before, trial.after))
    return None if before is None or after is None else (before, after)
