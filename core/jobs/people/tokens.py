"""Tokens: with one a program of somebody asks the lab in their name. Shown once, kept as a fingerprint."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import delete, func, insert, select, update

from core.errors import InputRefused, WorkFailed
from core.jobs.names import given_name
from core.jobs.people.audit import Deed, note
from core.jobs.people.people import write_down
from core.jobs.people.person import Person, known_person
from core.jobs.secret import fingerprint, new_secret
from core.jobs.storage import schema
from core.jobs.storage.database import Database
from core.sentence import said
from core.settings import Settings

PREFIX: Final = "losslab_"
"""How each begins, so that whoever looks for secrets in files finds it."""
MOST_TOKENS: Final = 20
LONGEST_NAME: Final = 40
"""Characters."""
_NOTED_SECONDS: Final = 3600.0
"""How exactly it is known when one was used last: not every question is to write."""

_token, _person = schema.token, schema.person


@dataclass(frozen=True)
class Token:
    """A token as its owner sees it later: without the secret."""

    id: str
    name: str
    created: datetime
    used: datetime | None


class Tokens:
    """The tokens of one lab. Every method is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(self, person: Person, name: str) -> str:
        """Make a token for something of theirs called `name`, and return it: nothing can tell it again.

        Raises
        ------
        InputRefused
            If it has no name, or they have `MOST_TOKENS`.
        """
        name = given_name(name, LONGEST_NAME)
        secret = f"{PREFIX}{secrets.token_urlsafe(32)}"
        with self._database.write() as connection:
            write_down(connection, person)
            mine = select(func.count()).select_from(_token).where(_token.c.person == person.id)
            if (connection.scalar(mine) or 0) >= MOST_TOKENS:
                raise InputRefused(said("You have {most} tokens, which is all; revoke one.", most=MOST_TOKENS), "name")
            row = {"id": new_secret(), "person": person.id, "name": name, "created": time.time()}
            connection.execute(insert(_token).values(secret=fingerprint(secret), **row))
            note(connection, person, Deed.TOKEN_MADE)
        return secret

    def of(self, person: Person) -> Sequence[Token]:
        """Return the tokens of somebody, oldest first."""
        query = select(_token).where(_token.c.person == person.id).order_by(_token.c.created, _token.c.id)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [Token(row.id, row.name, _moment(row.created), row.used and _moment(row.used)) for row in rows]

    def revoke(self, person: Person, token: str) -> None:
        """Have a token of theirs mean nothing from now on; without effect for one that is none, or another's."""
        with self._database.write(even_full=True) as connection:
            mine = delete(_token).where(_token.c.id == token, _token.c.person == person.id)
            if connection.execute(mine).rowcount:
                note(connection, person, Deed.TOKEN_REVOKED)

    def person(self, secret: str, settings: Settings) -> Person | None:
        """Return in whose name a program asks; None for a token that is none, and for whom the settings let in no more.

        As somebody was known when they were here last: that they were shut out at the provider it cannot see.
        """
        joined = _token.join(_person, _person.c.id == _token.c.person)
        query = select(_token.c.id, _token.c.used, _person.c.id.label("person"), _person.c.name, _person.c.email)
        with self._database.read() as connection:
            found = connection.execute(
                query.select_from(joined).where(_token.c.secret == fingerprint(secret))
            ).one_or_none()
        if found is None:
            return None
        now = time.time()
        if (found.used or 0.0) < now - _NOTED_SECONDS:
            with suppress(WorkFailed), self._database.write() as connection:
                connection.execute(update(_token).where(_token.c.id == found.id).values(used=now))
        return known_person(found.person, found.name, found.email, settings)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
