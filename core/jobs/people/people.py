"""The people of a lab as the database knows them: by the id that owns their experiments."""

from __future__ import annotations

import time

from sqlalchemy import Connection, select

from core.jobs.people.audit import Deed, note
from core.jobs.people.person import Person
from core.jobs.storage import schema
from core.jobs.storage.database import Database, put

_person = schema.person


class People:
    """Who has signed in to one lab. Every method is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remember(self, person: Person) -> None:
        """Write down that somebody has signed in, in a tab of theirs, under the name they have now."""
        # On a full disk too: who could not come in could not make room either.
        with self._database.write(even_full=True) as connection:
            note(connection, person, Deed.SIGNED_IN)
            write_down(connection, person)

    def name(self, identity: str) -> str:
        """Return what somebody is called; nothing where nobody of this id has signed in."""
        with self._database.read() as connection:
            return connection.scalar(select(_person.c.name).where(_person.c.id == identity)) or ""


def write_down(connection: Connection, person: Person) -> None:
    """Keep what was said of somebody just now."""
    values = {"name": person.name, "email": person.email, "seen": time.time()}
    put(connection, _person, {"id": person.id}, values, {})
