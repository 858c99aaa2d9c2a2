"""The encoders of words: scikit-learn's own, how many columns they make and what those are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.choices.choice import Choice, table

MAX_CATEGORIES: Final = 50
"""One-hot columns per category column; the rarest words beyond share one. More would be mostly zeros."""

Labels = Sequence[Sequence[str | None]]


@dataclass(frozen=True, kw_only=True)
class Encoder(Choice):
    """One way to make numbers of words."""

    build: Callable[[], Any] | None = None
    """Makes a scikit-learn transformer of word codes, float64 [rows, categories]: the place of each word among the
    sorted words of its column. A word may be new to it. None leaves category columns out."""
    labels: Callable[[Any, Sequence[Sequence[str]]], Labels] | None = None
    """(Fitted transformer, the sorted words of each category) → what the columns it makes of each category stand for;
    None is the column that the rarest words share. An encoder without labels makes one column of each category, which
    is scaled like a number; labelled columns are not scaled."""
    columns: Callable[[int], int] = lambda _words: 1
    """Number of different words → columns it makes of them."""
    flaw: str = ""
    """What the diagnosis says of words encoded so, if that can harm."""


def _one_hot() -> Any:
    from sklearn.preprocessing import OneHotEncoder

    return OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MAX_CATEGORIES, sparse_output=False)


def _one_hot_labels(encoder: Any, words: Sequence[Sequence[str]]) -> Labels:
    labels: list[list[str | None]] = []
    for own, known, rare in zip(words, encoder.categories_, encoder.infrequent_categories_, strict=True):
        shared = () if rare is None else set(rare)
        labels.append([own[int(code)] for code in known if code not in shared] + [None] * (rare is not None))
    return labels


def _ordinal() -> Any:
    from sklearn.preprocessing import OrdinalEncoder

    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)


ENCODERS: Final[Mapping[str, Encoder]] = table(
    Encoder(name="one_hot", words="one-hot", help="A 0/1 column per word.",
            build=_one_hot, labels=_one_hot_labels, columns=lambda words: min(words, MAX_CATEGORIES)),
    Encoder(name="ordinal", help="A number per word, in alphabetical order; it is scaled like any number.",
            build=_ordinal, flaw="numbered, as if they had an order"),
    Encoder(name="drop", help="Columns of words are left out.", columns=lambda _words: 0, flaw="left out"),
)  # fmt: skip
