"""The pages of the app; the router shows them, pages link to one another with them."""

from __future__ import annotations

from typing import Final

import streamlit as st
from streamlit.navigation.page import Page

from core.paths import ROOT

_PAGES: Final = ROOT / "pages"


def lab_page() -> Page:
    """Return the lab, which is the start page."""
    return st.Page(
        _PAGES / "lab.py", title="Lab", icon=":material/science:", url_path="lab", default=True,
        help="Choose data, turn knobs and watch the loss of every variant in one chart.",
    )  # fmt: skip


def lessons_page() -> Page:
    """Return the lessons: predict, run, understand."""
    return st.Page(
        _PAGES / "lessons.py", title="Lessons", icon=":material/school:", url_path="lessons",
        help="One cause of a bad loss at a time: predict, run, understand.",
    )  # fmt: skip


def diagnose_page() -> Page:
    """Return the diagnosis: what causes the loss of a run, and what would cure it."""
    return st.Page(
        _PAGES / "diagnose.py", title="Diagnose", icon=":material/troubleshoot:", url_path="diagnose",
        help="What causes a bad loss: each suspected cause is tested by training its repair.",
    )  # fmt: skip


def runs_page() -> Page:
    """Return the list of everything that was run."""
    return st.Page(
        _PAGES / "runs.py", title="Runs", icon=":material/history:", url_path="runs",
        help="Every experiment so far, newest first; open or delete one.",
    )  # fmt: skip
