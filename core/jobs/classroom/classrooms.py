"""The classes of a lab: opened and ended by who has the teacher's key, joined by code, told how far each member is."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, delete, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.errors import InputRefused
from core.jobs.classroom.codes import Misses, new_code, tidy
from core.jobs.classroom.pseudonyms import pseudonym
from core.jobs.classroom.records import Classroom, Member, Progress, Step
from core.jobs.names import given_name
from core.jobs.secret import fingerprint, new_secret
from core.jobs.storage import schema
from core.jobs.storage.database import Database
from core.jobs.storage.records import UNFINISHED
from core.sentence import said

LONGEST_NAME: Final = 30
MOST_MEMBERS: Final = 200
MOST_CLASSES: Final = 1000
OWN_SECONDS: Final = 30 * 24 * 3600.0
"""What a browser tab ran for itself, as lessons do, is in no list once the tab is closed: so nobody can delete it.

Its link works for a month, long enough to come back to a lesson; without an end such runs would fill the disk.
"""
_TRIES: Final = 20
"""Codes that are tried; that so many are taken does not happen."""

_classroom, _member, _progress, _experiment = schema.classroom, schema.member, schema.progress, schema.experiment
_run = schema.run


class Classrooms:
    """The classes of one lab. Every method is one short transaction.

    A class is conducted with the teacher's key, which `open` returns once and the database cannot tell; a member acts
    with a secret that `join` returns likewise. Whatever is unknown, ended or expired raises `InputRefused`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._misses = Misses()

    def open(self, lessons: Sequence[str], seconds: float) -> str:
        """Open a class for `lessons`, their ids, for so many `seconds`; return the teacher's key."""
        if not lessons:
            raise InputRefused(said("Lessons: choose at least one."), "lessons")
        key, now = new_secret(), time.time()
        row = {
            "teacher": fingerprint(key), "lessons": json.dumps(list(dict.fromkeys(lessons))), "held": "[]",
            "opened": now, "expires": now + seconds,
        }  # fmt: skip
        with self._database.write() as connection:
            _remove(connection, _classroom.c.expires <= now)
            if (connection.scalar(select(func.count()).select_from(_classroom)) or 0) >= MOST_CLASSES:
                raise InputRefused(said("Too many classes are open in this lab; try again later."), "class")
            taken = set(connection.scalars(select(_classroom.c.code)))
            code = next(code for _ in range(_TRIES) if (code := new_code()) not in taken)
            connection.execute(insert(_classroom), {"id": new_secret(), "code": code, **row})
        return key

    def conducted_with(self, key: str) -> Classroom:
        """Return the class that the teacher's `key` conducts."""
        with self._database.read() as connection:
            return _found(connection, select(_classroom).where(_classroom.c.teacher == fingerprint(key)))

    def called(self, code: str, address: str | None) -> Classroom:
        """Return the class with a `code`, asked for from a network `address`.

        None asks for a class that was found before, which is no guess: if it has ended, no wrong code is counted.

        Raises
        ------
        InputRefused
            If there is none, or too many wrong codes came from there.
        """
        if address is not None:
            self._misses.check(address)
        try:
            with self._database.read() as connection:
                return _found(connection, select(_classroom).where(_classroom.c.code == tidy(code)))
        except InputRefused:
            if address is not None:
                self._misses.add(address)
            raise InputRefused(said("There is no class with this code; it may have ended."), "code") from None

    def join(self, code: str, address: str, language: str = "en") -> str:
        """Join the class with a `code` and return the secret of the new member; see `called`.

        They go by a pseudonym in their `language`.
        """
        room = self.called(code, address)
        secret = new_secret()
        with self._database.write() as connection:
            names = set(connection.scalars(select(_member.c.name).where(_member.c.classroom == room.id)))
            if (connection.scalar(select(func.count()).where(_member.c.classroom == room.id)) or 0) >= MOST_MEMBERS:
                raise InputRefused(
                    said("The class is full, allowed: at most {most} people.", most=MOST_MEMBERS), "code"
                )
            row = {"id": new_secret(), "classroom": room.id, "name": pseudonym(names, language), "joined": time.time()}
            try:
                connection.execute(insert(_member), {**row, "secret": fingerprint(secret)})
            except IntegrityError:  # ended between the two transactions
                raise _no_class() from None
        return secret

    def of_member(self, secret: str) -> tuple[Classroom, Member]:
        """Return who acts with a `secret`, and their class."""
        with self._database.read() as connection:
            head = connection.execute(select(_member).where(_member.c.secret == fingerprint(secret))).one_or_none()
            if head is None:
                raise _no_class()
            room = _found(connection, select(_classroom).where(_classroom.c.id == head.classroom))
            return room, _as_member(head, connection.execute(_progress_of(_progress.c.member == head.id)).all())

    def rename(self, secret: str, name: str) -> None:
        """Let the member with a `secret` be called `name`: at most 30 characters, plain text."""
        name = given_name(name, LONGEST_NAME)
        with self._database.write() as connection:
            mine = update(_member).where(_member.c.secret == fingerprint(secret))
            if not connection.execute(mine.values(name=name)).rowcount:
                raise _no_class()

    def record(self, secret: str, seen: Progress, *, anew: bool = False) -> Progress:
        """Write down how far the member with a `secret` is, and return what is known now.

        Another attempt than before counts as one more; what was solved stays solved. Who opens a lesson again sees its
        question, and has still come as far as before, unless the lesson is begun `anew`.
        """
        with self._database.write() as connection:
            member = connection.scalar(select(_member.c.id).where(_member.c.secret == fingerprint(secret)))
            if member is None:
                raise _no_class()
            mine = (_progress.c.member == member) & (_progress.c.lesson == seen.lesson)
            row = connection.execute(_progress_of(mine)).one_or_none()
            before = Progress(seen.lesson) if row is None else _as_progress(row)
            known = replace(
                before if seen.step == Step.QUESTION and not anew else seen,
                attempts=before.attempts + (seen.attempt not in {None, before.attempt}),
                solved=before.solved or seen.solved,
                attempt=seen.attempt or before.attempt,
                active=time.time(),
            )
            change = insert(_progress).values(member=member) if row is None else update(_progress).where(mine)
            connection.execute(change.values(**asdict(known)))
        return known

    def members(self, classroom: str) -> tuple[Member, ...]:
        """Return everybody in the class with this id, in the order they came."""
        mine = _member.c.classroom == classroom
        with self._database.read() as connection:
            heads = connection.execute(select(_member).where(mine).order_by(_member.c.joined, _member.c.id)).all()
            rows = connection.execute(_progress_of(mine)).all()
        of: dict[str, list[Any]] = {}
        for row in rows:
            of.setdefault(row.member, []).append(row)
        return tuple(_as_member(head, of.get(head.id, [])) for head in heads)

    def hold(self, key: str, lessons: Collection[str]) -> None:
        """Hold back the answers of these lessons, and of no others, until told otherwise."""
        with self._database.write() as connection:
            room = _found(connection, select(_classroom).where(_classroom.c.teacher == fingerprint(key)))
            held = json.dumps([lesson for lesson in room.lessons if lesson in lessons])
            connection.execute(update(_classroom).where(_classroom.c.id == room.id).values(held=held))

    def dismiss(self, key: str, member: str) -> None:
        """Remove a member and all they did from the class of the teacher's `key`."""
        with self._database.write(even_full=True) as connection:
            room = _found(connection, select(_classroom).where(_classroom.c.teacher == fingerprint(key)))
            mine = (_member.c.id == member) & (_member.c.classroom == room.id)
            if connection.execute(delete(_member).where(mine)).rowcount:
                connection.execute(delete(_experiment).where(_experiment.c.owner == member))

    def end(self, key: str) -> None:
        """End a class: its code, its members, what they did and their experiments are gone."""
        with self._database.write(even_full=True) as connection:
            if not _remove(connection, _classroom.c.teacher == fingerprint(key)):
                raise _no_class()


def remove_ended(database: Database) -> None:
    """Remove every class whose time is over, with all that belongs to it, and what was run outside a class long ago.

    That is each finished experiment which has an owner who is in no class and is older than `OWN_SECONDS`.
    """
    now = time.time()
    over, left = _classroom.c.expires <= now, _left_behind(now - OWN_SECONDS)
    with database.read() as connection:
        some_over = connection.scalar(select(_classroom.c.id).where(over).limit(1)) is not None
        some_left = connection.scalar(select(_experiment.c.id).where(left).limit(1)) is not None
    if some_over or some_left:
        with database.write(even_full=True) as connection:
            _remove(connection, over)
            connection.execute(delete(_experiment).where(left))


def _left_behind(before: float) -> ColumnElement[bool]:
    """Return the condition that an experiment of a browser tab's own is finished and was submitted `before` a time."""
    return and_(
        _experiment.c.owner.is_not(None),
        _experiment.c.created < before,
        ~exists().where(_member.c.id == _experiment.c.owner),
        ~exists().where(schema.person.c.id == _experiment.c.owner),
        ~exists().where(_run.c.experiment == _experiment.c.id, _run.c.state.in_(UNFINISHED)),
    )


def _remove(connection: Connection, which: Any) -> int:
    rooms = select(_classroom.c.id).where(which)
    members = select(_member.c.id).where(_member.c.classroom.in_(rooms))
    connection.execute(delete(_experiment).where(_experiment.c.owner.in_(members)))
    return connection.execute(delete(_classroom).where(which)).rowcount


def _found(connection: Connection, wanted: Select[Any]) -> Classroom:
    row = connection.execute(wanted.where(_classroom.c.expires > time.time())).one_or_none()
    if row is None:
        raise _no_class()
    lessons, held = tuple(json.loads(row.lessons)), frozenset(json.loads(row.held))
    return Classroom(row.id, row.code, lessons, held, row.opened, row.expires)


def _no_class() -> InputRefused:
    return InputRefused(said("This class has ended, or the address is not complete."), "class")


def _progress_of(which: Any) -> Select[Any]:
    return select(_progress).join(_member, _member.c.id == _progress.c.member).where(which)


def _as_member(head: Row[Any], rows: Sequence[Row[Any]]) -> Member:
    return Member(head.id, head.name, head.joined, {row.lesson: _as_progress(row) for row in rows})


def _as_progress(row: Row[Any]) -> Progress:
    values = {name: value for name, value in row._mapping.items() if name != "member"}  # noqa: SLF001 - its public name
    return Progress(**values | {"step": Step(row.step)})
