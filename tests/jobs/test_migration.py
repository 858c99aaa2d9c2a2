"""Databases of older versions open as they are."""

import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from core.errors import InputRefused
from core.jobs.people.person import Person
from core.jobs.scheduling.lease import Lease
from core.jobs.scheduling.queue import Chunk, Queue
from core.jobs.storage import schema
from core.jobs.storage.database import Database
from core.jobs.storage.history import encode_history
from core.jobs.storage.migrations import upgrade
from core.jobs.storage.overview import Overview
from core.jobs.storage.records import State
from core.jobs.storage.store import Store
from core.jobs.storage.viewer import Reach, Viewer
from core.settings import Settings
from tests.jobs.conftest import fake_spec
from tests.jobs.databases import each as database_url
from tests.jobs.fake import QUICK

__all__ = ["database_url"]

LAST_WITHOUT_ALEMBIC = 6


def differences(connection: Connection) -> list[Any]:
    """What Alembic would change in the tables to make them what `schema` says."""
    sqlite = connection.dialect.name == "sqlite"
    options = {
        "compare_type": True,
        "compare_server_default": True,
        # What SQLite does with rows that refer to one that is gone is not reflected where it was added with a column.
        "include_object": lambda _one, _name, kind, _found, _other: not (sqlite and kind == "foreign_key_constraint"),
    }
    found = list(compare_metadata(MigrationContext.configure(connection, opts=options), schema.metadata))
    return found + (sorted(references(connection) ^ wanted_references()) if sqlite else [])


def stamped(connection: Connection) -> str | None:
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version


def references(connection: Connection) -> set[tuple[str, ...]]:
    tables = schema.metadata.tables
    rows = {name: connection.exec_driver_sql(f"PRAGMA foreign_key_list({name})").mappings() for name in tables}
    return {(name, row["from"], row["table"], row["on_delete"]) for name, of in rows.items() for row in of}


def wanted_references() -> set[tuple[str, ...]]:
    keys = [(name, key) for name, table in schema.metadata.tables.items() for key in table.foreign_keys]
    return {(name, key.parent.name, key.column.table.name, key.ondelete or "") for name, key in keys}


def as_version(number: int, settings: Settings) -> None:
    """Make the database of a closed store one of an older version, with what that had a place for."""
    path, old = settings.data / "lab.db", settings.data / "old.db"
    database = Database(Settings(data=settings.data, db_url=f"sqlite:///{old}"), verify=False)
    with database.write() as connection:
        upgrade.migrate(connection, f"{number:04}")
        tables = {name: columns_of(connection, name) for name in inspect(connection).get_table_names()}
        del tables["alembic_version"]
        if number <= LAST_WITHOUT_ALEMBIC:
            connection.execute(text("DROP TABLE alembic_version"))
    database.close()
    with sqlite3.connect(old) as connection_to_old:
        connection_to_old.execute("ATTACH ? AS newest", (str(path),))
        for table, names in tables.items():
            listed = ", ".join(f'"{name}"' for name in names)
            connection_to_old.execute(f"DELETE FROM main.{table}")
            connection_to_old.execute(f"INSERT INTO main.{table} ({listed}) SELECT {listed} FROM newest.{table}")
        connection_to_old.execute("UPDATE main.meta SET value = ? WHERE name = 'schema'", (number,))
    connection_to_old.close()
    old.replace(path)


def columns_of(connection: Connection, table: str) -> list[str]:
    return [column["name"] for column in inspect(connection).get_columns(table)]


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
    as_version(1, settings)
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


@pytest.mark.parametrize("number", range(1, schema.SCHEMA_VERSION + 1))
def test_a_database_of_any_version_is_brought_up_once(tmp_path: Path, number: int) -> None:
    settings = Settings(data=tmp_path)
    store = Store(settings)
    identity = store.submit(fake_spec(QUICK))
    store.close()
    as_version(number, settings)
    for _ in range(2):
        store = Store(settings)
        assert [summary.id for summary in store.experiments()] == [identity]
        with store.database.write() as connection:
            if number < schema.SCHEMA_VERSION:
                assert differences(connection) == []
                assert stamped(connection) == f"{schema.SCHEMA_VERSION:04}"
        store.close()


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
    as_version(2, settings)
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
    as_version(3, settings)
    store = Store(settings)
    assert store.news(identity) == known
    assert {block.run for block in known.blocks} == {min(run["id"] for run in known.runs)}
    store.close()


def test_experiments_of_before_version_5_are_in_everybodys_list(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    store = Store(settings)
    identity = store.submit(fake_spec(QUICK))
    store.close()
    as_version(4, settings)
    assert "owner" not in columns(tmp_path / "lab.db", "experiment")
    store = Store(settings)
    assert [summary.id for summary in store.experiments(seen_by=["anybody"])] == [identity]
    key = store.classrooms.open(["scaling"], seconds=60)
    assert store.classrooms.conducted_with(key).lessons == ("scaling",)
    store.close()


def test_a_database_of_before_version_6_is_led_by_one(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    Store(settings).close()
    as_version(5, settings)
    store = Store(settings)
    assert [Lease(store.database).keep() for _ in range(2)] == [True, False]
    store.close()


def test_what_was_run_before_version_8_is_seen_by_whoever_has_its_link(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    store = Store(settings)
    identity = store.submit(fake_spec(QUICK), owner="a-tab")
    store.close()
    as_version(7, settings)
    assert "reach" not in columns(tmp_path / "lab.db", "experiment")
    store = Store(settings)
    ada = Viewer("ada", frozenset({"ada"}), Person("ada", "Ada", "ada@school.example"))
    assert store.seen_by(ada).experiment(identity).reach == Reach.LINK
    assert store.seen_by(ada).experiments(seen_by=["ada"]) == ()
    store.close()


def test_every_version_has_its_migration() -> None:
    versions = [f"{number:04}" for number in range(1, schema.SCHEMA_VERSION + 1)]
    script = ScriptDirectory(str(Path(upgrade.__file__).parent))
    assert [(one.revision, one.down_revision) for one in reversed(list(script.walk_revisions()))] == list(
        zip(versions, [None, *versions], strict=False)
    )


def test_a_database_made_by_its_migrations_is_like_one_made_at_once(settings: Settings) -> None:
    database = Database(settings, verify=False)
    database._backend.make_way()
    with database.write() as connection:
        upgrade.migrate(connection)
        assert differences(connection) == []
        assert stamped(connection) == f"{schema.SCHEMA_VERSION:04}"
        connection.execute(text("ALTER TABLE lease ADD COLUMN more INTEGER"))
        assert len(differences(connection)) == 1
    database.close()


def test_what_is_made_at_once_is_what_the_queries_expect(store: Store) -> None:
    with store.database.write() as connection:
        assert differences(connection) == []
        assert stamped(connection) == f"{schema.SCHEMA_VERSION:04}"


def test_many_that_open_an_old_database_at_once_migrate_it_once(old: tuple[Settings, str]) -> None:
    settings, identity = old
    stores = list[Store]()
    threads = [threading.Thread(target=lambda: stores.append(Store(settings))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [store.find("press") for store in stores] == [identity] * 3
    for store in stores:
        store.close()


def test_tables_of_another_program_are_left_alone(settings: Settings) -> None:
    database = Database(settings, verify=False)
    database._backend.make_way()
    with database.write() as connection:
        connection.execute(text("CREATE TABLE run (miles INTEGER)"))
    with pytest.raises(InputRefused, match="there are tables of another program in it; allowed: an empty database"):
        Store(settings)
    with database.read() as connection:
        assert inspect(connection).get_table_names() == ["run"]
    database.close()


def test_a_migration_that_fails_changes_nothing(old: tuple[Settings, str]) -> None:
    settings, _ = old
    path = settings.data / "lab.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE INDEX experiment_of_owner ON experiment (title)")  # in the way of version 5
    connection.close()
    with pytest.raises(InputRefused, match=r"lab\.db"):
        Store(settings)
    assert "probed" not in columns(path, "run")
    assert columns(path, "alembic_version") == set()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP INDEX experiment_of_owner")
    connection.close()
    Store(settings).close()
    assert "probed" in columns(settings.data / "lab.db", "run")
