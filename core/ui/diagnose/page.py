"""The page Diagnose with a run chosen: its curve, the verdict, the causes, the layers, what was not checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from core.diagnosis.evidence.marks import Mark
from core.diagnosis.report import NOT_TRIED
from core.jobs.diagnosers.diagnoses import Budget, Diagnosis
from core.jobs.diagnosers.written_report import FORMAT, WrittenReport
from core.jobs.storage.records import State
from core.plot import COLOURS
from core.ui.chart.names import variants_of
from core.ui.chart.variant_colours import colours_of
from core.ui.data.tables import source_name
from core.ui.diagnose import state
from core.ui.diagnose.cards import CURVE, show_causes, show_doubts, show_trials, with_card
from core.ui.diagnose.charts import run_chart, skill_chart
from core.ui.diagnose.curves import MOST_POINTS, Curves, curves_of
from core.ui.diagnose.layer_maps import LayerMap, layer_chart, split_maps
from core.ui.diagnose.progress import watch
from core.ui.diagnose.state import Opened
from core.ui.diagnose.words import cause_of, headline, helped, open_question, symptoms_of, variant_words, verdict
from core.ui.sentences import translated
from core.ui.sitemap import page
from core.ui.text import counted, inert
from core.ui.words import later, t

_CHART: Final = {"displayModeBar": False}
_MOST_FIXES: Final = 3
_BUDGETS: Final = {
    Budget.QUICK: later("Quick"), Budget.USUAL: later("Usual"), Budget.THOROUGH: later("Thorough"),
}  # fmt: skip
_LEAST_SECONDS: Final = 2.0
"""Of a diagnosis: a shorter one says little of how long a longer one may take."""
_PLACE: Final = (
    "<style>@media (prefers-reduced-motion: no-preference) {[data-testid=stMain] {scroll-behavior: smooth}}</style>"
    f'<span id="{CURVE}" style="display: block; scroll-margin-top: 5rem"></span>'
)
"""Where the marks in the cards lead to, below the bar that stays at the top."""
_TO_THE_TOP: Final = "document.querySelector('[data-testid=stMain]')?.scrollTo(0, 0)"


def show_opened(opened: Opened) -> None:
    """Show what the address names, at the point it has reached."""
    diagnosis = opened.diagnosis
    report = diagnosis.report if diagnosis else None
    if report and report.get("format") != FORMAT:  # another version of the lab wrote it
        report = None
    _bar(opened)
    colour = _colour(opened)
    left, right = st.columns([4, 6], gap="large")
    curves = curves_of(
        opened, {curve["seed"]: curve.get("initial_loss") for curve in report["before"]} if report else {}
    )
    # The words first: a browser that draws its first chart is busy for half a second.
    with left.container(key="diagnose_verdict", gap="xsmall"):
        _verdict(opened, report, curves.marks, colour)
    with right.container(key="diagnose_curve", gap="xsmall"):
        st.html(_PLACE)
        _curve(report, curves, colour)
    if diagnosis is None:
        return
    if report:
        show_causes(opened, report, curves, colour)
        show_doubts(report)
        show_trials(opened, report)
        _layers(report)
        _not_checked(report)
    if refused := st.session_state.get("diagnose_refused"):
        st.warning(inert(refused, 300), icon=":material/block:")


def _bar(opened: Opened) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="diagnose_bar"):
        st.button(t("Another run"), icon=":material/arrow_back:", type="tertiary", on_click=state.leave)
        st.page_link(
            page("lab"),
            label=t("Open in the lab"),
            icon=":material/science:",
            query_params={"x": opened.experiment.id},
        )
        if opened.diagnosis is not None and opened.diagnosis.finished and opened.experiment.changeable:
            with st.popover(t("Diagnose again"), icon=":material/replay:", type="tertiary", key="diagnose_again"):
                _again(opened, opened.diagnosis)
        # The list this was chosen from may have been scrolled down; the script runs once for each run that is opened.
        chosen = f"{opened.experiment.id} {opened.places[0]}"
        st.html(f"<script>/* {chosen} */ {_TO_THE_TOP}</script>", width="content", unsafe_allow_javascript=True)


def _colour(opened: Opened) -> str:
    """Return the colour the variant has in the lab; with more variants than colours, the first."""
    variants = variants_of(opened.experiment)
    place = variants.index(opened.runs[0].variant)
    return colours_of(opened.experiment)[place] if len(variants) <= len(COLOURS) else COLOURS[0]


def _curve(report: WrittenReport | None, curves: Curves, colour: str) -> None:
    if not curves.lines:
        st.caption(t("There is no curve: this run was not trained."))
        return
    words = "; ".join(translated(mark.words) for mark in curves.marks) or t("nothing stands out")
    figure = run_chart(curves, colour)
    alt = t("Loss by epoch. Symptoms: {symptoms}.", symptoms=words)
    st.plotly_chart(figure, key="diagnose_run", config=_CHART, alt=alt)
    if curves.epochs > MOST_POINTS:
        st.caption(t("{epochs}, drawn with their extremes.", epochs=counted(curves.epochs, "epoch")))
    if report and (symptoms := symptoms_of(report, curves.marks)):
        st.caption("\n".join(f"- {inert(translated(text), 300)}" for text in symptoms))


def _verdict(opened: Opened, report: WrittenReport | None, found: Sequence[Mark], colour: str) -> None:
    diagnosis, data = opened.diagnosis, opened.run.data
    seeds = counted(len(opened.runs), "seed") if len(opened.runs) > 1 else ""
    name = f"{source_name(data)} → {', '.join(data.targets)}"
    st.caption(inert(" · ".join(filter(None, (name, variant_words(opened.run), seeds))), 300))
    if diagnosis is None and not opened.experiment.changeable:
        st.title(t("Not diagnosed yet"), anchor=False)
        st.markdown(t("Whoever ran this can ask for its diagnosis; in a copy of your own, so can you."))
    elif diagnosis is None:
        st.title(t("This run has not finished"), anchor=False)
        st.markdown(t("Its loss can be explained once it has."))
        st.button(t("Look again"), icon=":material/refresh:")
    elif report:
        st.title(headline(report), anchor=False)
        st.markdown(verdict(report))
        if open_question(report) and opened.experiment.changeable:
            _go_on(opened, diagnosis, report)
        _levels(report, colour)
    elif not diagnosis.finished:
        st.title(t("Looking for the cause"), anchor=False)
        st.markdown(
            t("Each suspected cause is put to the test: its fix is trained with the same seeds, nothing else changed.")
        )
        if found:
            symptoms = ", ".join(inert(translated(mark.words)) for mark in found)
            st.markdown(t("What the curve shows: {symptoms}.", symptoms=symptoms))
        watch(diagnosis.id, stoppable=opened.experiment.changeable)
    elif diagnosis.state == State.CANCELLED:
        st.title(t("The diagnosis was cancelled"), anchor=False)
    else:
        st.title(t("There is no diagnosis"), anchor=False)
        unread = t("Another version of the lab wrote it: diagnose this run again.") if diagnosis.report else ""
        reason = translated(diagnosis.error or "") or unread or t("No reason was given.")
        st.warning(inert(reason, 400), icon=":material/block:")


def _again(opened: Opened, diagnosis: Diagnosis) -> None:
    budget = st.segmented_control(
        t("Effort"),
        list(Budget),
        default=diagnosis.budget,
        required=True,
        key=f"diagnose_budget_{diagnosis.id}",
        format_func=lambda budget: t(_BUDGETS[budget]),
        help=t("How much may be trained: a few trials, about ten seconds of trials, or ten times as many."),
    )
    st.button(
        t("Start"), icon=":material/play_arrow:", type="primary", key="diagnose_more", on_click=state.diagnose_again,
        args=(opened, Budget(budget or diagnosis.budget)),
    )  # fmt: skip


def _go_on(opened: Opened, diagnosis: Diagnosis, report: WrittenReport) -> None:
    """Offer to try the rest, and say about how long that takes."""
    larger = diagnosis.budget.next
    if larger is None:
        return
    seconds = max(_LEAST_SECONDS, report["seconds"]) * larger.updates / diagnosis.budget.updates
    st.button(
        t("Not proven yet: go on, about {count} s", count=round(seconds)),
        icon=":material/play_arrow:",
        key="diagnose_go_on",
        on_click=state.diagnose_again,
        args=(opened, larger),
    )


def _levels(report: WrittenReport, colour: str) -> None:
    """Draw who reaches which skill; not where there is nothing to compare with."""
    fixes = [(t("Fix {rank}", rank=rank), cause) for rank, cause in enumerate(with_card(report), 1) if helped(cause)][
        :_MOST_FIXES
    ]
    if report["combined"]:
        fixes.append((t("Together"), report["combined"]))
    if not fixes and not report["models"]:
        return
    figure = skill_chart(report, fixes, colour)
    levels = "; ".join(note["text"] for note in reversed(figure["layout"]["annotations"]))
    alt = t("Explained: {levels}", levels=levels)
    st.plotly_chart(figure, key="diagnose_levels", config=_CHART, alt=alt)


def _layers(report: WrittenReport) -> None:
    layers = report["layers"]
    telling, quiet = split_maps(layers) if layers.get("layers") else ([], [])
    if not telling and not quiet:
        return
    st.header(t("Inside the layers"), anchor=False)
    seed = str(layers["seed"])
    st.caption(t("Measured on at most 128 training rows, during the run with seed {seed}.", seed=seed))
    if telling:
        with st.grid(2, min_column_width=380):
            for layer_map in telling:
                with st.container(border=True, height="stretch"):
                    _map(layers, layer_map)
    else:
        st.markdown(t("Nothing stands out: all layers learn at a similar pace, and enough of their units are alive."))
    if quiet:
        with st.expander(t("The other measurements")), st.grid(2, min_column_width=380):
            for layer_map in quiet:
                with st.container():
                    _map(layers, layer_map)


def _map(layers: Mapping[str, Any], layer_map: LayerMap) -> None:
    title, reading = t(layer_map.title), t(layer_map.reading)
    st.markdown(f"**{title}**")
    figure = layer_chart(layers, layer_map)
    alt = t("{title} by layer and epoch. {reading}", title=title, reading=reading)
    st.plotly_chart(figure, key=f"diagnose_map_{layer_map.field}", config=_CHART, alt=alt)
    st.caption(reading)


def _not_checked(report: WrittenReport) -> None:
    named = {finding["cause"] for finding in report["causes"]}  # their own lines say that they were not tried
    if gaps := [gap for gap in report["not_checked"] if gap["why"] != NOT_TRIED or gap["cause"] not in named]:
        why: dict[str, list[str]] = {}
        for gap in gaps:
            why.setdefault(gap["why"], []).append(t(cause_of(gap).title))
        joined = {reason: "; ".join(dict.fromkeys(titles)) for reason, titles in why.items()}
        lines = [f"- {inert(titles, 600)}: {inert(translated(reason), 300)}" for reason, titles in joined.items()]
        st.caption("\n".join([t("What was not checked:"), "", *lines]))
