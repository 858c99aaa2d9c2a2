"""The learning rate range test of the lab: its button at the knob, and the card that says which rates to use.

The rates are tried by an ordinary experiment with the schedule ``range_test``; `core.training.range_test` reads it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from core.diagnosis.evidence.limits import FEWEST_SEEDS
from core.errors import InputRefused
from core.jobs.lab import get_lab
from core.jobs.storage.records import Experiment, State
from core.plot import TEXT
from core.spec import ExperimentSpec, load_spec
from core.training.range_test import Curve, RateRange, Unclear, rate_range
from core.ui.chart.variant_colours import colours_of
from core.ui.lab import state as lab_state
from core.ui.lab.comparisons import taken
from core.ui.lab.knobs import in_words
from core.ui.lab.tokens import NUMBER
from core.ui.text import inert
from core.ui.words import later, number, separators, t, written

RATE: Final = "training.learning_rate"

_LOWEST, _HIGHEST = 1e-6, 100.0
"""Adam's usual rate is 0.001, that of plain gradient descent on scaled inputs up to 1; some decades on both sides."""
_EPOCHS: Final = 120
"""Fifteen rates per decade, each for one epoch; fastai's ``lr_find`` takes 100 batches for eight decades."""
_SETS: Final = (RATE, "training.schedule", "training.epochs", "training.early_stopping")
_HEIGHT: Final = 320
_TICK_DECADES: Final = 2
"""Between two labels of the axis: written out, they have room on a phone."""
_WIDE: Final = 100
"""A loss that spans more than this needs a logarithmic axis."""
_NEUTRAL: Final = "#808080"
_ENDED: Final = frozenset({State.DONE, State.DIVERGED})

_REASONS: Final[Mapping[Unclear, str]] = {
    Unclear.TOO_SHORT: later("Unclear: the climb is too short to tell anything."),
    Unclear.NEVER_FELL: later("Unclear: the loss falls clearly at none of these rates. Look for another cause first."),
    Unclear.STILL_FALLING: later("Unclear: the loss does not turn up, not even at the highest rate."),
    Unclear.SEEDS_DISAGREE: later("Unclear: the seeds disagree about where the loss falls and where it turns up."),
    Unclear.NO_ROOM: later("Unclear: the loss turns up almost as soon as it begins to fall."),
}


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
    title = " · ".join([t("Range test"), *taken(spec, *_SETS)])
    seeds = max(FEWEST_SEEDS, spec.seeds)
    return load_spec(first | {"title": title, "training": first["training"] | climb, "seeds": seeds})


def range_test_button() -> None:
    """Draw the button that tries learning rates for what the knobs say."""
    st.button(
        t("Range test"),
        icon=":material/query_stats:",
        type="tertiary",
        key="lab_range_test_button",
        help=t(
            "Trains briefly while the rate climbs from {lowest} to {highest}, with at least {seeds} seeds, and shows "
            "at which rates the loss falls. Everything else as it is.",
            lowest=_rate(_LOWEST),
            highest=_rate(_HIGHEST),
            seeds=FEWEST_SEEDS,
        ),
        on_click=_test,
    )


def _test() -> None:
    """Queue the test; the knobs stay as the person set them."""
    if spec := lab_state.spec_at_press():
        try:
            lab_state.submit(range_test_of(spec))
        except InputRefused as refusal:
            st.session_state.lab_refused = in_words(refusal)


def show_range_test(experiment: Experiment) -> None:
    """Show a finished range test: the curve, the range of rates or that it is unclear, and a button to use one."""
    ended = [place for place, run in enumerate(experiment.runs) if run.state in _ENDED]
    if not experiment.finished or not ended:
        return
    results = get_lab().store.results(experiment.id, ended, ("loss",))
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
            range_chart(found, losses, colours_of(experiment)[0]),
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
    if found.suggested is not None:
        token = NUMBER.show(found.suggested)
        chosen = {lab_state.knob_key(RATE): [token]}
        use = t("Use {value}", value=_rate(found.suggested))
        st.button(use, key="lab_use_rate", on_click=st.session_state.update, kwargs=chosen)


def in_a_sentence(found: RateRange) -> str:
    """Return what a range test says, plain text."""
    if found.unclear is not None:
        return t(_REASONS[found.unclear])
    told = {"low": found.low, "high": found.high, "turn": found.turn}
    return t("{low} to {high}; the loss turns up at {turn}.", **{name: _rate(rate) for name, rate in told.items()})


def described(found: RateRange, seeds: int) -> str:
    """Return the text alternative of the chart, plain text."""
    known = [(loss, rate) for loss, rate in zip(found.smoothed, found.rates, strict=True) if loss is not None]
    told = [t("Loss at learning rates from {low} to {high}.", low=_rate(found.rates[0]), high=_rate(found.rates[-1]))]
    if known:
        least, rate = min(known)
        fall = {"first": _loss(known[0][0]), "least": _loss(least), "rate": _rate(rate), "seeds": seeds}
        told.append(
            t("The smoothed loss of {seeds} seeds begins at {first}; its lowest is {least}, at {rate}.", **fall)
        )
    return " ".join([*told, in_a_sentence(found)])


def range_chart(found: RateRange, losses: Sequence[Curve], colour: str) -> dict[str, Any]:
    """Return a Plotly figure: loss over rate, a thin line per seed, the smoothed one, the range shaded.

    What lies far above the first loss goes over the upper edge.
    """
    known = [loss for loss in found.smoothed if loss is not None]
    first = [curve[0] for curve in losses if curve and curve[0] is not None]
    top, low = max([*first, *known[:1]], default=1.0), min([*known, *first], default=0.0)
    log = low > 0 and top / low > _WIDE
    hover = f"{t('learning rate {rate}', rate='%{x:.2~g}')}<br>{t('loss {loss}', loss='%{y:.4~g}')}<extra></extra>"
    common = {"type": "scatter", "mode": "lines", "showlegend": False}
    data: list[dict[str, Any]] = [
        common | {"x": found.rates[: len(curve)], "y": list(curve), "opacity": 0.4, "hoverinfo": "skip",
                  "line": {"color": colour, "width": 1}}
        for curve in losses
    ]  # fmt: skip
    line = {"line": {"color": colour, "width": 3}, "hovertemplate": hover}
    data.append(common | line | {"x": found.rates, "y": list(found.smoothed), "connectgaps": False})
    shapes, notes = [], []
    if found.low is not None and found.high is not None:
        shapes.append({"type": "rect", "x0": found.low, "x1": found.high, "yref": "paper", "y0": 0, "y1": 1,
                       "fillcolor": colour, "opacity": 0.13, "line": {"width": 0}, "layer": "below"})  # fmt: skip
        between = t("{low} to {high}", low=_rate(found.low), high=_rate(found.high))
        notes.append(_note(between, math.log10(found.low * found.high) / 2))
    if found.turn is not None and found.high is not None:
        notes.append(_note(t("turns up"), math.log10(found.turn), xanchor="left"))
        shapes.append({"type": "line", "x0": found.turn, "x1": found.turn, "yref": "paper", "y0": 0, "y1": 1.08,
                       "line": {"color": _NEUTRAL, "width": 1}})  # fmt: skip
    if found.suggested is not None:
        place = min(range(len(found.rates)), key=lambda i: abs(math.log(found.rates[i] / (found.suggested or 1))))
        data.append(common | {"mode": "markers", "x": [found.rates[place]], "y": [found.smoothed[place]],
                              "marker": {"color": colour, "size": 11}, "hovertemplate": hover})  # fmt: skip
    room = math.log10(top / low) if log else (top - low) or abs(top) or 1.0
    lower, upper = (math.log10(low), math.log10(top)) if log else (low, top)
    ends = [math.log10(rate) for rate in (found.rates[0], found.rates[-1])]
    ticks = [10.0**power for power in range(math.ceil(ends[0] - 1e-9), math.floor(ends[1] + 1e-9) + 1, _TICK_DECADES)]
    return {
        "data": data,
        "layout": {
            "separators": separators(),
            "height": _HEIGHT,
            "margin": {"l": 8, "r": 16, "t": 28, "b": 8},
            "shapes": shapes,
            "annotations": notes,
            "hovermode": "closest",
            "xaxis": {
                "title": {"text": t("learning rate")}, "type": "log", "tickvals": ticks, "ticktext": [*map(_rate, ticks)],
                "range": ends,
                "fixedrange": True, "zeroline": False, "automargin": True, "tickfont": {"size": TEXT},
            },
            "yaxis": {
                "title": {"text": t("loss")}, "type": "log" if log else "linear", "range": [lower - 0.05 * room, upper + 0.12 * room],
                "fixedrange": True, "zeroline": False, "automargin": True, "tickfont": {"size": TEXT},
                **({"dtick": 1, "exponentformat": "power"} if log else {"exponentformat": "none"}),
            },
        },
    }  # fmt: skip


def _note(text: str, x: float, xanchor: str = "center") -> dict[str, Any]:
    return {"text": text, "x": x, "yref": "paper", "y": 1, "yanchor": "bottom", "xanchor": xanchor, "xshift": 4 * (xanchor == "left"),
            "showarrow": False, "font": {"size": TEXT}}  # fmt: skip


def _rate(rate: float | None) -> str:
    """Return a rate in one digit, written out."""
    return "" if rate is None else written(f"{float(f'{rate:.0e}'):.12f}".rstrip("0").rstrip("."))


def _loss(value: float) -> str:
    return number(value, ".3g") if 1e-3 <= abs(value) < 1e4 else number(value, ".1e")
