"""What the network is trained to give."""

import numpy as np
import pytest
from sklearn import preprocessing as sk

from core.data.prepare.targets import fit_target_scale
from core.errors import InputRefused

X = list(range(12))
NUMBERS = {"x": X, "y": [float(i * i) for i in X]}
TWO = {"x": X, "y": ["no", "yes", "no"] * 4}
THREE = {"x": X, "y": ["c", "a", "b"] * 4}
WHOLE = {"validation_fraction": 0}


@pytest.mark.parametrize("kind", ["none", "standard", "minmax", "log"])
def test_unscaling_undoes_the_target_scaling_of_training_and_validation_rows(prepared, kind):
    p = prepared(NUMBERS, data={"split": "in_order"}, preprocessing={"target_scaling": kind})
    np.testing.assert_allclose(p.unscale(p.y), p.targets_raw, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(p.unscale(p.y_val), p.targets_raw_val, rtol=1e-5)
    assert p.unscale(p.y).dtype == np.float64


@pytest.mark.parametrize(("kind", "scaler"), [("standard", sk.StandardScaler()), ("minmax", sk.MinMaxScaler())])
def test_the_target_is_scaled_as_sklearn_does_from_training_rows(prepared, kind, scaler):
    p = prepared(NUMBERS, preprocessing={"target_scaling": kind})
    scaler.fit(p.targets_raw)
    np.testing.assert_allclose(p.y, scaler.transform(p.targets_raw), rtol=1e-6)
    np.testing.assert_allclose(p.y_val, scaler.transform(p.targets_raw_val), rtol=1e-6)
    leaky = prepared(NUMBERS, preprocessing={"target_scaling": kind, "fit_on": "all"})
    assert not np.allclose(leaky.y, p.y)


def test_log_maps_values_below_the_training_minimum_and_back():
    scale = fit_target_scale("log", np.array([[10.0], [1000.0]]))
    y = np.array([[-500.0], [10.0], [11.0], [1e300]])
    assert np.isfinite(scale.scale(y)).all()
    np.testing.assert_allclose(scale(scale.scale(y)), y, rtol=1e-10)
    assert np.isfinite(scale(np.array([[1e6]]))).all()


@pytest.mark.parametrize("kind", ["standard", "minmax", "log"])
@pytest.mark.parametrize("value", [0.0, 0.1, 1e9 + 0.1])
def test_a_constant_target_is_trainable(prepared, kind, value):
    p = prepared({"x": X, "y": [value] * 12}, data={"task": "regression"}, preprocessing={"target_scaling": kind})
    np.testing.assert_allclose(p.y, 0, atol=1e-6)
    np.testing.assert_allclose(p.unscale(p.y), value)


def test_a_target_of_one_class_is_trainable(prepared):
    assert prepared({"x": X, "y": [True] * 12}).y.tolist() == [[1.0]] * 9
    assert prepared({"x": X, "y": ["only"] * 12}).classes == ("only",)


def test_two_classes_are_0_and_1_in_sorted_order(prepared):
    p = prepared(TWO, data=WHOLE)
    assert (p.task, p.classes, p.output_units) == ("binary", ("no", "yes"), 1)
    assert (p.output_activation, p.loss, p.metric) == ("sigmoid", "binary_crossentropy", "accuracy")
    assert p.y[:3].tolist() == [[0], [1], [0]]
    assert p.targets_raw.tolist() == [0, 1, 0] * 4
    assert p.targets_raw.dtype == np.int64


def test_more_classes_are_one_hot(prepared):
    p = prepared(THREE, data=WHOLE)
    assert (p.classes, p.output_units, p.output_activation, p.loss) == (
        ("a", "b", "c"), 3, "softmax", "categorical_crossentropy",
    )  # fmt: skip
    assert p.y[:2].tolist() == [[0, 0, 1], [1, 0, 0]]
    assert p.y.dtype == np.float32


@pytest.mark.parametrize(
    ("columns", "model", "first", "activation", "loss"),
    [
        (THREE, {"loss": "sparse_categorical_crossentropy"}, [2], "softmax", "sparse_categorical_crossentropy"),
        (THREE, {"output_units": 1}, [2], "softmax", "categorical_crossentropy"),
        (THREE, {"output_units": 5}, [0, 0, 1, 0, 0], "softmax", "categorical_crossentropy"),
        (TWO, {"output_units": 2}, [1, 0], "softmax", "categorical_crossentropy"),
        (TWO, {"loss": "categorical_crossentropy"}, [0], "sigmoid", "categorical_crossentropy"),
        (TWO, {"output_activation": "softmax", "loss": "hinge"}, [0], "softmax", "hinge"),
        (NUMBERS, {"output_units": 3}, [0], "linear", "mse"),
    ],
)
def test_the_models_choices_shape_the_target(prepared, columns, model, first, activation, loss):
    p = prepared(columns, data=WHOLE, model=model)
    assert p.y[0].tolist() == first
    assert (p.output_activation, p.loss) == (activation, loss)


def test_units_that_cannot_tell_the_classes_apart_are_refused(prepared):
    with pytest.raises(InputRefused, match="2 units cannot tell 3 classes apart"):
        prepared(THREE, model={"output_units": 2})


def test_several_targets_are_columns_of_y(prepared):
    p = prepared({"x": X, "u": [i * 0.5 for i in X], "v": [i * 0.3 for i in X]}, target=["u", "v"], data=WHOLE)
    assert (p.task, p.y.shape, p.output_units, p.targets) == ("regression", (12, 2), 2, ("u", "v"))
    p = prepared({"x": X, "u": [0, 1] * 6, "v": [True, True, False] * 4}, target=["u", "v"], data=WHOLE)
    assert (p.task, p.output_activation, p.loss) == ("multilabel", "sigmoid", "binary_crossentropy")
    assert p.y[:3].tolist() == [[0, 1], [1, 1], [0, 0]]


def test_balanced_weights_are_sklearns_and_regression_has_none(prepared):
    p = prepared(TWO, data=WHOLE, training={"class_weight": "balanced"})
    assert p.sample_weight is not None
    np.testing.assert_allclose(p.sample_weight[:3], [12 / (2 * 8), 12 / (2 * 4), 12 / (2 * 8)])
    assert prepared(TWO).sample_weight is None
    with pytest.raises(InputRefused, match="class_weight"):
        prepared(NUMBERS, training={"class_weight": "balanced"})


def test_scaling_a_class_is_ignored_aloud(prepared):
    p = prepared(TWO, data=WHOLE, preprocessing={"target_scaling": "standard"})
    assert set(p.y.ravel()) == {0, 1}
    assert any("not scaled" in note for note in p.notes)


def test_a_target_whose_square_overflows_is_refused(prepared):
    with pytest.raises(InputRefused, match=r"goes beyond 1e\+100"):
        prepared({"x": X, "y": [1e308, -1e308, *range(10)]})
