"""What the pages poll: everything that happened in an experiment since a cursor, several times a second."""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy import BindParameter, Row, and_, bindparam, exists, func, select

from core.errors import InputRefused
from core.jobs.storage import schema
from core.jobs.storage.database import Database
from core.jobs.storage.records import UNFINISHED

_run, _points = schema.run, schema.points
_ID: Final[BindParameter[str]] = bindparam("experiment")
_SINCE: Final[BindParameter[int]] = bindparam("cursor")

_HEAD: Final = select(
    select(schema.meta.c.value).where(schema.meta.c.name == "clock").scalar_subquery().label("clock"),
    exists().where(schema.experiment.c.id == _ID).label("known"),
    exists().where(_run.c.experiment == _ID, _run.c.state.in_(UNFINISHED)).label("unfinished"),
    select(func.max(_run.c.changed)).where(_run.c.experiment == _ID).scalar_subquery().label("changed"),
)
_RUNS: Final = select(
    *(_run.c[name] for name in ("id", "position", "state", "attempt", "epoch", "epochs", "seconds")),
    *(_run.c[name] for name in ("error", "diverged_at", "result")),
).where(_run.c.experiment == _ID, _run.c.changed > _SINCE)
_POINTS: Final = (
    select(_points.c.run, _points.c.attempt, _points.c.first_epoch, _points.c.history)
    .join(_run, and_(_run.c.id == _points.c.run, _run.c.attempt == _points.c.attempt))
    .where(_points.c.experiment == _ID, _points.c.id > _SINCE)
    .order_by(_points.c.id)
)


def unknown_experiment() -> InputRefused:
    """Return the refusal of an id that no experiment has."""
    return InputRefused("There is no such experiment; it may have been deleted.", "experiment")


def news(database: Database, experiment: str, since: int) -> bytes:
    """Return the `core.jobs.storage.records.Points` of an experiment as JSON; stored texts are passed on, not parsed.

    Raises
    ------
    InputRefused
        If there is no such experiment.
    """
    with database.read() as connection:
        head = connection.execute(_HEAD, {"experiment": experiment}).one()
        if not head.known:
            raise unknown_experiment()
        runs: list[Row[Any]] = []
        points: list[Row[Any]] = []
        # A cursor from the future was given out by another database: start over.
        cursor = since if since <= head.clock else 0
        if (head.changed or 0) > cursor:
            values = {"experiment": experiment, "cursor": cursor}
            runs = list(connection.execute(_RUNS, values))
            points = list(connection.execute(_POINTS, values))
    return (
        f'{{"cursor":{head.clock},"finished":{json.dumps(not head.unfinished)},'
        f'"runs":[{",".join(map(_run_text, runs))}],"points":[{",".join(map(_points_text, points))}]}}'
    ).encode()


def _run_text(run: Row[Any]) -> str:
    return (
        f'{{"id":{run.id},"index":{run.position},"state":"{run.state}","attempt":{run.attempt},"epoch":{run.epoch},'
        f'"epochs":{run.epochs},"seconds":{json.dumps(run.seconds)},"error":{json.dumps(run.error)},'
        f'"diverged_at":{json.dumps(run.diverged_at)},"final":{run.result or "null"}}}'
    )


def _points_text(points: Row[Any]) -> str:
    return (
        f'{{"run":{points.run},"attempt":{points.attempt},"first_epoch":{points.first_epoch},'
        f'"history":{points.history}}}'
    )
