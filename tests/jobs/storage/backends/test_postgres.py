"""What is PostgreSQL's own: everything else is tested with every kind of database."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import create_engine, make_url, select, text

from benchmarks.postgres_server import Server
from core.errors import InputRefused, WorkFailed
from core.jobs.storage import database, schema
from core.jobs.storage.backends import postgres
from core.jobs.storage.database import Database, tick
from core.jobs.storage.store import Store
from core.settings import Settings
from tests.jobs.conftest import fake_spec, states
from tests.jobs.fake import QUICK


@pytest.fixture
def database_url(postgres_url: str) -> str:
    return postgres_url


@pytest.fixture
def away(postgres_server: Server) -> Iterator[Server]:
    """A server that may be stopped; it runs again afterwards."""
    yield postgres_server
    postgres_server.start_again()


def test_every_connection_has_the_promised_settings(store: Store) -> None:
    names = ("synchronous_commit", "lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
    kinds = ("transaction_isolation", "transaction_read_only")
    with store.database.write() as connection:
        found = [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in (*names, *kinds)]
    assert found == ["on", "10s", "1min", "20s", "read committed", "off"]
    with store.database.read() as connection:
        assert [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in kinds] == ["repeatable read", "on"]


def test_what_the_address_says_of_a_connection_is_kept(settings: Settings, postgres_url: str) -> None:
    url = make_url(postgres_url).update_query_dict({"connect_timeout": "3"})
    store = Store(settings.model_copy(update={"db_url": url.render_as_string(hide_password=False)}))
    with store.database.read() as connection:
        assert connection.exec_driver_sql("SHOW search_path").scalar() == url.query["options"].split("=")[1]  # type: ignore[union-attr]
    store.close()


def test_the_driver_need_not_be_named(settings: Settings, postgres_url: str) -> None:
    store = Store(settings.model_copy(update={"db_url": postgres_url.replace("postgresql+psycopg", "postgresql")}))
    assert store.experiments() == ()
    store.close()


def test_a_server_that_is_away_is_said_in_one_sentence_and_found_again(store: Store, away: Server) -> None:
    kept = store.submit(fake_spec(QUICK))
    away.stop()
    for use in (lambda: store.submit(fake_spec(QUICK)), lambda: store.news(kept)):
        with pytest.raises(WorkFailed) as failure:
            use()
        assert str(failure.value) == "The database could not be used just now (it cannot be reached)."
    away.start()
    assert states(store, kept) == ["queued"]
    store.submit(fake_spec(QUICK))


def test_what_was_committed_outlives_the_end_of_the_server(store: Store, away: Server) -> None:
    kept = [store.submit(fake_spec(QUICK)) for _ in range(5)]
    away.stop()
    away.start()
    assert {summary.id for summary in store.experiments()} == set(kept)


def test_a_server_that_ends_amid_a_transaction_undoes_it(store: Store, away: Server) -> None:
    ticks = list[int]()

    def write(amid: Callable[[], None]) -> None:
        with store.database.write() as connection:
            ticks.append(tick(connection))
            amid()
            ticks.append(tick(connection))

    with pytest.raises(WorkFailed):
        write(away.stop)
    away.start()
    write(lambda: None)
    assert ticks == [1, 1, 2]


def test_who_is_paused_amid_a_write_does_not_hold_up_the_others(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(settings).close()
    monkeypatch.setitem(postgres._SESSION, "idle_in_transaction_session_timeout", "1s")
    paused, other = Database(settings, verify=False), Database(settings, verify=False)

    def write_with_a_pause() -> None:
        with paused.write() as connection:
            tick(connection)
            with other.write() as waiting:
                assert tick(waiting) == 1
            tick(connection)

    with pytest.raises(WorkFailed):
        write_with_a_pause()
    with other.read() as connection:
        assert connection.scalar(select(schema.meta.c.value).where(schema.meta.c.name == "clock")) == 1
    paused.close()
    other.close()


def test_who_waits_too_long_for_another_writer_is_told_so(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    Store(settings).close()
    monkeypatch.setitem(postgres._SESSION, "lock_timeout", "50ms")
    first, second = Database(settings, verify=False), Database(settings, verify=False)
    with first.write(), pytest.raises(WorkFailed, match=r"\(somebody else holds it\)"), second.write():
        pass
    first.close()
    second.close()


def test_a_child_waits_for_a_server_that_is_away(
    settings: Settings, away: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(settings).close()
    child = Database(settings, verify=False)
    with child.read():
        pass
    away.stop()
    clock = SimpleNamespace(monotonic=time.monotonic, sleep=lambda _seconds: away.start_again())
    monkeypatch.setattr(database, "time", clock)
    with child.read() as connection:
        assert connection.scalar(select(schema.meta.c.value).where(schema.meta.c.name == "schema"))
    child.close()


def test_one_that_cannot_be_reached_is_refused_without_its_password(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    address = "postgresql+psycopg://me:secret@127.0.0.1:1/lab"
    with pytest.raises(
        InputRefused, match=r"^the database lab: cannot be opened \(.*\); it is left as it is\.$"
    ) as refusal:
        Store(Settings(data=tmp_path, db_url=address))
    store = Database(Settings(data=tmp_path, db_url=address), verify=False)
    store._patience = 0
    with pytest.raises(WorkFailed) as failure, store.read():
        pass
    said = (refusal.value, refusal.value.__context__, failure.value, failure.value.__cause__, store._engine)
    assert "secret" not in " ".join(map(repr, said)) + " ".join(map(str, said)) + caplog.text


@pytest.mark.parametrize("address", ["postgresql://me:sec:ret@host:port/lab", "postgresql:me:secret@host/lab"])
def test_an_address_that_is_none_is_refused_without_its_password(tmp_path: Path, address: str) -> None:
    with pytest.raises(InputRefused, match="LOSSLAB_DB_URL: ") as refusal:
        Store(Settings(data=tmp_path, db_url=address))
    assert "ret" not in str(refusal.value)


def test_a_database_that_does_not_hold_every_letter_is_refused(settings: Settings, postgres_url: str) -> None:
    url = make_url(postgres_url).set(query={"host": make_url(postgres_url).query["host"]})
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0"))
    latin = url.set(database="latin").render_as_string(hide_password=False)
    with pytest.raises(InputRefused, match="the database latin: its encoding is LATIN1; allowed: UTF8"):
        Store(settings.model_copy(update={"db_url": latin}))
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE latin WITH (FORCE)"))
    admin.dispose()


def test_a_user_who_may_not_make_tables_is_told_so(settings: Settings, postgres_url: str) -> None:
    admin = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        schema_name = connection.execute(text("SELECT current_schema()")).scalar_one()
        connection.execute(text("CREATE ROLE guest LOGIN"))
        connection.execute(text(f"GRANT USAGE ON SCHEMA {schema_name} TO guest"))
    guest = make_url(postgres_url).set(username="guest").render_as_string(hide_password=False)
    with pytest.raises(InputRefused, match=r"cannot be opened \(.*permission denied"):
        Store(settings.model_copy(update={"db_url": guest}))
    with admin.connect() as connection:
        connection.execute(text("DROP OWNED BY guest"))
        connection.execute(text("DROP ROLE guest"))
    admin.dispose()
