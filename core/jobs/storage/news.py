"""What the pages poll: everything that happened in an experiment since a cursor, several times a second."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import BindParameter, RowMapping, and_, bindparam, exists, func, select

from core.jobs.storage import schema
from core.jobs.storage.database import Database
from core.jobs.storage.history import stretches
from core.jobs.storage.overview import CURVES, WHOLE
from core.jobs.storage.records import UNFINISHED, Block, News, State, Stretch
from core.jobs.storage.viewer import unknown_experiment

_run, _points, _overview = schema.run, schema.points, schema.overview
_ID: Final[BindParameter[str]] = bindparam("experiment")
_SINCE: Final[BindParameter[int]] = bindparam("cursor")
_UNTIL: Final[BindParameter[int]] = bindparam("until")

MOST_BLOCKS: Final = 800
"""About 3 MB of JSON: of more, the first are told and the others next time."""

_HEAD: Final = select(
    select(schema.meta.c.value).where(schema.meta.c.name == "clock").scalar_subquery().label("clock"),
    exists().where(schema.experiment.c.id == _ID).label("known"),
    exists().where(_run.c.experiment == _ID, _run.c.state.in_(UNFINISHED)).label("unfinished"),
    select(func.max(_run.c.changed)).where(_run.c.experiment == _ID).scalar_subquery().label("changed"),
    select(func.max(_points.c.id)).where(_points.c.experiment == _ID).scalar_subquery().label("grown"),
    select(func.min(_run.c.id))
    .where(_run.c.experiment == _ID, _run.c.state == State.QUEUED)
    .scalar_subquery()
    .label("waits"),
)
_AHEAD: Final = select(func.count()).where(
    _run.c.state.in_(UNFINISHED), _run.c.experiment != _ID, _run.c.id < bindparam("waits")
)
RUN_COLUMNS: Final = (
    *(_run.c[name] for name in ("id", "state", "attempt", "epoch", "epochs", "seconds", "error", "diverged_at")),
    _run.c.position.label("index"),
    _run.c.result.label("final"),
)
"""What is told of a run, under the names of `core.jobs.storage.records.Run`; `decoded` reads it."""

_RUNS: Final = select(*RUN_COLUMNS).where(_run.c.experiment == _ID, _run.c.changed > _SINCE)
_POINTS: Final = (
    select(_points.c.run, _points.c.attempt, _points.c.first_epoch, _points.c.history)
    .join(_run, and_(_run.c.id == _points.c.run, _run.c.attempt == _points.c.attempt))
    .where(_points.c.experiment == _ID, _points.c.id > _SINCE, _points.c.id <= _UNTIL, _points.c.first_epoch <= WHOLE)
    .order_by(_points.c.id)
)
_BLOCKS: Final = (
    select(_overview.c.run, _overview.c.attempt, _overview.c.block, _overview.c.id)
    .join(_run, and_(_run.c.id == _overview.c.run, _run.c.attempt == _overview.c.attempt))
    .where(_overview.c.experiment == _ID, _overview.c.id > _SINCE)
    .order_by(_overview.c.id, _overview.c.first_epoch)
    .limit(MOST_BLOCKS + 1)
)


def news(database: Database, experiment: str, since: int) -> News:
    """Return what happened in an experiment since the cursor `since`; 0 = everything, histories as a chart needs them.

    Raises
    ------
    InputRefused
        If there is no such experiment.
    """
    with database.read() as connection:
        head = connection.execute(_HEAD, {"experiment": experiment}).one()
        if not head.known:
            raise unknown_experiment()
        ahead = 0
        if head.waits is not None:
            ahead = connection.scalar(_AHEAD, {"experiment": experiment, "waits": head.waits}) or 0
        runs: Sequence[RowMapping] = ()
        points: tuple[Stretch, ...] = ()
        blocks: tuple[Block, ...] = ()
        # A cursor from the future was given out by another database: start over.
        cursor = since if since <= head.clock else 0
        until = head.clock
        if max(head.changed or 0, head.grown or 0) > cursor:
            values = {"experiment": experiment, "cursor": cursor}
            runs = connection.execute(_RUNS, values).mappings().all()
            found = connection.execute(_BLOCKS, values).all()
            if len(found) > MOST_BLOCKS:
                until = found[-1].id - 1
            blocks = tuple(Block(*rest) for *rest, moment in found if moment <= until)
            points = tuple(map(_start, stretches(connection.execute(_POINTS, values | {"until": until}), CURVES)))
    return News(
        cursor=until,
        finished=not head.unfinished and until == head.clock,
        ahead=ahead,
        runs=tuple(map(decoded, runs)),
        points=points,
        blocks=blocks,
    )


def decoded(run: RowMapping) -> dict[str, Any]:
    """Return a row of `RUN_COLUMNS` with its result parsed."""
    return {**run, "final": run["final"] and json.loads(run["final"])}


def _start(piece: Stretch) -> Stretch:
    """Return `piece` without the epochs that the overview has."""
    left = WHOLE + 1 - piece.first_epoch
    return replace(piece, history={name: values[:left] for name, values in piece.history.items()})
