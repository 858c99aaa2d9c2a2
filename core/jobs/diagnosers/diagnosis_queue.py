"""The clinic's side of the diagnoses: each moves from state to state by compare-and-set under a fencing token.

Whoever is told that a claim is stale must stop: the diagnosis was cancelled, deleted, or given to somebody else.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, func, select, true, update

from core.jobs.scheduling.queue import cancel_runs
from core.jobs.storage import schema
from core.jobs.storage.database import Database
from core.jobs.storage.records import UNFINISHED, State
from core.sentence import said

MAX_DEATHS: Final = 2
"""A diagnosis whose process died this often has failed: it is more likely the cause than the victim."""

_diagnosis, _experiment, _run = schema.diagnosis, schema.experiment, schema.run


class StaleClaim(RuntimeError):
    """The diagnosis belongs to somebody else by now, was cancelled or deleted."""


@dataclass(frozen=True)
class DiagnosisClaim:
    """The right to carry out one diagnosis, held by whoever knows the token."""

    diagnosis: str
    token: str

    @property
    def held(self) -> ColumnElement[bool]:
        """The row, as long as the claim holds."""
        mine = _diagnosis.c
        return (mine.id == self.diagnosis) & (mine.token == self.token) & (mine.state == State.RUNNING)

    def check(self, connection: Connection) -> None:
        """Raise `StaleClaim` unless the claim holds in this transaction."""
        if connection.scalar(select(_diagnosis.c.id).where(self.held)) is None:
            raise StaleClaim


class DiagnosisQueue:
    """The queue of one lab's diagnoses; `leads` as for `core.jobs.scheduling.queue.Queue`."""

    def __init__(self, database: Database, leads: ColumnElement[bool] | None = None) -> None:
        self._database = database
        self._leads = true() if leads is None else leads

    def claim(self) -> DiagnosisClaim | None:
        """Take the oldest diagnosis that waits; None when none does, or another process leads by now."""
        waiting = _diagnosis.c.state == State.QUEUED
        with self._database.read() as connection:
            if connection.scalar(select(_diagnosis.c.id).where(waiting).limit(1)) is None:
                return None
        oldest = select(func.min(_diagnosis.c.number)).where(waiting)
        token = secrets.token_urlsafe(12)
        with self._database.write() as connection:
            row = connection.execute(
                update(_diagnosis)
                .where(_diagnosis.c.number == oldest.scalar_subquery(), self._leads)
                .values(state=State.RUNNING, token=token, started=time.time())
                .returning(_diagnosis.c.id)
            ).one_or_none()
        return None if row is None else DiagnosisClaim(row.id, token)

    def trials_left(self, claim: DiagnosisClaim) -> int | None:
        """Return how many trials of a diagnosis wait or train; None when the claim is stale."""
        trials = select(_experiment.c.id).where(_experiment.c.diagnosis == claim.diagnosis)
        left = select(func.count()).where(_run.c.experiment.in_(trials), _run.c.state.in_(UNFINISHED))
        with self._database.read() as connection:
            return connection.scalar(select(left.scalar_subquery()).where(claim.held))

    def progress(self, claim: DiagnosisClaim, progress: Mapping[str, Any]) -> bool:
        """Store how far a diagnosis is; False when the claim is stale."""
        with self._database.write() as connection:
            values = {"progress": json.dumps(progress, allow_nan=False)}
            return connection.execute(update(_diagnosis).where(claim.held).values(values)).rowcount == 1

    def finish(
        self,
        claim: DiagnosisClaim,
        state: State,
        *,
        progress: Mapping[str, Any] | None = None,
        report: Mapping[str, Any] | None = None,
        error: str | None = None,
    ) -> bool:
        """Store the end of a diagnosis; trials that are left over are cancelled. False when stale.

        Parameters
        ----------
        state : State
            done or failed.
        progress, report : mapping, optional
            Finite numbers only.
        error : str, optional
            One sentence.
        """
        values: dict[str, Any] = {"state": state, "token": None, "finished": time.time(), "error": error}
        if progress is not None:
            values["progress"] = json.dumps(progress, allow_nan=False)
        if report is not None:
            values["report"] = json.dumps(report, allow_nan=False, separators=(",", ":"))
        with self._database.write() as connection:
            if connection.execute(update(_diagnosis).where(claim.held).values(values)).rowcount != 1:
                return False
            trials = select(_experiment.c.id).where(_experiment.c.diagnosis == claim.diagnosis)
            cancel_runs(connection, _run.c.experiment.in_(trials))
        return True

    def died(self, claim: DiagnosisClaim, how: str) -> bool:
        """Queue a diagnosis again whose process died, `how` in words; the second death is its failure."""
        with self._database.write() as connection:
            deaths = connection.execute(
                update(_diagnosis)
                .where(claim.held)
                .values(deaths=_diagnosis.c.deaths + 1)
                .returning(_diagnosis.c.deaths)
            ).scalar_one_or_none()
            if deaths is not None and deaths < MAX_DEATHS:
                again = {"state": State.QUEUED, "token": None}
                return connection.execute(update(_diagnosis).where(claim.held).values(again)).rowcount == 1
        return deaths is not None and self.finish(
            claim, State.FAILED, error=said("The process that looks for the cause died twice ({how!t}).", how=how)
        )

    def reconcile(self) -> int:
        """Queue every running diagnosis again; as `core.jobs.scheduling.queue.Queue.reconcile`."""
        with self._database.write(even_full=True) as connection:
            again = update(_diagnosis).where(_diagnosis.c.state == State.RUNNING, self._leads)
            return connection.execute(again.values(state=State.QUEUED, token=None)).rowcount
