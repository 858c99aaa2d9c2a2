"""The scalings of a regression target: each learnt from the training rows, each with its way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.choices.choice import Choice, table

_LARGEST_LOG: Final = 700.0
"""The exponential of more comes near the end of float64."""

Fit = Callable[[Any], tuple[Any, Any]]
Bend = Callable[[Any], Any]


@dataclass(frozen=True, kw_only=True)
class TargetScaler(Choice):
    """One invertible scaling: ``z = bend((y - shift) / factor)``."""

    fit: Fit = lambda _y: (0.0, 1.0)
    """Targets, float64 [rows, targets] → shift and factor of each target. A factor that rounding alone keeps from 0
    counts as 1."""
    bend: Bend = lambda d: d
    """What is done to the shifted and divided targets, element by element; `unbend` undoes it."""
    unbend: Bend = lambda z: z


def _log(distance: Any) -> Any:
    import numpy as np

    return np.sign(distance) * np.log1p(np.abs(distance))


def _unlog(z: Any) -> Any:
    import numpy as np

    return np.sign(z) * np.expm1(np.minimum(np.abs(z), _LARGEST_LOG))


TARGET_SCALERS: Final[Mapping[str, TargetScaler]] = table(
    TargetScaler(name="none", help="The target stays as it is."),
    TargetScaler(name="standard", help="Mean 0 and standard deviation 1.",
                 fit=lambda y: (y.mean(axis=0), y.std(axis=0))),
    TargetScaler(name="minmax", help="The smallest training target becomes 0, the largest 1.",
                 fit=lambda y: (y.min(axis=0), y.max(axis=0) - y.min(axis=0))),
    TargetScaler(name="log", help="The logarithm of the distance to the smallest training target, with its sign.",
                 fit=lambda y: (y.min(axis=0), 1.0), bend=_log, unbend=_unlog),
)  # fmt: skip
