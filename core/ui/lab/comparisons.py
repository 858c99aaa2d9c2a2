"""One click trains every value of one setting: the experiment, its button, and the ranking once it has finished."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from core.choices.imputation import IMPUTATIONS
from core.diagnosis.evidence.limits import FEWEST_SEEDS
from core.errors import InputRefused
from core.jobs.storage.records import Experiment
from core.spec import ExperimentSpec, load_spec
from core.ui.chart.variant_colours import colours_of
from core.ui.lab import state as lab_state
from core.ui.lab.chosen import choose
from core.ui.lab.knobs import BY_PATH, in_words, label_of, show_value
from core.ui.lab.ranking import Ranking, rank, ranking_chart, verdict
from core.ui.text import inert
from core.ui.words import inside, later, t

COMPARISONS: Final = {
    "preprocessing.scaling": (later("Try all scalings"), later("every scaling")),
    "preprocessing.missing": (later("Try all imputations"), later("every way to treat missing values")),
}
"""Settings → the button that trains every value of it, and what its title and help call them."""


def every_value(spec: ExperimentSpec, path: str) -> ExperimentSpec:
    """Return the experiment that trains all values of `path` with the seeds of `spec`, three at least.

    Of every other setting that `spec` varies the first value is taken; the title says so.

    Raises
    ------
    InputRefused
        If a value does not go with the rest, or there are too many runs.
    """
    knob = BY_PATH[path]
    first = spec.runs()[0].model_dump(mode="json", exclude={"variant"})
    vary = {path: [knob.read(token) for token in knob.choices]}
    every = t(COMPARISONS[path][1])
    title = " · ".join([every[0].upper() + every[1:], *taken(spec, path)])
    return load_spec(first | {"title": title, "vary": vary, "seeds": max(FEWEST_SEEDS, spec.seeds)})


def taken(spec: ExperimentSpec, *paths: str) -> list[str]:
    """Return in words which value of every setting that `spec` varies is taken by what sets `paths`: the first."""
    varied = {other: values for other, values in spec.vary.items() if other not in paths and len(values) > 1}
    return [f"{inside(t(label_of(other)))} {show_value(other, values[0])}" for other, values in varied.items()]


def comparison_buttons(spec: ExperimentSpec, paths: Sequence[str]) -> None:
    """Draw a button per path that trains every value of it, and say what is taken where `spec` has several values."""
    seeds = max(FEWEST_SEEDS, spec.seeds)
    with st.container(horizontal=True, gap="small", key="lab_comparisons"):
        for path in paths:
            label, every = COMPARISONS[path]
            st.button(
                t(label),
                width="stretch",
                help=t(
                    "Trains {every} with {seeds} seeds, everything else as it is, and ranks them.",
                    every=t(every),
                    seeds=seeds,
                ),
                key=f"lab_all_{path.rpartition('.')[2]}",
                on_click=_try,
                args=(path,),
            )
    if settings := list(dict.fromkeys(words for path in paths for words in taken(spec, path))):
        st.caption(
            t(
                "Where you chose several values, a comparison takes the first: {settings}.",
                settings=inert(", ".join(settings), 200),
            )
        )


def _try(path: str) -> None:
    """Queue the comparison; the knobs stay as the person set them."""
    if spec := lab_state.spec_at_press():
        try:
            lab_state.submit(every_value(spec, path))
        except InputRefused as refusal:
            st.session_state.lab_refused = in_words(refusal)


def show_ranking(experiment: Experiment) -> None:
    """Say which value of the one varied setting is best, once an experiment has finished; nothing for any other."""
    ranking = rank(experiment)
    if ranking is None:
        return
    with st.container(border=True, key="lab_ranking", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            named = t("{setting} by {measure}", setting=inert(t(label_of(ranking.path))), measure=ranking.measure)
            st.markdown(f"**{named}**", width="content")
            _use_best(ranking)
        st.markdown(inert(verdict(ranking), 300))
        if not any(row.skills for row in ranking.rows):
            return
        # Closed, so that the curves below stay in sight when the last run ends.
        with st.expander(t("See all {count} ranked", count=len(ranking.rows)), icon=":material/leaderboard:"):
            st.plotly_chart(
                ranking_chart(ranking, colours_of(experiment)),
                key="lab_ranking_chart",
                config={"displayModeBar": False},
                alt=t(
                    "{setting} ranked by {measure}: {verdict}",
                    setting=t(label_of(ranking.path)),
                    measure=ranking.measure,
                    verdict=verdict(ranking),
                ),
            )
            st.caption(_small_print(ranking))


def _small_print(ranking: Ranking) -> str:
    words = t(
        "Each dot is a seed, the bar is their median. Preprocessing can change the unit of a loss, but not of skill."
    )
    for row in ranking.rows:
        if ranking.path == "preprocessing.missing" and IMPUTATIONS[row.value].drops == "rows":
            words += " " + t(
                "Dropping rows also drops validation rows, so {value} is checked on those without gaps.",
                value=row.value,
            )
    if not ranking.validation:
        words += " " + t("There are no validation rows, so this skill may only be memory.")
    return words


def _use_best(ranking: Ranking) -> None:
    best = ranking.rows[0]
    knob = BY_PATH.get(ranking.path)
    token = knob.notation.show(best.value) if knob else ""
    if knob and token and best.skills:
        use = t("Use {value}", value=inert(best.label, 40))
        st.button(use, key="lab_use_best", on_click=choose, args=(knob, [token]))
