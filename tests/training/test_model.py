"""The model of a run, and the first weights it starts from."""

import keras
import numpy as np
import pytest

from core.choices.activations import ACTIVATIONS
from core.choices.losses import LOSSES
from core.choices.optimizers import OPTIMIZERS
from core.data.prepare.prepared import prepare
from core.data.source import load_table
from core.spec import ModelSpec, TrainingSpec, load_spec
from core.training.model import build_loss, build_model, build_optimizer

IRIS = {"data": {"source": "sample:iris", "target": "species"}}


def model_of(model, seed=3):
    run = load_spec(IRIS | {"model": model, "training": {"seed": seed}}).runs()[0]
    keras.utils.set_random_seed(seed)
    return run.model, build_model(run.model, prepare(run, load_table(run.data)))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_keras_has_every_activation_of_the_spec(activation):
    assert keras.activations.get(activation)(keras.ops.zeros((2, 3))).shape == (2, 3)


@pytest.mark.parametrize("loss", LOSSES)
def test_keras_has_every_loss_of_the_spec(loss):
    row = np.full((4, 3), 0.25, np.float32)
    target = np.zeros((4, 1), np.float32) if LOSSES[loss].sparse else row
    assert np.isfinite(float(build_loss(loss)(target, row)))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_keras_has_every_optimizer_of_the_spec(name):
    optimizer = build_optimizer(TrainingSpec(optimizer=name, learning_rate=0.25, clip_norm=1.0, weight_decay=0.1))
    assert float(optimizer.learning_rate) == 0.25
    assert optimizer.global_clipnorm == 1.0
    assert optimizer.weight_decay == pytest.approx(0.1)


def test_momentum_reaches_only_the_optimizers_that_have_it():
    assert build_optimizer(TrainingSpec(optimizer="sgd", momentum=0.9, nesterov=True)).momentum == 0.9
    assert not hasattr(build_optimizer(TrainingSpec(optimizer="adam", momentum=0.9)), "momentum")


def test_batch_normalisation_comes_before_the_activation():
    _, model = model_of({"layers": [5], "batch_normalization": True})
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == ["Dense", "BatchNormalization", "Activation", "Dense"]
    assert model.layers[0].activation is keras.activations.linear


def test_a_layer_may_differ_from_its_model():
    spec = ModelSpec(layers=({"units": 3, "activation": "tanh"}, 4), activation="relu", dropout=0.1)
    assert [layer.activation for layer in spec.hidden] == ["tanh", "relu"]
    assert [layer.dropout for layer in spec.hidden] == [0.1, 0.1]


def test_one_unit_under_a_softmax_answers_one_and_never_moves(trained):
    """As with oneDNN and under XLA: a rounding error times a target in the thousands would be a step."""
    data = {"columns": {"x": list(range(64)), "y": [1e5 + 1e3 * v for v in range(64)]}}
    model = {"layers": [4], "output_activation": "softmax", "output_units": 1, "loss": "mse"}
    training = {"optimizer": "sgd", "learning_rate": 10.0, "epochs": 20, "batch_size": 64}
    _, prepared, result = trained(
        data={"source": data, "target": "y", "validation_fraction": 0}, model=model, training=training
    )
    assert result.state == "done"
    assert result.history["loss"] == pytest.approx([float(((prepared.y - 1) ** 2).mean())] * 20, rel=1e-6)
