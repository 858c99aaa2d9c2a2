"""Curves and telemetry as numbers: each signal speaks on its picture and is silent on a healthy one."""

from dataclasses import replace

import numpy as np
import pytest

from core.diagnosis.evidence.signals import observe, worth
from core.training.result import History, Result
from tests.diagnosis.table import result_of, run_of

EPOCHS = 50
HEALTHY = [1.1 * 0.8**i + 0.2 for i in range(EPOCHS)]


def signals_of(loss=HEALTHY, val_loss=None, telemetry=None, **more):
    result = result_of(more.pop("skill", 0.8), more.pop("val_skill", None), **more)
    curves = {"loss": list(loss)} | ({} if val_loss is None else {"val_loss": list(val_loss)})
    measured = {**result.telemetry, **(telemetry or {})}
    result = replace(result, history=History.of(curves), epochs=len(loss), telemetry=measured)
    return observe([result] * 3, EPOCHS)


def layers(**named):
    """Two measurements of three layers."""
    usual = {"gradient_norm": [1.0, 1.0], "update_ratio": [1e-3, 1e-3], "dead": [0.0, 0.0], "saturated": [0.0, 0.0]}
    return {"layers": [usual | {k: [v[i], v[i]] for k, v in named.items()} for i in range(3)]}


def test_a_healthy_curve_is_silent():
    signals = signals_of(val_loss=[v * 1.1 for v in HEALTHY], val_skill=0.7, telemetry=layers())
    assert signals.rise == 0
    assert signals.oscillation < 1e-9
    assert signals.falling < 0.01
    assert signals.val_rise == 1
    assert signals.kick < 1.3
    assert signals.diverged == signals.dead == signals.saturated == 0
    assert not signals.stuck


def test_nan_is_an_event():
    signals = signals_of([1.0, 5.0, None], state="diverged", skill=None)
    assert signals.diverged == 1
    assert signals.skill == (-3.0,) * 3


def test_a_loss_that_dropout_raises_in_every_epoch_is_no_kick():
    raised = [5.0 * v for v in [1.3, 1.2, *HEALTHY]]
    known = {"initial_loss": 1.3, "probe_loss": [1.25, 1.2, 1.0]}
    assert signals_of(raised, telemetry=known).kick < 1.5
    assert signals_of(raised, telemetry=known | {"probe_loss": [6.0, 5.0, 4.0]}).kick > 4
    # Back within the epoch: the step was too long all the same.
    assert signals_of([500.0, *HEALTHY], telemetry=known).kick > 100


def test_a_jump_in_the_first_epoch_is_a_kick():
    assert signals_of([5000.0, *HEALTHY]).kick > 1000


def test_a_rising_loss_rises():
    assert signals_of([1.0, 0.5, 2.0, 4.0]).rise == pytest.approx(3.5)


def test_a_jumping_loss_oscillates():
    assert signals_of([1.0 + 0.3 * (-1) ** i for i in range(EPOCHS)]).oscillation > 0.3


def test_an_unfinished_loss_is_still_falling():
    assert signals_of(np.linspace(1, 0.5, EPOCHS)).falling > 0.1


def test_a_flat_loss_is_not_falling():
    assert signals_of([0.693] * EPOCHS, skill=0.0).falling == 0
    assert signals_of([0.693] * EPOCHS, skill=0.0).stuck


def test_a_validation_loss_that_turns_is_seen():
    turned = [0.5 + abs(i - 10) * 0.02 for i in range(EPOCHS)]
    signals = signals_of(val_loss=turned, val_skill=0.1, skill=0.9)
    assert signals.val_rise > 2
    assert signals.best_at == pytest.approx(11 / EPOCHS)
    assert signals.level > signals.val_level


def test_layers_are_compared_with_each_other():
    assert signals_of(telemetry=layers(gradient_norm=[1e-6, 1e-3, 1.0])).gradient_ratio == pytest.approx(1e-6)
    assert signals_of(telemetry=layers(dead=[0.2, 0.9, 0.0])).dead == 0.9
    assert signals_of(telemetry=layers(saturated=[0.0, 0.0, 1.0])).saturated == 0


def test_a_penalty_is_the_part_of_the_loss_that_is_not_the_datas():
    signals = signals_of([1.0] * 10, telemetry={"probe_loss": [0.25]})
    assert signals.penalty == pytest.approx(0.75)


def test_a_refused_run_says_why():
    refused = Result.refused(run_of(), "Keras cannot train this.")
    assert observe([refused] * 3, EPOCHS).failed == "Keras cannot train this."


def test_worth_keeps_good_skills_and_tames_bad_ones():
    assert worth(0.7) == 0.7
    assert worth(None) == worth(-1e9) == -3
    assert 0 > worth(-1.0) > worth(-10.0) > worth(-100.0) > -3
