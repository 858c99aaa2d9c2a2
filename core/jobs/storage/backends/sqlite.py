"""SQLite: one file, with WAL, full sync, immediate writes, checked at start."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
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
    # Some systems build SQLite to write zeros over what is deleted: then deleting needs as much room as it makes.
    "secure_delete=FAST",
)
_SHRINKABLE: Final = 2
"""What SQLite calls a file that `auto_vacuum=INCREMENTAL` holds for."""
_STEP_PAGES: Final = 256
"""Given back at a time, 1 MB: others write between two steps, and each needs as much room in the log."""
_MOST_PAGES: Final = 64 * _STEP_PAGES
"""Given back at one call."""
_SPARE_PAGES: Final = 1024
"""Free pages that stay for what is written next."""

log = logging.getLogger(__name__)


class Sqlite:
    """A `Backend`."""

    reading: Final[Mapping[str, Any]] = {"begin": "BEGIN"}
    writing: Final[Mapping[str, Any]] = {"begin": "BEGIN IMMEDIATE"}

    def __init__(self, url: URL) -> None:
        self._url, self.path = url, Path(url.database or "")
        self.name, self.folder = self.path.name, self.path.parent

    def engine(self) -> Engine:
        """Return an engine for the file."""
        engine = create_engine(self._url, pool_size=8, max_overflow=24)
        event.listen(engine, "connect", _prepare)
        return engine

    def make_way(self) -> None:
        """Make the folder of the file."""
        private_folder(self.folder)

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

    def held(self, error: DBAPIError) -> bool:
        """Ask for the code: of a new file two may not choose the journal at once, and one is told so at once."""
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

    def settle(self, engine: Engine, free: int) -> None:
        """Write a file anew that is new or of an earlier version, such that it can give pages back."""
        with _raw(engine) as raw:
            if raw.execute("PRAGMA auto_vacuum").fetchone()[0] == _SHRINKABLE:
                return
            # It is copied beside itself and into the log.
            if free < 3 * self.path.stat().st_size:
                log.warning("the database stays as large as it is: there is no room to write it anew")
                return
            try:
                # Asked for at each connection it would be written down at each.
                raw.execute("PRAGMA auto_vacuum=INCREMENTAL")
                raw.execute("VACUUM")
            except sqlite3.OperationalError as error:
                log.warning("the database stays as large as it is (%s)", error)
                return
        self.checkpoint(engine)

    def checkpoint(self, engine: Engine) -> bool:
        """Move the write-ahead log into the file; return whether it did: not while somebody reads or writes."""
        with _raw(engine) as raw:
            raw.execute("PRAGMA busy_timeout=100")
            try:
                (busy, *_) = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.OperationalError:
                return False
            finally:
                raw.execute("PRAGMA busy_timeout=10000")
        return not busy

    def shrink(self, engine: Engine, full: bool) -> None:
        """Give free pages back to the disk and move the log into the file, a little at a time."""
        excess = _free_pages(engine) - (0 if full else _SPARE_PAGES)
        for _ in range(0, min(excess, _MOST_PAGES), _STEP_PAGES):
            if not self.checkpoint(engine):
                return
            # Not where somebody writes, or where there is no room even for this; `execute` gives back a single page.
            with _raw(engine) as raw, suppress(sqlite3.OperationalError):
                raw.executescript(f"PRAGMA incremental_vacuum({_STEP_PAGES})")
        self.checkpoint(engine)


def _free_pages(engine: Engine) -> int:
    """Return how many pages could be given back."""
    with _raw(engine) as raw:
        shrinkable = raw.execute("PRAGMA auto_vacuum").fetchone()[0] == _SHRINKABLE
        return int(raw.execute("PRAGMA freelist_count").fetchone()[0]) if shrinkable else 0


@contextmanager
def _raw(engine: Engine) -> Iterator[Any]:
    """Lend the driver's connection, outside of a transaction."""
    with engine.connect() as connection:
        yield connection.connection.dbapi_connection


def _prepare(connection: Any, _record: Any) -> None:
    # The driver must not open transactions of its own: a deferred one that reads and then writes fails at once.
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
