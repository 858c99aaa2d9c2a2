"""Databases of older versions open as they are."""

import sqlite3
from pathlib import Path

import pytest

from core.errors import InputRefused
from core.jobs.scheduling.lease import Lease
from core.jobs.scheduling.queue import Chunk, Queue
from core.jobs.storage import migrations, schema
from core.jobs.storage.history import encode_history
from core.jobs.storage.overview import Overview
from core.jobs.storage.records import State
from core.jobs.storage.store import Store
from core.settings import Settings
from tests.jobs.conftest import fake_spec
from tests.jobs.fake import QUICK


def as_version_5(path: Path) -> None:
    """Take off what version 6 has put on."""
    with sqlite3.connect(path) as connection:
        connection.executescript("DROP TABLE lease; UPDATE meta SET value = 5 WHERE name = 'schema';")
    connection.close()


def as_version_4(path: Path) -> None:
    """Take off what version 5 has put on, too."""
    as_version_5(path)
    with sqlite3.connect(path) as connection:
        connection.executescript(
            """
            DROP TABLE progress; DROP TABLE member; DROP TABLE classroom;
            DROP INDEX experiment_of_owner;
            ALTER TABLE experiment DROP COLUMN owner;
            UPDATE meta SET value = 4 WHERE name = 'schema';
            """
        )
    connection.close()


def as_version_3(path: Path) -> None:
    """Take off what version 4 has put on, too."""
    as_version_4(path)
    with sqlite3.connect(path) as connection:
        connection.executescript("DROP TABLE overview; UPDATE meta SET value = 3 WHERE name = 'schema';")
    connection.close()


def as_version_2(path: Path) -> None:
    """Take off what version 3 has put on, too."""
    as_version_3(path)
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "ALTER TABLE run DROP COLUMN val_skill; UPDATE meta SET value = 2 WHERE name = 'schema';"
        )
    connection.close()


def as_version_1(path: Path) -> None:
    """Take off what version 2 has put on, too."""
    as_version_2(path)
    with sqlite3.connect(path) as connection:
        connection.executescript(
            """
            DROP TABLE diagnosis;
            DROP INDEX experiment_of_diagnosis;
            ALTER TABLE experiment DROP COLUMN listed;
            ALTER TABLE run DROP COLUMN probed;
            CREATE TABLE old (id VARCHAR(32) NOT NULL PRIMARY KEY, "key" VARCHAR(200) UNIQUE, title TEXT NOT NULL,
              source TEXT NOT NULL, spec TEXT NOT NULL, spec_hash VARCHAR(64) NOT NULL, created FLOAT NOT NULL);
            INSERT INTO old SELECT id, "key", title, source, spec, spec_hash, created FROM experiment;
            DROP TABLE experiment;
            ALTER TABLE old RENAME TO experiment;
            UPDATE meta SET value = 1 WHERE name = 'schema';
            """
        )
    connection.close()


def columns(path: Path, table: str) -> set[str]:
    connection = sqlite3.connect(path)
    names = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
    connection.close()
    return names


@pytest.fixture
def old(tmp_path: Path) -> tuple[Settings, str]:
    """Settings of a lab of version 1 that holds one experiment."""
    settings = Settings(data=tmp_path)
    store = Store(settings)
    experiment = store.submit(fake_spec(QUICK, seeds=2), key="press")
    store.close()
    as_version_1(tmp_path / "lab.db")
    assert "diagnosis" not in columns(tmp_path / "lab.db", "experiment")
    assert "probed" not in columns(tmp_path / "lab.db", "run")
    return settings, experiment


def test_a_database_of_version_1_opens_with_all_it_holds(old: tuple[Settings, str]) -> None:
    settings, identity = old
    store = Store(settings)
    experiment = store.experiment(identity)
    assert [run.state for run in experiment.runs] == [State.QUEUED] * 2
    assert [summary.id for summary in store.experiments()] == [identity]
    assert store.find("press") == identity
    asked = store.diagnoses.ask(experiment, 0)
    assert store.diagnoses.get(asked).state == State.QUEUED
    store.delete(identity)
    with pytest.raises(InputRefused):
        store.diagnoses.get(asked)
    store.close()


def test_a_migrated_database_is_like_a_new_one_and_is_migrated_once(
    old: tuple[Settings, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings, _ = old
    for _ in range(2):
        Store(settings).close()
    new = Settings(data=tmp_path_factory.mktemp("new"))
    Store(new).close()
    for table in schema.metadata.tables:
        assert columns(settings.data / "lab.db", table) == columns(new.data / "lab.db", table)


def test_the_validation_skill_of_runs_that_ended_before_version_3_is_known(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    store = Store(settings)
    identity = store.submit(fake_spec(QUICK, seeds=3))
    queue = Queue(store.database, lease_seconds=30)
    for result in ({"skill": 0.54, "val_skill": 0.17}, {"skill": 0.9}):
        claim = queue.claim(queue.waiting()[0][1])
        assert claim is not None
        queue.start(claim)
        assert queue.finish(claim, State.DONE, result=result)
    known = store.experiments()
    assert (known[0].best_skill, known[0].best_val_skill) == (0.9, 0.17)
    store.close()
    as_version_2(tmp_path / "lab.db")
    assert "val_skill" not in columns(tmp_path / "lab.db", "run")
    store = Store(settings)
    assert store.experiments() == known
    assert [run.state for run in store.experiment(identity).runs] == [State.DONE, State.DONE, State.QUEUED]
    store.close()


def test_long_histories_of_before_version_4_are_drawn_like_new_ones(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    store = Store(settings)
    identity = store.submit(fake_spec(QUICK, seeds=3))
    queue, overview = Queue(store.database, lease_seconds=30), Overview()
    points = {"loss": [round(1 / epoch, 6) for epoch in range(1, 5001)]}
    for length in (5000, 100):
        claim = queue.claim(queue.waiting()[0][1])
        assert claim is not None
        queue.start(claim)
        cut = {"loss": points["loss"][:length]}
        blocks = overview.add(1, cut) if length > 100 else {}
        queue.finish(claim, State.DONE, [Chunk(1, length, encode_history(cut), blocks)])
    known = store.news(identity)
    assert len(known.blocks) > 1
    store.close()
    as_version_3(tmp_path / "lab.db")
    store = Store(settings)
    assert store.news(identity) == known
    assert {block.run for block in known.blocks} == {min(run["id"] for run in known.runs)}
    store.close()


def test_experiments_of_before_version_5_are_in_everybodys_list(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    store = Store(settings)
    identity = store.submit(fake_spec(QUICK))
    store.close()
    as_version_4(tmp_path / "lab.db")
    assert "owner" not in columns(tmp_path / "lab.db", "experiment")
    store = Store(settings)
    assert [summary.id for summary in store.experiments(seen_by=["anybody"])] == [identity]
    key = store.classrooms.open(["scaling"], seconds=60)
    assert store.classrooms.conducted_with(key).lessons == ("scaling",)
    store.close()


def test_a_database_of_before_version_6_is_led_by_one(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    Store(settings).close()
    as_version_5(tmp_path / "lab.db")
    store = Store(settings)
    assert [Lease(store.database).keep() for _ in range(2)] == [True, False]
    store.close()


def test_every_version_has_its_migration() -> None:
    assert sorted(migrations.MIGRATIONS) == list(range(2, schema.SCHEMA_VERSION + 1))


def test_a_migration_that_fails_changes_nothing(old: tuple[Settings, str], monkeypatch: pytest.MonkeyPatch) -> None:
    settings, _ = old
    broken = {2: (*migrations.MIGRATIONS[2], "ALTER TABLE nowhere ADD COLUMN x")}
    monkeypatch.setattr(migrations, "MIGRATIONS", broken)
    with pytest.raises(InputRefused, match=r"lab\.db"):
        Store(settings)
    assert "probed" not in columns(settings.data / "lab.db", "run")
    monkeypatch.undo()
    Store(settings).close()
    assert "probed" in columns(settings.data / "lab.db", "run")
