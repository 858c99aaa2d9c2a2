"""Short experiments that a symptom asks for before anything is repaired: sixteen rows alone, and a range of rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from core.diagnosis.causes.cause import Change, Observation
from core.diagnosis.evidence.limits import HIGHEST_RATE
from core.diagnosis.evidence.signals import explained
from core.diagnosis.trials.trial import Workbench, quality

FEW_ROWS: Final = 16
_FEW_UPDATES: Final = 400
"""Enough for a network that works to learn so few rows by heart."""
RATES: Final = (1e-3, 1e-2, 0.1, 10.0, 100.0)
"""Learning rates of the range test, in multiples of the present one."""
_DEEPEST: Final = 12
"""Deeper networks take longer to compile than the result is worth."""


def with_few_rows(observed: Observation, workbench: Workbench) -> Observation:
    """Return `observed` with what the network learns of sixteen rows alone, if it learnt nothing of all of them.

    A network that cannot is broken itself; one that can has trouble with the data or the time it is given
    (the "over-fit a batch" check of Karpathy's recipe and TheDeepChecker).
    """
    signals, facts = observed.signals, observed.facts
    asked = signals.learnt_little and not signals.diverged and not signals.failed and not facts.invalid_inputs
    if not asked or facts.rows < 2 * FEW_ROWS or not 0 < observed.depth <= _DEEPEST:
        return observed
    change: Change = {
        "data.rows": FEW_ROWS,
        "data.validation_fraction": 0.0,
        "training.batch_size": FEW_ROWS,
        "training.epochs": _FEW_UPDATES,
        "training.early_stopping": None,
    }
    result = workbench.probe([change])[0] if workbench.affords(change) else None
    if result is None:
        return observed
    return replace(observed, signals=replace(signals, few_rows=explained(result, held_out=False)))


def with_range_of_rates(observed: Observation, workbench: Workbench) -> Observation:
    """Return `observed` with what other learning rates reach, tried with the worst seed (a range test by real runs)."""
    rate = observed.run.training.learning_rate
    wanted = [float(f"{min(rate * times, HIGHEST_RATE):.6g}") for times in RATES]
    rates = [other for other in dict.fromkeys(wanted) if other != rate and workbench.affords(_rate(other))]
    results = workbench.probe([_rate(other) for other in rates])
    reached: Mapping[float, float] = {other: quality(result) for other, result in zip(rates, results, strict=True)}
    return replace(observed, signals=replace(observed.signals, rates=reached))


def _rate(value: float) -> Change:
    return {"training.learning_rate": value}
