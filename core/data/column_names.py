"""Column names that can be shown and told apart."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Final

from core.sentence import said
from core.spec import plain_text

_BREAKS: Final = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")
_NOTES: Final = 10


def unique_names(names: Iterable[str], ignore_case: bool = False) -> tuple[list[str], list[str]]:
    """Return plain, non-empty, distinct names (``x``, ``x (2)``) in order, and notes on those that were changed.

    Plain is Unicode's composed form (NFC) without control characters, at most 120 characters. With `ignore_case` names
    that differ only in capitals are told apart, too.
    """
    fold = str.casefold if ignore_case else str
    originals = list(names)
    plain = [plain_text(_BREAKS.sub(" ", name)) for name in originals]
    reserved = {fold(name) for name in plain}
    unique: list[str] = []
    changes: list[str] = []
    taken: set[str] = set()
    for position, (original, stem) in enumerate(zip(originals, plain, strict=True), start=1):
        name = stem or f"column {position}"
        candidates = itertools.chain([name], (f"{name} ({n})" for n in itertools.count(2)))
        # A copy must not take the name that a later column has of its own.
        chosen = next(c for c in candidates if fold(c) not in taken and (c == name or fold(c) not in reserved))
        if chosen != original.strip():
            changes.append(
                said(
                    "Column {position} is called {name} here: its name is {why!w}.",
                    position=position,
                    name=chosen,
                    why=_why(original, stem, chosen),
                )
            )
        taken.add(fold(chosen))
        unique.append(chosen)
    if len(changes) > _NOTES:
        more = len(changes) - _NOTES
        changes[_NOTES:] = [said("{count:,} more columns have new names for similar reasons.", count=more)]
    return unique, changes


def _why(original: str, stem: str, chosen: str) -> str:
    if not stem:
        return said("empty")
    if chosen != stem:
        return said("taken")
    return said("too long") if len(original) > len(stem) + _NOTES else said("not plain text")


def listed(names: Sequence[str]) -> str:
    """Return the first ten names for a sentence, and how many more there are."""
    shown = ", ".join(str(name) for name in names[:10])
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown
