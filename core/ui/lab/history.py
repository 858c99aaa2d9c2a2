"""What one session has shown in the lab, in order, and where in it the session is: undo goes back, redo forth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import streamlit as st

from core.jobs.storage.series import MOST_STEPS
from core.spec import ExperimentSpec

_STEPS: Final = "lab_steps"
_PLACE: Final = "lab_step"


@dataclass(frozen=True)
class Step:
    """What was run and the experiment that came of it; `live` until somebody keeps it."""

    spec: ExperimentSpec
    experiment: str
    live: bool = False
    knobs: ExperimentSpec | None = None
    """What the knobs said, where that was something else: the program of a range test."""


def steps() -> list[Step]:
    """Return what was shown, oldest first."""
    known: list[Step] = st.session_state.setdefault(_STEPS, [])
    return known


def place() -> int:
    """Return the place among `steps` of what is shown now; -1 before anything was."""
    now: int = st.session_state.setdefault(_PLACE, -1)
    return now


def current() -> Step | None:
    """Return what is shown now."""
    return steps()[place()] if place() >= 0 else None


def record(step: Step) -> None:
    """Make `step` what is shown now; what was undone before it is forgotten, and so is what is long past."""
    st.session_state[_STEPS] = [*steps()[: place() + 1], step][-MOST_STEPS:]
    st.session_state[_PLACE] = len(steps()) - 1


def replace(step: Step) -> None:
    """Put `step` in the place of what is shown now."""
    steps()[place()] = step


def at(by: int) -> Step | None:
    """Return what is `by` steps forth, or back where it is negative; None beyond the ends."""
    there = place() + by
    return steps()[there] if 0 <= there < len(steps()) else None


def move(by: int) -> Step | None:
    """Go `by` steps and return what is there; None, unmoved, beyond the ends."""
    there = at(by)
    if there is not None:
        st.session_state[_PLACE] = place() + by
    return there
