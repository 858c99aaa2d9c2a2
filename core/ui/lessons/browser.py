"""What only the browser can do for the lessons: remember which were solved, and bring a verdict into sight.

What was solved stays in this browser's own storage; the server is told and forgets it with the session.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import streamlit as st

from core.ui.component import Component

ANSWERED, SOLVED = "answered", "solved"

_COMPONENT: Final = Component("loss_lab_lessons", scripts=(Path(__file__).with_name("browser.js"),))
_DONE, _SEEN, _ARRIVED = "lesson_done", "lesson_seen", "lesson_arrived"


def note(lesson: str, mark: str) -> None:
    """Note how far somebody came in a lesson; solved stays solved."""
    done = st.session_state.setdefault(_DONE, {})
    if done.get(lesson) != SOLVED:
        done[lesson] = mark


def show_at_once(pressed: str) -> None:
    """Bring the curves and their verdict into sight, and the focus to it, once the page is drawn after a press."""
    st.session_state[_SEEN] = pressed


def arrive() -> None:
    """Give the focus to the title of the page that a press leads to, once it is drawn."""
    st.session_state[_ARRIVED] = st.session_state.get(_ARRIVED, 0) + 1


def browser(verdict: str = "", *, choice: str = "", asks: bool = False) -> Mapping[str, str]:
    """Hand the browser what is noted, and return lesson → mark; a page that `asks` also has what it remembers.

    A `verdict` that was not there before gets the focus if somebody pressed for it in this session. A `choice` is kept
    in the address, so that a reload does not lose it.
    """
    seen = st.session_state.get(_SEEN, "")
    result = _COMPONENT(
        key="lesson_browser",
        data={
            "done": st.session_state.get(_DONE, {}),
            "asks": asks,
            "choice": choice,
            "arrived": st.session_state.get(_ARRIVED, 0),
            "pressed": seen,
            "verdict": verdict if seen else "",
        },
        on_known_change=lambda: None,  # The change alone reruns the page.
    )
    told = result.known if isinstance(result.known, Mapping) else {}
    known: dict[str, str] = {str(lesson): mark for lesson, mark in told.items() if mark in (ANSWERED, SOLVED)}
    known.update(st.session_state.get(_DONE, {}))
    return known
