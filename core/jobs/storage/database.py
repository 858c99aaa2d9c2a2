"""The database of a lab, opened so that what was committed stays, and lent for one transaction at a time."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Connection, Engine, Float, Table, event, insert, make_url, select, update
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from core.errors import InputRefused, WorkFailed
from core.jobs.storage import schema
from core.jobs.storage.backends.backend import Backend
from core.jobs.storage.backends.postgres import Postgres
from core.jobs.storage.backends.sqlite import Sqlite
from core.jobs.storage.migrations.upgrade import upgrade
from core.jobs.storage.room import DiskFull, Room
from core.sentence import said
from core.settings import COMPILER_CACHE, Settings

_BACKENDS: Final[Mapping[str, Callable[[URL], Backend]]] = {"sqlite": Sqlite, "postgresql": Postgres}
_PATIENCE_SECONDS: Final = 300.0
_RETRY_SECONDS: Final = 0.5
_IDENTITY: Final = "identity"
_ALLOWED: Final = "allowed: sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/NAME"

log = logging.getLogger(__name__)

_T = TypeVar("_T")


class Database:
    """The database of one lab, shared by all threads; a connection is borrowed for one transaction at a time.

    Parameters
    ----------
    verify : bool
        Check the database and bring its tables to the newest version. A trainer, started by a process that has done so,
        need not; and as nobody sits before it, it waits for a database that is away for some minutes.
    patience : float
        For how many seconds it waits, where it does.

    Raises
    ------
    InputRefused
        If it is damaged, is no database, cannot be opened, or was written by a newer version.
    """

    def __init__(self, settings: Settings, *, verify: bool = True, patience: float = _PATIENCE_SECONDS) -> None:
        self._backend = _backend(settings.database_url)
        self.room = Room(self._backend.folder or settings.data, settings.least_free_mb, settings.data / COMPILER_CACHE)
        self._engine = self._backend.engine()
        event.listen(self._engine, "begin", self._backend.begin)
        self._reader = self._engine.execution_options(**self._backend.reading)
        self._writer = self._engine.execution_options(**self._backend.writing)
        self._patience = 0.0 if verify else patience
        if verify:
            self._backend.make_way()
            self.room.spend()  # SQLite opens nothing on a disk without any room.
            self._verify()
            with self._in_a_sentence():
                self._backend.settle(self._engine, self.room.free)

    def _verify(self) -> None:
        name = self._backend.name
        try:
            complaint = self._upgraded()
        except DBAPIError as error:
            kind = "cannot be opened" if self._backend.trouble(error) else "is damaged or no database"
            words = str(error.orig).partition("\n")[0]
            complaint = f"{kind} ({words}); it is left as it is"
            if self.room.full:
                complaint = "the disk is full and nothing could be given up; make room for 1 MB and start again"
        if complaint:
            self.close()
            raise InputRefused(f"{name}: {complaint}.", name)

    def _upgraded(self) -> str:
        """Check and upgrade; while somebody else does so, wait."""

        def look() -> str:
            with self._writer.begin() as connection:
                return self._backend.complaint(connection) or upgrade(connection)

        def held(error: DBAPIError) -> bool:
            if known := self._backend.held(error):
                log.warning("the database is held by somebody else, who may be upgrading it; waiting")
            return known

        return _patiently(look, held, _PATIENCE_SECONDS)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Lend a connection whose statements all see the same moment."""
        with self._lent(self._reader) as connection:
            yield connection

    @contextmanager
    def write(self, *, even_full: bool = False) -> Iterator[Connection]:
        """Lend a connection that is the only writer; what it did is durable when the block has ended.

        Parameters
        ----------
        even_full : bool
            On a full disk too: for what makes room, and the little without which nobody could make any.

        Raises
        ------
        WorkFailed
            If the disk is full, the database away, or somebody else has held it for ten seconds.
        """
        if even_full:
            self.room.spend()
        else:
            self.room.check()
        with self._lent(self._writer) as connection:
            yield connection

    @contextmanager
    def _lent(self, engine: Engine) -> Iterator[Connection]:
        with self._in_a_sentence(), self._connected(engine) as connection, connection.begin():
            yield connection

    @contextmanager
    def _in_a_sentence(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            trouble = self._backend.trouble(error)
            if trouble is None:
                raise
            kind = DiskFull if self.room.full else WorkFailed
            raise kind(said("The database could not be used just now ({reason!w}).", reason=trouble)) from error
        except NoConnection as error:
            raise WorkFailed(said("The database could not be used just now (too many at once).")) from error

    def _connected(self, engine: Engine) -> Connection:
        return _patiently(engine.connect, lambda error: isinstance(error, OperationalError), self._patience)

    def checkpoint(self) -> None:
        """Move what is logged to where it belongs; without effect while somebody reads or writes."""
        with self._in_a_sentence():
            self._backend.checkpoint(self._engine)

    def shrink(self) -> None:
        """Give what was deleted back to the disk, and do what `checkpoint` does, a little at a time."""
        self.room.spend()
        with self._in_a_sentence():
            self._backend.shrink(self._engine, self.room.full)

    def identity(self) -> int:
        """Return the number that this database alone has; drawn the first time that it is asked for."""
        mine = select(schema.meta.c.value).where(schema.meta.c.name == _IDENTITY)
        with self.read() as connection:
            known = connection.scalar(mine)
        if known is None:
            with self.write(even_full=True) as connection:
                known = connection.scalar(mine)
                if known is None:
                    known = secrets.randbits(62)
                    connection.execute(insert(schema.meta).values(name=_IDENTITY, value=known))
        return int(known)

    def close(self) -> None:
        """Close idle connections."""
        self._engine.dispose()


def _patiently(work: Callable[[], _T], passes: Callable[[DBAPIError], bool], seconds: float) -> _T:
    """Return what `work` does, tried again for so long while it fails of something that `passes`."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return work()
        except DBAPIError as error:
            if not passes(error) or time.monotonic() >= deadline:
                raise
            time.sleep(_RETRY_SECONDS)


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


def put(
    connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any], new: Mapping[str, Any]
) -> None:
    """Give the row of `key` these `values`; insert it, with what is `new`, where there is none.

    Inside a write transaction, which is the only one: nobody inserts the same meanwhile.
    """
    mine = [table.c[name] == value for name, value in key.items()]
    if not connection.execute(update(table).where(*mine).values(**values)).rowcount:
        connection.execute(insert(table).values(**key, **values, **new))


def _backend(address: str) -> Backend:
    # Nothing of what was typed is said: a password is part of it.
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise InputRefused(f"LOSSLAB_DB_URL: this is no database URL; {_ALLOWED}.", "db_url") from None
    kind = _BACKENDS.get(url.get_backend_name())
    if kind is None or (kind is Sqlite and not url.database):
        raise InputRefused(f"LOSSLAB_DB_URL: this database is not supported; {_ALLOWED}.", "db_url")
    return kind(url)
