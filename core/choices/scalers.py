"""The scalers: scikit-learn's own, and how each works on the inputs."""

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
    Scaler(name="none", help="Inputs stay as they are."),
    Scaler(name="minmax", help="The smallest training value becomes 0, the largest 1.",
           build=_sklearn("MinMaxScaler")),
    Scaler(name="standard", help="Mean 0 and standard deviation 1.",
           build=_sklearn("StandardScaler")),
    Scaler(name="robust", help="Median 0 and interquartile range 1, which outliers hardly move.",
           build=_sklearn("RobustScaler")),
    Scaler(name="maxabs", help="Divided by the largest absolute value; 0 stays 0.",
           build=_sklearn("MaxAbsScaler")),
    Scaler(name="quantile", help="The share of training values below, from 0 to 1.",
           build=_quantile),
    Scaler(name="power", help="Bent towards a bell curve, then standardised (Yeo & Johnson 2000).",
           build=_sklearn("PowerTransformer")),
    Scaler(name="l2", help="Each row is divided by its length.",
           build=_sklearn("Normalizer"), by_row=True),
)  # fmt: skip
