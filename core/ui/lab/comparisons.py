"""One click tries every value of a setting: the experiment it makes, its buttons, and the ranking when it is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from core.jobs.storage.records import Experiment
from core.plot import COLOURS
from core.spec import ExperimentSpec, load_spec
from core.ui.lab import state as lab_state
from core.ui.lab.knobs import KNOBS, label_of
from core.ui.lab.ranking import Ranking, rank, ranking_chart, verdict
from core.ui.text import inert

SEEDS: Final = 3


@dataclass(frozen=True)
class Comparison:
    """A button that tries every value of a setting."""

    button: str
    title: str
    help: str


COMPARISONS: Final[Mapping[str, Comparison]] = {
    "preprocessing.scaling": Comparison(
        "Try all scalings",
        "Every scaling",
        f"Trains every scaling with {SEEDS} seeds, all else as it is, and ranks them.",
    ),
    "preprocessing.missing": Comparison(
        "Try all fillings",
        "Every way to treat missing values",
        f"Trains every way to treat missing values with {SEEDS} seeds, all else as it is, and ranks them.",
    ),
}


def every_value(spec: ExperimentSpec, path: str) -> ExperimentSpec:
    """Return the experiment that tries all values of `path`, three seeds each, and the first of all else `spec` varies.

    Raises
    ------
    InputRefused
        If a value does not go with the rest.
    """
    knob = next(knob for knob in KNOBS if knob.path == path)
    first = spec.runs()[0].model_dump(mode="json", exclude={"variant"})
    vary = {path: [knob.read(token) for token in knob.choices]}
    return load_spec(first | {"title": COMPARISONS[path].title, "vary": vary, "seeds": SEEDS})


def comparison_button(path: str) -> None:
    """Draw the button that tries every value of `path`."""
    comparison = COMPARISONS[path]
    st.button(
        comparison.button,
        width="stretch",
        help=comparison.help,
        key=f"lab_all_{path.rpartition('.')[2]}",
        on_click=_try,
        args=(path,),
    )


def _try(path: str) -> None:
    if spec := lab_state.spec_at_press():
        experiment = every_value(spec, path)
        lab_state.load(experiment)
        lab_state.submit(experiment)


def show_ranking(experiment: Experiment) -> None:
    """Show which value of the one varied setting is best, once an experiment is over; nothing for any other."""
    ranking = rank(experiment)
    if ranking is None:
        return
    with st.container(border=True, key="lab_ranking", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"**{inert(label_of(ranking.path))} by {ranking.measure}**", width="content")
            _use_best(ranking)
        st.markdown(inert(verdict(ranking), 300))
        st.plotly_chart(
            ranking_chart(ranking, COLOURS),
            key="lab_ranking_chart",
            config={"displayModeBar": False},
            alt=f"{label_of(ranking.path)} ranked by {ranking.measure}: {verdict(ranking)}",
        )
        st.caption(_small_print(ranking))


def _small_print(ranking: Ranking) -> str:
    words = "A dot a seed, a bar at their median. Losses are not compared: their unit changes with the preprocessing."
    if any(row.value == "drop_rows" for row in ranking.rows):
        words += " Dropping rows also drops validation rows, so drop_rows answers easier questions."
    if not ranking.validation:
        words += " There are no validation rows: this skill may be memory."
    return words


def _use_best(ranking: Ranking) -> None:
    best = ranking.rows[0]
    knob = next((knob for knob in KNOBS if knob.path == ranking.path), None)
    token = knob.kind.show(best.value) if knob else ""
    if knob and token and best.skills:
        st.button(f"Use {inert(best.label, 40)}", key="lab_use_best", on_click=_use, args=(ranking.path, token))


def _use(path: str, token: str) -> None:
    values: dict[str, Any] = {lab_state.knob_key(path): [token]}
    st.session_state.update(values)
