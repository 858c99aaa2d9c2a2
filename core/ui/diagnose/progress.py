"""A diagnosis in progress: one line on what is trained, the suspects so far, Cancel; drawn again until it has ended."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import streamlit as st

from core.errors import InputRefused
from core.jobs.diagnosers.diagnoses import Diagnosis
from core.jobs.lab import get_lab
from core.jobs.storage.records import State
from core.ui.diagnose.words import cause_of
from core.ui.families import family_badge
from core.ui.people.mine import my_store
from core.ui.sentences import translated
from core.ui.text import counted, inert
from core.ui.trouble import attempted, told
from core.ui.words import t

_EVERY_SECONDS: Final = 0.4
_FIRST_SECONDS: Final = 1.0
_MOST_SUSPECTS: Final = 6


@st.fragment(run_every=_EVERY_SECONDS)
@told
def watch(identity: str, *, stoppable: bool = True) -> None:
    """Show how far a diagnosis is, until it has ended: then the whole page is drawn once."""
    try:
        diagnosis = _now(identity)
    except InputRefused:  # deleted meanwhile, which the page says
        st.rerun()
    if diagnosis.finished:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", key="diagnose_progress"):
        st.markdown(_line(diagnosis), width="stretch")
        if stoppable:
            st.button(
                t("Cancel"), icon=":material/stop:", key="diagnose_cancel",
                on_click=attempted(my_store().diagnoses.cancel), args=(identity,),
            )  # fmt: skip
    suspects = (diagnosis.progress or {}).get("suspects", [])[:_MOST_SUSPECTS]
    if suspects:
        st.header(t("Suspected, being tried"), anchor=False)
        for suspect in suspects:
            with st.container(border=True, gap="xsmall", key=f"diagnose_suspect_{suspect['cause']}"):
                cause = cause_of(suspect)
                with st.container(horizontal=True, vertical_alignment="center"):
                    st.markdown(f"**{t(cause.title)}**", width="stretch")
                    family_badge(cause.family)
                st.markdown(t(cause.about))
                for text in suspect["evidence"][:2]:
                    st.caption(inert(translated(text), 300))


def _now(identity: str) -> Diagnosis:
    """Return the diagnosis; of one that was asked for a moment ago, its first suspects.

    They come within a fraction of a second, when all above is on its way to the browser: waiting for them here is
    quicker than the browser's next call.
    """
    diagnoses = my_store().diagnoses
    diagnosis = diagnoses.get(identity)
    age = (datetime.now(UTC) - diagnosis.created).total_seconds()
    if diagnosis.progress is None and not diagnosis.ahead and age < _FIRST_SECONDS:
        return diagnoses.first_news(identity, _FIRST_SECONDS - age)
    return diagnosis


def _line(diagnosis: Diagnosis) -> str:
    progress = diagnosis.progress
    if diagnosis.state == State.QUEUED or progress is None:
        if problem := get_lab().health()["problem"]:
            return f":orange[:material/warning:] {inert(problem, 200)}"
        if diagnosis.ahead:
            others = counted(diagnosis.ahead, "other diagnosis", "other diagnoses")
            return f":material/hourglass_empty: {t('Waits for {others}.', others=others)}"
        return f":material/search: {t('Looking at the data …')}"
    trained = t("first trainings")
    if progress["runs"]:
        trained = t("{runs} trained so far", runs=counted(progress["runs"], "run"))
    now = t("Now: {stage}", stage=inert(translated(progress["stage"]), 120))
    return f":material/model_training: {now} · {trained}"
