"""What is done with outliers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from core.choices.choice import Choice, table

FENCE: Final = 3.0
"""Outliers lie beyond this many interquartile ranges outside the quartiles (the outer fences of Tukey 1977)."""


@dataclass(frozen=True, kw_only=True)
class Outliers(Choice):
    """One way to treat outliers."""

    fence: float | None = None
    """How many interquartile ranges outside the quartiles numbers are cut; None cuts none."""


OUTLIERS: Final[Mapping[str, Outliers]] = table(
    Outliers(name="keep", help="Extreme values stay."),
    Outliers(name="clip", help="Values far outside the quartiles are cut.", fence=FENCE),
)
