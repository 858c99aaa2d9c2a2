"""One limit for one question: causes, symptoms, marks in the chart, maps of the layers and logs judge alike."""

from dataclasses import replace

import numpy as np
import pytest

from core import read_table
from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.causes.cause import suspects
from core.diagnosis.evidence.limits import (
    BENT,
    CLIMBED,
    CUT_OFF,
    ENORMOUS_GRADIENT,
    ENOUGH_STEPS,
    EXPLODING,
    JUMPS,
    LARGE_PENALTY,
    LITTLE_LEFT,
    LONG_STEP,
    MANY_DEAD,
    MISSED,
    SATURATED,
    SHIFTED,
    SHORT_STEP,
    SORTED,
    STILL_FALLING,
    STRONG_MOMENTUM,
    TOLD_APART,
    UNEQUAL,
    VANISHING,
    turned,
)
from core.diagnosis.evidence.links.chain import LINKS
from core.diagnosis.evidence.marks import marks
from core.diagnosis.evidence.signals import falling, observe, oscillation, rise, telling
from core.diagnosis.evidence.symptoms import symptoms
from core.diagnosis.log import diagnose_log
from core.training.result import History
from tests.diagnosis.table import DATA, observation_of, result_of

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


IN_ORDER = {"data": {**DATA, "split": "in_order"}}
BATCHES = {"training": {"shuffle": False}}
LINKED = [
    ("sorted", "unshuffled_data", "sorted_batches", SORTED, lambda v: ({"runs_of_target": v}, {}, BATCHES)),
    ("other_targets", "unshuffled_data", "last_targets_differ", SHIFTED, lambda v: ({"shift": v}, {}, IN_ORDER)),
    ("told_apart", "unshuffled_data", "last_rows_differ", TOLD_APART, lambda v: ({"input_shift": v}, {}, IN_ORDER)),
    ("missed", "class_imbalance", "rare_and_missed", MISSED,
     lambda v: ({"classes": ("a", "b"), "class_shares": (0.1, 0.9)}, {"recall": (v,)}, {})),
    ("penalty", "regularization_too_strong", "penalty_weighs", LARGE_PENALTY,
     lambda v: ({}, {"penalty": v}, {"model": {"l2": 0.001}})),
    ("clipped", "clipping_too_strong", "cut_off", CUT_OFF,
     lambda v: ({}, {"clipped": v}, {"training": {"clip_norm": 0.1}})),
    ("schedule", "schedule_unsuitable", "rate_taken_away", LITTLE_LEFT,
     lambda v: ({}, {"rate_left": v}, {"training": {"schedule": "cosine"}})),
    ("steps", "too_few_updates", "steps_may_lack", ENOUGH_STEPS, lambda v: ({}, {"updates": v, "falling": 0.05}, {})),
    ("optimizer", "optimizer_unsuitable", "momentum_and_jumps", STRONG_MOMENTUM,
     lambda v: ({}, {"oscillation": 1.0, "diverged": 1.0},
                {"training": {"optimizer": "rmsprop", "momentum": round(v, 3)}})),
    ("bent", "capacity_too_small", "no_layer_and_bent", BENT,
     lambda v: ({"skills": {"linear": 0.5, "trees": 0.5 + v}}, {"skill": (0.2,)}, {"model": {"layers": []}})),
]  # fmt: skip


@pytest.mark.parametrize(("link", "cause", "sign", "limit", "case"), LINKED, ids=[row[0] for row in LINKED])
def test_a_link_is_true_where_its_cause_is_suspected_for_it(link, cause, sign, limit, case):
    both = []
    for value in (0.9 * limit, 1.1 * limit):
        facts, signals, sections = case(value)
        observed = observation_of(facts, signals, **sections)
        seen = sign in {piece.sign for piece in CAUSES[cause].look(observed)}
        assert bool(LINKS[link].look(observed)) is seen, value
        both.append(seen)
    assert sorted(both) == [False, True]


def test_inputs_are_called_unequal_from_where_their_cause_is_suspected():
    for ratio, seen in ((0.9 * UNEQUAL, False), (1.1 * UNEQUAL, True)):
        observed = observation_of({"input_spread": (1.0, ratio)}, preprocessing={"scaling": "none"})
        assert ("as another" in str(LINKS["inputs"].look(observed))) is seen
        assert ("unequal_inputs" in [piece.sign for piece in CAUSES["inputs_unscaled"].look(observed)]) is seen


@pytest.mark.parametrize(("step", "seen"), [(0.9 * SHORT_STEP, True), (1e-3, False), (1.1 * LONG_STEP, True)])
def test_steps_are_telling_where_a_layer_hardly_moves_or_is_torn_about(step, seen):
    assert telling(measured("update_ratio", 1e-3, step, 1e-3, 1e-3)) == (["update_ratio"] if seen else [])


def test_where_nothing_was_measured_nothing_is_telling():
    assert telling(result_of(0.5)) == []


def test_a_minimum_at_the_very_end_is_no_turn():
    assert turned(1.5, 0.5)
    assert not turned(1.5, 0.95)
    assert not turned(1.05, 0.5)
