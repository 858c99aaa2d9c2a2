"""How likely a named cause is right: what its evidence and its trials say, calibrated on programs whose fault is known.

The numbers in confidence.json are fitted by ``python -m benchmarks.evidence``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

LEAST, MOST = 0.01, 0.99
"""What is measured on a few hundred causes can be no surer."""


class Proof(NamedTuple):
    """What trials make of a suspicion of strength s: ``shown + kept * s``, its score."""

    shown: float
    kept: float

    def score(self, strength: float) -> float:
        """Return how much is left of a suspicion of this strength, with what was shown."""
        return self.shown + self.kept * strength


class Calibration(NamedTuple):
    """A straight line from the log-odds of a score to those of being right (Platt 1999, "Probabilistic outputs …").

    It rises, so that the order of causes is that of their scores.
    """

    intercept: float
    slope: float

    def confidence(self, score: float) -> float:
        """Return how often a cause with this score is right."""
        odds = self.intercept + self.slope * log_odds(score)
        return min(max(1 / (1 + math.exp(-odds)), LEAST), MOST)


def in_order(confidences: Sequence[float]) -> list[float]:
    """Return confidences of ranked causes that nowhere rise: the nearest to those given (isotonic regression)."""
    if len(confidences) < 2:
        return list(confidences)
    from sklearn.isotonic import isotonic_regression

    return [float(value) for value in isotonic_regression(confidences, increasing=False)]


def log_odds(score: float) -> float:
    """Return ``log(p / (1 - p))`` of a score, which is taken for no surer than `MOST`."""
    bounded = min(max(score, LEAST), MOST)
    return math.log(bounded / (1 - bounded))


MEASURED: Final = Calibration(**json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8")))
