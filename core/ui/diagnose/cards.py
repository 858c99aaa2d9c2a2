"""The cards of the causes: from cause to curve, why a fix works and what it costs, its curves, one click to try it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import streamlit as st

from core.jobs.diagnosers.written_report import WrittenFinding, WrittenReport
from core.ui.diagnose import state, words
from core.ui.diagnose.charts import trial_chart
from core.ui.diagnose.curves import Curves
from core.ui.diagnose.state import Opened
from core.ui.families import family_badge
from core.ui.sentences import translated
from core.ui.sitemap import page
from core.ui.text import inert
from core.ui.words import number, t

CURVE: Final = "loss-curve"
"""The place on the page that a card's marks lead to."""
_CHART: Final = {"displayModeBar": False}
_MOST_DOUBTS: Final = 4
"""Questions, and remarks; more nobody answers."""


def show_causes(opened: Opened, report: WrittenReport, curves: Curves, colour: str) -> None:
    """Draw a card for each cause that a trial or the data speak for; the others are lines below."""
    shown = with_card(report)
    rest = [finding for finding in words.once(report) if finding not in shown]
    if report["combined"] is not None:
        _combined(opened, report, colour)
    for rank, finding in enumerate(shown, 1):
        _card(opened, report, finding, rank, curves, colour)
    if rest:
        st.header(t("Suspected too"), anchor=False)
        for finding in rest:
            with st.expander(f"{t(words.cause_of(finding).title)}: {words.trial_words(finding)}"):
                st.markdown(t(words.cause_of(finding).about))
                _evidence(finding)


def with_card(report: WrittenReport) -> list[WrittenFinding]:
    """Return the causes that get a card: those that a trial or the data speak for, and the first in any case."""
    causes = words.once(report)
    return [c for place, c in enumerate(causes) if place == 0 or words.helped(c) or c["certain"] or c["part"]]


def _card(
    opened: Opened, report: WrittenReport, finding: WrittenFinding, rank: int, curves: Curves, colour: str
) -> None:
    cause = words.cause_of(finding)
    with st.container(border=True, key=f"diagnose_cause_{rank}"):
        left, right = st.columns(2, gap="large") if finding["after"] else (st.container(), None)
        with left:
            word, tint = words.badge(finding)
            with st.container(horizontal=True, gap="small"):
                family_badge(cause.family)
                sure = t("Confidence {share}", share=number(finding["confidence"], ".0%"))
                st.badge(t(word), color=tint, help=sure)  # type: ignore[arg-type]
            st.header(f"{rank}. {t(cause.title)}", anchor=False, help=t(cause.about))
            links = words.chain_of(finding, curves.marks)
            if links:
                st.markdown(_chain(links, curves))
            else:
                _evidence(finding)
            if finding["fix"]:
                _fix(opened, report, finding, t(cause.works))
            else:
                st.markdown(f"{t(cause.works) * words.in_set(finding)} {words.trial_words(finding)}".strip())
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                # A part of a set is applied with the others.
                if finding["fix"] and not words.in_set(finding):
                    _apply(opened, report, finding, t(cause.title), f"diagnose_apply_{rank}")
                if links and finding["evidence"]:
                    why = f"diagnose_why_{rank}"
                    with st.popover(t("Evidence"), icon=":material/search:", type="tertiary", key=why):
                        _evidence(finding)
                lesson = words.lesson_of(cause)
                if lesson is not None:
                    st.page_link(
                        page("lessons"), label=t("Lesson: {title}", title=lesson.title), icon=":material/school:",
                        query_params={"lesson": lesson.id},
                    )  # fmt: skip
        if right is not None:
            with right:
                _trial(report, finding, colour, key=f"diagnose_trial_{rank}")
        _keras(finding, f"diagnose_keras_{rank}")


def _combined(opened: Opened, report: WrittenReport, colour: str) -> None:
    together = report["combined"]
    with st.container(border=True, key="diagnose_combined"):
        left, right = st.columns(2, gap="large")
        with left:
            number_of = words.number_of_changes(together).capitalize()
            title = t("{number} changes together", number=number_of)
            st.header(title, anchor=False)
            shrunk = "necessary" in together["parts"].values()  # else nothing was left out
            smallest = t("This is the smallest set that was found:") if shrunk else ""
            st.markdown(f"{t('No single change was enough.')} {smallest}".strip())
            if together["causes"]:
                st.markdown("\n".join(f"- {inert(line, 200)}" for line in words.parts(report)))
            _fix(opened, report, together)
            _apply(opened, report, together, title, "diagnose_apply_combined")
        with right:
            _trial(report, together, colour, key="diagnose_trial_combined")
        _keras(together, "diagnose_keras_combined")


def show_trials(opened: Opened, report: WrittenReport) -> None:
    """Draw a table of all that was tried, what failed too: what it gained, and what that shows."""
    if not report["trials"]:
        return
    with st.expander(t("Everything that was tried"), key="diagnose_trials"):
        st.caption(
            t(
                "Gain: in the share of variance explained, or in the recall of the class that is found least. "
                "Fresh seeds took no part in the search."
            ),
            help=t(words.GAIN),
        )
        rows = words.trial_rows(opened.run, report)
        shown = [row | {name: inert(row[name], 200) for name in ("Cause", "Change")} for row in rows]
        shown = [{t(name): cell for name, cell in row.items()} for row in shown]
        st.table(shown, border="horizontal", hide_index=True)


def show_doubts(report: WrittenReport) -> None:
    """Draw what only a person can know, and what is true but does no harm."""
    named = {finding["cause"] for finding in report["causes"]}
    # Where a cause that says the same has a card, the question alone is left.
    asked = [q | {"evidence": []} if words.cause_of(q).told_by in named else q for q in report["questions"]]
    questions = words.lines_of(asked, lambda question: translated(question["ask"]))
    remarks = words.lines_of(report["remarks"], lambda remark: t(words.cause_of(remark).title))
    if questions:
        st.header(t("Only you can know"), anchor=False)
        for ask, told in list(questions.items())[:_MOST_DOUBTS]:
            evidence = f" {inert('; '.join(told), 300)}." if told else ""
            st.markdown(f":material/help: **{inert(ask, 200)}**{evidence}")
    if remarks:
        st.header(t("True, but harmless here"), anchor=False)
        for title, told in list(remarks.items())[:_MOST_DOUBTS]:
            st.markdown(f"- {inert(title, 100)}: {inert('; '.join(told), 300)}.")


def _chain(chain: Iterable[Mapping[str, Any]], curves: Curves) -> str:
    """Return the links from a cause to the curve in one line; one that has a mark in the chart leads to it."""
    links = []
    numbers = curves.numbers
    for link in chain:
        # Said once: two links may stand for one mark.
        number = numbers.pop(link["mark"], None)
        links.append(
            inert(translated(link["words"]), 200) + (f"\N{NO-BREAK SPACE}[{number}](#{CURVE})" if number else "")
        )
    return " :gray[→] ".join(links)


def _evidence(finding: WrittenFinding) -> None:
    if finding["evidence"]:
        st.markdown("\n".join(f"- {inert(translated(text), 300)}" for text in finding["evidence"]))


def _fix(opened: Opened, report: WrittenReport, finding: WrittenFinding, works: str = "") -> None:
    changes = words.change_words(finding["fix"], opened.run, report)
    st.markdown("  \n".join(f":material/build: **{inert(line, 200)}**" for line in changes))
    if told := " ".join(filter(None, (works, words.cost_words(finding)))):
        st.markdown(told)
    st.markdown(
        words.trial_words(finding),
        help=" ".join(filter(None, (t(words.GAIN), words.skills(finding, report)))) if finding["trial"] else None,
    )


def _apply(opened: Opened, report: WrittenReport, finding: WrittenFinding, title: str, key: str) -> None:
    first = "diagnose_apply_combined" if report["combined"] else "diagnose_apply_1"
    st.button(
        t("Apply this fix"),
        icon=":material/science:",
        type="primary" if key == first else "secondary",
        key=key,
        help=t("Trains the run as it is and with the fix, and shows both curves in the lab."),
        on_click=state.apply_fix,
        args=(opened, finding["fix"], t("{cause}: as it is and fixed", cause=title)),
    )


def _keras(finding: WrittenFinding, key: str) -> None:
    if finding["keras"]:
        with st.expander(t("In Keras"), type="compact", key=key):
            st.caption(
                t(
                    "Each statement takes the place of yours: of the data before you scale it, of the model before "
                    "you compile it."
                )
            )
            st.code(finding["keras"], language="python")


def _trial(report: WrittenReport, finding: WrittenFinding, colour: str, key: str) -> None:
    before, after = words.curves_of(finding, report)
    alt = t("Loss by epoch as it is and with the fix. {result}", result=words.trial_words(finding))
    st.plotly_chart(trial_chart(before, after, colour, finding["goal"]), key=key, config=_CHART, alt=alt)
    if words.flattered(finding, report):
        st.caption(
            t(
                "The losses look alike, the predictions do not: Keras computes this loss from what comes before the "
                "output activation. Judge by the skill."
            )
        )
