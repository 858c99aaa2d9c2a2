"""When pictures are taken, and that taking them changes nothing."""

import json

import numpy as np
import pytest

from core.training import run as run_module
from core.training.pictures import camera
from core.training.pictures.camera import planned_epochs
from core.training.pictures.frame import Frame
from core.training.run import compile_run, train_run
from tests.training.memory_safe import MemorySafe, broken_off

MOONS = {"source": "sample:moons?n=200", "target": "label"}


@pytest.fixture
def frames_of(trained):
    """Return a function that trains a spec with and without pictures: (frames, result, result without)."""

    def train(**sections):
        run, prepared, _ = trained(**sections)
        # From here on XLA is at work in both or in neither, or the last digits would differ.
        compile_run(run, prepared, wait=True)
        frames: list[Frame] = []
        plain = train_run(run, prepared)
        return frames, train_run(run, prepared, on_frame=frames.append), plain

    return train


def test_planned_epochs_grow_further_apart():
    assert (np.flatnonzero(planned_epochs(100)) + 1).tolist() == [1, 2, 3, 6, 10, 18, 32, 56]
    assert planned_epochs(1).tolist() == [False]
    assert planned_epochs(1_000_000).sum() < 30


@pytest.mark.parametrize("changes", [{}, {"early_stopping": {"patience": 3}}, {"batch_size": 7}])
def test_pictures_leave_the_history_as_it_is_to_the_last_bit(frames_of, changes):
    frames, result, plain = frames_of(data=MOONS, training={"epochs": 40, "learning_rate": 0.02} | changes)
    assert result.history.as_dict() == plain.history.as_dict()
    assert (result.skill, result.val_skill) == (plain.skill, plain.val_skill)
    assert [frame.epoch for frame in frames[:4]] == [-1, 0, 1, 2]
    assert frames[-1].epoch == result.epochs
    assert not frames[-1].passing


def test_the_pictures_of_a_long_training_come_several_times_a_second(frames_of, monkeypatch):
    monkeypatch.setattr(camera, "EVERY_SECONDS", 0.0)
    monkeypatch.setattr(camera, "SHARE", 10.0)
    frames, result, plain = frames_of(data=MOONS, training={"epochs": 2000})
    passing = [frame.epoch for frame in frames if frame.passing]
    assert passing
    assert max(passing) < 2000
    assert result.history.as_dict() == plain.history.as_dict()


def test_where_pictures_take_long_there_are_fewer(frames_of, monkeypatch):
    monkeypatch.setattr(camera, "SHARE", 1e-9)
    monkeypatch.setattr(camera, "_FREE_SECONDS", 0.0)
    frames, result, _ = frames_of(data=MOONS, training={"epochs": 100})
    assert [frame.epoch for frame in frames if not frame.passing] == [-1, 0, result.epochs]


def test_after_early_stopping_the_last_picture_names_the_epoch_whose_weights_it_shows(frames_of):
    stopping = {"patience": 2, "restore_best_weights": True}
    data = {"source": "sample:noise_labels", "target": "label"}
    frames, result, _ = frames_of(data=data, training={"epochs": 60, "learning_rate": 0.05, "early_stopping": stopping})
    assert frames[-1].weights_of_epoch == result.telemetry["weights_of_epoch"]
    counts = np.array(frames[-1].pictures["confusion_matrix"]["counts"][0])
    assert (np.diag(counts) / counts.sum(axis=1)).tolist() == pytest.approx(result.telemetry["recall"])


def test_of_a_large_network_no_copies_are_kept(trained):
    frames: list[Frame] = []
    run, prepared, _ = trained(data=MOONS, model={"layers": [256, 256]}, training={"epochs": 3})
    train_run(run, prepared, on_frame=frames.append)
    assert [frame.epoch for frame in frames if not frame.passing] == [-1, 0, 3]


def test_a_run_that_goes_on_shows_again_what_it_had_shown(trained, monkeypatch):
    monkeypatch.setattr(run_module, "CHUNK_SECONDS", 1e-9)  # one batch per call
    monkeypatch.setattr(run_module, "_FIRST_BATCHES", 1)
    monkeypatch.setattr(camera, "SHARE", 100.0)
    run, prepared, _ = trained(data=MOONS, training={"epochs": 30})
    compile_run(run, prepared, wait=True)
    whole, again = list[Frame](), list[Frame]()
    train_run(run, prepared, on_frame=whole.append)
    last = broken_off(run, prepared, calls=70, on_frame=lambda _: None)[-1]
    assert 10 < last.epoch < 18
    train_run(run, prepared, on_frame=again.append, safe=MemorySafe(last))

    def shown(frames):
        return {frame.epoch: frame.pictures for frame in frames if not frame.passing}

    assert list(shown(again)) == [-1, 0, 1, 2, 3, 6, 10, 18, 30]
    assert shown(again) == shown(whole)


def test_a_frame_is_a_few_kilobytes(frames_of):
    for data in (MOONS, {"source": "sample:blobs?n=300&classes=5", "target": "label"}):
        frames, _, _ = frames_of(data=data, training={"epochs": 2})
        *others, last = (len(json.dumps(frame.pictures)) for frame in frames)
        assert max(others) < 9000
        assert last < 12_000  # with the landscape


def test_a_run_that_was_stopped_has_a_last_picture(trained):
    frames: list[Frame] = []
    run, prepared, _ = trained(data=MOONS, training={"epochs": 1})
    stopped = train_run(run, prepared, should_stop=lambda: True, on_frame=frames.append)
    assert (stopped.state, [frame.epoch for frame in frames]) == ("cancelled", [-1, 0, 0])


def test_a_run_whose_answers_cannot_be_drawn_shows_its_weights(trained):
    frames: list[Frame] = []
    columns = {"x": [*range(12)], "a": [i % 2 for i in range(12)], "b": [i % 3 // 2 for i in range(12)]}
    data = {"source": {"columns": columns}, "target": ["a", "b"], "task": "multilabel"}
    run, prepared, _ = trained(data=data, training={"epochs": 2})
    train_run(run, prepared, on_frame=frames.append)
    assert {name for frame in frames for name in frame.pictures} == {"layers", "landscape"}
    assert [frame.epoch for frame in frames] == [-1, 0, 1, 2]
