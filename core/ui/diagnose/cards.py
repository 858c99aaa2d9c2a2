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
_MOST_DOUBTS: Final = 4
"""Questions, and remarks; more nobody answers."""


def show_causes(opened: Opened, report: WrittenReport, colour: str) -> None:
    """Draw a card for each cause that a trial or the data speak for; the others are lines below."""
    shown = with_card(report)
    rest = [finding for finding in report["causes"] if finding not in shown]
    if report["combined"] is not None:
        _combined(opened, report, colour)
    for rank, finding in enumerate(shown, 1):
        _card(opened, report, finding, rank, colour)
    if rest:
        st.subheader("Suspected too", anchor=False)
        for finding in rest:
            with st.expander(f"{words.cause_of(finding).title}: {words.trial_words(finding, report)}"):
                _about(finding)


def with_card(report: WrittenReport) -> list[WrittenFinding]:
    """Return the causes that get a card: those that a trial or the data speak for, and the first in any case."""
    causes = report["causes"]
    return [c for place, c in enumerate(causes) if place == 0 or words.helped(c) or c["certain"] or c["part"]]


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
            several = report["combined"]["causes"]
            title = f"{words.number_of_changes(report['combined']).capitalize()} changes together"
            st.subheader(title, anchor=False)
            smallest = " This is the smallest set that was found:" if several else ""
            st.markdown(f"No single change was enough.{smallest}")
            if several:
                st.markdown("\n".join(f"- {inert(line, 200)}" for line in words.parts(report)))
            _fix(opened, report, report["combined"], title, "diagnose_apply_combined")
        with right:
            _trial(report, report["combined"], colour, key="diagnose_trial_combined")


def show_trials(opened: Opened, report: WrittenReport) -> None:
    """Draw a table of all that was tried, what failed too: the gain of each seed."""
    if not report["trials"]:
        return
    with st.expander("Everything that was tried", key="diagnose_trials"):
        st.caption(
            "What each change gained in each seed: in what is explained, or in the recall of the class that is found "
            "least. Fresh seeds took no part in the search."
        )
        st.dataframe(words.trial_rows(opened.run, report), hide_index=True, key="diagnose_all_trials")


def show_doubts(report: WrittenReport) -> None:
    """Draw what only a person can know, and what is true but does no harm."""
    questions, remarks = report["questions"][:_MOST_DOUBTS], report["remarks"][:_MOST_DOUBTS]
    if questions:
        st.subheader("Only you can know", anchor=False)
        for question in questions:
            evidence = "; ".join(question["evidence"])
            st.markdown(f":material/help: **{inert(question['ask'], 200)}** {inert(evidence, 300)}.")
    if remarks:
        st.subheader("True, but harmless here", anchor=False)
        for remark in remarks:
            evidence = "; ".join(remark["evidence"])
            st.markdown(f"- {inert(words.cause_of(remark).title, 100)}: {inert(evidence, 300)}.")


def _about(finding: WrittenFinding) -> None:
    st.markdown(words.cause_of(finding).about)
    if finding["evidence"]:
        st.markdown("\n".join(f"- {inert(text, 300)}" for text in finding["evidence"]))


def _fix(opened: Opened, report: WrittenReport, finding: WrittenFinding, title: str, key: str) -> None:
    changes = words.change_words(finding["fix"], opened.run, report)
    first = "diagnose_apply_combined" if report["combined"] else "diagnose_apply_1"
    st.markdown("  \n".join(f":material/build: **{inert(line, 200)}**" for line in changes))
    st.markdown(words.trial_words(finding, report))
    if finding.get("part") in {"necessary", "helpful"}:
        return  # It is applied with the others.
    st.button(
        "Apply this fix",
        icon=":material/science:",
        type="primary" if key == first else "secondary",
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
