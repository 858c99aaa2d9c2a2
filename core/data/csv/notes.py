"""Collects what reading inferred or repaired, column by column, and says it in as few sentences as possible."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import pandas as pd

from core.data.column_names import listed
from core.spec import plain_text

_SENTENCES: Final[Mapping[str, str]] = {
    "comma": "Numbers are written with a decimal comma in {columns}.",
    "grouped": "Separators between thousands were removed in {columns}.",
    "currency": "Currency signs were removed in {columns}.",
    "unit": "Units were removed, the numbers stay as written, in {columns}.",
    "truth": "Read as true or false: {columns}.",
    "date": "Read as dates: {columns}.",
    "ambiguous": "Read as dates, though no day above 12 tells day from month: {columns}.",
    "zeros": "Kept as text because of leading zeros: {columns}.",
    "long": "Kept as text, whole numbers of more than 18 digits: {columns}.",
    "large": "Whole numbers above 2^53, as features rounded to 16 digits: {columns}.",
}
_DAY_AND_MONTH: Final = re.compile(r"(day|month)[./-](day|month)[./-]")


class Values(NamedTuple):
    """The values that words were read as, None if they should stay words; and remarks: kinds of sentences, details."""

    series: pd.Series[Any] | None
    remarks: tuple[tuple[str, str], ...] = ()


class Remarks:
    """Remarks on the columns of one file."""

    def __init__(self) -> None:
        self._columns = defaultdict[str, list[str]](list)
        self._markers = defaultdict[str, Counter[str]](Counter)
        self._mixtures: list[str] = []
        self._day_first: dict[str, bool] = {}

    @property
    def day_first(self) -> bool | None:
        """Whether the day leads in dates written as numbers, those first that could be either; None without any."""
        return next((self._day_first[kind] for kind in ("ambiguous", "date") if kind in self._day_first), None)

    def add(self, kind: str, column: str, detail: str = "") -> None:
        """Remark that `column` is of `kind`, a key of the sentences."""
        shown = plain_text(column, 60)
        self._columns[kind].append(f"{shown} ({detail})" if detail else shown)
        if kind in {"date", "ambiguous"} and (form := _DAY_AND_MONTH.match(detail)):
            self._day_first.setdefault(kind, form[1] == "day")

    def mark(self, word: str, column: str, cells: int) -> None:
        """Remark that `word` was read as missing in so many cells of `column`."""
        self._markers[word][column] += cells

    def mixture(self, column: str, example: str, cells: int) -> None:
        """Remark that so many cells, such as `example`, keep `column` from being numbers."""
        number = "1 cell is not a number" if cells == 1 else f"{cells:,} cells are not numbers"
        self._mixtures.append(
            f"{plain_text(column, 60)} is text because {number}, such as {plain_text(example, 40)!r}."
        )

    def sentences(self) -> list[str]:
        """Return all remarks, one sentence for each kind."""
        return [
            *(_missing(word, columns) for word, columns in self._markers.items()),
            *(sentence.format(columns=listed(self._columns[kind])) for kind, sentence in _SENTENCES.items()
              if kind in self._columns),
            *self._mixtures[:10],
        ]  # fmt: skip


def _missing(word: str, columns: Mapping[str, int]) -> str:
    cells = sum(columns.values())
    where = plain_text(next(iter(columns)), 60) if len(columns) == 1 else f"{len(columns)} columns"
    return f"{word} is read as missing: {'1 cell' if cells == 1 else f'{cells:,} cells'} of {where}."
