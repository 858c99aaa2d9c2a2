"""The three families of causes as a person sees them: a name and a colour, the same on every page."""

from __future__ import annotations

from typing import Final

import streamlit as st

FAMILIES: Final = {
    "preprocessing": ("Data preprocessing", "blue"),
    "architecture": ("Architecture", "violet"),
    "optimisation": ("Optimisation", "orange"),
}


def family_badge(family: str) -> None:
    """Draw the badge of a family."""
    name, colour = FAMILIES[family]
    st.badge(name, color=colour)  # type: ignore[arg-type]
