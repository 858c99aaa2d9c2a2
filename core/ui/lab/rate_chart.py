"""What a learning rate range test says, in a sentence and as a Plotly figure: loss over rate, the range shaded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from core.plot import TEXT
from core.training.range_test import Curve, RateRange, Unclear
from core.ui.words import later, number, separators, t, written

_HEIGHT: Final = 320
_WIDE: Final = 20
"""A loss that falls to less than a 20th turns up too low to be seen on a linear axis."""
_TICK_DECADES: Final = 2
"""Between two labels of the axis: written out, they have room on a phone."""
_NEUTRAL: Final = "#808080"
_REASONS: Final[Mapping[Unclear, str]] = {
    Unclear.TOO_SHORT: later("Unclear: the climb is too short to tell anything."),
    Unclear.NEVER_FELL: later("Unclear: the loss falls clearly at none of these rates. Look for another cause first."),
    Unclear.STILL_FALLING: later("Unclear: the loss does not turn up, not even at the highest rate."),
    Unclear.SEEDS_DISAGREE: later("Unclear: the seeds disagree about where the loss falls and where it turns up."),
    Unclear.NO_ROOM: later("Unclear: the loss turns up almost as soon as it begins to fall."),
}


def in_a_sentence(found: RateRange) -> str:
    """Return what a range test says, plain text."""
    if found.unclear is not None:
        return t(_REASONS[found.unclear])
    told = {"low": found.low, "high": found.high, "turn": found.turn}
    words = {name: rate_text(rate) for name, rate in told.items()}
    return t("Rates of {low} to {high} work: the loss falls there, and turns up at {turn}.", **words)


def described(found: RateRange, seeds: int) -> str:
    """Return the text alternative of the chart, plain text."""
    ends = {"low": rate_text(found.rates[0]), "high": rate_text(found.rates[-1])}
    told = [t("Loss at learning rates from {low} to {high}.", **ends)]
    known = [(loss, rate) for loss, rate in zip(found.smoothed, found.rates, strict=True) if loss is not None]
    if known:
        least, rate = min(known)
        fall = {"first": _loss_text(known[0][0]), "least": _loss_text(least), "rate": rate_text(rate), "seeds": seeds}
        told.append(t("Smoothed over {seeds} seeds it begins at {first}; its lowest is {least}, at {rate}.", **fall))
    return " ".join([*told, in_a_sentence(found)])


def rate_text(rate: float | None) -> str:
    """Return a rate in one digit, written out."""
    return "" if rate is None else written(f"{float(f'{rate:.0e}'):.12f}".rstrip("0").rstrip("."))


def rate_chart(found: RateRange, losses: Sequence[Curve], colour: str) -> dict[str, Any]:
    """Return the figure: a thin line per seed, a thick one for the smoothed loss, a dot at the rate to begin with.

    Losses far above the first ones go over the upper edge.
    """
    seeds = [
        _line(found.rates[: len(curve)], curve, colour, 1) | {"opacity": 0.55, "hoverinfo": "skip"} for curve in losses
    ]
    hover = t("learning rate {rate}", rate="%{x:.2~g}"), t("loss {loss}", loss="%{y:.4~g}")
    told = {"hovertemplate": "<br>".join(hover) + "<extra></extra>"}
    smoothed = _line(found.rates, found.smoothed, colour, 3) | told
    known = [loss for loss in found.smoothed if loss is not None]
    first = [curve[0] for curve in losses if curve and curve[0] is not None]
    return {
        "data": [*seeds, smoothed, *(dot | told for dot in _dot(found, colour))],
        "layout": {
            "separators": separators(),
            "height": _HEIGHT,
            "margin": {"l": 8, "r": 16, "t": 28, "b": 8},
            "hovermode": "closest",
            "xaxis": _rate_axis(found.rates),
            "yaxis": _loss_axis(min([*known, *first], default=0.0), max([*first, *known[:1]], default=1.0)),
            **_marks(found, colour),
        },
    }


def _line(x: Sequence[float], y: Curve, colour: str, width: int) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "lines", "x": list(x), "y": list(y), "showlegend": False,
        "line": {"color": colour, "width": width},
    }  # fmt: skip


def _dot(found: RateRange, colour: str) -> list[dict[str, Any]]:
    """Return a dot on the curve at the rate to begin with, where there is one."""
    if found.suggested is None:
        return []
    apart = [abs(math.log(rate / found.suggested)) for rate in found.rates]
    place = apart.index(min(apart))
    dot = {"mode": "markers", "marker": {"color": colour, "size": 11}}
    return [_line([found.rates[place]], [found.smoothed[place]], colour, 3) | dot]


def _marks(found: RateRange, colour: str) -> dict[str, list[dict[str, Any]]]:
    """Return the shaded range and a line at the turn, each with its word above the plot."""
    if found.low is None or found.high is None or found.turn is None:
        return {}
    common = {"yref": "paper", "y0": 0, "y1": 1, "layer": "below"}
    band = {"type": "rect", "x0": found.low, "x1": found.high, "fillcolor": colour, "opacity": 0.13}
    turn = {"type": "line", "x0": found.turn, "x1": found.turn, "line": {"color": _NEUTRAL, "width": 1}}
    between = t("{low} to {high}", low=rate_text(found.low), high=rate_text(found.high))
    return {
        "shapes": [common | band | {"line": {"width": 0}}, common | turn],
        "annotations": [
            _word(between, found.high, "right"),
            _word(t("turns up"), found.turn, "left"),
        ],
    }


def _word(text: str, rate: float, anchor: str) -> dict[str, Any]:
    return {
        "text": text, "x": math.log10(rate), "xanchor": anchor, "yref": "paper", "y": 1, "yanchor": "bottom",
        "showarrow": False, "font": {"size": TEXT},
    }  # fmt: skip


_AXIS: Final = {"fixedrange": True, "zeroline": False, "automargin": True, "tickfont": {"size": TEXT}}


def _rate_axis(rates: Sequence[float]) -> dict[str, Any]:
    low, high = math.log10(rates[0]), math.log10(rates[-1])
    ticks = [10.0**power for power in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1, _TICK_DECADES)]
    told = {"tickvals": ticks, "ticktext": [rate_text(rate) for rate in ticks], "range": [low, high]}
    return {"title": {"text": t("learning rate")}, "type": "log", **told, **_AXIS}


def _loss_axis(low: float, high: float) -> dict[str, Any]:
    log = low > 0 and high / low > _WIDE
    if log:
        low, high = math.log10(low), math.log10(high)
    else:
        low = min(low, 0.0)  # A fall that is hardly one must look so.
    room = (high - low) or abs(high) or 1.0
    told = {"type": "log", "dtick": 1, "exponentformat": "power"} if log else {"exponentformat": "none"}
    return {"title": {"text": t("loss")}, "range": [low - 0.05 * room, high + 0.12 * room], **told, **_AXIS}


def _loss_text(value: float) -> str:
    return number(value, ".3g" if 1e-3 <= abs(value) < 1e4 else ".1e")
