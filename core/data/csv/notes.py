"""Collects what reading inferred or repaired, column by column, and says it in as few sentences as possible."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import pandas as pd

from core.data.column_names import listed
from core.sentence import said
from core.spec import plain_text

SENTENCES: Final[Mapping[str, str]] = {
    "comma": "Numbers are written with a decimal comma in {columns!l}.",
    "grouped": "Separators between thousands were removed in {columns!l}.",
    "currency": "Currency signs were removed in {columns!l}.",
    "unit": "Units were removed, the numbers stay as written, in {columns!l}.",
    "truth": "Read as true or false: {columns!l}.",
    "date": "Read as dates: {columns!l}.",
    "ambiguous": "Read as dates, though no day above 12 tells day from month: {columns!l}.",
    "zeros": "Kept as text because of leading zeros: {columns!l}.",
    "long": "Kept as text, whole numbers of more than 18 digits: {columns!l}.",
    "large": "Whole numbers above 2^53, as features rounded to 16 digits: {columns!l}.",
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
        told = {"column": plain_text(column, 60), "example": plain_text(example, 40)}
        if cells == 1:
            remark = said("{column} is text because 1 cell is not a number, such as {example!r}.", **told)
        else:
            remark = said(
                "{column} is text because {count:,} cells are not numbers, such as {example!r}.", **told, count=cells
            )
        self._mixtures.append(remark)

    def sentences(self) -> list[str]:
        """Return all remarks, one sentence for each kind."""
        return [
            *(_missing(word, columns) for word, columns in self._markers.items()),
            *(said(sentence, columns=listed(self._columns[kind])) for kind, sentence in SENTENCES.items()
              if kind in self._columns),
            *self._mixtures[:10],
        ]  # fmt: skip


def _missing(word: str, columns: Mapping[str, int]) -> str:
    count = sum(columns.values())
    cells = said("1 cell") if count == 1 else said("{count:,} cells", count=count)
    if len(columns) > 1:
        return said(
            "{word} is read as missing: {cells!t} of {count} columns.", word=word, cells=cells, count=len(columns)
        )
    column = plain_text(next(iter(columns)), 60)
    return said("{word} is read as missing: {cells!t} of {column}.", word=word, cells=cells, column=column)
