"""Ways to treat missing values: scikit-learn's imputers, and what else happens to rows, columns and words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from core.choices.choice import Choice, table


@dataclass(frozen=True, kw_only=True)
class Imputation(Choice):
    """One way to treat missing values."""

    build: Callable[[], Any] | None = None
    """Makes the scikit-learn imputer of number columns. It keeps the width: a column without a value among the fitted
    rows stays."""
    own_category: bool = False
    """Whether a missing word is a word of its own; otherwise it becomes the most frequent one."""
    drops: Literal["", "rows", "columns"] = ""
    """What goes if it has a missing value: ``rows``, ``columns`` or nothing."""
    indicator: bool = False
    """Whether each column with missing values gets a 0/1 column beside it."""
    keeps: bool = False
    """Whether missing and infinite numbers reach the network as they are."""

    @property
    def visible(self) -> bool:
        """Whether the network can tell which values were missing."""
        return self.keeps or self.indicator


def _simple(strategy: str) -> Callable[[], Any]:
    def build() -> Any:
        from sklearn.impute import SimpleImputer

        return SimpleImputer(strategy=strategy, fill_value=0.0, keep_empty_features=True)

    return build


IMPUTATIONS: Final[Mapping[str, Imputation]] = table(
    Imputation(name="keep", help="Missing values reach the network as they are.", own_category=True, keeps=True),
    Imputation(name="drop_rows", help="Rows with a missing value are left out.", drops="rows"),
    Imputation(name="drop_columns", help="Columns with a missing value are left out.", drops="columns"),
    Imputation(name="mean", help="The column's mean.", build=_simple("mean")),
    Imputation(name="median", help="The column's median.", build=_simple("median")),
    Imputation(name="most_frequent", help="The column's most frequent value.", build=_simple("most_frequent")),
    Imputation(name="zero", help="0; a missing word is a word of its own.",
               build=_simple("constant"), own_category=True),
    Imputation(name="indicator", help="The median, and a 0/1 column that says where values were missing.",
               build=_simple("median"), indicator=True),
)  # fmt: skip
