"""PostgreSQL: for a lab of several machines. One writer at a time, as with SQLite, so that no query needs to know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError

from core.sentence import said

_LOCK: Final = 0x1055_1AB
"""Of the database, held by whoever writes; a lock of this kind ends with its transaction, or with its holder.

It makes every check before a write as safe as with SQLite, at the price of a round trip. All who write take it first,
so nobody can wait for another in a circle.
"""

_SESSION: Final = {
    "lock_timeout": "10s",
    "statement_timeout": "60s",
    # Somebody who was paused, or cut off, in the middle of a write is not to hold up all the others.
    "idle_in_transaction_session_timeout": "20s",
    "synchronous_commit": "on",
}
"""What the server is told of each connection; a proxy that shares connections has to be one that keeps it."""

_CONNECT: Final = {
    "connect_timeout": 10,
    # A server that has vanished without a word is noticed within half a minute.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}

_TROUBLE: Final = {
    "08": said("the connection to it was lost"),
    "25P03": said("this lab was too slow for it"),
    "25006": said("nothing can be written to it"),
    "3F000": said("there is no schema for tables in it"),
    "40": said("somebody else was quicker"),
    "42501": said("this user may not make tables in it, or may not use them"),
    "53": said("it has no more room"),
    "55P03": said("somebody else holds it"),
    "57": said("it stops or starts just now"),
    "57014": said("it takes too long"),
    "58": said("its machine fails"),
    "XX": said("it is damaged"),
}
"""Why it cannot be used, by SQLSTATE or its class; the server's own words name hosts and people.

Where no connection comes about there is none.
"""


class Postgres:
    """A `Backend`."""

    folder: Final = None
    reading: Final[Mapping[str, Any]] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    # Once the lock is held, each statement has to see what the one before has committed: no snapshot of the beginning.
    writing: Final[Mapping[str, Any]] = {"isolation_level": "READ COMMITTED"}

    def __init__(self, url: URL) -> None:
        self._url = url.set(drivername="postgresql+psycopg")
        self.name = f"the database {url.database}" if url.database else "the database"

    def engine(self) -> Engine:
        """Return an engine whose connections are tried before they are used: the server may have been started anew."""
        wanted = {name: value for name, value in _CONNECT.items() if name not in self._url.query}
        engine = create_engine(
            self._url, connect_args=wanted, pool_size=5, max_overflow=10, pool_timeout=10, pool_pre_ping=True
        )
        event.listen(engine, "connect", _prepare)
        return engine

    def make_way(self) -> None:
        """Do nothing: a database is made by who owns the server."""

    def begin(self, connection: Connection) -> None:
        """Take the right to write, or wait for it."""
        if connection.get_execution_options()["isolation_level"] == self.writing["isolation_level"]:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")

    def complaint(self, connection: Connection) -> str:
        """Check that it holds every letter, and let what changes its tables take its time."""
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.exec_driver_sql(f"SET LOCAL {name} = 0")
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
        return "" if encoding == "UTF8" else f"its encoding is {encoding}; allowed: UTF8"

    def trouble(self, error: DBAPIError) -> str | None:
        """Return why in words of our own."""
        state = getattr(error.orig, "sqlstate", None) or ""
        known = _TROUBLE.get(state) or _TROUBLE.get(state[:2])
        return known or (said("it cannot be reached") if isinstance(error, OperationalError) else None)

    def held(self, error: DBAPIError) -> bool:
        """Ask for the SQLSTATE of a lock that was not got in time."""
        return getattr(error.orig, "sqlstate", None) == "55P03"

    def settle(self, engine: Engine, free: int) -> None:
        """Do nothing: the server keeps its files."""

    def checkpoint(self, engine: Engine) -> bool:  # noqa: ARG002
        """Do nothing: the server does."""
        return True

    def shrink(self, engine: Engine, full: bool) -> None:
        """Do nothing: the server does, with its autovacuum."""


def _prepare(connection: Any, _record: Any) -> None:
    from psycopg.types.string import StrDumperUnknown

    class Text(StrDumperUnknown):
        """Text without the one letter that PostgreSQL knows no place for; an id with it is nobody's."""

        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "\ufffd"))

    connection.adapters.register_dumper(str, Text)
    connection.execute("; ".join(f"SET {name} = '{value}'" for name, value in _SESSION.items()))
    connection.commit()
