"""The learning rate range test of the lab: its button at the knob, and the card that says which rates to use.

The rates are tried by an ordinary experiment with the schedule ``range_test``; `core.training.range_test` reads it.
"""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.diagnosis.evidence.limits import FEWEST_SEEDS
from core.errors import InputRefused
from core.jobs.storage.records import Experiment, State
from core.spec import ExperimentSpec, load_spec
from core.training.range_test import RateRange, rate_range
from core.ui.chart.variant_colours import colours_of
from core.ui.lab import state as lab_state
from core.ui.lab.chosen import choose
from core.ui.lab.comparisons import taken
from core.ui.lab.knobs import BY_PATH, in_words
from core.ui.lab.rate_chart import described, in_a_sentence, rate_chart, rate_text
from core.ui.lab.share import lab_reins
from core.ui.lab.tokens import NUMBER
from core.ui.people.mine import my_store
from core.ui.text import inert
from core.ui.words import number, t

RATE: Final = "training.learning_rate"

_LOWEST, _HIGHEST = 1e-6, 100.0
"""Adam's usual rate is 0.001, that of plain gradient descent on scaled inputs up to 1; some decades on both sides."""
_EPOCHS: Final = 120
"""Fifteen rates per decade, each for one epoch; fastai's ``lr_find`` takes 100 batches for eight decades."""
_MOST_ROWS: Final = 2000
"""Of a larger table a sample of so many: the rates that work hang on the size of a batch, not on that of the table."""
_ENDED: Final = frozenset({State.DONE, State.DIVERGED})


def is_range_test(experiment: Experiment) -> bool:
    """Return whether an experiment tries learning rates, and nothing else."""
    return experiment.spec.training.schedule.tries and not experiment.spec.vary


def range_test_of(spec: ExperimentSpec) -> ExperimentSpec:
    """Return the range test of what `spec` trains, of every setting that it varies of the first value.

    Raises
    ------
    InputRefused
        If the spec refuses it.
    """
    first = spec.runs()[0].model_dump(mode="json", exclude={"variant"})
    climb = {
        "learning_rate": _LOWEST, "schedule": {"name": "range_test", "times": _HIGHEST / _LOWEST},
        "epochs": _EPOCHS, "early_stopping": None,
    }  # fmt: skip
    data = first["data"] | {"rows": min(spec.data.rows or _MOST_ROWS, _MOST_ROWS)}
    title = " · ".join([t("Range test"), *taken(spec, *lab_state.SET_BY_A_RANGE_TEST)])
    seeds = max(FEWEST_SEEDS, spec.seeds)
    return load_spec(first | {"title": title, "data": data, "training": first["training"] | climb, "seeds": seeds})


def range_test_button() -> None:
    """Draw the button that tries learning rates for what the knobs say."""
    st.button(
        t("Range test"),
        icon=":material/query_stats:",
        type="tertiary",
        key="lab_range_test_button",
        help=t(
            "Trains briefly, on at most {rows} rows, while the rate climbs from {lowest} to {highest}, with at least "
            "{seeds} seeds, and shows at which rates the loss falls. Everything else as it is.",
            rows=number(_MOST_ROWS),
            lowest=rate_text(_LOWEST),
            highest=rate_text(_HIGHEST),
            seeds=FEWEST_SEEDS,
        ),
        on_click=_test,
    )


def _test() -> None:
    """Queue the test; the knobs stay as the person set them."""
    if spec := lab_state.spec_at_press():
        try:
            lab_state.submit(range_test_of(spec), knobs=spec)
        except InputRefused as refusal:
            st.session_state.lab_refused = in_words(refusal)


def show_range_test(experiment: Experiment) -> None:
    """Show a finished range test: the curve, the range of rates or that it is unclear, and a button to use one."""
    if any(run.state not in _ENDED for run in experiment.runs):  # too few seeds say nothing of luck
        return
    results = my_store().results(experiment.id, range(len(experiment.runs)), ("loss",))
    losses = [result.history.get("loss", ()) for result in results]
    baseline = (results[0].baseline or {}).get("loss")
    training = experiment.spec.training
    rates = [training.learning_rate * training.schedule.scale(i, training.epochs) for i in range(training.epochs)]
    found = rate_range(rates, losses, baseline)
    with st.container(border=True, key="lab_range_test", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"**{t('Range test')}**", width="content")
            _use(found)
        st.markdown(inert(in_a_sentence(found), 200))
        st.plotly_chart(
            rate_chart(found, losses, colours_of(experiment)[0]),
            key="lab_range_test_chart",
            config={"displayModeBar": False},
            alt=described(found, len(losses)),
        )
        st.caption(
            t(
                "Thin: each seed; thick: smoothed. A short climb from fresh weights: it does not show how a long "
                "training ends, or how well rows held out are predicted."
            )
        )


def _use(found: RateRange) -> None:
    if found.suggested is not None and RATE not in lab_reins().hidden | lab_reins().locked:
        token = NUMBER.show(found.suggested)
        use = t("Use {value}", value=rate_text(found.suggested))
        st.button(use, key="lab_use_rate", on_click=choose, args=(BY_PATH[RATE], [token]))
