"""One SQLite file, opened so that what was committed stays: checked at start, WAL, full sync, immediate writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Float, create_engine, event, insert, make_url, select, update
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from core.errors import InputRefused, WorkFailed
from core.jobs.storage import migrations, schema
from core.settings import Settings, private_folder

_PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "busy_timeout=10000",
    "foreign_keys=ON",
    # Only `checkpoint` resets the log: SQLite before 3.51.3 can corrupt a file when a commit and a checkpoint of two
    # connections reset it at once (sqlite.org/wal.html, "WAL-reset bug"). For the same reason no mmap_size.
    "wal_autocheckpoint=0",
)


class Database:
    """The database of one lab, shared by all threads; a connection is borrowed for one transaction at a time.

    Parameters
    ----------
    verify : bool
        Check the file and create missing tables. A trainer, started by a process that has done so, need not.

    Raises
    ------
    InputRefused
        If the file is damaged, is no database, cannot be opened, or was written by a newer version.
    """

    def __init__(self, settings: Settings, *, verify: bool = True) -> None:
        try:
            url = make_url(settings.database_url)
        except ArgumentError:
            raise InputRefused("LOSSLAB_DB_URL: this is no database URL; allowed: sqlite:///PATH.", "db_url") from None
        if url.get_backend_name() != "sqlite" or not url.database:
            raise InputRefused("LOSSLAB_DB_URL: this database is not supported; allowed: sqlite:///PATH.", "db_url")
        self.path = Path(url.database)
        self._engine = create_engine(url, pool_size=8, max_overflow=24)
        event.listen(self._engine, "connect", _prepare)
        event.listen(self._engine, "begin", _begin)
        self._writer = self._engine.execution_options(immediate=True)
        if verify:
            private_folder(self.path.parent)
            self._verify()

    def _verify(self) -> None:
        name = self.path.name
        try:
            with self._writer.begin() as connection:
                complaint = _complaint(connection)
        except DatabaseError as error:
            kind = "cannot be opened" if isinstance(error, OperationalError) else "is damaged or no database"
            complaint = f"{kind} ({error.orig}); it is left as it is"
        if complaint:
            self.close()
            raise InputRefused(f"{name}: {complaint}.", name)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Lend a connection whose statements all see the same moment."""
        with self._failing_in_a_sentence(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Lend a connection that is the only writer; what it did is durable when the block has ended.

        Raises
        ------
        WorkFailed
            If the disk is full or somebody else has held the database for ten seconds.
        """
        with self._failing_in_a_sentence(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def _failing_in_a_sentence(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            raise WorkFailed(f"The database could not be used just now ({error.orig}).") from error
        except NoConnection as error:
            raise WorkFailed("The database could not be used just now (too many at once).") from error

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file; without effect while somebody reads or writes."""
        with self._engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            raw.execute("PRAGMA busy_timeout=100")
            try:
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.OperationalError:
                return
            finally:
                raw.execute("PRAGMA busy_timeout=10000")

    def close(self) -> None:
        """Close idle connections."""
        self._engine.dispose()


class DatabaseTime(FunctionElement[float]):
    """The database's clock, in seconds since 1970: one clock for all who use it."""

    type = Float()
    inherit_cache = True


@compiles(DatabaseTime)
def _in_general(*_: Any, **__: Any) -> str:
    return "extract(epoch from clock_timestamp())"


@compiles(DatabaseTime, "sqlite")
def _in_sqlite(*_: Any, **__: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


def tick(connection: Connection) -> int:
    """Advance the clock inside a write transaction and return its new value."""
    clock = schema.meta
    return int(
        connection.execute(
            update(clock).where(clock.c.name == "clock").values(value=clock.c.value + 1).returning(clock.c.value)
        ).scalar_one()
    )


def _complaint(connection: Connection) -> str:
    """Return what is wrong with the file, or an empty text once it is checked and every table exists."""
    findings = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    if findings != "ok":
        return f"the database is damaged ({findings}); restore a backup"
    schema.metadata.create_all(connection)
    version = connection.scalar(select(schema.meta.c.value).where(schema.meta.c.name == "schema"))
    if version is None:
        first = [{"name": "schema", "value": schema.SCHEMA_VERSION}, {"name": "clock", "value": 0}]
        connection.execute(insert(schema.meta), first)
        connection.execute(insert(schema.lease).values(name="leader"))
    elif version > schema.SCHEMA_VERSION:
        return "was written by a newer Loss Lab; upgrade this one"
    else:
        # Inside the transaction that checked it: all of it or nothing.
        for newer in range(version + 1, schema.SCHEMA_VERSION + 1):
            for step in migrations.MIGRATIONS[newer]:
                connection.exec_driver_sql(step) if isinstance(step, str) else step(connection)
        current = update(schema.meta).where(schema.meta.c.name == "schema").values(value=schema.SCHEMA_VERSION)
        connection.execute(current)
    return ""


def _prepare(connection: Any, _record: Any) -> None:
    # The driver must not open transactions of its own: a deferred one that reads and then writes fails at once.
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
