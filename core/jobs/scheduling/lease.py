"""Who dispatches what a database queues: one process at a time, the one that holds a lease kept in that database."""

from __future__ import annotations

import secrets
import time
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, exists, select, update

from core.jobs.storage import schema
from core.jobs.storage.database import Database, DatabaseTime

RENEW_SECONDS: Final = 1.0
"""How often the holder renews it."""
LOOK_SECONDS: Final = 0.5
"""How often another process looks whether it still does."""
SILENT_SECONDS: Final = 3.5
"""A lease that stays the same for so long has lost its holder: with a look before and after, 4.5 s to the next one."""
_GAP_SECONDS: Final = 3 * LOOK_SECONDS
_DOUBT_SECONDS: Final = 2 * RENEW_SECONDS

_lease = schema.lease


class Leader(StrEnum):
    """Who holds the lease, as far as this process has seen."""

    THIS = "this process"
    ANOTHER = "another process"
    NOBODY = "nobody"


class Lease:
    """The right to dispatch, as one process sees it.

    The holder writes the database's time into the row; everybody else watches whether that changes, by a steady clock
    of their own. So no clock that jumps, or differs between machines, takes it from a holder that lives.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._me = secrets.token_urlsafe(12)
        self._seen: tuple[str | None, float | None] | None = None
        self._since = self._looked = 0.0
        self.leader = Leader.NOBODY

    @property
    def held(self) -> ColumnElement[bool]:
        """Whether this process holds it, for whatever only the holder may do, in the same transaction."""
        return exists().where(_lease.c.holder == self._me)

    def keep(self) -> bool:
        """Renew it, or take it where nobody holds it any more; return whether this process holds it now.

        Raises
        ------
        WorkFailed
            If the database cannot be written just now: then nobody else could take it either.
        """
        with self._database.write(even_full=True) as connection:
            row = connection.execute(select(_lease.c.holder, _lease.c.renewed)).one()
            seen, moment = (row.holder, row.renewed), time.monotonic()
            # Where this process was held up, by a locked database or a pause of the machine, so may the holder be.
            if seen != self._seen or moment - self._looked > _GAP_SECONDS:
                self._seen, self._since = seen, moment
            self._looked = moment
            silent = moment - self._since
            gone = row.holder is None or silent > SILENT_SECONDS
            mine = gone or row.holder == self._me
            if mine:
                connection.execute(update(_lease).values(holder=self._me, renewed=DatabaseTime()))
        self.leader = Leader.THIS if mine else Leader.ANOTHER if silent < _DOUBT_SECONDS else Leader.NOBODY
        return mine

    def release(self) -> None:
        """Give it up, so that the next process need not wait."""
        self.leader = Leader.NOBODY
        with self._database.write(even_full=True) as connection:
            connection.execute(update(_lease).where(_lease.c.holder == self._me).values(holder=None))
