"""Where the symptoms are in a curve."""

from dataclasses import replace

import numpy as np
import pytest

from core.diagnosis.evidence.links.chain import LINKS
from core.diagnosis.evidence.marks import marks
from core.diagnosis.evidence.signals import observe
from core.diagnosis.evidence.symptoms import symptoms
from tests.diagnosis.table import observation_of, result_of

EPOCHS = 100


def result(loss, val_loss=None, state="done", **more):
    history = {"loss": list(loss)} | ({} if val_loss is None else {"val_loss": list(val_loss)})
    baseline = {"loss": 1.0, "val_loss": 1.0, "what": "always predict the mean"}
    return result_of(0.5, state=state, history=history, baseline=baseline, **more)


def learning(level=0.1, speed=20.0, start=1.2, epochs=EPOCHS):
    return level + (start - level) * np.exp(-np.arange(epochs) / speed)


def kinds(*results, epochs=EPOCHS):
    return [mark.kind for mark in marks(results, epochs)]


@pytest.mark.parametrize("seed", range(5))
def test_a_healthy_run_has_no_marks(seed):
    noise = 1 + 0.01 * np.random.default_rng(seed).normal(size=EPOCHS)
    healthy = result(learning() * noise, learning(0.12) * noise, telemetry={"initial_loss": 1.3})
    assert marks([healthy], EPOCHS) == ()


def test_a_loss_that_is_no_number_is_marked_where_it_happened():
    loss = [*np.geomspace(1, 1e30, 11), None]
    (mark,) = [m for m in marks([result(loss, state="diverged", diverged_at=12)], EPOCHS) if m.kind == "diverged"]
    assert (mark.curve, mark.epoch, mark.words) == ("loss", 12, "NaN from epoch 12")
    assert "still_falling" not in kinds(result(loss, state="diverged", diverged_at=12))


def test_a_run_that_diverged_at_once_is_marked_too():
    assert kinds(result([None], state="diverged", diverged_at=1)) == ["diverged"]


def test_validation_is_marked_at_its_lowest():
    val_loss = np.concatenate((learning(0.4, 5)[:30], np.linspace(0.4, 0.9, 70)))
    (mark,) = marks([result(learning(), val_loss)], EPOCHS)
    assert (mark.kind, mark.curve) == ("validation_rises", "val_loss")
    assert mark.epoch == pytest.approx(31, abs=2)
    assert "validation lowest" in mark.words


def test_a_training_loss_that_climbs_is_marked_where_it_turns():
    loss = np.concatenate((np.linspace(1, 0.3, 40), np.linspace(0.3, 0.9, 60)))
    (mark,) = marks([result(loss)], EPOCHS)
    assert (mark.kind, mark.epoch) == ("climbs", 40)


def test_a_first_epoch_that_did_harm_is_marked():
    loss = learning(start=50)
    found = marks([result(loss, telemetry={"initial_loss": 1.0})], EPOCHS)
    assert [(m.kind, m.epoch) for m in found] == [("kicked", 1)]
    assert "50 times worse" in found[0].words
    assert kinds(result(loss, telemetry={})) == []


def test_a_jumping_loss_is_not_said_to_climb_or_fall():
    jumping = 0.5 + 0.3 * np.random.default_rng(0).uniform(-1, 1, EPOCHS)
    assert kinds(result(jumping)) == ["jumps"]
    assert kinds(result(jumping / 100)) == []


def test_flat_is_a_symptom_only_where_little_was_learnt():
    stuck = np.concatenate((np.linspace(1.3, 1.0, 10), np.full(90, 1.0)))
    (mark,) = marks([result(stuck)], EPOCHS)
    assert (mark.kind, mark.words) == ("flat", "flat from epoch 10")
    assert kinds(result(stuck - 0.9)) == []


def test_a_straight_descent_is_still_falling_unless_it_was_cut_short():
    assert kinds(result(np.linspace(1.2, 0.5, EPOCHS))) == ["still_falling"]
    assert kinds(result(np.linspace(1.2, 0.5, 40))) == ["stopped"]
    assert kinds(result(np.linspace(1.2, 0.5, 40), state="cancelled")) == []


@pytest.mark.parametrize("fall", [0.0, 0.0005, 0.004, 0.009, 0.02, 0.2, 0.6])
@pytest.mark.parametrize("shape", [np.linspace(1, 0, EPOCHS), 1 - np.linspace(0, 1, EPOCHS) ** 3, learning(0, 30, 1)])
@pytest.mark.parametrize("seeds", [1, 3])
def test_no_curve_is_said_to_be_flat_and_still_falling(fall, shape, seeds):
    runs = [result(1 + fall * (shape - 1))] * seeds + [result(np.linspace(1.2, 0.5, EPOCHS))] * (seeds // 2)
    observed = replace(observation_of(), signals=observe(runs, EPOCHS))
    link = LINKS["falling"]
    told = {*kinds(*runs), *symptoms(observed), *([link.mark] if link.look(observed) else [])}
    assert not {"flat", "still_falling"} <= told
    assert told & {"flat", "still_falling", "constant"} or fall > 0.02, "it is one of them"


def test_one_seed_of_three_makes_no_mark():
    healthy, falling = result(learning()), result(np.linspace(1.2, 0.5, EPOCHS))
    assert kinds(healthy, healthy, falling) == []
    assert kinds(healthy, falling, falling) == ["still_falling"]


def test_what_was_never_trained_has_no_marks():
    assert marks([result_of(None, state="failed", history={}, baseline=None, telemetry={})], EPOCHS) == ()
    assert marks([], EPOCHS) == ()
