"""The dispatcher's side of the store: runs move from state to state by compare-and-set under a fencing token.

Every move is one ``UPDATE … WHERE id, token, state``; a row count of 0 means that somebody else owns the run by now,
and whoever is told so must stop and write nothing more.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Update, case, delete, func, insert, or_, select, true, update

from core.jobs.storage import schema
from core.jobs.storage.database import Database, DatabaseTime, put, tick
from core.jobs.storage.frames import MOST_PICTURED, FrameText, store_frames
from core.jobs.storage.records import HELD, State
from core.sentence import said

MAX_DEATHS: Final = 2
"""A run whose trainer died this often has failed: it is more likely the cause than the victim."""
MAX_ATTEMPTS: Final = 10
"""A run of so many that is lost once more with whoever trained it, without a word, takes whole machines along."""

_run, _points, _overview, _experiment = schema.run, schema.points, schema.overview, schema.experiment
WHO: Final = func.coalesce(_experiment.c.diagnosis, _experiment.c.owner, _experiment.c.id)
"""Whose turn it is when a run is claimed: a diagnosis's, or the owner's of an experiment, or its own without one."""


@dataclass(frozen=True)
class Claim:
    """The right to train one run, held by whoever knows the token; somebody may look at one that is `pictured`."""

    run: int
    token: str
    experiment: str
    position: int
    structure: str
    probed: bool = False
    pictured: bool = False


class Waiting(NamedTuple):
    """The oldest run of a structure that `who` has queued: a person, a member of a class or, without, an experiment."""

    run: int
    structure: str
    who: str


@dataclass(frozen=True)
class Chunk:
    """Epochs to be stored: the first one's number, from 1, and the history as JSON text.

    `overview` has the blocks that these epochs make or change (`core.jobs.storage.overview`), by first epoch.
    """

    first_epoch: int
    last_epoch: int
    history: str
    overview: Mapping[int, str] = field(default_factory=dict)


class Queue:
    """The queue of one lab.

    A claim has a lease: here that only matters where a slot has lost its run, since a process that dies loses the lead
    (`core.jobs.scheduling.lease`) and the next one calls `reconcile`; slots lent by other machines can only be lost by
    their lease.

    Parameters
    ----------
    lease_seconds : float
        How long a claim holds without being renewed.
    leads : ColumnElement
        Whether whoever dispatches still leads; otherwise it claims nothing and queues nothing again.
    """

    def __init__(self, database: Database, lease_seconds: float, leads: ColumnElement[bool] | None = None) -> None:
        self._database = database
        self._lease_seconds = lease_seconds
        self._leads = true() if leads is None else leads

    def waiting(self) -> list[Waiting]:
        """Return the oldest queued run of each structure of everybody who waits, oldest first."""
        oldest = func.min(_run.c.id).label("oldest")
        query = select(oldest, _run.c.structure, WHO.label("who")).join_from(_run, _experiment)
        query = query.where(_run.c.state == State.QUEUED).group_by(WHO, _run.c.structure).order_by(oldest)
        with self._database.read() as connection:
            return [Waiting(*row) for row in connection.execute(query)]

    def counts(self) -> dict[State, int]:
        """Return how many runs wait, are leased and train."""
        query = select(_run.c.state, func.count().label("runs")).group_by(_run.c.state)
        with self._database.read() as connection:
            rows = connection.execute(query.where(_run.c.state.in_((State.QUEUED, *HELD)))).all()
        return {State(row.state): row.runs for row in rows}

    def claim(self, structure: str, who: str | None = None) -> Claim | None:
        """Take the oldest queued run of `structure`, of `who`; None when somebody was quicker, or leads by now."""
        oldest = select(func.min(_run.c.id)).where(_run.c.state == State.QUEUED, _run.c.structure == structure)
        if who is not None:
            oldest = oldest.join_from(_run, _experiment).where(WHO.in_((who,)))
        token = secrets.token_urlsafe(12)
        with self._database.write() as connection:
            row = connection.execute(
                update(_run)
                .where(_run.c.id == oldest.scalar_subquery(), _run.c.state == State.QUEUED, self._leads)
                .values(state=State.LEASED, token=token, lease_expires=self._lease(), changed=tick(connection))
                .returning(_run.c.id, _run.c.experiment, _run.c.position, _run.c.probed)
            ).one_or_none()
            if row is None:
                return None
            trial = select(schema.experiment.c.diagnosis).where(schema.experiment.c.id == row.experiment)
            beside = select(func.count()).where(_run.c.experiment == row.experiment)
            pictured = connection.scalar(trial) is None and (connection.scalar(beside) or 0) <= MOST_PICTURED
        return Claim(row.id, token, row.experiment, row.position, structure, row.probed, pictured)

    def start(self, claim: Claim) -> int | None:
        """Move leased → running and return which attempt this is, from 1; None when the claim is stale."""
        with self._database.write() as connection:
            move = _held(claim, State.LEASED).values(
                state=State.RUNNING,
                attempt=_run.c.attempt + 1,
                epoch=0,
                started=time.time(),
                lease_expires=self._lease(),
                changed=tick(connection),
            )
            attempt: int | None = connection.scalar(move.returning(_run.c.attempt))
        return attempt

    def resumed(self, claim: Claim, seconds: float) -> bool:
        """Count what earlier attempts have trained as time of this one, which goes on where they were."""
        with self._database.write() as connection:
            return _moved(connection, _held(claim).values(started=_run.c.started - seconds))

    def cancel_asked(self, claim: Claim) -> bool | None:
        """Return whether somebody wants this run to stop; None when the claim is stale."""
        query = select(_run.c.cancel).where(_run.c.id == claim.run, _run.c.token == claim.token)
        with self._database.read() as connection:
            asked = connection.scalar(query.where(_run.c.state == State.RUNNING))
        return None if asked is None else bool(asked)

    def renew(self, claim: Claim, chunks: Sequence[Chunk] = (), frames: Sequence[FrameText] = ()) -> bool | None:
        """Store new epochs and pictures, renew the lease and return what `cancel_asked` does, in one transaction."""
        with self._database.write() as connection:
            return _store(connection, _held(claim).values(lease_expires=self._lease()), claim, chunks, frames)

    def finish(
        self,
        claim: Claim,
        state: State,
        chunks: Sequence[Chunk] = (),
        result: dict[str, Any] | None = None,
        error: str | None = None,
        frames: Sequence[FrameText] = (),
    ) -> bool:
        """Store the last epochs and pictures and the end of a run in one transaction; False when stale.

        Parameters
        ----------
        state : State
            done, diverged, failed or cancelled.
        result : dict, optional
            What the training returned, without its history; finite numbers only.
        error : str, optional
            One sentence.
        """
        result = result or {}
        end = _held(claim).values(
            state=state,
            finished=time.time(),
            token=None,
            lease_expires=None,
            seconds=result.get("seconds"),
            skill=result.get("skill"),
            val_skill=result.get("val_skill"),
            diverged_at=result.get("diverged_at"),
            error=error or result.get("error"),
            result=json.dumps(result, allow_nan=False) if result else None,
        )
        with self._database.write() as connection:
            return _store(connection, end, claim, chunks, frames) is not None

    def died(self, claim: Claim, how: str) -> bool:
        """Queue a run again whose trainer died, `how` in words; the second death is the run's failure."""
        last = _run.c.deaths + 1 >= MAX_DEATHS
        sentence = said("The trainer died twice ({how!t}).", how=how)
        state = case((_run.c.cancel, State.CANCELLED), (last, State.FAILED), else_=State.QUEUED)
        ends = or_(_run.c.cancel, last)
        with self._database.write() as connection:
            return _moved(
                connection,
                _held(claim).values(
                    state=state,
                    token=None,
                    lease_expires=None,
                    deaths=_run.c.deaths + 1,
                    finished=case((ends, time.time()), else_=None),
                    error=case((_run.c.cancel, None), (last, sentence), else_=None),
                ),
            )

    def let_go(self, claim: Claim) -> None:
        """End the lease of a run that nobody trains on: it is queued again without blame, by whoever leads."""
        mine = _run.c.id == claim.run, _run.c.token == claim.token, _run.c.state.in_(HELD)
        with self._database.write() as connection:
            connection.execute(update(_run).where(*mine).values(lease_expires=0.0))

    def held(self, tokens: Collection[str]) -> set[str]:
        """Return those of the tokens under which a run is still held."""
        query = select(_run.c.token).where(_run.c.token.in_(tokens), _run.c.state.in_(HELD))
        with self._database.read() as connection:
            return {token for token in connection.scalars(query) if token is not None}

    def reconcile(self) -> int:
        """Queue every leased or running run again; for who has just taken the lead, or gives it up.

        Not where slots outlast the process that leads (`core.jobs.scheduling.engine.Engine`).
        """
        return self._queue_again()

    def expire(self, living: Collection[str] = ()) -> int:
        """Queue runs again whose lease has run out; their late owners are fenced off by the token.

        Parameters
        ----------
        living : collection of str
            Tokens of claims that slots are seen to work at: a late renewal, or a clock that jumps, takes none of them.
        """
        late = (_run.c.lease_expires < DatabaseTime()) & _run.c.token.not_in(living)
        with self._database.read() as connection:
            expired = connection.scalar(select(func.count()).where(_run.c.state.in_(HELD), late))
        if not expired:
            return 0
        self._give_up(late)
        return self._queue_again(late)

    def _give_up(self, late: ColumnElement[bool]) -> None:
        """Let runs fail that were lost too often; not those that somebody `let_go`."""
        times = MAX_ATTEMPTS
        sentence = said(
            "The training was begun {times:d} times and its worker lost without a word; it may be the cause.",
            times=times,
        )
        hopeless = (_run.c.attempt >= MAX_ATTEMPTS) & (_run.c.lease_expires > 0) & _run.c.cancel.is_(False)
        with self._database.write(even_full=True) as connection:
            lost = update(_run).where(_run.c.state == State.RUNNING, self._leads, late, hopeless)
            connection.execute(
                lost.values(
                    state=State.FAILED,
                    finished=time.time(),
                    token=None,
                    lease_expires=None,
                    error=sentence,
                    changed=tick(connection),
                )
            )

    def _queue_again(self, *mine: ColumnElement[bool]) -> int:
        """Queue the held runs of `mine` again, or cancel them where that was asked for meanwhile."""
        with self._database.write(even_full=True) as connection:
            held = update(_run).where(_run.c.state.in_(HELD), self._leads, *mine)
            again = held.values(
                state=case((_run.c.cancel, State.CANCELLED), else_=State.QUEUED),
                finished=case((_run.c.cancel, time.time()), else_=None),
                token=None,
                lease_expires=None,
                changed=tick(connection),
            )
            return connection.execute(again).rowcount

    def _lease(self) -> ColumnElement[float]:
        return DatabaseTime() + self._lease_seconds


def cancel_runs(connection: Connection, mine: ColumnElement[bool]) -> None:
    """Cancel the runs of `mine` that wait, and ask those in training to stop."""
    waiting = update(_run).where(mine, _run.c.state == State.QUEUED)
    connection.execute(waiting.values(state=State.CANCELLED, finished=time.time(), changed=tick(connection)))
    connection.execute(update(_run).where(mine, _run.c.state.in_(HELD)).values(cancel=True))


def _held(claim: Claim, state: State = State.RUNNING) -> Update:
    return update(_run).where(_run.c.id == claim.run, _run.c.token == claim.token, _run.c.state == state)


def _moved(connection: Connection, move: Update) -> bool:
    return connection.execute(move.values(changed=tick(connection))).rowcount == 1


def _store(
    connection: Connection, move: Update, claim: Claim, chunks: Sequence[Chunk], frames: Sequence[FrameText]
) -> bool | None:
    """Make `move` and store `chunks` and `frames`; return whether a cancel is asked for.

    None, and nothing stored, when stale.
    """
    if chunks:
        move = move.values(epoch=chunks[-1].last_epoch)
    changed = tick(connection)
    row = connection.execute(move.values(changed=changed).returning(_run.c.attempt, _run.c.cancel)).one_or_none()
    if row is None:
        return None
    if row.attempt > 1 and chunks and chunks[0].first_epoch == 1:
        _forget_earlier(connection, claim, row.attempt)
    for place, chunk in enumerate(chunks):
        now = tick(connection) if place else changed
        values = {"experiment": claim.experiment, "run": claim.run, "attempt": row.attempt, "id": now}
        connection.execute(insert(_points).values(first_epoch=chunk.first_epoch, history=chunk.history, **values))
        for first, block in chunk.overview.items():
            of_block = {"run": claim.run, "attempt": row.attempt, "first_epoch": first}
            put(connection, _overview, of_block, {"id": now, "block": block}, {"experiment": claim.experiment})
    store_frames(connection, claim.experiment, claim.run, row.attempt, changed, frames)
    return bool(row.cancel)


def _forget_earlier(connection: Connection, claim: Claim, attempt: int) -> None:
    """Delete the histories of attempts before this one, which tells its own from the first epoch on."""
    for table in (_points, _overview):
        mine = table.c.experiment == claim.experiment, table.c.run == claim.run
        connection.execute(delete(table).where(*mine, table.c.attempt < attempt))
