"""What a link hides and locks in a lesson: its repair, its exercise, or single knobs of that."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.lessons import Lesson
from core.ui.lab.knobs import KNOBS
from core.ui.lab.reins import Reins, reins_of_address
from core.ui.text import inert

REPAIR, EXERCISE = "repair", "exercise"
_NAMES: Final = (REPAIR, EXERCISE, *(knob.path for knob in KNOBS))


def lesson_reins(lesson: Lesson) -> Reins:
    """Return what the address hides and locks in `lesson`; knobs that only other lessons have do not matter."""
    return reins_of_address((*_NAMES, *lesson.exercise.knobs))


def complain(lesson: Lesson) -> None:
    """Say what the address names that no lesson has."""
    if complaint := lesson_reins(lesson).complaint:
        st.warning(inert(complaint, 300), icon=":material/link_off:")
