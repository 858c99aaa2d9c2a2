"""The two sides of the lab, what the right one shows, and the button that fills it."""

from __future__ import annotations

from typing import Final, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.data.table import Table
from core.errors import InputRefused
from core.jobs.lab import get_lab
from core.jobs.storage.records import Experiment
from core.spec import ExperimentSpec
from core.training.memory import memory_text
from core.ui.chart.live import live_chart
from core.ui.data.feature_choice import chosen_features
from core.ui.data.tables import source_name
from core.ui.lab import live
from core.ui.lab import state as lab_state
from core.ui.lab.chosen import chosen_tokens
from core.ui.lab.comparisons import show_ranking
from core.ui.lab.knobs import KNOBS, in_words, knob_at, knobs_for
from core.ui.lab.live_switch import live_line, live_switch
from core.ui.lab.outlook import Outlook
from core.ui.lab.pending import say_pending
from core.ui.lab.range_test import is_range_test, show_range_test
from core.ui.lab.ranking import in_short
from core.ui.lab.share import lab_reins
from core.ui.lessons.editor import offer_lesson
from core.ui.people.mine import my_store
from core.ui.people.sharing import sharing
from core.ui.pictures.pictures import pictures
from core.ui.sitemap import page
from core.ui.text import counted, duration, inert, size
from core.ui.trouble import attempted
from core.ui.words import t

# On a wide screen the controls scroll beside the chart; on a phone the chart comes first.
_CSS: Final = """<style>
[data-testid="stMain"], .st-key-lab_controls { scroll-padding-bottom: 6rem; }
[data-testid="stLayoutWrapper"]:has(> .st-key-lab_run) {
  position: sticky; bottom: 0; z-index: 5;
}
[data-testid="stLayoutWrapper"]:has(> .st-key-lab_turns_told) { display: none; }
.st-key-lab_run { padding: 0.75rem 0; background: light-dark(LIGHT, DARK); }
.st-key-lab_run button p { text-wrap: balance; }
.st-key-lab_run kbd { display: none; } /* the tooltips say it */
@media (min-width: 641px) {
  [data-testid="stLayoutWrapper"]:has(> .st-key-lab_controls) { position: sticky; top: 4.5rem; }
  .st-key-lab_controls {
    max-height: calc(100dvh - 6.2rem); overflow-y: auto; overscroll-behavior: contain;
    flex-wrap: nowrap; scrollbar-width: thin; padding-right: 0.5rem;
  }
  .st-key-lab_plan { min-height: 420px; }
}
@media (max-width: 640px) {
  [data-testid="stColumn"]:has(.st-key-lab_stage) { order: -1; }
}
/* Live, the curve and the knob that moves it are in sight together; what gets the focus scrolls to between them. A wide
   screen at 200 % has no height for both. */
@media (max-width: 640px) and (min-height: 560px) {
  [data-testid="stMain"]:has(.st-key-lab_live_line) { scroll-padding: calc(42dvh + 4.5rem) 0 9.5rem; }
  [data-testid="stHorizontalBlock"]:has(.st-key-lab_live_line) > [data-testid="stColumn"]:has(.st-key-lab_stage) {
    position: sticky; top: 3.75rem; z-index: 6; max-height: 42dvh; overflow-y: auto; padding-top: 0.375rem;
    background: light-dark(LIGHT, DARK); box-shadow: 0 5px 6px -5px rgb(0 0 0 / 0.4);
  }
  [data-testid="stHorizontalBlock"]:has(.st-key-lab_live_line) .ll-chart { height: 225px; }
  [data-testid="stHorizontalBlock"]:has(.st-key-lab_live_line) .ll-toolbar { flex-wrap: nowrap; overflow-x: auto; }
  [data-testid="stHorizontalBlock"]:has(.st-key-lab_live_line) .ll-toolbar > * { flex: none; }
}
</style>"""

_WORTH_SAYING: Final = 1_000_000
"""Bytes of an input matrix; a smaller one is no news."""

_PLANNED: Final = frozenset({"model.layers", "model.activation", "training.optimizer", "training.learning_rate"})
"""What the empty stage says of the training to come."""

_MUCH_MEMORY: Final = 500_000_000
"""Bytes of one run; less is no news."""

_FORESEEN_MEMORY: Final = 300_000_000
"""Bytes of one run; a larger one is not made ready before it is asked for."""

_WORTH_WAITING: Final = 1.0
"""Seconds until a trainer is free; fewer are no news."""


def lab_layout() -> tuple[DeltaGenerator, DeltaGenerator]:
    """Return the containers for the controls and for the chart."""
    css = _CSS
    for mode in ("light", "dark"):
        css = css.replace(mode.upper(), st.get_option(f"theme.{mode}.backgroundColor") or "Canvas")
    st.html(css)
    left, right = st.columns([3, 7], gap="medium")
    return left.container(gap="small", key="lab_controls"), right.container(key="lab_stage")


def run_bar(
    task: str, wanted: ExperimentSpec | InputRefused, outlook: Outlook | InputRefused, *, welcomed: bool = False
) -> None:
    """Draw the button that runs what the knobs say, with the number of runs and the time; or why it cannot.

    Live, a quiet line stands in its place. Beside a welcome, which has a button of its own, it is a quieter one.
    """
    kind: Literal["primary", "secondary"] = "secondary" if welcomed else "primary"
    with st.container(key="lab_run", gap="xsmall"):
        if isinstance(wanted, InputRefused) or isinstance(outlook, InputRefused):
            refusal = next(what for what in (wanted, outlook) if isinstance(what, InputRefused))
            st.button(t("Run"), type=kind, width="stretch", disabled=True, key="lab_run_button")
            live_switch()
            knob = knob_at(refusal.where)
            # The knob itself says why, where it is its value alone.
            alone = isinstance(wanted, InputRefused) and knob is not None and knob in knobs_for(task)
            reason = t("{knob} needs another value.", knob=t(knob.label)) if knob and alone else in_words(refusal)
            st.markdown(f":small[:red[{inert(reason, 300)}]]")
            return
        if task and outlook.need < _FORESEEN_MEMORY and not outlook.width.too_large:
            get_lab().expect(wanted)
        expected = outlook.expected
        waits = expected.wait_seconds >= _WORTH_WAITING
        wait = t(", after {time} of waiting", time=duration(expected.wait_seconds)) if waits else ""
        runs = counted(len(wanted.runs()), "experiment")
        if live.is_on() and task and not live.too_large(outlook):
            live_line(f"{runs}{wait}")
        else:
            needed = memory_text(outlook.need)
            memory = t("{memory} each", memory=needed) if len(wanted.runs()) > 1 else needed
            memory = f" · {memory}" * (outlook.need > _MUCH_MEMORY)
            pressed = t("Run {runs} · about {time}", runs=runs, time=duration(expected.seconds))
            st.button(
                f"{pressed}{memory}{wait}",
                type=kind,
                icon=":material/play_arrow:",
                width="stretch",
                disabled=not task,
                key="lab_run_button",
                help=t("From anywhere on the page: Alt+Enter"),
                shortcut="Alt+Enter",
                on_click=lab_state.submit_current,
            )
        live_switch()
        if live.is_on() and live.too_large(outlook):
            st.caption(t("Too large for *Live*: this one needs the button."))
        if waits:
            ahead = t("{runs} ahead in the queue.", runs=counted(expected.runs_ahead, "run"))
            st.caption(f":material/hourglass_empty: {ahead}")
        inputs = t("{inputs} after encoding", inputs=counted(outlook.width.columns, "input"))
        if outlook.width.bytes > _WORTH_SAYING:
            inputs += f", {size(outlook.width.bytes)}"
        if outlook.width.too_large:
            too_large = t("{inputs}: too large; encode as ordinal, or leave columns out", inputs=inputs)
            inputs = f":red[{too_large}]"
        st.caption(inputs)
        if refused := st.session_state.pop("lab_refused", ""):
            st.markdown(f":small[:red[{inert(refused, 300)}]]")


def show_experiment(experiment: Experiment, wanted: ExperimentSpec | InputRefused) -> None:
    """Show the curves, and what of `wanted` they do not show yet; a button to cancel while they grow."""
    if experiment.finished:
        lab_state.finished(experiment)
    answers = live.is_on() and live.answers(experiment.id)
    tries = is_range_test(experiment)
    if tries:
        show_range_test(experiment)
    else:
        if not answers:
            show_ranking(experiment)
        say_pending(experiment, wanted)
    name = source_name(experiment.spec.data)
    target = ", ".join(experiment.spec.data.targets)
    title = experiment.title or f"{name} → {target}"
    view = live.view_of(experiment.spec) if live.is_on() else ""
    live_chart(experiment, key="lab_live", title=title, why=not tries, view=view, verdict=in_short(experiment))
    if answers:
        show_ranking(experiment)  # It comes and goes with every turn, and must not move the curves.
    elif not experiment.finished and experiment.changeable:
        cancel = attempted(my_store().cancel)
        st.button(t("Cancel"), icon=":material/stop:", on_click=cancel, args=(experiment.id,))
    if get_lab().settings.signs_in:
        sharing(experiment)
    pictures(experiment, key="lab_pictures")
    if experiment.finished and not answers and not tries:
        offer_lesson(experiment)


def show_plan(table: Table) -> None:
    """Say what Run would train on data that has not been trained on, where the curves will be."""
    data = lab_state.base_spec().data
    inputs = counted(len(chosen_features(data, table)), "column")
    with st.container(
        border=True, key="lab_plan", gap="small", vertical_alignment="center", horizontal_alignment="center"
    ):
        nothing = t("Nothing trained on {table} yet", table=inert(source_name(data)))
        st.header(nothing, anchor=False, text_alignment="center")
        st.markdown(
            t(
                "Press **Run** to predict **{target}** from {columns}: the losses appear here.",
                target=inert(", ".join(data.targets)),
                columns=inputs,
            ),
            text_alignment="center",
        )
        planned = [
            f"{t(knob.label)} {t(' or ').join(map(knob.say, chosen_tokens(knob) or [knob.default]))}"
            for knob in KNOBS
            if knob.path in _PLANNED - lab_reins().hidden
        ]
        st.caption(inert(" · ".join(planned), 300), text_alignment="center")


def show_welcome(trouble: str = "") -> None:
    """Greet, say what is wrong if something is, offer a first experiment and show what one looks like."""
    with st.container(border=True, key="lab_welcome"):
        if trouble:
            st.warning(inert(trouble, 300), icon=":material/link_off:")
        st.header(t("What causes the bad training loss?"), anchor=False)
        st.markdown(
            t(
                "Train small neural networks on your table or a sample, give a setting such as the learning rate "
                "several values, and see which of them spoils the loss. *Why?*, in the table below the curves, names "
                "the cause and tests its repair."
            )
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            icon = ":material/play_arrow:"
            st.button(t("Try it with iris"), icon=icon, type="primary", on_click=_try_example, key="lab_try")
            st.page_link(page("lessons"), label=t("Start with a lesson"))
    if not trouble and (example := lab_state.example()):
        live_chart(example, key="lab_example", title=t("Example: scaling × learning rate"), why=True)


def _try_example() -> None:
    lab_state.load(lab_state.EXAMPLE)
    lab_state.submit(lab_state.EXAMPLE)
