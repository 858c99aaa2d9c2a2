"""The curves of an experiment as one SVG picture that needs no script: for the presenter's view and for lab reports."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterator, MutableMapping, Sequence
from html import escape
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from core.jobs.storage.records import Experiment
from core.plot import COLOURS
from core.spec.values import Count, Number, Value
from core.ui.chart.names import distinct
from core.ui.chart.variant_colours import places_of
from core.ui.lab.knobs import show_value
from core.ui.people.mine import my_store
from core.ui.words import number, t, written

_MOST_POINTS: Final = 300
_LOG_FROM: Final = 30.0
"""Where the largest loss is so many times the smallest, the axis counts powers of ten."""
WIDE: Final = 1000
"""Units across the picture; a narrower one is legible in a narrower place."""
_LETTER: Final = 19
"""Units that letters are high."""
_HEIGHT: Final = 470
_LEFT, _TOP, _BOTTOM = 98, 18, 62
_RACE_SECONDS: Final = 6
_NAMES_LEAST, _NAMES_MOST = 210, 0.45
"""Units beside the curves that names have at least, and the share of the picture that they may take."""
_BEFORE_NAME: Final = 24
"""Units from the curves to a name; its stroke is between them."""
_NARROW, _BROAD = frozenset("fijlrtI.,:;'|!()[]·-/ "), frozenset("mwMW@%—…")
_RAISED_FROM: Final = 1e6
_LARGEST_LOSS: Final = 1e100
"""Far more than float32, in which losses are computed, can hold; differences of such numbers are still finite."""
_LINE: Final = 26
"""Least distance of two labels, in units of the picture."""

Epoch = Annotated[Count, Field(ge=1, le=10**7)]
Loss = Annotated[
    Number,
    Field(ge=-_LARGEST_LOSS, le=_LARGEST_LOSS),
    AfterValidator(lambda loss: loss if abs(loss) * _LARGEST_LOSS >= 1 else 0.0),
]
"""A loss that can be drawn; what is nearer to 0 than any float32 is 0, so that its logarithm has room."""
Spread = tuple[Epoch, Loss, Loss]
Point = tuple[Epoch, Loss]
Text = Annotated[str, Field(max_length=200)]


class Curve(Value):
    """One loss over the epochs, thinned: (epoch, loss), and the epoch where it became NaN or infinite."""

    name: Text
    variant: Annotated[Count, Field(ge=0, le=600)]
    """The place of its colour in the palette, which begins anew where there are more variants than colours."""
    validation: bool = False
    points: Annotated[tuple[Point, ...], Field(max_length=2 * _MOST_POINTS)]
    band: Annotated[tuple[Spread, ...], Field(max_length=2 * _MOST_POINTS)] = ()
    """(epoch, lowest, highest) over the seeds, at some of the epochs."""
    diverged_at: Epoch | None = None


class Drawing(Value):
    """The curves of an experiment, one for each variant and kind of loss: the median over its seeds."""

    curves: Annotated[tuple[Curve, ...], Field(max_length=200)]
    baseline: Loss | None = None
    seeds: Annotated[Count, Field(ge=1, le=100)] = 1


def drawing_of(
    experiment: Experiment, names: Sequence[str] = (), seen: MutableMapping[str, int] | None = None
) -> Drawing:
    """Return the curves of a finished experiment; `names` stand for those of its variants.

    They have the colours of the live chart, by the places in the palette that variants were `seen` in.
    """
    places = places_of(experiment, {} if seen is None else seen)
    results = my_store().results(experiment.id, range(len(experiment.runs)), curves=("loss", "val_loss"))
    keys = [json.dumps(run.variant, sort_keys=True) for run in experiment.runs]
    order = list(dict.fromkeys(keys))
    first = {key: experiment.runs[keys.index(key)].variant for key in order}
    told = [" · ".join(show_value(path, value) for path, value in variant.items()) for variant in first.values()]
    told = list(names) if len(names) == len(order) else distinct([name or t("loss") for name in told])
    curves = []
    for place, key in enumerate(order):
        mine = [result for result, of in zip(results, keys, strict=True) if of == key]
        ends = [result.diverged_at for result in mine if result.diverged_at]
        for metric in ("loss", "val_loss"):
            histories = [result.history[metric] for result in mine if result.history.get(metric)]
            if histories:
                end = min(ends) if ends and metric == "loss" else None
                points = _thinned(list(_median(histories)))
                band = _band(histories, [epoch for epoch, _ in points]) if metric == "loss" else ()
                curves.append(
                    Curve(
                        name=told[place],
                        variant=places[place] if places else place,
                        validation=metric != "loss",
                        points=points,
                        band=band,
                        diverged_at=end,
                    )
                )
    bases = [(result.baseline or {}).get("loss") for result in results]
    known = [base for base in bases if base is not None and base <= _LARGEST_LOSS]
    alike = bool(known) and max(known) - min(known) <= 0.05 * abs(max(known))
    return Drawing(
        curves=tuple(curves), baseline=statistics.median(known) if alike else None, seeds=max(map(keys.count, order))
    )


def _median(histories: Sequence[Sequence[float | None]]) -> Iterator[tuple[int, float]]:
    """Yield the median of each epoch that every history has reached with a finite loss."""
    for epoch, values in enumerate(zip(*histories, strict=False), start=1):
        if any(value is None for value in values):
            return
        yield epoch, statistics.median(value for value in values if value is not None)


def _band(histories: Sequence[Sequence[float | None]], epochs: Sequence[int]) -> tuple[tuple[int, float, float], ...]:
    """Return the lowest and highest of several histories at some epochs; nothing of a single one."""
    if len(histories) == 1:
        return ()
    seen = ((epoch, [history[epoch - 1] for history in histories]) for epoch in epochs)
    known = ((epoch, [value for value in values if value is not None]) for epoch, values in seen)
    return tuple((epoch, min(values), max(values)) for epoch, values in known if values)


def _thinned(points: Sequence[tuple[int, float]]) -> tuple[tuple[int, float], ...]:
    """Return at most `_MOST_POINTS` of the points: the extremes of equal stretches, and the last."""
    if len(points) <= _MOST_POINTS:
        return tuple(points)
    length = math.ceil(len(points) / (_MOST_POINTS // 2 - 1))
    kept = set()
    for first in range(0, len(points), length):
        stretch = points[first : first + length]
        kept |= {min(stretch, key=lambda point: point[1]), max(stretch, key=lambda point: point[1])}
    return tuple(sorted(kept | {points[0], points[-1]}))


def curves_svg(drawing: Drawing, *, race: int | None = None, width: int = WIDE) -> str:
    """Return the picture; its text has the colour of the page it is put into.

    Parameters
    ----------
    race : int, optional
        Let the curves grow together, epoch by epoch; another number begins anew. Whoever prefers reduced motion sees
        them at once.
    width : int
        Units across, at least 500.
    """
    drawn = [curve for curve in drawing.curves if curve.points]
    if not drawn:
        said = t("There is nothing to draw: every loss was NaN or infinite from the start.")
        return f'<p class="nothing">{escape(said)}</p>'
    axis = _Axis(drawing, width)
    lines = "".join(_line(curve, axis) for curve in drawn)
    name = f"race-{race}"
    moving = "" if race is None else (
        f"<style>@keyframes {name} {{ from {{ clip-path: inset(-9px 100% -9px -9px); }} "
        f"to {{ clip-path: inset(-9px -9px -9px -9px); }} }}\n"
        f"@keyframes {name}-end {{ from, 99% {{ opacity: 0; }} to {{ opacity: 1; }} }}\n"
        f"@keyframes {name}-names {{ from, 99% {{ opacity: 1; }} to {{ opacity: 0; }} }}\n"
        f"@media (prefers-reduced-motion: no-preference) {{ .race {{ animation: {name} {_RACE_SECONDS}s linear; }} "
        f".ends {{ animation: {name}-end {_RACE_SECONDS}s linear; }} "
        f".runners {{ animation: {name}-names {_RACE_SECONDS}s linear; }} }}</style>"
    )  # fmt: skip
    label = escape(t("Loss by epoch: {curves}", curves="; ".join(map(_told, drawn))), quote=True)
    # `style` outside the picture: a sanitiser may drop it inside.
    return (
        f'{moving}<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" width="100%" role="img" '
        f'aria-label="{label}" font-size="{_LETTER}" fill="currentColor" '
        f'style="display:block;max-width:100%;height:auto">{axis.frame()}<g class="race">{lines}</g>'
        f'<g class="ends">{_ends(drawn, axis)}</g>{"" if race is None else _runners(drawn, axis)}</svg>'
    )


def _told(curve: Curve) -> str:
    end = _short(curve.points[-1][1])
    if curve.validation:
        return t("{name} on held-out rows ends at {loss}", name=curve.name, loss=end)
    return t("{name} ends at {loss}", name=curve.name, loss=end)


def _named(curve: Curve) -> tuple[str, str]:
    """Return what a curve is called, and what is said behind that."""
    nan = t(", NaN at {epoch}", epoch=curve.diverged_at) if curve.diverged_at else ""
    return curve.name, nan


class _Axis:
    """Where an epoch and a loss are in the picture, and the room for names beside it."""

    def __init__(self, drawing: Drawing, width: int) -> None:
        longest = max(_width("".join(_named(curve))) for curve in drawing.curves)
        self.names = min(max(_NAMES_LEAST, longest + _BEFORE_NAME), _NAMES_MOST * width)
        self.right = width - round(self.names)
        losses = [loss for curve in drawing.curves for _, loss in curve.points]
        losses += [loss for curve in drawing.curves for _, *ends in curve.band for loss in ends]
        self.baseline = drawing.baseline
        if drawing.baseline is not None:
            losses.append(drawing.baseline)
        low, high = min(losses), max(losses)
        self.log = low > 0 and high / low >= _LOG_FROM
        self.epochs = max(2, *(curve.points[-1][0] for curve in drawing.curves if curve.points))
        if self.log:
            self.low, self.high = math.log10(low), math.log10(high)
        else:
            self.low, self.high = min(0.0, low), high
        room = 0.04 * (self.high - self.low or 1.0)
        self.high += room
        self.low -= room * self.log

    def x(self, epoch: float) -> float:
        return _LEFT + (epoch - 1) / (self.epochs - 1) * (self.right - _LEFT)

    def y(self, loss: float) -> float:
        height = math.log10(loss) if self.log else loss
        return _HEIGHT - _BOTTOM - (height - self.low) / (self.high - self.low) * (_HEIGHT - _TOP - _BOTTOM)

    def _losses(self) -> list[float]:
        if self.log:
            powers = range(math.ceil(self.low), math.floor(self.high) + 1)
            step = max(1, math.ceil(len(powers) / 6))
            marks = [10.0**power for power in powers[::step]]
            return marks if len(marks) > 1 else [10**self.low, 10**self.high]
        return _round_numbers(self.low, self.high)

    def frame(self) -> str:
        """Return grid, numbers, what the axes are, and the baseline."""
        right, bottom = self.right, _HEIGHT - _BOTTOM
        parts = []
        for loss in self._losses():
            y = self.y(loss)
            parts.append(f'<path d="M{_LEFT} {y:.1f}H{right}" stroke="currentColor" opacity=".18"/>')
            parts.append(f'<text x="{_LEFT - 10}" y="{y + 6:.1f}" text-anchor="end" opacity=".8">{_short(loss)}</text>')
        for epoch in _round_numbers(0, self.epochs):
            place = max(1, round(epoch))
            parts.append(
                f'<text x="{self.x(place):.1f}" y="{bottom + 24}" text-anchor="middle" opacity=".8">'
                f"{number(place)}</text>"
            )
        parts.append(
            f'<text x="{(_LEFT + right) / 2}" y="{_HEIGHT - 10}" text-anchor="middle">{escape(t("epoch"))}</text>'
        )
        middle = (_TOP + bottom) / 2
        parts.append(
            f'<text transform="translate(16 {middle}) rotate(-90)" text-anchor="middle">'
            f"{escape(t('loss (log scale)') if self.log else t('loss'))}</text>"
        )
        if self.baseline is not None:
            y = self.y(self.baseline)
            parts.append(
                f'<path d="M{_LEFT} {y:.1f}H{right}" stroke="currentColor" opacity=".65" stroke-width="2.5" '
                'stroke-linecap="round" stroke-dasharray="0 7"/>'
            )
        return "".join(parts)


def _line(curve: Curve, axis: _Axis) -> str:
    colour = COLOURS[curve.variant % len(COLOURS)]
    edge = [(epoch, low) for epoch, low, _ in curve.band] + [(epoch, high) for epoch, _, high in reversed(curve.band)]
    around = "L".join(f"{axis.x(epoch):.1f} {axis.y(loss):.1f}" for epoch, loss in edge)
    band = f'<path d="M{around}Z" fill="{colour}" opacity=".2"/>' if around else ""
    path = "L".join(f"{axis.x(epoch):.1f} {axis.y(loss):.1f}" for epoch, loss in curve.points)
    dash = ' stroke-dasharray="11 8" stroke-width="3"' if curve.validation else ' stroke-width="4.5"'
    return f'{band}<path d="M{path}" fill="none" stroke="{colour}" stroke-linejoin="round"{dash}/>'


def _runners(curves: Sequence[Curve], axis: _Axis) -> str:
    """Return the names of the curves while they race, in an order that tells nothing of how it ends."""
    named = [(curve.name, COLOURS[curve.variant % len(COLOURS)]) for curve in curves if not curve.validation]
    rows = (_name(axis, _TOP + 6 + place * _LINE, colour, name) for place, (name, colour) in enumerate(named))
    return f'<g class="runners" opacity="0" pointer-events="none">{"".join(rows)}</g>'


def _name(axis: _Axis, y: float, colour: str, name: str, more: str = "") -> str:
    """Return a name with a stroke in its colour, to the right of the curves; one that is cut is whole when pointed at.

    What is said behind the name is never cut.
    """
    room = axis.names - _BEFORE_NAME - _width(more)
    shown, whole = name, ""
    if _width(name) > room:
        shown = next(name[:end] for end in range(len(name), -1, -1) if _width(f"{name[:end]}…") <= room or not end)
        shown, whole = f"{shown.rstrip(' ,·')}…", f"<title>{escape(name + more)}</title>"
    stroke = f'<path d="M{axis.right + 6} {y:.1f}h12" stroke="{colour}" stroke-width="4.5"/>'
    text = f'<text x="{axis.right + _BEFORE_NAME}" y="{y + 6:.1f}">{whole}{escape(shown + more)}</text>'
    return stroke + text


def _width(text: str) -> float:
    """Return about how many units a text takes in the font of the page, rather too many."""
    return _LETTER * sum(map(_share_of_letter, text))


def _share_of_letter(letter: str) -> float:
    if letter in _NARROW:
        return 0.3
    if letter in _BROAD:
        return 0.85
    if letter > "\u2e80":  # Chinese, Japanese and Korean letters are as wide as high
        return 1.0
    return 0.6 if letter.isupper() else 0.52


def _ends(curves: Sequence[Curve], axis: _Axis) -> str:
    """Return the names beside the ends of the curves, moved apart where they would touch, and a cross at each NaN."""
    parts, named = [], []
    for curve in curves:
        epoch, loss = curve.points[-1]
        x, y, colour = axis.x(epoch), axis.y(loss), COLOURS[curve.variant % len(COLOURS)]
        if curve.diverged_at:
            cross = f"M{x - 8:.1f} {y - 8:.1f}l16 16m0 -16l-16 16"
            parts.append(f'<path d="{cross}" stroke="{colour}" stroke-width="4" fill="none"/>')
        if not curve.validation:
            named.append((y, colour, *_named(curve)))
    if axis.baseline is not None:
        named.append((axis.y(axis.baseline), "currentColor", t("baseline"), ""))
    named.sort(key=lambda end: end[0])
    lowest = _HEIGHT - _BOTTOM - _LINE * (len(named) - 1)
    below = -math.inf
    for place, (y, colour, name, more) in enumerate(named):
        below = max(min(y, lowest + place * _LINE), below + _LINE)
        parts.append(_name(axis, below, colour, name, more))
    return "".join(parts)


def _round_numbers(low: float, high: float) -> list[float]:
    """Return about five round numbers from `low` to `high`."""
    rough = (high - low) / 5 or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first = math.ceil(low / step)
    return [round(step * place, 12) for place in range(first, math.floor(high / step) + 1)]


def _short(loss: float) -> str:
    text = f"{loss:,.0f}" if 1000 <= abs(loss) < _RAISED_FROM else f"{loss:.3g}"
    mantissa, _, exponent = text.partition("e")
    return written(f"{mantissa}e{int(exponent)}" if exponent else text).replace("-", "−")
