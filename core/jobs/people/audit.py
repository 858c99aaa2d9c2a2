"""What people have done, in the order they did it: written in the transaction that does it, never changed after."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import Connection, insert, select

from core.jobs.people.person import Person
from core.jobs.storage import schema
from core.jobs.storage.database import Database

_audit = schema.audit


class Deed(StrEnum):
    """What somebody can do that is written down."""

    SIGNED_IN = "signed in"
    SUBMITTED = "submitted"
    DIAGNOSED = "diagnosed"
    HIDDEN = "made private"
    SHARED_BY_LINK = "shared by link"
    SHARED_WITH_TEAM = "shared with the team"
    DELETED = "deleted"
    TOKEN_MADE = "token made"  # noqa: S105 - a deed
    TOKEN_REVOKED = "token revoked"  # noqa: S105


@dataclass(frozen=True)
class Entry:
    """A line of the audit: `name` is what the person was called then, `what` the experiment or nothing."""

    number: int
    moment: datetime
    person: str
    name: str
    deed: Deed
    what: str


def note(connection: Connection, person: Person | None, deed: Deed, what: str = "") -> None:
    """Write down what `person` does in this transaction; nothing where nobody has signed in, as in a class."""
    if person is not None:
        row = {"person": person.id, "name": person.name, "deed": deed, "what": what, "moment": time.time()}
        connection.execute(insert(_audit).values(**row))


def entries(database: Database, limit: int, before: int | None = None) -> Sequence[Entry]:
    """Return the newest lines, newest first; `before` is the number of the last one already shown."""
    page = select(_audit).order_by(_audit.c.number.desc()).limit(limit)
    if before is not None:
        page = page.where(_audit.c.number < before)
    with database.read() as connection:
        rows = connection.execute(page).all()
    return [
        Entry(row.number, datetime.fromtimestamp(row.moment, UTC), row.person, row.name, Deed(row.deed), row.what)
        for row in rows
    ]
