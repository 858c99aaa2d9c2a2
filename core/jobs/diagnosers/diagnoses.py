"""The diagnoses of a lab as the pages see them: asked for, looked at, cancelled. Who carries them out is elsewhere."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, exists, func, insert, select, true, update

from core.diagnosis.trials.trial import MOST_UPDATES
from core.errors import InputRefused
from core.jobs.people.audit import Deed, note
from core.jobs.people.quota import Quota
from core.jobs.scheduling.queue import cancel_runs
from core.jobs.storage import schema
from core.jobs.storage.database import Database
from core.jobs.storage.records import Experiment, State
from core.jobs.storage.series import keep_step
from core.jobs.storage.viewer import LAB, Viewer
from core.sentence import said

_LOOK_SECONDS: Final = 0.02

_diagnosis, _experiment, _run = schema.diagnosis, schema.experiment, schema.run


class Budget(StrEnum):
    """How much may be trained to find the cause."""

    QUICK = "quick"
    USUAL = "usual"
    THOROUGH = "thorough"

    @property
    def updates(self) -> int:
        """Optimizer steps that the trials of one diagnosis may take together."""
        return _UPDATES[self]

    @property
    def next(self) -> Budget | None:
        """The next larger one; None for the largest."""
        return next((other for other in Budget if other.updates > self.updates), None)


_UPDATES: Final[Mapping[Budget, int]] = {
    Budget.QUICK: MOST_UPDATES // 5,
    Budget.USUAL: MOST_UPDATES,
    Budget.THOROUGH: 10 * MOST_UPDATES,
}


@dataclass(frozen=True)
class Diagnosis:
    """A diagnosis of one variant, as it is now.

    Attributes
    ----------
    experiment, index : str, int
        Whose variant: that of the run at `index`, the first one of its variant.
    ahead : int
        How many others are carried out before it, while it waits.
    progress : dict or None
        ``stage`` (what is trained now, in plain words), ``runs`` (trained so far) and ``suspects``, the strongest
        first: ``[{"cause", "strength", "evidence"}]``. At the end also ``verdict`` and ``first``, the likeliest cause.
    report : dict or None
        What `core.jobs.diagnosers.written_report.written` made of the report.
    error : str or None
        One sentence, when it failed or the data was refused.
    """

    id: str
    experiment: str
    index: int
    budget: Budget
    state: State
    created: datetime
    ahead: int
    progress: dict[str, Any] | None
    error: str | None
    report: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def finished(self) -> bool:
        """Whether it has come to an end, whichever."""
        return not self.state.unfinished


def variant_places(experiment: Experiment, index: int) -> list[int]:
    """Return the places of the runs that differ from the one at `index` by their seed alone.

    Raises
    ------
    InputRefused
        If there is no such run.
    """
    if not 0 <= index < len(experiment.runs):
        last = len(experiment.runs) - 1
        raise InputRefused(said("run: there is no run {index}; allowed: 0 to {last}.", index=index, last=last), "run")
    variant = experiment.runs[index].variant
    return [run.index for run in experiment.runs if run.variant == variant]


class Diagnoses:
    """What pages may ask of the diagnoses of one lab; every method is one short transaction."""

    _LIGHT: Final = [column for column in _diagnosis.c if column.name != "report"]

    def __init__(self, database: Database, quota: Quota) -> None:
        self._database, self._quota = database, quota
        self.on_change: Callable[[], None] = lambda: None
        """Called after every `ask` and `cancel` of this process."""
        self._viewer = LAB

    def seen_by(self, viewer: Viewer) -> Diagnoses:
        """Return these diagnoses as `viewer` may use them; see `core.jobs.storage.store.Store.seen_by`."""
        theirs = copy(self)
        theirs._viewer = viewer  # noqa: SLF001 - of the same class
        return theirs

    def ask(self, experiment: Experiment, index: int, budget: Budget = Budget.USUAL, key: str | None = None) -> str:
        """Queue a diagnosis of the variant of the run at `index` and return its id; on disk before this returns.

        A step of a live series that is worth a diagnosis is kept: listed, and deleted only by who wants it gone.

        Parameters
        ----------
        key : str, optional
            Names one press of a button: the same key again gives the same diagnosis.

        Raises
        ------
        InputRefused
            If there is no such run, or it is not theirs, or whoever asks has nothing left of what one may train a day.
        """
        values = {
            "id": secrets.token_urlsafe(12), "key": key, "experiment": experiment.id, "budget": budget,
            "position": variant_places(experiment, index)[0], "state": State.QUEUED, "created": time.time(),
        }  # fmt: skip
        values["key"] = key = self._viewer.own_key(key)
        with self._database.write() as connection:
            if not self._viewer.everything:
                self._viewer.check(connection, experiment.id, change=True)
            if key is not None:
                known = connection.scalar(select(_diagnosis.c.id).where(_diagnosis.c.key == key))
                if known is not None:
                    return str(known)
            self._quota.check_day(connection, self._viewer.payer)
            if connection.scalar(select(_experiment.c.id).where(_experiment.c.id == experiment.id)) is None:
                raise _unknown()
            keep_step(connection, experiment.id)
            connection.execute(insert(_diagnosis), values)
            note(connection, self._viewer.person, Deed.DIAGNOSED, experiment.id)
        self.on_change()
        return str(values["id"])

    def get(self, id: str) -> Diagnosis:  # noqa: A002 - the word the pages use
        """Return a diagnosis, with its report once there is one."""
        with self._database.read() as connection:
            row = connection.execute(select(_diagnosis).where(_diagnosis.c.id == id, self._seen())).one_or_none()
            if row is None:
                raise _unknown()
            before = _diagnosis.c.state.in_((State.QUEUED, State.RUNNING)), _diagnosis.c.number < row.number
            waits = row.state == State.QUEUED
            ahead = connection.scalar(select(func.count()).select_from(_diagnosis).where(*before)) if waits else 0
        return _as_diagnosis(row, ahead or 0, row.report)

    def first_news(self, id: str, seconds: float) -> Diagnosis:  # noqa: A002
        """Return a diagnosis that was just asked for once it has something to say, or as it is after `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.get(id)
            if found.progress is not None or found.finished or time.monotonic() > deadline:
                return found
            time.sleep(_LOOK_SECONDS)

    def newest(self, experiment: Experiment, index: int) -> str | None:
        """Return the newest diagnosis of the variant of the run at `index`, if it was ever asked for."""
        place = variant_places(experiment, index)[0]
        mine = _diagnosis.c.experiment == experiment.id, _diagnosis.c.position == place, self._seen()
        with self._database.read() as connection:
            return connection.scalar(select(_diagnosis.c.id).where(*mine).order_by(_diagnosis.c.number.desc()).limit(1))

    def recent(self, limit: int = 5, *, seen_by: Collection[str] | None = None) -> tuple[Diagnosis, ...]:
        """Return the newest diagnoses without their reports, newest first; see `Store.experiments`."""
        with self._database.read() as connection:
            newest = select(*self._LIGHT).join(_experiment, _experiment.c.id == _diagnosis.c.experiment)
            newest = newest.where(self._viewer.lists(seen_by)).order_by(_diagnosis.c.number.desc()).limit(limit)
            return tuple(_as_diagnosis(row, 0, None) for row in connection.execute(newest))

    def cancel(self, id: str) -> None:  # noqa: A002
        """Cancel a diagnosis and its trials at once; one that has ended stays as it is."""
        with self._database.write(even_full=True) as connection:
            if not self._viewer.everything:
                self._check_mine(connection, id)
            unfinished = _diagnosis.c.id == id, _diagnosis.c.state.in_((State.QUEUED, State.RUNNING))
            connection.execute(
                update(_diagnosis).where(*unfinished).values(state=State.CANCELLED, token=None, finished=time.time())
            )
            trials = select(_experiment.c.id).where(_experiment.c.diagnosis == id)
            cancel_runs(connection, _run.c.experiment.in_(trials))
        self.on_change()

    def _seen(self) -> ColumnElement[bool]:
        """Return the condition that the experiment of a diagnosis may be seen."""
        if self._viewer.everything:
            return true()
        return exists().where(_experiment.c.id == _diagnosis.c.experiment, self._viewer.reads())

    def _check_mine(self, connection: Connection, diagnosis: str) -> None:
        of = select(_diagnosis.c.experiment).where(_diagnosis.c.id == diagnosis, self._seen())
        experiment = connection.scalar(of)
        if experiment is None:
            raise _unknown()
        self._viewer.check(connection, experiment, change=True)


def _unknown() -> InputRefused:
    return InputRefused(said("There is no such diagnosis; it may have been deleted with its experiment."), "diagnosis")


def _as_diagnosis(row: Row[Any], ahead: int, report: str | None) -> Diagnosis:
    return Diagnosis(
        id=row.id,
        experiment=row.experiment,
        index=row.position,
        budget=Budget(row.budget),
        state=State(row.state),
        created=datetime.fromtimestamp(row.created, UTC),
        ahead=ahead,
        progress=json.loads(row.progress) if row.progress else None,
        error=row.error,
        report=json.loads(report) if report else None,
    )
