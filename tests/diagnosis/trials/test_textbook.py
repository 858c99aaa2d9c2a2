"""The textbook: which settings it would change, of which cause each is, and that all together make a spec."""

from core.diagnosis.trials.textbook import TEXTBOOKS, applied, steps_of
from tests.diagnosis.table import observation_of

PLAIN = TEXTBOOKS[0][0]


def causes_of(observed, suspected=()):
    return [step.cause for step in steps_of(observed, PLAIN, suspected)]


def test_a_program_by_the_book_is_left_as_it_is():
    model = {"layers": [32, 32], "initializer": "he_uniform"}
    observed = observation_of(model=model, training={"learning_rate": 0.003})
    assert causes_of(observed) == []


def test_all_that_is_wrong_is_changed_at_once():
    facts = {"input_offset": 900.0, "target_mean": 5000.0, "target_std": 300.0, "output_activation": "softmax",
             "loss": "binary_crossentropy"}  # fmt: skip
    model = {"layers": [2], "activation": "sigmoid", "initializer": "zeros", "output_activation": "softmax",
             "loss": "binary_crossentropy", "l2": 1.0}  # fmt: skip
    training = {
        "optimizer": "sgd",
        "learning_rate": 1e-6,
        "batch_size": 1,
        "schedule": "exponential",
        "clip_norm": 1e-3,
    }
    observed = observation_of(
        facts, {"updates": 20.0}, preprocessing={"scaling": "none"}, model=model, training=training
    )
    assert set(causes_of(observed)) == {
        "inputs_unscaled", "target_unscaled", "output_activation_mismatch", "loss_mismatch",
        "hidden_activation_unsuitable", "poor_initialization", "regularization_too_strong", "capacity_too_small",
        "batch_size_unsuitable", "optimizer_unsuitable", "learning_rate_too_low", "schedule_unsuitable",
        "clipping_too_strong", "too_few_updates",
    }  # fmt: skip
    change = applied(observed.run, steps_of(observed, PLAIN, ()))
    run = observed.run.changed(change)
    assert (run.model.loss, run.training.optimizer, run.training.schedule.name) == ("auto", "adam", "constant")
    assert run.model.hidden[0].units == 32


def test_a_setting_counts_for_the_cause_that_is_suspected():
    observed = observation_of(model={"layers": [32], "activation": "elu"})
    assert "dying_relu" in causes_of(observed, ("dying_relu", "hidden_activation_unsuitable"))
    assert "hidden_activation_unsuitable" in causes_of(observed)


def test_the_rate_goes_with_the_optimizer_that_is_left():
    observed = observation_of(training={"optimizer": "sgd", "learning_rate": 1e-6})
    steps = {step.cause: step for step in steps_of(observed, PLAIN, ())}
    alone = applied(observed.run, [steps["learning_rate_too_low"]])
    both = applied(observed.run, [steps["optimizer_unsuitable"], steps["learning_rate_too_low"]])
    assert alone["training.learning_rate"] > 10 * both["training.learning_rate"]


def test_layers_keep_what_other_settings_gave_them():
    layers = [{"units": 2, "activation": "sigmoid"}, {"units": 3, "activation": "tanh", "initializer": "zeros"}]
    observed = observation_of(model={"layers": layers})
    run = observed.run.changed(applied(observed.run, steps_of(observed, PLAIN, ())))
    assert [(layer.units, layer.activation) for layer in run.model.hidden] == [(32, "relu"), (32, "relu")]
    assert not any(layer.initializer == "zeros" for layer in run.model.hidden)


def test_a_setting_that_changes_nothing_is_not_listed():
    observed = observation_of(training={"optimizer": "sgd", "momentum": 0.0})
    change = applied(observed.run, steps_of(observed, PLAIN, ()))
    assert "training.optimizer" in change
    assert "training.momentum" not in change
