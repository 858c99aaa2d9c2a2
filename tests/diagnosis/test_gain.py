"""What a repair gains, and how sure that is."""

import numpy as np
import pytest
from scipy import stats

from core.diagnosis.gain import gain_of
from core.diagnosis.trials.trial import Trial
from tests.diagnosis.table import result_of


def trial(before, after, goal="fit"):
    return Trial(goal, {}, *(tuple(result_of(0.5, v) for v in values) for values in (before, after)))


def test_the_gain_is_what_the_levels_differ_by_as_they_are_shown():
    assert gain_of(trial([0.014, 0.02, 0.01], [0.454, 0.44, 0.12])).value == 0.43
    assert gain_of(trial([0.9] * 3, [0.2] * 3)).value == -0.7


def test_the_interval_is_that_of_a_paired_t_test():
    before, after = [0.1, 0.2, 0.3, 0.2], [0.5, 0.4, 0.8, 0.45]
    gain = gain_of(trial(before, after))
    assert gain.low is not None
    assert gain.high is not None
    proper = stats.ttest_rel(after, before).confidence_interval(0.95)
    assert (gain.low, gain.high) == pytest.approx((proper.low, proper.high))
    assert gain.low < np.mean(np.subtract(after, before)) < gain.high


def test_one_seed_has_no_interval():
    gain = gain_of(trial([0.1], [0.5]))
    assert (gain.value, gain.low, gain.high) == (0.4, None, None)


def test_worse_than_guessing_and_no_result_explain_nothing():
    assert gain_of(trial([-50.0, None, -3.0], [0.75, 0.75, 0.75])).value == 0.75
    wild = gain_of(trial([0.0, 0.0, 0.0], [1.0, 0.0, 1.0]))
    assert wild.high == 1
    assert wild.low is not None
    assert -1 <= wild.low < 0


def test_a_recall_is_gained_where_it_is_the_goal():
    recalls = [tuple(result_of(0.5, 0.5, recall=[r, 0.9]) for r in values) for values in ([0.1] * 3, [0.6] * 3)]
    assert gain_of(Trial("recall", {}, *recalls)).value == 0.5
    assert gain_of(Trial("fit", {}, *recalls)).value == 0
