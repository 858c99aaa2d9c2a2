"""One limit for one question: a symptom, a mark in the chart and a log judge the same curve alike."""

from dataclasses import replace

import numpy as np
import pytest

from core import read_table
from core.diagnosis.evidence.limits import CLIMBED, JUMPS, STILL_FALLING, turned
from core.diagnosis.evidence.marks import marks
from core.diagnosis.evidence.signals import falling, observe, oscillation, rise
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


def test_a_minimum_at_the_very_end_is_no_turn():
    assert turned(1.5, 0.5)
    assert not turned(1.5, 0.95)
    assert not turned(1.05, 0.5)
