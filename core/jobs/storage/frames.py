"""The pictures of runs (`core.training.pictures`) as they are kept and polled: a few dozen frames of each run.

A frame is JSON text, some kB: ``{"epoch": …, "pictures": {name: …}}``. The first of a run, at epoch −1, is what its
others share. One that is taken in passing makes room for the next; the oldest of the whole lab make room for new ones.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, exists, func, insert, or_, select

from core.jobs.storage import schema
from core.jobs.storage.database import Database
from core.jobs.storage.records import UNFINISHED
from core.jobs.storage.viewer import unknown_experiment
from core.training.pictures.frame import SCENE, Frame

MOST_FRAMES: Final = 40_000
"""In the whole lab: 120 to 250 MB, of three thousand runs and more."""
MOST_PICTURED: Final = 24
"""Runs of an experiment: of more nobody looks at the pictures of each, and they cost more than a short training."""
MOST_RUNS: Final = 6
"""Whose frames are told at a time: more pictures side by side cannot be compared."""

_frame, _run = schema.frame, schema.run


@dataclass(frozen=True)
class FrameText:
    """A frame on its way into the store."""

    epoch: float
    passing: bool
    text: str


@dataclass(frozen=True)
class ToldFrame:
    """A frame of one attempt of a run, as it was stored."""

    run: int
    attempt: int
    epoch: float
    passing: bool
    text: str


@dataclass(frozen=True)
class PictureNews:
    """The frames of some runs since a cursor.

    Attributes
    ----------
    cursor : int
        What to pass as `since` next time.
    finished : bool
        Whether none of these runs waits or trains and everything has been told.
    frames : tuple of ToldFrame
        Only of each run's newest attempt, oldest first.
    """

    cursor: int
    finished: bool
    frames: tuple[ToldFrame, ...]


def encode_frame(frame: Frame) -> str:
    """Return `frame` as the JSON text that is kept."""
    values: dict[str, Any] = {"epoch": frame.epoch, "pictures": frame.pictures}
    if frame.weights_of_epoch is not None:
        values["weights_of_epoch"] = frame.weights_of_epoch
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def store_frames(
    connection: Connection, experiment: str, run: int, attempt: int, now: int, frames: Sequence[FrameText]
) -> None:
    """Keep `frames` of an attempt, told at the tick `now`, instead of what they make room for."""
    for frame in frames:
        gone = and_(_frame.c.attempt == attempt, or_(_frame.c.passing, _frame.c.epoch == frame.epoch))
        if frame.epoch == SCENE:
            gone = or_(gone, _frame.c.attempt < attempt)
            _make_room(connection)
        connection.execute(delete(_frame).where(_frame.c.run == run, gone))
        values = {"id": now, "passing": frame.passing, "text": frame.text}
        new = insert(_frame).values(experiment=experiment, run=run, attempt=attempt, epoch=frame.epoch, **values)
        connection.execute(new)


def _make_room(connection: Connection) -> None:
    beyond = (connection.scalar(select(func.count()).select_from(_frame)) or 0) - MOST_FRAMES
    if beyond > 0:
        last = select(_frame.c.id).order_by(_frame.c.id).limit(1).offset(beyond)
        connection.execute(delete(_frame).where(_frame.c.id <= last.scalar_subquery()))


def picture_news(database: Database, experiment: str, runs: Sequence[int], since: int) -> PictureNews:
    """Return the frames of at most `MOST_RUNS` runs of an experiment since the cursor `since`; 0 = all there are.

    Raises
    ------
    InputRefused
        If there is no such experiment.
    """
    mine = and_(_run.c.experiment == experiment, _run.c.id.in_(runs[:MOST_RUNS]))
    head = select(
        select(schema.meta.c.value).where(schema.meta.c.name == "clock").scalar_subquery().label("clock"),
        exists().where(schema.experiment.c.id == experiment).label("known"),
        exists().where(mine, _run.c.state.in_(UNFINISHED)).label("unfinished"),
    )
    columns = (_frame.c.run, _frame.c.attempt, _frame.c.epoch, _frame.c.passing, _frame.c.text, _frame.c.id)
    with database.read() as connection:
        now = connection.execute(head).one()
        if not now.known:
            raise unknown_experiment()
        # A cursor from the future was given out by another database: start over.
        cursor = since if since <= now.clock else 0
        found = connection.execute(
            select(*columns)
            .join(_run, and_(_run.c.id == _frame.c.run, _run.c.attempt == _frame.c.attempt))
            .where(mine, _frame.c.experiment == experiment, _frame.c.id > cursor)
            .order_by(_frame.c.id, _frame.c.run, _frame.c.epoch)
        ).all()
    told = tuple(ToldFrame(*row[:-1]) for row in found)
    return PictureNews(now.clock, not now.unfinished, told)
