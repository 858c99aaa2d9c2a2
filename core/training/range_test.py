"""What a learning rate range test says: the curve of loss over rate, and the range of rates to use, or why none.

The test itself is an ordinary run with the schedule ``range_test``, whose rate climbs from epoch to epoch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

_WINDOW: Final = 1 / 3
"""Decades of rate that a smoothed point is the median of: a loss that jumps once has not turned."""
_FEWEST: Final = 8
"""Points of a curve; in fewer nothing can be told from noise."""
_VISIBLE: Final = 0.02
"""Share of the first loss; a smaller fall is none that a person sees in the curve."""
_NOISE: Final = 4.0
"""Standard deviations of a point around the smoothed curve; of normal noise one in 16,000 is further out."""
_BEGUN: Final = 0.1
"""Share of the whole fall after which it has begun: Smith (2017, section 3.3) reads off where it starts."""
_TURNED: Final = 0.1
"""Share of the fall that the loss climbs back once it has turned: Smith's "becomes ragged, or starts to fall" of an
accuracy."""
_AT_REST: Final = 1e-3
"""Share of the first loss; what ends below it has learnt every row."""
_BELOW_TURN: Final = 3.0
"""How many times lower than the rate of the turn the range ends. In the climb a rate acts for one epoch on weights that
lower rates have brought into a valley; from the first epoch on, less of it overshoots. On the programs of
tests/training/test_range_test.py a constant rate learns well up to there."""
_TO_BEGIN_WITH: Final = 10.0
"""How many times lower than the rate of the turn is the one to begin with, as in fastai's ``lr_find``, which takes a
tenth of the rate with the lowest loss: below it learning is slow for longer than above it goes wrong."""
_DISAGREE: Final = 10.0
"""Times by which the rates of the turn may differ between seeds."""

Curve = Sequence[float | None]


class Unclear(StrEnum):
    """Why a test gives no range."""

    TOO_SHORT = "too_short"
    """There are too few points to tell anything."""
    NEVER_FELL = "never_fell"
    """The loss did not fall at any rate, before it diverged if it did."""
    STILL_FALLING = "still_falling"
    """The loss has not turned up at the highest rate: the range has no upper end."""
    SEEDS_DISAGREE = "seeds_disagree"
    """The rates at which the loss turns up differ too much from seed to seed."""
    NO_ROOM = "no_room"
    """The loss turns up at hardly higher rates than it begins to fall at."""


@dataclass(frozen=True)
class RateRange:
    """What a range test says.

    Attributes
    ----------
    rates : tuple of float
        The rates of the climb, ascending.
    smoothed : tuple of float or None
        Loss at each of them: a running median per seed, then the median of the seeds; None where most have diverged.
    low, high : float or None
        The range, in one digit; None where it is `unclear`.
    turn : float or None
        The lowest rate, over the seeds, at which the loss turned up or stopped being a number.
    turns : tuple of float
        The rate of the turn of each seed that has one, ascending.
    unclear : Unclear or None
    """

    rates: tuple[float, ...]
    smoothed: tuple[float | None, ...]
    low: float | None = None
    high: float | None = None
    turn: float | None = None
    turns: tuple[float, ...] = ()
    unclear: Unclear | None = None

    @property
    def suggested(self) -> float | None:
        """The rate to begin with, in one digit: well below the turn, and inside the range."""
        if self.low is None or self.high is None or self.turn is None:
            return None
        return min(self.high, max(self.low, float(f"{self.turn / _TO_BEGIN_WITH:.0e}")))


@dataclass(frozen=True)
class _Seed:
    """One climb: where its fall began and where it turned, as places in the rates; None where it did not.

    One that has nothing left to learn is `at_rest`: without a gradient no rate does harm, so it says nothing of them.
    """

    smoothed: npt.NDArray[np.float64]
    begun: int | None
    turned: int | None
    at_rest: bool = False


def rate_range(rates: Sequence[float], losses: Sequence[Curve], baseline: float | None = None) -> RateRange:
    """Return what a range test says.

    Parameters
    ----------
    rates : sequence of float
        The learning rate of each epoch, ascending.
    losses : sequence of curves
        For each seed the training loss of each epoch, up to and with the first that is None or not finite, if any.
    baseline : float, optional
        The loss of the best constant prediction. How far a loss has climbed back is measured against the fall from
        there, where the first loss is higher: an untrained network is wrong by any amount.

    Returns
    -------
    RateRange
        The range begins where a tenth of the fall is done in most seeds, and ends at a third of the lowest rate at
        which a seed climbs back by a tenth of its fall or diverges. Rates are rounded to one digit, into the range.
    """
    seeds = [_look(np.asarray(rates, float), curve, baseline) for curve in losses]
    told = RateRange(tuple(rates), _median(seeds, len(rates)))
    if not seeds or len(rates) < _FEWEST or all(len(curve) < _FEWEST for curve in losses):
        return _with(told, unclear=Unclear.TOO_SHORT)
    begun = [seed.begun for seed in seeds if seed.begun is not None]
    if 2 * len(begun) <= len(seeds):
        return _with(told, unclear=Unclear.NEVER_FELL)
    turns = tuple(sorted(rates[seed.turned] for seed in seeds if seed.turned is not None))
    if 2 * len(turns) <= len(seeds):
        return _with(told, turns, Unclear.STILL_FALLING)
    decided = len(turns) + sum(seed.at_rest for seed in seeds)
    if turns[-1] / turns[0] > _DISAGREE or decided < len(seeds) or len(begun) < len(seeds):
        return _with(told, turns, Unclear.SEEDS_DISAGREE)
    low = _rounded(rates[int(np.median(begun))], up=True)
    high = _rounded(turns[0] / _BELOW_TURN, up=False)
    if low >= high:
        return _with(told, turns, Unclear.NO_ROOM)
    return RateRange(told.rates, told.smoothed, low, high, turns[0], turns)


def _with(told: RateRange, turns: tuple[float, ...] = (), unclear: Unclear | None = None) -> RateRange:
    return RateRange(told.rates, told.smoothed, turn=turns[0] if turns else None, turns=turns, unclear=unclear)


def _look(rates: npt.NDArray[np.float64], curve: Curve, baseline: float | None) -> _Seed:
    losses = np.array([math.nan if value is None else value for value in curve], float)[: len(rates)]
    broken = np.flatnonzero(~np.isfinite(losses))
    diverged = int(broken[0]) if broken.size else None
    losses = losses[:diverged]
    smoothed = _running_median(losses, _window(rates))
    if not losses.size:
        return _Seed(smoothed, None, diverged)
    fall = smoothed[0] - np.minimum.accumulate(smoothed)
    # What it falls to after it has climbed high is no part of the fall: an optimizer may find back from anywhere.
    lost = np.flatnonzero(smoothed > smoothed[0] + _TURNED * max(abs(smoothed[0]), fall[-1]))
    end = int(lost[0]) if lost.size else len(smoothed)
    whole = fall[end - 1]
    # Behind the lowest point a loss leaps about because the rate is too high, and that is what is looked for.
    calm = int(np.argmin(smoothed[:end])) + 1
    noise = 1.4826 * float(np.median(np.abs(losses - smoothed)[:calm]))
    if whole <= max(_VISIBLE * abs(smoothed[0]), _NOISE * noise):
        return _Seed(smoothed, None, diverged)
    begun = int(np.argmax(fall >= max(_BEGUN * whole, _NOISE * noise)))
    lowest = smoothed[0] - fall
    top = baseline if baseline is not None and lowest[end - 1] < baseline < smoothed[0] else smoothed[0]
    back = smoothed - lowest > max(_TURNED * (top - lowest[end - 1]), _NOISE * noise)
    back[:begun] = False
    turned = int(np.argmax(back)) if back.any() else diverged
    return _Seed(smoothed, begun, turned, turned is None and bool(abs(smoothed[-1]) < _AT_REST * abs(smoothed[0])))


def _window(rates: npt.NDArray[np.float64]) -> int:
    """Return how many points are smoothed into one, an odd number."""
    decades = math.log10(rates[-1] / rates[0]) if len(rates) > 1 else 0.0
    return 2 * round(_WINDOW * len(rates) / decades / 2) + 1 if decades else 1


def _running_median(values: npt.NDArray[np.float64], width: int) -> npt.NDArray[np.float64]:
    """Return the median of each value and those around it; towards the ends of fewer, as many on both sides."""
    reach = [min(width // 2, place, len(values) - 1 - place) for place in range(len(values))]
    return np.array([np.median(values[i - near : i + near + 1]) for i, near in enumerate(reach)])


def _median(seeds: Sequence[_Seed], count: int) -> tuple[float | None, ...]:
    known = ([seed.smoothed[i] for seed in seeds if i < len(seed.smoothed)] for i in range(count))
    return tuple(float(np.median(values)) if 2 * len(values) > len(seeds) else None for values in known)


def _rounded(rate: float, *, up: bool) -> float:
    """Return the next rate of one digit above or below."""
    power = math.floor(math.log10(rate))
    digit = rate / 10.0**power
    digit = math.ceil(digit - 1e-9) if up else math.floor(digit + 1e-9)
    return float(f"{digit}e{power}")
