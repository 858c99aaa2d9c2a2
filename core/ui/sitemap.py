"""The pages of the app; the router shows them, pages link to one another with them."""

from __future__ import annotations

from typing import Final

import streamlit as st
from streamlit.navigation.page import Page

from core.paths import ROOT

PAGES: Final = {
    "lab": ("science", "Choose data, turn knobs and watch the loss of every variant in one chart."),
    "lessons": ("school", "One cause of a bad loss at a time: predict, run, understand."),
    "class": ("groups", "Do lessons together: join with a code, or open a class and see how far everybody is."),
    "diagnose": ("troubleshoot", "What causes a bad loss: each suspected cause is tested by training its repair."),
    "runs": ("history", "Every experiment so far, newest first; open or delete one."),
}
"""Path in the address → icon and help; the first one is the start page."""


def page(path: str) -> Page:
    """Return the page at `path`, one of `PAGES`."""
    icon, words = PAGES[path]
    return st.Page(
        ROOT / "pages" / f"{path}.py",
        title=path.capitalize(),
        icon=f":material/{icon}:",
        url_path=path,
        default=path == "lab",
        help=words,
    )
