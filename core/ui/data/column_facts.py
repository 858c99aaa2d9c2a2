"""A profile as rows of a table for people: what each column is, and in a few words what is odd about it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import pandas as pd

from core.data.kinds import NEARLY_UNIQUE
from core.data.understand.profile import ColumnProfile, Profile
from core.spec import plain_text
from core.ui.text import percent
from core.ui.words import later, number, t

WARNING: Final = "red"
DOUBT: Final = "orange"
FACT: Final = "gray"
TARGET: Final = "primary"

_MUCH: Final = 0.3
"""A larger share of missing values is worth a doubt."""
_SKEWED: Final = 3.0
_MANY_OUTLIERS: Final = 0.01
_MANY_CATEGORIES: Final = 50
_NAME_LENGTH: Final = 60
_LOOKED_AT: Final = 200

_LEAKS: Final = {
    "copy": later("the target in other words"),
    "answer": later("reveals the target"),
    "identifier": later("row number that reveals the target"),
}


def badges(column: ColumnProfile, profile: Profile) -> list[tuple[str, str]]:
    """Return what is worth knowing about `column` as (words, colour), the gravest first."""
    target = column.name in profile.targets
    known_twin = target or not column.repeats or column.repeats in profile.targets
    leaks = [] if target else [t(_LEAKS[leak.reason]) for leak in profile.leaks if leak.column == column.name]
    empty, outliers = column.missing == 1, column.outliers or 0
    checks = (
        (target, t("target"), TARGET),
        *((True, words, WARNING) for words in leaks),
        (empty, t("empty"), DOUBT),
        (column.constant and not empty, t("constant"), DOUBT),
        *(
            (True, t("suspicious {number}", number=number(sentinel.value, ".6g")), DOUBT)
            for sentinel in column.sentinels
        ),
        (column.infinite > 0, t("infinite values"), DOUBT),
        (
            0 < column.missing < 1,
            t("{share} missing", share=percent(column.missing)),
            DOUBT if column.missing > _MUCH else FACT,
        ),
        (column.identifier, t("identifier"), FACT),
        (not known_twin, same_as(column), FACT),
        (outliers >= _MANY_OUTLIERS, t("{share} outliers", share=percent(outliers)), FACT),
        (abs(column.skew or 0) >= _SKEWED, t("skewed"), FACT),
        (column.kind == "category" and column.distinct > _MANY_CATEGORIES, t("many categories"), FACT),
    )
    return [(words, colour) for true, words, colour in checks if true]


def same_as(column: ColumnProfile) -> str:
    """Return which column `column` repeats, in words."""
    return t("same as {column}", column=plain_text(column.repeats or "", 24))


def fact_rows(profile: Profile, features: Collection[str]) -> list[dict[str, Any]]:
    """Return one row per column for the table of columns."""
    return [
        {
            "input": None if column.name in profile.targets else column.name in features,
            "column": plain_text(column.name, _NAME_LENGTH),
            "kind": t(column.kind),
            "shape": list(column.counts) or None,
            "missing": percent(column.missing),
            "distinct": column.distinct,
            "range": span(column),
            "remarks": [words for words, _ in badges(column, profile)],
            "predict": "" if column.name in profile.targets or column.kind in NEARLY_UNIQUE else t("Predict"),
        }
        for column in profile.columns
    ]


def span(column: ColumnProfile) -> str:
    """Return the range of numbers and dates, or the most frequent values."""
    if column.minimum is not None and column.maximum is not None:
        return f"{number(column.minimum, '.6g')} … {number(column.maximum, '.6g')}"
    if column.kind == "date" and column.labels:
        return f"{column.labels[0]} … {column.labels[-1]}"
    return plain_text(", ".join(column.labels[:3]), 60)


def values_of(series: pd.Series) -> str:
    """Return a column's first few distinct values in words."""
    found = series.head(_LOOKED_AT).dropna().unique()[:3]
    words = (
        number(value, ".6g") if isinstance(value, float) else str(value).removesuffix(" 00:00:00") for value in found
    )
    return plain_text(", ".join(words), 60)


def balance(classes: Sequence[tuple[str, int]], most: int = 5) -> str:
    """Return the share of each class in words, the most frequent first."""
    total = sum(count for _, count in classes)
    shown = [f"{plain_text(name, 24)}: {percent(count / total)}" for name, count in classes[:most]]
    return ", ".join([*shown, t("{count} more", count=len(classes) - most)] if len(classes) > most else shown)
