"""The lines of the list of experiments: what it was, how it went, open or delete."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.errors import InputRefused
from core.jobs.lab import get_lab
from core.jobs.storage.records import ExperimentSummary, State
from core.ui.lab.knobs import label_of
from core.ui.sitemap import lab_page, lessons_page
from core.ui.text import ago, counted, inert, skill_text

PAGE_SIZE: Final = 20

_STATES: Final = (
    (State.RUNNING, "blue", "running"), (State.LEASED, "blue", "starting"), (State.QUEUED, "gray", "waiting"),
    (State.DONE, "green", "done"), (State.DIVERGED, "red", "diverged"), (State.FAILED, "red", "failed"),
    (State.CANCELLED, "gray", "cancelled"),
)  # fmt: skip


def show_line(summary: ExperimentSummary) -> None:
    """Show one experiment."""
    with st.container(border=True, key=f"runs_line_{summary.id}"):
        what, how, do = st.columns([6, 4, 2], vertical_alignment="center")
        with what.container(gap=None):
            st.markdown(f"**{inert(summary.title) if summary.title else _varied(summary.id)}**")
            st.caption(f"{inert(summary.source, 60)} · {counted(summary.runs, 'run')} · {ago(summary.created)}")
        with how.container(horizontal=True, vertical_alignment="center"):
            for state, colour, word in _STATES:
                if number := summary.states.get(state):
                    st.badge(f"{number} {word}", color=colour)  # type: ignore[arg-type]
            if summary.best_skill is not None:
                st.caption(f"best skill {skill_text(summary.best_skill)}")
        with do.container(horizontal=True, horizontal_alignment="right"):
            if st.button("Open", key=f"runs_open_{summary.id}"):
                st.switch_page(lab_page(), query_params={"x": summary.id})
            if st.button("", icon=":material/delete:", key=f"runs_delete_{summary.id}", type="tertiary", help="Delete"):
                _confirm(summary)


def _varied(identity: str) -> str:
    """Say what was varied; an experiment that was deleted meanwhile has no name any more."""
    try:
        spec = get_lab().store.experiment(identity).spec
    except InputRefused:
        return "Deleted"
    return inert(" × ".join(label_of(path) for path in spec.vary) or "One setting")


@st.dialog("Delete this experiment?")
def _confirm(summary: ExperimentSummary) -> None:
    st.markdown(f"{counted(summary.runs, 'run')} with curves and results will be gone. Links to it will stop working.")
    with st.container(horizontal=True):
        if st.button("Delete", type="primary", key="runs_delete_yes"):
            _delete(summary.id)
            st.rerun()
        if st.button("Keep", key="runs_delete_no"):
            st.rerun()


def _delete(identity: str) -> None:
    """Delete an experiment; one that somebody else has deleted already is no fault."""
    try:
        get_lab().store.delete(identity)
    except InputRefused:
        st.toast("It was deleted already.")


def empty_list(*, first: bool) -> None:
    """Say that there is nothing, and what to do about it."""
    if not first:
        st.caption("There is nothing older.")
        return
    with st.container(border=True):
        st.markdown("Nothing has been run yet.")
        with st.container(horizontal=True):
            st.page_link(lab_page(), label="Go to the lab", icon=":material/science:")
            st.page_link(lessons_page(), label="Start with a lesson", icon=":material/school:")
