"""Files of checkpoints: whole or not there, of the run that asks, and gone when nobody can need them any more."""

import logging
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from core.jobs.scheduling.queue import Queue
from core.jobs.storage.checkpoints import Checkpoints
from core.jobs.storage.records import State
from core.jobs.storage.store import Store
from core.settings import Settings
from core.training.checkpoint import Checkpoint
from tests.jobs.conftest import fake_spec
from tests.jobs.fake import QUICK


def made(epoch: int = 7) -> Checkpoint:
    arrays = {
        "program": (np.arange(12, dtype=np.float32).reshape(3, 4), np.array(5, np.int64), np.zeros((0, 2), np.uint32)),
        "history": (np.array([[1.5, np.nan], [1 / 3, 2.0]]),),
        "best": (),
    }
    return Checkpoint("of", epoch, 3, 1.25, {"callbacks": [{"best": float("nan"), "wait": 2}]}, arrays)


def files(settings: Settings) -> list[str]:
    return sorted(path.name for path in (settings.data / "checkpoints").iterdir())


def newest(store: Store, run: int) -> Checkpoint | None:
    return store.checkpoints.newest(run, lambda _: True)


def test_what_is_put_comes_back_as_it_was(store: Store) -> None:
    store.checkpoints.put(3, 1, made())
    kept = newest(store, 3)
    assert kept is not None
    assert (kept.of, kept.epoch, kept.batch, kept.seconds) == ("of", 7, 3, 1.25)
    assert str(kept.values) == str(made().values)
    assert kept.arrays.keys() == made().arrays.keys()
    for name, group in made().arrays.items():
        for mine, other in zip(group, kept.arrays[name], strict=True):
            np.testing.assert_array_equal(mine, other)
            assert mine.dtype == other.dtype
    assert newest(store, 33) is None


def test_one_of_a_run_is_kept_that_of_its_newest_attempt(store: Store, settings: Settings) -> None:
    for attempt, epoch in ((1, 5), (1, 6), (2, 7), (10, 8)):
        store.checkpoints.put(3, attempt, made(epoch))
    store.checkpoints.put(4, 1, made())
    assert files(settings) == ["3-10.npz", "4-1.npz"]
    kept = newest(store, 3)
    assert kept is not None
    assert kept.epoch == 8


def test_a_damaged_file_is_passed_over(store: Store, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    store.checkpoints.put(3, 1, made())
    path = settings.data / "checkpoints" / "3-1.npz"
    whole = path.read_bytes()
    original = newest(store, 3)
    assert original is not None
    caplog.set_level(logging.CRITICAL)
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        kept = newest(store, 3)
        # What is no part of a member may differ: its date, say.
        same = kept is None or all(
            np.array_equal(mine, other, equal_nan=True)
            for name, group in original.arrays.items()
            for mine, other in zip(group, kept.arrays[name], strict=True)
        )
        assert same, place
    for end in range(0, len(whole), 50):
        path.write_bytes(whole[:end])
        assert newest(store, 3) is None


def test_objects_are_not_loaded(store: Store, settings: Settings) -> None:
    store.checkpoints.put(3, 1, made())
    np.savez(settings.data / "checkpoints" / "3-1.npz", rest=np.array([{"of": "x"}], object))
    assert newest(store, 3) is None


def test_what_does_not_fit_is_passed_over(store: Store) -> None:
    store.checkpoints.put(3, 1, made())
    assert store.checkpoints.newest(3, lambda kept: kept.epoch > 7) is None


def test_a_disk_that_is_nearly_full_keeps_what_there_was(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.checkpoints.put(3, 1, made(5))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2**20))
    with pytest.raises(OSError, match="nearly full"):
        store.checkpoints.put(3, 1, made(6))
    kept = newest(store, 3)
    assert kept is not None
    assert kept.epoch == 5
    assert files(settings) == ["3-1.npz"]


def test_a_checkpoint_that_cannot_be_finished_leaves_nothing(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: object, **_: object) -> None:
        raise OSError(28, "No space left on device")

    store.checkpoints.put(3, 1, made(5))
    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space"):
        store.checkpoints.put(3, 2, made(6))
    assert files(settings) == ["3-1.npz"]


def test_those_of_runs_that_ended_were_cancelled_or_deleted_are_swept(
    store: Store, runs: Queue, settings: Settings
) -> None:
    ended, cancelled, deleted, waits, trains = (store.submit(fake_spec(QUICK)) for _ in range(5))
    claims = [runs.claim(structure) for _ in range(5) for _, structure, _ in runs.waiting()[:1]]
    for claim in claims:
        assert claim is not None
        assert runs.start(claim) == 1
        store.checkpoints.put(claim.run, 1, made())
    assert claims[0] is not None
    assert claims[1] is not None
    assert claims[3] is not None
    runs.finish(claims[0], State.DONE)
    store.cancel(cancelled)
    runs.finish(claims[1], State.CANCELLED)
    store.delete(deleted)
    runs.died(claims[3], "signal 9")
    folder = settings.data / "checkpoints"
    for orphan in ("99-1.npz", "99-2.part", "1-1.part"):
        (folder / orphan).write_bytes(b"")
    (folder / "notes.txt").write_text("of somebody else")
    store.checkpoints.sweep()
    assert files(settings) == ["4-1.npz", "5-1.npz", "notes.txt"]
    assert [store.experiment(one).runs[0].state for one in (ended, waits, trains)] == ["done", "queued", "running"]


def test_sweeping_where_nothing_was_kept_does_nothing(store: Store, tmp_path: Path) -> None:
    Checkpoints(store.database, tmp_path / "nowhere").sweep()
    assert not (tmp_path / "nowhere").exists()


def test_who_was_fenced_off_takes_nothing_from_the_attempt_that_follows(store: Store, settings: Settings) -> None:
    store.checkpoints.put(3, 2, made(6))
    store.checkpoints.put(3, 1, made(5))
    kept = newest(store, 3)
    assert kept is not None
    assert kept.epoch == 6
    assert files(settings) == ["3-2.npz"]
