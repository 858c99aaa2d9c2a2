"""The list of experiments, one line per experiment: what it was, how it went, open or delete."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import streamlit as st

from core.errors import InputRefused
from core.jobs.lab import get_lab
from core.jobs.storage.records import Experiment, ExperimentSummary, State
from core.jobs.storage.viewer import Reach
from core.spec import plain_text
from core.ui.classroom.seat import owners
from core.ui.lab.knobs import label_of, show_value, value_at
from core.ui.lab.range_test import is_range_test
from core.ui.lab.rate_chart import rate_text
from core.ui.people.current import current_user
from core.ui.people.mine import my_store
from core.ui.sitemap import page
from core.ui.text import ago, counted, inert, skill_text
from core.ui.trouble import told
from core.ui.words import later, t

PAGE_SIZE: Final = 20

_FEW: Final = 3
"""So many values of a setting are named; of more only their number."""
_NETWORK: Final = ("model.layers", "model.activation", "training.optimizer", "training.learning_rate")

_STATES: Final = (
    (State.RUNNING, "blue", later("{count} running")), (State.LEASED, "blue", later("{count} starting")),
    (State.QUEUED, "gray", later("{count} waiting")), (State.DONE, "green", later("{count} finished")),
    (State.DIVERGED, "red", later("{count} diverged")), (State.FAILED, "red", later("{count} failed")),
    (State.CANCELLED, "gray", later("{count} cancelled")),
)  # fmt: skip


def runs_of_whom() -> Collection[str] | None:
    """Return whose experiments are listed beside those of nobody and of the team; admins may ask for everybody's."""
    person = current_user()
    everybody = person is not None and person.admin and st.toggle(t("Runs of everybody"), key="runs_everybody")
    return None if everybody else owners()


def show_line(summary: ExperimentSummary) -> None:
    """Show one experiment."""
    experiment = experiment_of(summary.id)
    with st.container(border=True, key=f"runs_line_{summary.id}"):
        what, how, do = st.columns([6, 4, 2], vertical_alignment="center")
        with what.container(gap=None):
            name_and_line(summary, experiment, _whose(summary))
        with how.container(horizontal=True, vertical_alignment="center"):
            for state, colour, words in _STATES:
                if count := summary.states.get(state):
                    st.badge(t(words, count=count), color=colour)  # type: ignore[arg-type]
            if get_lab().settings.signs_in and summary.reach == Reach.TEAM:
                st.badge(t("Shared with the team"), icon=":material/group:", color="blue")
            # Whatever a climb ends with, it says nothing of how well its program learns.
            climbs = experiment is not None and is_range_test(experiment)
            if not climbs and (skill := best_skill(summary)):
                st.caption(skill, width="content")
        with do.container(horizontal=True, horizontal_alignment="right"):
            if st.button(t("Open"), key=f"runs_open_{summary.id}"):
                st.switch_page(page("lab"), query_params={"x": summary.id})
            if summary.changeable:
                _offer_to_delete(summary)


def _whose(summary: ExperimentSummary) -> str:
    """Return who ran it, where that is somebody else who has signed in."""
    if not get_lab().settings.signs_in or summary.owner is None or summary.owner in owners():
        return ""
    name = get_lab().store.people.name(summary.owner)
    return f" · {t('by {name}', name=inert(name))}" if name else ""


def _offer_to_delete(summary: ExperimentSummary) -> None:
    delete = f"runs_delete_{summary.id}"
    if st.button("", icon=":material/delete:", key=delete, type="tertiary", help=t("Delete")):
        st.dialog(t("Delete this experiment?"))(_confirm)(summary)


def experiment_of(identity: str) -> Experiment | None:
    """Return an experiment, None if it was deleted meanwhile."""
    try:
        return my_store().experiment(identity)
    except InputRefused:
        return None


def name_and_line(summary: ExperimentSummary, experiment: Experiment | None, more: str = "") -> None:
    """Draw the name of an experiment and a line on what was tried and when; of one that is gone, what is left."""
    name, tried = summary.title or t("Deleted"), summary.source
    if experiment is not None:
        sample = str(experiment.spec.data.source).startswith("sample:")
        source = t(summary.source) if sample else summary.source
        data = f"{plain_text(source, 60)} → {plain_text(', '.join(experiment.spec.data.targets), 60)}"
        name, tried = summary.title or data, _what_was_tried(experiment)
        tried = f"{data} · {tried}" if summary.title else tried
    st.markdown(f"**{inert(name)}**")
    st.caption(f"{inert(tried, 200)} · {counted(summary.runs, 'run')} · {ago(summary.created)}{more}")


def _what_was_tried(experiment: Experiment) -> str:
    """Return in plain text the settings in which the runs differ, with their values; of one setting, the network."""
    words = []
    for path in experiment.runs[0].variant:
        values = list(dict.fromkeys(show_value(path, run.variant.get(path)) for run in experiment.runs))
        told = ", ".join(values) if len(values) <= _FEW else counted(len(values), "value")
        words.append(f"{t(label_of(path))}: {told}")
    if not words:
        run = experiment.runs[0].spec.model_dump(mode="json")
        layers, activation, optimizer, rate = (show_value(path, value_at(run, path)) for path in _NETWORK)
        network = t("no hidden layer") if layers == "none" else f"{layers} {activation}"
        if is_range_test(experiment):
            training = experiment.spec.training
            last = training.learning_rate * training.schedule.scale(training.epochs - 1, training.epochs)
            rate = t("{low} to {high}", low=rate_text(training.learning_rate), high=rate_text(last))
        words.append(t("{network}, {optimizer} at {rate}", network=network, optimizer=optimizer, rate=rate))
    if experiment.spec.seeds > 1:
        words.append(counted(experiment.spec.seeds, "seed"))
    return " × ".join(words)


def best_skill(summary: ExperimentSummary) -> str:
    """Return the best skill in words, on rows held out where there are any, or nothing."""
    if summary.best_val_skill is not None:
        return t("best validation skill {skill}", skill=skill_text(summary.best_val_skill))
    if summary.best_skill is None:
        return ""
    return t("best training skill {skill}", skill=skill_text(summary.best_skill))


def _confirm(summary: ExperimentSummary) -> None:
    name_and_line(summary, experiment_of(summary.id))
    runs = counted(summary.runs, "run")
    st.markdown(t("{runs} with curves and results will be gone. Links to it will stop working.", runs=runs))
    with st.container(horizontal=True):
        if st.button(t("Delete"), type="primary", key="runs_delete_yes") and _delete(summary.id):
            st.rerun()
        if st.button(t("Keep"), key="runs_delete_no"):
            st.rerun()


@told
def _delete(identity: str) -> bool:
    """Delete an experiment and return whether it is gone; one that somebody else has deleted already is no fault."""
    try:
        my_store().delete(identity)
    except InputRefused:
        st.toast(t("It was deleted already."))
    return True


def empty_list(*, first: bool) -> None:
    """Say that there is nothing, and what to do about it."""
    if not first:
        st.caption(t("There is nothing older."))
        return
    with st.container(border=True):
        st.markdown(t("Nothing has been run yet."))
        with st.container(horizontal=True):
            st.page_link(page("lab"), label=t("Go to the lab"), icon=":material/science:")
            st.page_link(page("lessons"), label=t("Start with a lesson"), icon=":material/school:")
