"""The page Diagnose with nothing chosen: take what was run lately, open an older diagnosis, or go and run something."""

from __future__ import annotations

from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.jobs.diagnosers.diagnoses import Diagnosis
from core.jobs.storage.records import Experiment, ExperimentSummary, State
from core.ui.classroom.seat import owners
from core.ui.data.tables import source_name
from core.ui.diagnose import state
from core.ui.diagnose.words import cause_of, variant_words
from core.ui.people.mine import my_store
from core.ui.runs.experiment_list import experiment_of, name_and_line
from core.ui.sitemap import page
from core.ui.text import ago, inert
from core.ui.words import later, t

_MOST: Final = 6
_MOST_DIAGNOSES: Final = 4
_ENDINGS: Final = {State.CANCELLED: later("Cancelled"), State.FAILED: later("No diagnosis")}


def show_start(trouble: str = "") -> None:
    """Say what this page is for, and what can be diagnosed."""
    st.title(t("What causes this loss?"), anchor=False)
    if trouble:
        st.warning(inert(trouble, 300), icon=":material/link_off:")
    st.markdown(
        t(
            "Choose a run. Its curve, its data and its layers name the suspects; each suspect's fix is then trained "
            "with the same seeds, and what helps is the cause."
        )
    )
    store = my_store()
    found = [(summary, experiment_of(summary.id)) for summary in store.experiments(limit=_MOST, seen_by=owners())]
    here = [(summary, experiment) for summary, experiment in found if experiment is not None]
    ready = [pair for pair in here if any(run.state in state.DIAGNOSABLE for run in pair[1].runs)]
    if ready:
        st.header(t("Recent runs"), anchor=False)
        for summary, experiment in ready:
            _experiment(summary, experiment)
    else:
        st.caption(t("Nothing has been run to its end yet."))
    if diagnoses := store.diagnoses.recent(_MOST_DIAGNOSES, seen_by=owners()):
        st.header(t("Diagnosed lately"), anchor=False)
        for diagnosis in diagnoses:
            _diagnosis(diagnosis)
    with st.container(horizontal=True):
        st.page_link(page("lab"), label=t("Go to the lab"), icon=":material/science:")
        st.page_link(page("lessons"), label=t("Start with a lesson"), icon=":material/school:")


def _line(key: str) -> DeltaGenerator:
    return st.container(border=True, horizontal=True, vertical_alignment="center", key=key)


def _experiment(summary: ExperimentSummary, experiment: Experiment) -> None:
    worst = experiment.runs[state.worst_run(experiment)]
    with _line(f"diagnose_choose_{experiment.id}"):
        with st.container(gap=None, width="stretch"):
            worst_of = inert(t("the worst: {variant}", variant=variant_words(worst.spec)), 200)
            name_and_line(summary, experiment, f" · {worst_of}" if worst.variant else "")
        st.button(
            t("Diagnose"), icon=":material/troubleshoot:", key=f"diagnose_start_{experiment.id}",
            on_click=st.query_params.from_dict, args=({"x": experiment.id, "run": str(worst.index)},),
        )  # fmt: skip


def _diagnosis(diagnosis: Diagnosis) -> None:
    experiment = experiment_of(diagnosis.experiment)
    if experiment is None:  # deleted between two reads
        return
    with _line(f"diagnose_line_{diagnosis.id}"):
        with st.container(gap=None, width="stretch"):
            st.markdown(f"**{_ending(diagnosis)}**")
            run = experiment.runs[diagnosis.index].spec
            name = experiment.title or source_name(run.data)
            words = " · ".join(filter(None, [name, variant_words(run), ago(diagnosis.created)]))
            st.caption(inert(words, 200))
        st.button(
            t("Open"),
            key=f"diagnose_open_{diagnosis.id}",
            on_click=st.query_params.from_dict,
            args=({"d": diagnosis.id},),
        )


def _ending(diagnosis: Diagnosis) -> str:
    progress = diagnosis.progress or {}
    if not diagnosis.finished:
        return t("Being diagnosed")
    if diagnosis.state in _ENDINGS:
        return t(_ENDINGS[diagnosis.state])
    if progress.get("first"):
        return t(cause_of({"cause": progress["first"]}).title)
    verdicts = {"healthy": t("Healthy"), "undecided": t("Not decided")}
    return verdicts.get(str(progress.get("verdict")), t("No cause was confirmed"))
