"""The loss landscape against plain Keras and scikit-learn's principal components."""

import base64
from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA

from core.training.model import build_loss, build_model
from core.training.pictures import landscape as module
from core.training.pictures.frame import Frame
from core.training.pictures.landscape import SIDE
from core.training.run import train_run
from tests.training.pictures.test_pictures import plain_model

MOONS = {"source": "sample:moons?n=200", "target": "label"}
FEW = {"epochs": 20, "learning_rate": 0.03}
RARE = {"x": [*range(60)], "y": ["rare" if i % 6 == 0 else "usual" for i in range(60)]}


@pytest.fixture
def walked(trained, monkeypatch):
    """Return (run, prepared, program, path, landscape) of a spec given by its sections."""
    paths = []
    drawn = module.Landscape.along

    def along(self, path):
        paths.append(path)
        return drawn(self, path)

    monkeypatch.setattr(module.Landscape, "along", along)

    def train(**sections):
        run, prepared, _ = trained(**sections)
        frames: list[Frame] = []
        train_run(run, prepared, on_frame=frames.append)
        scene, last = frames[0].pictures["landscape"], frames[-1].pictures["landscape"]
        assert not any("landscape" in frame.pictures for frame in frames[1:-1])
        return run, prepared, scene, paths[-1], last

    return train


def plain_loss(run, prepared, vectors):
    """The training loss by ``evaluate`` of Keras; `vectors` have the order of snapshots, by the shape of variables."""
    model = build_model(run.model, prepared)
    model.compile(loss=build_loss(prepared.loss))
    groups: dict[tuple[int, ...], list[Any]] = {}
    for variable in model.trainable_variables:
        groups.setdefault(tuple(variable.shape), []).append(variable)
    losses = []
    for vector in vectors:
        start = 0
        for variable in (variable for group in groups.values() for variable in group):
            end = start + int(np.prod(variable.shape))
            variable.assign(vector[start:end].reshape(variable.shape))
            start = end
        assert start == len(vector)
        weight = prepared.sample_weight
        losses.append(model.evaluate(prepared.x, prepared.y, sample_weight=weight, batch_size=1000, verbose=0))
    return np.array(losses)


@pytest.mark.parametrize(
    "sections",
    [
        {"data": MOONS},
        {"data": {"source": "sample:iris", "target": "species"}, "model": {"l2": 0.01, "layers": [5, 5]}},
        {"data": {"source": {"columns": RARE}, "target": "y"}, "training": FEW | {"class_weight": "balanced"}},
    ],
)
def test_the_losses_along_the_path_are_plain_keras(walked, sections):
    run, prepared, scene, path, found = walked(**{"training": FEW} | sections)
    assert scene["rows"] == [len(prepared.x)] * 2
    expected = plain_loss(run, prepared, [weights for _, weights in path])
    np.testing.assert_allclose(found["path"]["losses"], expected, rtol=1e-3)
    assert found["path"]["epochs"] == [0, 1, 2, 3, 6, 10, 18, 20]


def test_the_plane_is_that_of_the_principal_components_and_its_cells_have_their_losses(walked):
    run, prepared, _, path, found = walked(data=MOONS, training=FEW)
    weights = np.stack([weights for _, weights in path]).astype(float)
    pca = PCA(2).fit(weights)
    assert found["held"] == pytest.approx(pca.explained_variance_ratio_.sum())
    places = np.array(found["path"]["places"]).T
    projected = (weights - weights[-1]) @ pca.components_.T
    np.testing.assert_allclose(np.abs(places), np.abs(projected), atol=1e-4)
    assert places[-1].tolist() == [0, 0]
    assert (places[0] < 0).all()
    plane = pca.components_ * np.sign(places[0] * projected[0])[:, None]
    (left, right), (bottom, top) = found["spans"]
    corners = np.array([[left, bottom], [right, bottom], [left, top], [right, top]])
    expected = plain_loss(run, prepared, (corners @ plane + weights[-1]).astype(np.float32))
    shares = (np.frombuffer(base64.b64decode(found["losses"]), np.uint8) / 255).reshape(SIDE, SIDE)
    low, high = found["low"], found["high"]
    losses = low * (high / low) ** shares if found["log"] else low + shares * (high - low)
    np.testing.assert_allclose(losses[[0, 0, -1, -1], [0, -1, 0, -1]], expected, rtol=0.02, atol=(high - low) / 255)
    assert left < places[:, 0].min() < places[:, 0].max() < right


def test_the_path_ends_at_the_loss_of_the_same_training_by_plain_keras(walked):
    run, prepared, _, _, found = walked(data=MOONS, training={"epochs": 4, "learning_rate": 0.03})
    model = plain_model(run, prepared)
    expected = model.evaluate(prepared.x, prepared.y, batch_size=1000, verbose=0)
    assert found["path"]["losses"][-1] == pytest.approx(expected, rel=1e-3)


def test_a_path_is_told_weight_by_weight_and_its_ground_by_all_the_loss_depends_on(walked):
    short = {"epochs": 3, "learning_rate": 0.03}
    _, _, scene, path, found = walked(data=MOONS, training=short)
    told = np.frombuffer(base64.b64decode(found["weights"]), np.float16).reshape(len(path), -1).astype(float)
    directions = np.frombuffer(base64.b64decode(found["directions"]), np.float32).reshape(2, -1)
    np.testing.assert_allclose(told, np.stack([weights for _, weights in path]), rtol=1e-3, atol=1e-7)
    np.testing.assert_allclose(((told - told[-1]) @ directions.T).T, found["path"]["places"], atol=5e-3)
    like = {"training": short | {"learning_rate": 0.3, "optimizer": "sgd", "seed": 0}}
    assert walked(data=MOONS, **like)[2]["ground"] == scene["ground"]
    unlike = ({"preprocessing": {"scaling": "minmax"}}, {"model": {"activation": "tanh"}}, {"model": {"l2": 0.1}})
    grounds = [walked(data=MOONS, training=short, **changes)[2]["ground"] for changes in unlike]
    assert len({scene["ground"], *grounds}) == 4


def test_of_a_large_table_a_sample_is_drawn(walked):
    _, prepared, scene, _, _ = walked(data={"source": "sample:moons?n=2000", "target": "label"}, training={"epochs": 3})
    assert scene["rows"] == [256, len(prepared.x)]


@pytest.mark.parametrize("model", [{"layers": [64, 64]}, {"batch_normalization": True}])
def test_there_is_none_where_it_would_take_long_or_mean_little(trained, model):
    frames: list[Frame] = []
    run, prepared, _ = trained(data=MOONS, model=model, training={"epochs": 3})
    train_run(run, prepared, on_frame=frames.append)
    assert not any("landscape" in frame.pictures for frame in frames)


def test_weights_that_moved_in_one_direction_span_no_plane(walked):
    assert walked(data=MOONS, training={"epochs": 1})[-1] is None
