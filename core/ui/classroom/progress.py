"""A lesson inside a class: the teacher is told how far the learner is, and the answer may have to wait."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import streamlit as st

from core.errors import InputRefused, WorkFailed
from core.jobs.classroom.records import Progress, Step
from core.jobs.lab import get_lab
from core.lessons import Lesson
from core.lessons.claims import Runs
from core.ui.classroom.seat import ME, seat
from core.ui.lessons import state
from core.ui.lessons.state import Visit
from core.ui.sitemap import page
from core.ui.text import inert
from core.ui.trouble import told
from core.ui.words import t

_NOTED: Final = "classroom_noted"
_SIGN_OF_LIFE_SECONDS: Final = 20.0
"""What has not changed is written again after this long, so that the teacher sees who is there."""
_LOOK_SECONDS: Final = 2.0
_NOTICE_SECONDS: Final = 10.0
"""Between two looks whether the class goes on: each costs a short query, and a class may have 200 members."""


def class_bar() -> None:
    """Say in which class the learner is and under what name; nothing outside a class."""
    mine = seat()
    if mine is None:
        return
    notice_the_end()
    with st.container(horizontal=True, vertical_alignment="center", key="class_bar"):
        label = t("Class {code}", code=mine.room.code)
        st.page_link(page("class"), label=label, icon=":material/groups:", query_params={ME: mine.secret})
        st.caption(t("You are {name}", name=inert(mine.member.name)), width="content")


@st.fragment(run_every=_NOTICE_SECONDS)
@told
def notice_the_end() -> None:
    """Have the page of a member say so soon after the class has ended."""
    if seat() is None:
        st.rerun()


def progress_of(visit: Visit, seeds: Sequence[Runs]) -> Progress:
    """Return how far a visit of a lesson has come; `seeds` are its results."""
    ended = visit.attempt is not None and state.whole(visit.attempt)
    solved = ended and state.is_solved(visit.lesson, seeds)
    known = Progress(
        visit.lesson.id,
        guess=visit.guess,
        runs=visit.runs.id if visit.runs else None,
        repair=visit.repair.id if visit.repair else None,
        attempt=visit.attempt.id if visit.attempt else None,
        solved=solved,
    )
    return replace(known, step=_step(visit, solved=solved))


def _step(visit: Visit, *, solved: bool) -> Step:
    if visit.runs is None:
        return Step.QUESTION
    if not visit.ended:
        return Step.RUNNING
    if visit.attempt is not None:
        return Step.SOLVED if solved else Step.TRIED
    return Step.ANSWER if visit.repair is None else Step.REPAIRED


def note(visit: Visit, seeds: Sequence[Runs]) -> None:
    """Write down for the class how far the learner is, where that has changed."""
    mine = seat()
    if mine is None or visit.lesson.id not in mine.room.lessons:
        return
    seen, (before, when) = progress_of(visit, seeds), st.session_state.get(_NOTED, (None, 0.0))
    if before == (mine.secret, seen) and time.monotonic() - when < _SIGN_OF_LIFE_SECONDS:
        return
    try:
        get_lab().store.classrooms.record(mine.secret, seen)
    except (InputRefused, WorkFailed):  # ended a moment ago, or busy: then the next change of the page tries again
        return
    st.session_state[_NOTED] = ((mine.secret, seen), time.monotonic())


@st.fragment(run_every=_LOOK_SECONDS)
@told
def wait_for_the_answer(lesson: Lesson) -> None:
    """Show that the teacher reveals the answer later, and show it as soon as that has happened."""
    mine = seat()
    if mine is None or lesson.id not in mine.room.held:
        st.rerun()
    with st.container(border=True, key="class_wait"):
        st.markdown(f":material/hourglass_top: **{t('Your teacher reveals the answer in a moment.')}**")
        st.markdown(t("Look at the curves: do they show what you said?"))
