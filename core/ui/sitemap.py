"""The pages of the app; the router shows them, pages link to one another with them."""

from __future__ import annotations

from typing import Final

import streamlit as st
from streamlit.navigation.page import Page

from core.paths import ROOT
from core.ui.words import later, t

PAGES: Final = {
    "lab": (
        "science",
        later("Lab"),
        later("Choose data, turn knobs and watch the loss of every variant in one chart."),
    ),
    "lessons": (
        "school",
        later("Lessons"),
        later("One cause of a bad loss at a time: predict, run, understand."),
    ),
    "class": (
        "groups",
        later("Class"),
        later("Do lessons together: join with a code, or open a class and see how far everybody is."),
    ),
    "diagnose": (
        "troubleshoot",
        later("Diagnose"),
        later("What causes a bad loss: each suspected cause is tested by training its repair."),
    ),
    "runs": (
        "history",
        later("Runs"),
        later("Every experiment so far, newest first; open or delete one."),
    ),
    "audit": (
        "receipt_long",
        later("Audit"),
        later("Who signed in, submitted, shared and deleted; for admins."),
    ),
}
"""Path in the address → icon, title and help; the first one is the start page."""


def page(path: str, *, hidden: bool = False) -> Page:
    """Return the page at `path`, one of `PAGES`; one that is `hidden` has an address and no name in the navigation."""
    icon, title, words = PAGES[path]
    return st.Page(
        ROOT / "pages" / f"{path}.py",
        title=t(title),
        icon=f":material/{icon}:",
        url_path=path,
        default=path == "lab",
        help=t(words),
        visibility="hidden" if hidden else "visible",
    )
