"""One limit for one question: causes, symptoms, marks in the chart, maps of the layers and logs judge alike."""

from dataclasses import replace

import numpy as np
import pytest

from core import read_table
from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.causes.cause import suspects
from core.diagnosis.evidence.limits import (
    CLIMBED,
    ENORMOUS_GRADIENT,
    EXPLODING,
    JUMPS,
    LONG_STEP,
    MANY_DEAD,
    SATURATED,
    SHORT_STEP,
    STILL_FALLING,
    VANISHING,
    turned,
)
from core.diagnosis.evidence.marks import marks
from core.diagnosis.evidence.signals import falling, observe, oscillation, rise, telling
from core.diagnosis.evidence.symptoms import symptoms
from core.diagnosis.log import diagnose_log
from core.training.result import History
from tests.diagnosis.table import observation_of, result_of

EPOCHS = np.arange(100)


def jumping(by):
    return 1 + by / 2 * (-1.0) ** EPOCHS


def climbing(by):
    return np.concatenate((np.linspace(1, 0.5, 50), np.linspace(0.5, 0.5 + by, 50)))


def fallen(time_constants):
    return 0.2 + np.exp(-time_constants * EPOCHS / 99)


CURVES = [
    ("jumping", "jumps", "jumps by", oscillation, JUMPS, jumping(1.2 * JUMPS), jumping(0.8 * JUMPS)),
    ("rising", "climbs", "climbed by", rise, CLIMBED, climbing(1.2 * CLIMBED), climbing(0.8 * CLIMBED)),
    ("still_falling", "still_falling", "last fifth", falling, STILL_FALLING, fallen(1.4), fallen(2.2)),
]


NAMES = ("symptom", "mark", "words", "measure", "limit", "above", "below")


@pytest.mark.parametrize(NAMES, CURVES, ids=[curve[0] for curve in CURVES])
def test_all_judges_share_a_limit(symptom, mark, words, measure, limit, above, below):
    assert measure(below) < limit < measure(above)
    for curve, seen in ((above, True), (below, False)):
        result = replace(result_of(0.5), history=History.of({"loss": curve.tolist()}), epochs=len(curve))
        signals = observe([result], len(curve))
        observed = observation_of()
        assert (symptom in symptoms(replace(observed, signals=signals))) is seen
        assert (mark in [found.kind for found in marks([result], len(curve))]) is seen
        log = diagnose_log(read_table("\n".join(["loss", *map(str, curve)]).encode(), "log.csv"))
        assert (words in str(log)) is seen


def measured(field, *values):
    """A run of three hidden layers in which one measurement is not as usual, from the first layer to the output."""
    usual = {"gradient_norm": 1.0, "update_ratio": 1e-3, "dead": 0.0, "saturated": 0.0}
    layers = [{name: [value] * 3 for name, value in (usual | {field: own}).items()} for own in values]
    result = result_of(0.5)
    return replace(result, telemetry={**result.telemetry, "layers": layers})


LAYERS = [
    ("gradient_norm", "vanishing_gradients", [0.9 * VANISHING, 0.5, 0.5, 1.0], [1.1 * VANISHING, 0.5, 0.5, 1.0]),
    ("gradient_norm", "exploding_gradients", [1.1 * EXPLODING, 9.0, 3.0, 1.0], [0.9 * EXPLODING, 9.0, 3.0, 1.0]),
    ("gradient_norm", "exploding_gradients", [1.1 * ENORMOUS_GRADIENT] * 4, [0.9 * ENORMOUS_GRADIENT] * 4),
    ("dead", "dying_relu", [1.1 * MANY_DEAD, 0.0, 0.0, 0.0], [0.9 * MANY_DEAD, 0.0, 0.0, 1.0]),
    ("saturated", "hidden_activation_unsuitable", [0.0, 1.1 * SATURATED, 0.0, 0.0], [0.0, 0.9 * SATURATED, 0.0, 0.0]),
]


@pytest.mark.parametrize(("field", "cause", "beyond", "within"), LAYERS)
def test_what_is_telling_in_the_layers_is_what_their_cause_is_suspected_for(field, cause, beyond, within):
    for values, seen in ((beyond, True), (within, False)):
        result = measured(field, *values)
        observed = replace(observation_of(model={"layers": [8, 8, 8]}), signals=observe([result] * 3, 100))
        assert telling(result) == ([field] if seen else [])
        assert (cause in [suspect.cause.id for suspect in suspects(observed, CAUSES.values())]) is seen


@pytest.mark.parametrize(("step", "seen"), [(0.9 * SHORT_STEP, True), (1e-3, False), (1.1 * LONG_STEP, True)])
def test_steps_are_telling_where_a_layer_hardly_moves_or_is_torn_about(step, seen):
    assert telling(measured("update_ratio", 1e-3, step, 1e-3, 1e-3)) == (["update_ratio"] if seen else [])


def test_where_nothing_was_measured_nothing_is_telling():
    assert telling(result_of(0.5)) == []


def test_a_minimum_at_the_very_end_is_no_turn():
    assert turned(1.5, 0.5)
    assert not turned(1.5, 0.95)
    assert not turned(1.05, 0.5)
