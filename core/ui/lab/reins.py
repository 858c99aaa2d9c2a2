"""What a link lets a visitor turn: ``hide=scaling,layers&lock=learning_rate`` in the address of the lab or a lesson.

What is hidden or locked keeps its value: a teacher sets it, the link fixes it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import streamlit as st

from core.spec import plain_text
from core.ui.words import later, t

HIDE, LOCK = "hide", "lock"
_MOST_NAMES: Final = 100


@dataclass(frozen=True)
class Reins:
    """Names of controls that are hidden or locked, and those in the address that are none."""

    hidden: frozenset[str] = frozenset()
    locked: frozenset[str] = frozenset()
    unknown: tuple[str, ...] = ()

    @property
    def complaint(self) -> str:
        """One sentence of plain text about what is not known, or nothing."""
        if not self.unknown:
            return ""
        names = ", ".join(self.unknown[:3]) + (" …" if len(self.unknown) > 3 else "")
        told = later("This link hides or locks {names}, which is no control here; everything else is as it says.")
        return t(told, names=names)


def reins(hide: str, lock: str, names: Collection[str]) -> Reins:
    """Return what two lists, with commas, hide and lock of the controls called `names`.

    A name may be a whole path (``preprocessing.scaling``) or its last part.
    """
    found: dict[str, frozenset[str]] = {}
    unknown: list[str] = []
    for what, text in ((HIDE, hide), (LOCK, lock)):
        asked = [name.strip() for name in text.split(",")[:_MOST_NAMES] if name.strip()]
        meant = {name: _meant(name, names) for name in asked}
        found[what] = frozenset(path for path in meant.values() if path)
        unknown += [plain_text(name, 30) or t("an empty name") for name, path in meant.items() if not path]
    return Reins(found[HIDE], found[LOCK] - found[HIDE], tuple(dict.fromkeys(unknown)))


def reins_of_address(names: Collection[str]) -> Reins:
    """Return what the address hides and locks."""
    return reins(st.query_params.get(HIDE, ""), st.query_params.get(LOCK, ""), names)


def kept_reins() -> dict[str, str]:
    """Return what of the address goes along to another lesson or experiment."""
    return {name: st.query_params[name] for name in (HIDE, LOCK) if name in st.query_params}


def short_name(path: str) -> str:
    """Return the last part of a path, which names a control in a link."""
    return path.rpartition(".")[2]


def _meant(name: str, names: Collection[str]) -> str:
    if name in names:
        return name
    return next((path for path in names if short_name(path) == name), "")
