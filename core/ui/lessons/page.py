"""The page of lessons. In each, the question comes first, then the race of the losses, then the explanation."""

from __future__ import annotations

import secrets
from typing import Final

import streamlit as st

from core.errors import InputRefused, WorkFailed
from core.jobs.lab import get_lab
from core.jobs.storage.records import Experiment, State
from core.lessons import LESSONS, Lesson
from core.ui.chart.live import live_chart
from core.ui.families import family_badge
from core.ui.sitemap import page
from core.ui.text import inert

_WHOLE: Final = frozenset({State.DONE, State.DIVERGED})


def gallery(*, unknown: bool) -> None:
    """Show every lesson as a card."""
    st.title("Lessons")
    st.markdown("Each lesson shows one cause of a bad loss. Say what you expect, run it and see why.")
    if unknown:
        st.warning("There is no such lesson; choose one of these.", icon=":material/link_off:")
    with st.grid(3, min_column_width=260):
        for number, lesson in enumerate(LESSONS, start=1):
            with st.container(border=True, height="stretch"):
                family_badge(lesson.family)
                st.subheader(f"{number}. {lesson.title}", anchor=False)
                st.markdown(lesson.about)
                st.space("stretch")
                key = f"lessons_{lesson.id}"
                st.button("Start", icon=":material/arrow_forward:", key=key, on_click=_go, args=(lesson.id,))


def show_lesson(lesson: Lesson) -> None:
    """Show one lesson at the point it has reached."""
    experiment, trouble = None, ""
    if identity := st.query_params.get("x"):
        try:
            experiment = get_lab().store.experiment(identity)
        except InputRefused as refusal:
            trouble = str(refusal)
    left, right = st.columns([3, 7], gap="medium")
    with left.container(key="lesson_words"):
        st.button("All lessons", icon=":material/arrow_back:", type="tertiary", on_click=_go, args=("",))
        family_badge(lesson.family)
        st.title(lesson.title, anchor=False)
        st.markdown(lesson.about)
        prediction: int | None = st.radio(
            f"**{lesson.question}**",
            range(len(lesson.options)),
            index=None,
            key=f"lesson_guess_{lesson.id}",
            format_func=lambda i: lesson.options[i],
            disabled=experiment is not None,
            persist_state="session",
        )
        if experiment is None:
            _run_buttons(lesson, prediction)
        elif not experiment.finished:
            st.button("Cancel", icon=":material/stop:", on_click=get_lab().store.cancel, args=(experiment.id,))
        if refused := trouble or st.session_state.get("lesson_refused", ""):
            st.warning(inert(refused, 300), icon=":material/block:")
    with right.container(key="lesson_stage"):
        if experiment is None:
            with st.container(border=True, height=420, vertical_alignment="center", horizontal_alignment="center"):
                st.markdown(":gray[The curves appear here once you have said what you expect.]", width="content")
            return
        live_chart(experiment, key="lesson_live", title=lesson.title)
        if experiment.finished:
            with st.container(border=True, key="lesson_reveal"):
                _reveal(lesson, experiment, prediction)


def _go(lesson: str) -> None:
    """Open a lesson or, without one, the gallery; a link to the page itself would not change the address."""
    st.query_params.from_dict({"lesson": lesson} if lesson else {})


def _run_buttons(lesson: Lesson, prediction: int | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Run it",
            type="primary",
            icon=":material/play_arrow:",
            disabled=prediction is None,
            help="Predict first: choose an answer." if prediction is None else None,
            on_click=_run,
            args=(lesson,),
            key="lesson_run",
        )
        if prediction is None:
            st.button("Skip the question", type="tertiary", on_click=_run, args=(lesson,), key="lesson_skip")


def _run(lesson: Lesson) -> None:
    session = st.session_state.setdefault("lesson_session", secrets.token_urlsafe(12))
    turn = st.session_state.get(f"lesson_turn_{lesson.id}", 0)
    try:
        st.query_params["x"] = get_lab().store.submit(lesson.spec, key=f"{session}:{lesson.id}:{turn}")
        st.session_state.lesson_refused = ""
    except (InputRefused, WorkFailed) as refusal:
        st.session_state.lesson_refused = str(refusal)


def _again(lesson: Lesson) -> None:
    st.session_state[f"lesson_turn_{lesson.id}"] = st.session_state.get(f"lesson_turn_{lesson.id}", 0) + 1
    st.session_state[f"lesson_guess_{lesson.id}"] = None
    del st.query_params["x"]


def _reveal(lesson: Lesson, experiment: Experiment, prediction: int | None) -> None:
    if all(run.state in _WHOLE for run in experiment.runs):
        verdict = "**Answer:**"
        if prediction == lesson.answer:
            verdict = ":green[:material/check_circle: **As you said:**]"
        elif prediction is not None:
            verdict = ":orange[:material/lightbulb: **It came out differently.**]"
        st.markdown(f"{verdict} {lesson.options[lesson.answer]}.")
        st.markdown(lesson.explanation)
    else:
        st.markdown("Not every run finished, so there is nothing to compare yet.")
    with st.container(horizontal=True):
        if st.button("Open in the lab", icon=":material/science:", key="lesson_open"):
            st.switch_page(page("lab"), query_params={"x": experiment.id})
        st.button("Try again", icon=":material/replay:", type="tertiary", on_click=_again, args=(lesson,))
