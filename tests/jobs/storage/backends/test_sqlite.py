"""A file of SQLite gives back what was deleted, and is written anew once for that."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from core.jobs.scheduling.queue import Chunk, Queue
from core.jobs.storage.store import Store
from core.settings import Settings
from tests.jobs.conftest import fake_spec
from tests.jobs.fake import QUICK

MB = 2**20


@pytest.fixture
def database_url() -> str:
    """A file in the data folder."""
    return ""


def path_of(store: Store) -> Path:
    path = store.database.room.folder / "lab.db"
    assert path.exists()
    return path


def size(store: Store) -> int:
    return path_of(store).stat().st_size


def log_size(store: Store) -> int:
    return Path(f"{path_of(store)}-wal").stat().st_size


def trained(store: Store, megabytes: int) -> str:
    """An experiment with a history of so many MB."""
    experiment, runs = store.submit(fake_spec(QUICK)), Queue(store.database, 30)
    claim = runs.claim(runs.waiting()[0][1])
    assert claim is not None
    assert runs.start(claim)
    history = json.dumps({"loss": ["x" * (MB // 8)]})
    runs.renew(claim, [Chunk(epoch, epoch, history) for epoch in range(1, 8 * megabytes + 1)])
    store.database.checkpoint()
    return experiment


def pragma(path: Path, name: str) -> Any:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]
    finally:
        connection.close()


def test_what_was_deleted_goes_back_to_the_disk(store: Store) -> None:
    before, large, after = trained(store, 1), trained(store, 24), trained(store, 1)
    full = size(store)
    assert full > 26 * MB
    store.delete(large)
    store.database.shrink()
    assert size(store) < 8 * MB  # 2 of histories, 4 that are spared for what comes next
    assert log_size(store) == 0
    assert [summary.id for summary in store.experiments()] == [after, before]
    assert len(store.results(before, [0])[0].history["loss"]) == 8
    assert pragma(path_of(store), "integrity_check") == "ok"


def test_deleting_needs_little_room_of_its_own(store: Store) -> None:
    large = trained(store, 16)
    store.delete(large)
    assert log_size(store) < MB


def test_a_small_lab_writes_no_page_to_and_fro(store: Store) -> None:
    small = trained(store, 2)
    store.delete(small)
    store.database.checkpoint()
    before = size(store)
    store.database.shrink()
    assert size(store) == before


def test_a_file_of_an_earlier_version_is_written_anew_once(settings: Settings) -> None:
    settings.data.mkdir()
    path = settings.data / "lab.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE left_over (text TEXT)")
        connection.executemany("INSERT INTO left_over VALUES (?)", (["x" * 1000] for _ in range(4000)))
        connection.commit()
        connection.execute("DROP TABLE left_over")
    connection.close()
    assert (pragma(path, "auto_vacuum"), path.stat().st_size > 3 * MB) == (0, True)
    store = Store(settings)
    experiment = store.submit(fake_spec(QUICK))
    assert pragma(path, "auto_vacuum") == 2
    assert size(store) < MB
    store.close()
    again = Store(settings)
    assert again.experiment(experiment).id == experiment
    again.close()


def test_where_there_is_no_room_to_write_it_anew_it_stays_as_it_is(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.data.mkdir()
    path = settings.data / "lab.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE other (text TEXT)")
    connection.close()
    monkeypatch.setattr("core.jobs.storage.room.Room.free", 0)
    store = Store(settings)
    assert pragma(path, "auto_vacuum") == 0
    store.database.shrink()
    store.close()
    monkeypatch.undo()
    Store(settings).close()
    assert pragma(path, "auto_vacuum") == 2


def test_opening_and_reading_writes_nothing(store: Store, settings: Settings) -> None:
    store.database.checkpoint()
    other = Store(settings)
    assert other.experiments() == ()
    assert log_size(store) == 0
    other.close()
