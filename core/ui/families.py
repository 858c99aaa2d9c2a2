"""The three families of causes as a person sees them: a name and a colour, the same on every page."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.ui.words import later, t

FAMILIES: Final = {
    "preprocessing": (later("Data preprocessing"), "blue"),
    "architecture": (later("Architecture"), "violet"),
    "optimisation": (later("Optimisation"), "orange"),
}


def family_badge(family: str) -> None:
    """Draw the badge of a family."""
    name, colour = FAMILIES[family]
    st.badge(t(name), color=colour)  # type: ignore[arg-type]
