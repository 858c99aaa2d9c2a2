"""The cards of the causes: what it is, what speaks for it, its curves before and after, one click to apply its fix."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.jobs.diagnosers.written_report import WrittenFinding, WrittenReport
from core.ui.diagnose import state, words
from core.ui.diagnose.charts import trial_chart
from core.ui.diagnose.state import Opened
from core.ui.families import family_badge
from core.ui.sitemap import page
from core.ui.text import inert

_CHART: Final = {"displayModeBar": False}


def show_causes(opened: Opened, report: WrittenReport, colour: str) -> None:
    """Draw a card for each cause that a trial or the data speak for; the others are lines below."""
    shown = with_card(report)
    rest = [finding for finding in report["causes"] if finding not in shown]
    for rank, finding in enumerate(shown, 1):
        _card(opened, report, finding, rank, colour)
    if report["combined"] is not None:
        _combined(opened, report, colour)
    if rest:
        st.subheader("Suspected too", anchor=False)
        for finding in rest:
            with st.expander(f"{words.cause_of(finding).title}: {words.trial_words(finding, report)}"):
                _about(finding)


def with_card(report: WrittenReport) -> list[WrittenFinding]:
    """Return the causes that get a card: those that a trial or the data speak for, and the first in any case."""
    causes = report["causes"]
    return [c for place, c in enumerate(causes) if place == 0 or words.helped(c) or c["certain"]]


def _card(opened: Opened, report: WrittenReport, finding: WrittenFinding, rank: int, colour: str) -> None:
    cause = words.cause_of(finding)
    with st.container(border=True, key=f"diagnose_cause_{rank}"):
        left, right = st.columns(2, gap="large") if finding["after"] else (st.container(), None)
        with left:
            word, tint = words.STANDINGS[finding["standing"]]
            with st.container(horizontal=True, gap="small"):
                family_badge(cause.family)
                st.badge(word, color=tint, help=f"Confidence {finding['confidence']:.0%}")  # type: ignore[arg-type]
            st.subheader(f"{rank}. {cause.title}", anchor=False)
            _about(finding)
            if finding["fix"]:
                _fix(opened, report, finding, cause.title, f"diagnose_apply_{rank}")
            else:
                st.markdown(words.trial_words(finding, report))
            lesson = words.lesson_of(cause)
            if lesson is not None:
                st.page_link(
                    page("lessons"), label=f"Lesson: {lesson.title}", icon=":material/school:",
                    query_params={"lesson": lesson.id},
                )  # fmt: skip
        if right is not None:
            with right:
                _trial(report, finding, colour, key=f"diagnose_trial_{rank}")


def _combined(opened: Opened, report: WrittenReport, colour: str) -> None:
    with st.container(border=True, key="diagnose_combined"):
        left, right = st.columns(2, gap="large")
        with left:
            healthy = report["verdict"] == "healthy"
            st.subheader("It can do better" if healthy else "Two changes together", anchor=False)
            st.markdown("No fault, but two changes help." if healthy else "No single change was enough.")
            _fix(opened, report, report["combined"], "Two changes together", "diagnose_apply_combined")
        with right:
            _trial(report, report["combined"], colour, key="diagnose_trial_combined")


def _about(finding: WrittenFinding) -> None:
    st.markdown(words.cause_of(finding).about)
    if finding["evidence"]:
        st.markdown("\n".join(f"- {inert(text, 300)}" for text in finding["evidence"]))


def _fix(opened: Opened, report: WrittenReport, finding: WrittenFinding, title: str, key: str) -> None:
    changes = words.change_words(finding["fix"], opened.run, report)
    st.markdown("  \n".join(f":material/build: **{inert(line, 200)}**" for line in changes))
    st.markdown(words.trial_words(finding, report))
    st.button(
        "Apply this fix",
        icon=":material/science:",
        type="primary" if key.endswith("_1") else "secondary",
        key=key,
        help="Trains the run as it is and with the fix, and shows both curves in the lab.",
        on_click=state.apply_fix,
        args=(opened, finding["fix"], f"{title}: as it is and fixed"),
    )


def _trial(report: WrittenReport, finding: WrittenFinding, colour: str, key: str) -> None:
    before, after = words.curves_of(finding, report)
    alt = f"Loss by epoch as it is and with the fix. {words.trial_words(finding, report)}"
    st.plotly_chart(trial_chart(before, after, colour, finding["goal"]), key=key, config=_CHART, alt=alt)
    if words.flattered(finding, report):
        st.caption(
            "The losses look alike, the predictions do not: Keras computes this loss from what comes before the "
            "output activation. Judge by the skill."
        )
