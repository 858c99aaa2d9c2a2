"""What each picture shows, against plain Keras and scikit-learn on the same weights."""

import base64

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from core.training.backend import keras
from core.training.initial_weights import initial_weights
from core.training.model import build_loss, build_model, build_optimizer
from core.training.pictures.decision_boundary import SIDE
from core.training.pictures.frame import SCENE, Frame
from core.training.row_order import row_orders
from core.training.run import train_run

FEW = {"epochs": 3, "learning_rate": 0.03}
MOONS = {"source": "sample:moons?n=200", "target": "label"}
BLOBS = {"source": "sample:blobs?n=200&classes=4", "target": "label"}


@pytest.fixture
def pictured(trained):
    """Return (run, prepared, scene, frames by epoch) of a spec given by its sections."""

    def train(**sections):
        run, prepared, _ = trained(**sections)
        frames: list[Frame] = []
        train_run(run, prepared, on_frame=frames.append)
        scene, *rest = frames
        assert scene.epoch == SCENE
        return run, prepared, scene.pictures, {frame.epoch: frame.pictures for frame in rest}

    return train


def plain_model(run, prepared):
    """A Keras model trained by ``fit`` with the weights and the order of rows of `run`."""
    keras.utils.set_random_seed(run.training.seed)
    model = build_model(run.model, prepared)
    for variable, value in zip(
        model.trainable_variables, initial_weights(model, run.model, run.training.seed), strict=True
    ):
        variable.assign(value)
    model.compile(optimizer=build_optimizer(run.training), loss=build_loss(prepared.loss))
    orders = row_orders(run.training.seed, len(prepared.x), shuffle=run.training.shuffle)
    for epoch in range(run.training.epochs):
        order = orders.of(epoch)
        size = run.training.batch_size
        model.fit(prepared.x[order], prepared.y[order], batch_size=size, shuffle=False, verbose=0)
    return model


def bytes_of(text):
    return np.frombuffer(base64.b64decode(text), np.uint8)


def plane(scene):
    (left, right), (bottom, top) = scene["spans"]
    return np.stack(np.meshgrid(np.linspace(left, right, SIDE), np.linspace(bottom, top, SIDE)), -1).reshape(-1, 2)


def standardised(prepared, values):
    raw = prepared.raw.values
    return ((values - raw.mean(axis=0)) / raw.std(axis=0)).astype(np.float32)


def test_the_boundary_is_what_plain_keras_predicts_on_the_plane_of_the_raw_inputs(pictured):
    run, prepared, scene, frames = pictured(data=MOONS, training=FEW)
    x = standardised(prepared, plane(scene["decision_boundary"]))
    expected = plain_model(run, prepared).predict(x, verbose=0)[:, 0]
    found = bytes_of(frames[3]["decision_boundary"]["share"]) / 255
    np.testing.assert_allclose(found, expected, atol=0.5 / 255 + 1e-4)
    assert found.min() < 0.5 < found.max()


def test_of_several_classes_the_boundary_says_which_wins_and_by_how_much(pictured):
    run, prepared, scene, frames = pictured(data=BLOBS, training=FEW)
    predicted = plain_model(run, prepared).predict(standardised(prepared, plane(scene["decision_boundary"])), verbose=0)
    shown = frames[3]["decision_boundary"]
    clear = np.ptp(np.sort(predicted)[:, -2:], axis=1) > 1e-3
    assert (bytes_of(shown["winner"]) == predicted.argmax(axis=1))[clear].all()
    np.testing.assert_allclose(bytes_of(shown["share"]) / 255, predicted.max(axis=1), atol=0.5 / 255 + 1e-4)
    assert scene["decision_boundary"]["classes"] == list(prepared.classes)


def test_the_heights_of_a_regression_lie_between_those_of_the_target(pictured):
    columns = {"a": [*range(20)], "b": [3 * i % 20 for i in range(20)], "z": [100.0 + i for i in range(20)]}
    data = {"source": {"columns": columns}, "target": "z"}
    scaled = {"target_scaling": "standard"}
    _, _, scene, frames = pictured(data=data, preprocessing=scaled, training={"epochs": 30, "learning_rate": 0.05})
    assert scene["decision_boundary"]["heights"] == (100, 119)
    assert "classes" not in frames[30]["decision_boundary"]
    low, high = frames[30]["decision_boundary"]["reach"]
    assert 60 < low < 110 < high < 180


def test_the_fitted_curve_is_what_plain_keras_predicts_in_the_units_of_the_target(pictured):
    data = {"source": "sample:sine?n=100", "target": "y"}
    run, prepared, scene, frames = pictured(data=data, preprocessing={"target_scaling": "standard"}, training=FEW)
    along = np.array(scene["fitted_curve"]["along"])
    model = plain_model(run, prepared)
    expected = prepared.unscale(model.predict(standardised(prepared, along[:, None]), verbose=0))[:, 0]
    np.testing.assert_allclose(frames[3]["fitted_curve"]["lines"], [expected], rtol=1e-3, atol=1e-4)
    assert along[0] < prepared.raw.values.min()
    assert len(frames[3]["fitted_curve"]["lines"]) == 1


def test_predictions_stand_against_the_answers_of_the_same_rows(pictured):
    data = {"source": "sample:diabetes", "target": "progression"}
    run, prepared, scene, frames = pictured(data=data, training=FEW)
    shown = scene["predicted_values"]
    answers, predicted = np.array(shown["answers"]), np.array(frames[3]["predicted_values"]["predicted"])
    held_out = shown["held_out"]
    model = plain_model(run, prepared)
    np.testing.assert_allclose(predicted[-held_out:], model.predict(prepared.x_val, verbose=0)[:, 0], rtol=1e-3)
    np.testing.assert_array_equal(answers[-held_out:], prepared.targets_raw_val[:, 0])
    assert len(answers) == len(predicted) <= 400
    assert held_out == len(prepared.x_val)


def test_the_confusion_matrix_is_scikit_learns(pictured):
    data = {"source": "sample:iris", "target": "species"}
    run, prepared, _, frames = pictured(data=data, training=FEW)
    model = plain_model(run, prepared)
    for counts, x, truth in zip(
        frames[3]["confusion_matrix"]["counts"],
        (prepared.x, prepared.x_val),
        (prepared.targets_raw, prepared.targets_raw_val),
        strict=True,
    ):
        named = model.predict(x, verbose=0).argmax(axis=1)
        np.testing.assert_array_equal(counts, confusion_matrix(truth, named, labels=range(3)))


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (MOONS, {"decision_boundary", "confusion_matrix"}),
        ({"source": "sample:line", "target": "y"}, {"fitted_curve", "predicted_values"}),
        ({"source": "sample:iris", "target": "species"}, {"confusion_matrix"}),
        ({"source": "sample:flats", "target": "price"}, {"predicted_values"}),
    ],
)
def test_a_picture_is_made_where_it_applies_and_nowhere_else(pictured, data, names):
    _, _, scene, frames = pictured(data=data, training={"epochs": 1})
    of_weights = {"layers", "landscape"}
    assert set(scene) - of_weights == names
    assert all(set(pictures) - of_weights == names for pictures in frames.values())


def test_words_and_dates_have_no_plane(pictured):
    days = [f"2024-01-{1 + i:02}" for i in range(20)]
    for column in (days, [*"abcd"] * 5):
        source = {"columns": {"a": [*range(20)], "b": column, "y": [i % 2 for i in range(20)]}}
        _, _, scene, _ = pictured(
            data={"source": source, "target": "y", "features": ["a", "b"]}, training={"epochs": 1}
        )
        assert "decision_boundary" not in scene


def test_rows_without_an_input_are_left_out_of_the_points(pictured):
    columns = {"a": [1.0, None, 3.0, 4.0, 5.0], "b": [1.0, 2.0, 3.0, None, 6.0], "y": ["p", "q", "p", "q", "p"]}
    data = {"source": {"columns": columns}, "target": "y", "validation_fraction": 0}
    _, _, scene, _ = pictured(data=data, training={"epochs": 1})
    points = scene["decision_boundary"]["points"]
    assert points == {"inputs": [[1, 3, 5], [1, 3, 6]], "answers": [0, 0, 0], "held_out": 0}


def test_a_network_of_no_numbers_has_frames_without_pictures(pictured):
    _, _, _, frames = pictured(
        data={"source": "sample:line", "target": "y"},
        model={"activation": "relu"},
        preprocessing={"scaling": "none"},
        training={"optimizer": "sgd", "learning_rate": 1e6, "epochs": 30},
    )
    assert frames[max(frames)] == dict.fromkeys(["fitted_curve", "predicted_values", "layers", "landscape"])
    assert frames[0]["fitted_curve"] is not None
