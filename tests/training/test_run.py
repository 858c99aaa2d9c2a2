"""One training: chunks, schedules, callbacks, divergence, cancel, baseline and skill."""

import math

import keras
import numpy as np
import pytest

from core.bench import plain_history
from core.training import run as run_module
from core.training.model import build_model, build_optimizer
from core.training.row_order import row_order

TARGETS = {"source": "sample:noise_targets", "target": "y"}
LINE = {"source": "sample:line", "target": "y"}
IRIS = {"source": "sample:iris", "target": "species"}


def rates(trained, schedule, epochs=10):
    _, _, result = trained(
        data=TARGETS, training={"learning_rate": 0.1, "epochs": epochs, "schedule": schedule, "optimizer": "sgd"}
    )
    return list(result.history["learning_rate"])


def test_schedules_follow_their_formulas(trained):
    assert rates(trained, "constant") == [0.1] * 10
    assert rates(trained, {"name": "exponential", "decay_rate": 0.5})[3] == pytest.approx(0.1 * 0.5**3)
    assert rates(trained, {"name": "step", "factor": 0.1, "every": 4})[3:5] == pytest.approx([0.1, 0.01])
    cosine = rates(trained, {"name": "cosine", "alpha": 0.1})
    assert cosine[0] == pytest.approx(0.1)
    assert cosine[5] == pytest.approx(0.1 * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi / 2))))
    warm = rates(trained, {"name": "warmup_cosine", "warmup_epochs": 4})
    assert warm[:4] == pytest.approx([0.025, 0.05, 0.075, 0.1])
    assert warm[9] < warm[5]
    climb = rates(trained, {"name": "range_test", "times": 2})
    assert [climb[0], climb[3], climb[9]] == pytest.approx([0.1, 0.1 * 2 ** (1 / 3), 0.2])


def test_a_schedule_changes_the_weights_too(trained):
    fixed = {"optimizer": "sgd", "learning_rate": 0.1, "epochs": 12}
    _, _, constant = trained(data=TARGETS, training=fixed)
    _, _, stepped = trained(data=TARGETS, training={**fixed, "schedule": {"name": "step", "factor": 0.1, "every": 5}})
    # One may have been compiled on its way and the other not; that leaves the first five digits alone.
    assert stepped.history["loss"][:5] == pytest.approx(constant.history["loss"][:5], rel=1e-5)
    assert stepped.history["loss"][6] != pytest.approx(constant.history["loss"][6], rel=1e-3)


@pytest.mark.parametrize(
    "layers",
    [pytest.param([10], id="one layer"), pytest.param([6] * 5, id="many equal layers", marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("restore", [True, False])
def test_early_stopping_is_that_of_keras(trained, restore, layers):
    stopping = {"monitor": "val_loss", "patience": 3, "min_delta": 0.001, "restore_best_weights": restore}
    training = {"learning_rate": 0.05, "epochs": 60, "early_stopping": stopping}
    run, prepared, result = trained(data=TARGETS, model={"layers": layers}, training=training)

    keras.utils.set_random_seed(0)
    model = build_model(run.model, prepared)
    model.compile(optimizer=build_optimizer(run.training), loss="mse")
    callback = keras.callbacks.EarlyStopping(**stopping, mode="min")
    stopped, losses = _fit_in_order(model, run, prepared, callback)

    assert 3 < stopped < 60
    assert result.epochs == stopped
    assert result.telemetry.get("weights_of_epoch") == (callback.best_epoch + 1 if restore else None)
    assert result.state == "done"
    np.testing.assert_allclose(result.history["val_loss"], losses, rtol=1e-5)
    predicted = model.predict(prepared.x_val, verbose=0)
    own = 1 - ((predicted - prepared.y_val) ** 2).sum() / ((prepared.y.mean() - prepared.y_val) ** 2).sum()
    assert result.val_skill == pytest.approx(own, abs=1e-4)


def _fit_in_order(model, run, prepared, callback):
    """Drive `callback` by hand over one-epoch fits, each with its own order of rows."""
    callback.set_model(model)
    callback.on_train_begin()
    model.stop_training = False
    losses = []
    for epoch in range(run.training.epochs):
        order = row_order(0, epoch, len(prepared.x))
        history = model.fit(
            prepared.x[order],
            prepared.y[order],
            shuffle=False,
            verbose=0,
            validation_data=(prepared.x_val, prepared.y_val),
        ).history
        losses.append(history["val_loss"][0])
        callback.on_epoch_end(epoch, {name: values[0] for name, values in history.items()})
        if model.stop_training:
            break
    callback.on_train_end()
    return len(losses), losses


@pytest.mark.parametrize("restore", [True, False])
@pytest.mark.parametrize("calls", [1, 4])
def test_a_run_cancelled_under_early_stopping_is_judged_by_its_own_weights(trained, restore, calls, monkeypatch):
    """In a program that another run was stopped in; between epochs, and in the middle of one."""
    monkeypatch.setattr(run_module, "CHUNK_SECONDS", 1e-9)  # one batch per call
    monkeypatch.setattr(run_module, "_FIRST_BATCHES", 1)
    stopping = {"monitor": "val_loss", "patience": 3, "restore_best_weights": restore}
    training = {"epochs": 2, "learning_rate": 0.05, "seed": 7, "batch_size": 4}
    trained(data=TARGETS, training={**training, "seed": 1, "early_stopping": stopping})

    def cancelled(**more):
        asked = iter([False] * (calls - 1) + [True])
        return trained(data=TARGETS, training={**training, **more}, should_stop=lambda: next(asked))[2]

    own, plain = cancelled(early_stopping=stopping), cancelled()
    assert own.state == plain.state == "cancelled"
    assert own.epochs == 0
    assert "weights_of_epoch" not in own.telemetry
    assert own.val_skill == pytest.approx(plain.val_skill, rel=1e-4)


def test_a_plateau_lowers_the_rate_and_keeps_it_low(trained):
    plateau = {"name": "reduce_on_plateau", "patience": 2, "factor": 0.5, "min_delta": 10}
    found = rates(trained, plateau, epochs=9)
    assert found == pytest.approx([0.1, 0.1, 0.1, 0.05, 0.05, 0.025, 0.025, 0.0125, 0.0125])


def test_divergence_is_an_event_with_its_epoch(trained):
    _, _, result = trained(
        data={**LINE, "validation_fraction": 0},
        preprocessing={"scaling": "none"},
        training={"optimizer": "sgd", "learning_rate": 1000, "epochs": 50},
    )
    losses = result.history["loss"]
    assert result.state == "diverged"
    assert result.diverged_at == len(losses) == result.epochs < 50
    assert losses[-1] is None
    assert None not in losses[:-1]
    assert result.skill is None
    assert result.error is None


def test_points_come_once_each_and_in_order(trained):
    seen = []
    _, _, result = trained(
        on_points=lambda first, points: seen.append((first, points)), data=TARGETS, training={"epochs": 300}
    )
    expected = 1
    for first, points in seen:
        assert first == expected
        expected += len(points["loss"])
    assert expected == 301
    assert [value for _, points in seen for value in points["loss"]] == list(result.history["loss"])


def test_a_stop_keeps_the_history_so_far(trained):
    done = []
    _, _, result = trained(
        on_points=lambda first, points: done.append(points),
        should_stop=lambda: len(done) >= 2,
        data=TARGETS,
        training={"epochs": 100_000},
    )
    assert result.state == "cancelled"
    assert 0 < result.epochs < 100_000
    assert len(result.history["loss"]) == result.epochs


def test_long_epochs_are_cut_without_changing_the_history(trained, monkeypatch):
    sections = {"data": TARGETS, "training": {"epochs": 6, "batch_size": 8}}
    _, _, whole = trained(**sections)
    monkeypatch.setattr(run_module, "_FIRST_BATCHES", 3)
    monkeypatch.setattr(run_module, "CHUNK_SECONDS", 1e-9)
    asked = []

    def never():
        asked.append(1)
        return False

    _, _, cut = trained(should_stop=never, **sections)
    assert len(asked) > 6
    np.testing.assert_allclose(cut.history["loss"], whole.history["loss"], rtol=1e-6)
    np.testing.assert_allclose(cut.history["val_loss"], whole.history["val_loss"], rtol=1e-6)


def test_a_seed_gives_the_same_run_and_another_seed_another(trained):
    histories = [trained(data=IRIS, training={"epochs": 5, "seed": seed})[2].history for seed in (1, 1, 2)]
    assert histories[0] == histories[1]
    assert histories[0] != histories[2]


def test_the_baseline_of_squares_is_the_variance(trained):
    _, prepared, result = trained(data=TARGETS, training={"epochs": 1})
    assert result.baseline["what"] == "always predict the mean"
    assert result.baseline["loss"] == pytest.approx(prepared.y.var(), rel=1e-5)
    guess = ((prepared.y_val - prepared.y.mean()) ** 2).mean()
    assert result.baseline["val_loss"] == pytest.approx(guess, rel=1e-5)


def test_the_baseline_of_absolute_errors_is_the_median(trained):
    _, prepared, result = trained(data=TARGETS, model={"loss": "mae"}, training={"epochs": 1})
    assert result.baseline["what"] == "always predict the median"
    assert result.baseline["loss"] == pytest.approx(np.abs(prepared.y - np.median(prepared.y)).mean(), rel=1e-5)


def test_the_baseline_of_labels_is_their_entropy(trained):
    _, prepared, result = trained(data={"source": "sample:noise_labels", "target": "label"}, training={"epochs": 1})
    share = prepared.y.mean()
    entropy = -(share * math.log(share) + (1 - share) * math.log(1 - share))
    assert result.baseline["loss"] == pytest.approx(entropy, rel=1e-4)


def test_skill_ignores_how_the_target_was_scaled(trained):
    from sklearn.metrics import r2_score

    sections = {"data": LINE, "training": {"epochs": 300, "learning_rate": 0.01}}
    for scaling in ("none", "standard", "minmax"):
        run, prepared, result = trained(**sections, preprocessing={"target_scaling": scaling})
        from core.training.epochs import program_for

        (predicted,) = map(prepared.unscale, program_for(run, prepared).predict(prepared.x))
        assert result.skill == pytest.approx(r2_score(prepared.targets_raw, predicted), abs=1e-5)
    assert result.baseline["loss"] < 1


def test_a_flattered_loss_does_not_fool_the_skill(trained):
    """A softmax on one unit always predicts 1; Keras's loss falls all the same, from the logits behind it."""
    _, _, result = trained(
        data={"source": "sample:moons", "target": "label", "task": "binary"},
        model={"output_activation": "softmax", "loss": "binary_crossentropy"},
        training={"epochs": 100, "learning_rate": 0.01},
    )
    assert result.history["loss"][-1] < result.baseline["loss"] / 2
    assert result.skill < -1
    assert result.history["accuracy"][-1] < 0.6


def test_validation_without_rows_says_nothing(trained):
    _, _, result = trained(data={**TARGETS, "validation_fraction": 0}, training={"epochs": 2})
    assert set(result.history) == {"loss", "mae", "learning_rate"}
    assert result.val_skill is None
    assert result.baseline["val_loss"] is None


def test_many_validation_rows_go_in_blocks(trained, monkeypatch):
    from core.training import epochs

    monkeypatch.setattr(epochs, "BLOCK_ROWS", 7)
    epochs.forget_programs()
    run, prepared, result = trained(data=TARGETS, model={"l2": 0.1}, training={"epochs": 3})
    epochs.forget_programs()
    plain = plain_history(run, prepared)
    np.testing.assert_allclose(result.history["val_loss"], plain["val_loss"], rtol=1e-5)


def test_what_keras_cannot_train_fails_in_one_sentence(trained):
    _, _, result = trained(
        data={"source": "sample:moons", "target": "label"},
        model={"loss": "sparse_categorical_crossentropy", "output_units": 1},
        training={"epochs": 2},
    )
    assert result.state == "failed"
    assert result.error.startswith("Keras cannot train this combination")
    assert "\n" not in result.error
    assert result.history == {}
