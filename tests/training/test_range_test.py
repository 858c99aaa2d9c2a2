"""A learning rate range test says a range that trains well, or that it is unclear and why."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import core
from core.training.range_test import Unclear, rate_range

RATES = tuple(1e-6 * 1e8 ** (i / 119) for i in range(120))


def climb(falls=1e-3, turns=0.3, start=1.0, floor=0.1, noise=0.0, seed=0, broken=None):
    """A loss that falls around one rate, climbs from another on and, if asked, stops being a number at a third."""
    rates = np.array(RATES)
    loss = floor + (start - floor) / (1 + (rates / falls) ** 2)
    loss += start * np.maximum(0, np.log10(rates / turns)) ** 2 * 10
    loss += np.random.default_rng(seed).normal(0, noise, len(rates))
    if broken is None:
        return list(loss)
    return [*loss[rates < broken], None]


def test_the_range_ends_well_below_the_turn_and_begins_where_the_loss_falls():
    found = rate_range(RATES, [climb()])
    assert found.unclear is None
    assert found.low is not None
    assert found.high is not None
    assert found.suggested is not None
    assert found.turn is not None
    assert 1e-4 < found.low < 1e-3
    assert 0.3 < found.turn < 0.5
    assert found.high <= found.turn / 3 < 2 * found.high
    assert found.low <= found.suggested < found.high
    assert len(found.smoothed) == len(RATES)


def test_a_loss_that_stops_being_a_number_has_turned_there():
    found = rate_range(RATES, [climb(turns=1e9, broken=0.1)] * 3)
    assert found.turn == pytest.approx(0.1, rel=0.2)
    assert found.high == pytest.approx(0.03, rel=0.35)
    assert found.smoothed[-1] is None
    assert rate_range(RATES, [[*climb(turns=1e9, broken=0.1)[:-1], math.inf]] * 3) == found


def test_one_jump_is_no_turn():
    calm, jumping = climb(), climb()
    jumping[70] *= 5
    assert rate_range(RATES, [jumping]).turn == rate_range(RATES, [calm]).turn


def test_leaps_at_rates_that_are_too_high_do_not_hide_the_turn():
    leaps = np.random.default_rng(0).uniform(0.7, 3, len(RATES))
    curve = [value if rate < 0.01 else leap for rate, value, leap in zip(RATES, climb(1e-4), leaps, strict=True)]
    assert rate_range(RATES, [curve]).turn == pytest.approx(0.01, rel=0.2)


def test_the_seed_that_turns_first_ends_the_range():
    both = rate_range(RATES, [climb(turns=0.1), climb(turns=0.3), climb(turns=0.3)])
    assert both.high == rate_range(RATES, [climb(turns=0.1)]).high
    assert both.high != rate_range(RATES, [climb(turns=0.3)]).high


def test_a_climb_back_is_measured_from_guessing_where_the_first_loss_is_higher():
    # From 1000 to 1: back at 20 there is nothing left of what was learnt, and it is 2 % of the fall.
    curve = [value if rate < 0.1 else 20.0 for rate, value in zip(RATES, climb(1e-4, 1e9, 1000, 1), strict=True)]
    assert rate_range(RATES, [curve], baseline=5.0).turn == pytest.approx(0.1, rel=0.2)
    assert rate_range(RATES, [curve]).unclear is Unclear.STILL_FALLING


UNCLEAR: dict[Unclear, list[Any]] = {
    Unclear.TOO_SHORT: [climb()[:5]] * 3,
    Unclear.NEVER_FELL: [climb(floor=1.0, noise=0.01, seed=seed, broken=1.0) for seed in range(3)],
    Unclear.STILL_FALLING: [climb(falls=10, turns=1e9)] * 3,
    Unclear.SEEDS_DISAGREE: [climb(turns=0.05), climb(turns=0.3), climb(turns=2.0)],
    Unclear.NO_ROOM: [climb(falls=1e-2, turns=5e-3)] * 3,
}


@pytest.mark.parametrize("reason", Unclear)
def test_what_is_unclear_says_why_and_gives_no_range(reason):
    found = rate_range(RATES, UNCLEAR[reason])
    assert found.unclear is reason
    assert found.low is found.high is found.suggested is None


@pytest.mark.parametrize("curves", [[], [[]], [[None]], [[None], [None], [None]]])
def test_what_diverged_at_once_is_unclear(curves):
    assert rate_range(RATES, curves).unclear is Unclear.TOO_SHORT


def test_a_seed_that_never_falls_among_others_is_a_disagreement():
    flat = climb(floor=1.0, broken=1.0)
    assert rate_range(RATES, [climb(), climb(), flat]).unclear is Unclear.SEEDS_DISAGREE
    assert rate_range(RATES, [climb(), flat, flat]).unclear is Unclear.NEVER_FELL


def test_a_seed_that_has_nothing_left_to_learn_says_nothing_about_high_rates():
    learnt = climb(turns=1e9, floor=0.0)
    learnt[80:] = [0.0] * len(learnt[80:])
    assert rate_range(RATES, [climb(), climb(), learnt]).high == rate_range(RATES, [climb()]).high
    assert rate_range(RATES, [climb(), learnt, learnt]).unclear is Unclear.STILL_FALLING
    assert rate_range(RATES, [climb(), climb(), climb(turns=1e9)]).unclear is Unclear.SEEDS_DISAGREE


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-4, -2), st.floats(1.5, 3), st.floats(0.01, 1e4), st.floats(0, 0.02), st.integers(0, 99), st.floats(-3, 3)
)
def test_the_range_is_in_order_and_does_not_depend_on_the_unit_of_the_loss(falls, room, start, noise, seed, unit):
    curves = [climb(10**falls, 10 ** (falls + room), start, 0.1 * start, noise * start, seed + i) for i in range(3)]
    found = rate_range(RATES, curves)
    if found.unclear is None:
        low, high, suggested, turn = found.low or 0.0, found.high or 0.0, found.suggested or 0.0, found.turn or 0.0
        assert RATES[0] < low < high < turn
        assert low <= suggested <= high
        assert all(f"{rate:.0e}" == f"{rate:.6e}"[0] + f"{rate:.6e}"[8:] for rate in (low, high))
    else:
        # Little noise hides no climb.
        assert noise > 0.002 or found.unclear is Unclear.NO_ROOM
    other = rate_range(RATES, [[value * 2.0 ** round(unit) for value in curve] for curve in curves])
    assert (other.low, other.high, other.unclear) == (found.low, found.high, found.unclear)


SCALED = {"preprocessing": {"target_scaling": "standard"}}
PROGRAMS: dict[str, dict[str, Any]] = {
    "iris": {"data": {"source": "sample:iris", "target": "species"}},
    "diabetes, sgd": {"data": {"source": "sample:diabetes", "target": "progression"}, **SCALED, "optimizer": "sgd"},
    "friedman": {"data": {"source": "sample:friedman", "target": "y"}},
    "friedman, sgd": {"data": {"source": "sample:friedman", "target": "y"}, "optimizer": "sgd"},
    "moons, momentum": {
        "data": {"source": "sample:moons", "target": "label"},
        "optimizer": "sgd",
        "momentum": 0.9,
    },
    "moons, deep": {"data": {"source": "sample:moons", "target": "label"}, "model": {"layers": [32, 32, 32]}},
}


def trained(program, **training):
    own = {name: program[name] for name in ("optimizer", "momentum") if name in program}
    rest = {name: value for name, value in program.items() if name not in own}
    vary = {"training.learning_rate": training.pop("rates")} if "rates" in training else {}
    return core.train({**rest, "training": own | training, "vary": vary, "seeds": 3})["runs"]


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_rates_in_the_range_train_better_than_those_far_below_and_far_above(name):
    """The oracle: a hundred epochs at a constant rate."""
    program = PROGRAMS[name]
    schedule = {"name": "range_test", "times": 1e8}
    runs = trained(program, learning_rate=1e-6, epochs=120, schedule=schedule)
    found = rate_range(RATES, [run["history"]["loss"] for run in runs], runs[0]["baseline"]["loss"])
    assert found.low is not None
    assert found.high is not None
    assert found.suggested is not None
    rates = [found.low / 100, found.low, found.suggested, found.high, 100 * found.high]

    def skills(place):
        mine = [run for run in runs if math.isclose(run["variant"]["training.learning_rate"], rates[place])]
        return [run["skill"] if run["state"] == "done" else -math.inf for run in mine]

    runs = trained(program, rates=rates, epochs=100)
    below, low, suggested, high, above = (np.array(skills(place)) for place in range(5))
    assert all(len(seeds) == 3 for seeds in (below, low, suggested, high, above))
    assert np.isfinite([low, suggested, high]).all()
    assert (suggested > 0.5).all()
    for inside in (low, suggested, high):
        assert (inside > below).all()
    for inside in (suggested, high):  # a lucky seed finds back
        assert np.median(inside) > np.median(above)
