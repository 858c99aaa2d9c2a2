"""SQLite: one file, with WAL, full sync, immediate writes, checked at start."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError

from core.settings import private_folder

_PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "busy_timeout=10000",
    "foreign_keys=ON",
    # Only `checkpoint` resets the log: SQLite before 3.51.3 can corrupt a file when a commit and a checkpoint of two
    # connections reset it at once (sqlite.org/wal.html, "WAL-reset bug"). For the same reason no mmap_size.
    "wal_autocheckpoint=0",
)


class Sqlite:
    """A `Backend`."""

    reading: Final[Mapping[str, Any]] = {"begin": "BEGIN"}
    writing: Final[Mapping[str, Any]] = {"begin": "BEGIN IMMEDIATE"}

    def __init__(self, url: URL) -> None:
        self._url, self._path = url, Path(url.database or "")
        self.name = self._path.name

    def engine(self) -> Engine:
        """Return an engine for the file."""
        engine = create_engine(self._url, pool_size=8, max_overflow=24)
        event.listen(engine, "connect", _prepare)
        return engine

    def make_way(self) -> None:
        """Make the folder of the file."""
        private_folder(self._path.parent)

    def begin(self, connection: Connection) -> None:
        """Begin a transaction: one that writes takes the only right to, or waits for it, at once."""
        connection.exec_driver_sql(connection.get_execution_options()["begin"])

    def complaint(self, connection: Connection) -> str:
        """Check the file."""
        findings = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        return "" if findings == "ok" else f"the database is damaged ({findings}); restore a backup"

    def trouble(self, error: DBAPIError) -> str | None:
        """Return what SQLite says of a file that is locked, full or not there."""
        return str(error.orig) if isinstance(error, OperationalError) else None

    def checkpoint(self, engine: Engine) -> None:
        """Move the write-ahead log into the file; without effect while somebody reads or writes."""
        with engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            raw.execute("PRAGMA busy_timeout=100")
            try:
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.OperationalError:
                return
            finally:
                raw.execute("PRAGMA busy_timeout=10000")


def _prepare(connection: Any, _record: Any) -> None:
    # The driver must not open transactions of its own: a deferred one that reads and then writes fails at once.
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
