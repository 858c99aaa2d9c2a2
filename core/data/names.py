"""Column names that can be shown and told apart."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from core.spec import plain_text


def unique_names(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return plain, non-empty, distinct names (``x``, ``x (2)``) in order, and a note on each that was changed."""
    unique: list[str] = []
    notes: list[str] = []
    taken: set[str] = set()
    originals = list(names)
    reserved = {plain_text(name) for name in originals}
    for position, original in enumerate(originals, start=1):
        name = plain_text(original) or f"column {position}"
        candidates = itertools.chain([name], (f"{name} ({n})" for n in itertools.count(2)))
        # A copy must not take the name that a later column has of its own.
        chosen = next(c for c in candidates if c not in taken and (c == name or c not in reserved))
        if chosen != original.strip():
            notes.append(f"Column {position} is called {chosen} here: its name is empty, taken or not plain text.")
        taken.add(chosen)
        unique.append(chosen)
    return unique, notes


def listed(names: Sequence[str]) -> str:
    """Return the first ten names for a sentence, and how many more there are."""
    shown = ", ".join(str(name) for name in names[:10])
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown
