"""The scalers: scikit-learn's own for the inputs, and those of a regression target, each with its way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.choices.choice import Choice, table


@dataclass(frozen=True, kw_only=True)
class Scaler(Choice):
    """One way to bring the inputs to a similar range."""

    build: Callable[[int], Any] | None = None
    """Number of fitted rows → a scikit-learn transformer of float64 [rows, inputs]; None leaves inputs as they are."""
    by_row: bool = False
    """Whether it scales each row by itself, a missing value counting as 0. Others learn from each column and must let
    NaN pass; numbers beyond 1e100 come to them divided by the largest of their column."""


def _sklearn(name: str) -> Callable[[int], Any]:
    def build(_rows: int) -> Any:
        from sklearn import preprocessing

        return getattr(preprocessing, name)()

    return build


def _quantile(rows: int) -> Any:
    from sklearn.preprocessing import QuantileTransformer

    return QuantileTransformer(n_quantiles=min(1000, rows), subsample=None)


SCALERS: Final[Mapping[str, Scaler]] = table(
    Scaler(name="none", words="unscaled", help="Inputs stay as they are."),
    Scaler(name="minmax", words="min-max", help="The smallest training value becomes 0, the largest 1.",
           build=_sklearn("MinMaxScaler")),
    Scaler(name="standard", help="Mean 0 and standard deviation 1.",
           build=_sklearn("StandardScaler")),
    Scaler(name="robust", help="Median 0 and interquartile range 1, which outliers hardly move.",
           build=_sklearn("RobustScaler")),
    Scaler(name="maxabs", words="largest = 1", help="Divided by the largest absolute value; 0 stays 0.",
           build=_sklearn("MaxAbsScaler")),
    Scaler(name="quantile", help="The share of training values below, from 0 to 1.",
           build=_quantile),
    Scaler(name="power", help="Bent towards a bell curve, then standardised (Yeo & Johnson 2000).",
           build=_sklearn("PowerTransformer")),
    Scaler(name="l2", words="rows of length 1", help="Each row is divided by its length.",
           build=_sklearn("Normalizer"), by_row=True),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class TargetScaler(Choice):
    """One invertible scaling: ``z = bend((y - shift) / factor)``."""

    fit: Callable[[Any], tuple[Any, Any]] | None = None
    """Targets, float64 [rows, targets] → shift and factor of each target; None leaves targets as they are. A factor
    that rounding alone keeps from 0 counts as 1."""
    bend: Callable[[Any], Any] = lambda d: d
    """What is done to the shifted and divided targets, element by element; `unbend` undoes it."""
    unbend: Callable[[Any], Any] = lambda z: z


_LARGEST_LOG: Final = 700.0
"""The exponential of more comes near the end of float64."""


def _log(distance: Any) -> Any:
    import numpy as np

    return np.sign(distance) * np.log1p(np.abs(distance))


def _unlog(z: Any) -> Any:
    import numpy as np

    return np.sign(z) * np.expm1(np.minimum(np.abs(z), _LARGEST_LOG))


TARGET_SCALERS: Final[Mapping[str, TargetScaler]] = table(
    TargetScaler(name="none", words="unscaled", help="The target stays as it is."),
    TargetScaler(name="standard", help="Mean 0 and standard deviation 1.",
                 fit=lambda y: (y.mean(axis=0), y.std(axis=0))),
    TargetScaler(name="minmax", words="min-max", help="The smallest training target becomes 0, the largest 1.",
                 fit=lambda y: (y.min(axis=0), y.max(axis=0) - y.min(axis=0))),
    TargetScaler(name="log", help="The logarithm of the distance to the smallest training target, with its sign.",
                 fit=lambda y: (y.min(axis=0), 1.0), bend=_log, unbend=_unlog),
)  # fmt: skip
