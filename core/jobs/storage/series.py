"""Live series: experiments that turns of a knob started, each superseded by the next, in no list until one is kept."""

from __future__ import annotations

import time
from typing import Final

from sqlalchemy import Connection, delete, insert, or_, select

from core.jobs.scheduling.queue import cancel_runs
from core.jobs.storage import schema

MOST_STEPS: Final = 21
"""What a series keeps: what is on show and twenty steps to go back."""

STEP_SECONDS: Final = 24 * 3600.0
"""A step nobody kept is gone after a day, whether its series went on or not."""

_experiment, _run, _step = schema.experiment, schema.run, schema.step


def add_step(connection: Connection, series: str, experiment: str) -> None:
    """Make `experiment` the newest step of `series`.

    What of the series still waits or trains is cancelled; what is too far behind is deleted, and so are old steps of
    all series. What somebody kept, or asked a diagnosis of, is no step any more.
    """
    mine = select(_step.c.experiment).where(_step.c.series == series)
    cancel_runs(connection, _run.c.experiment.in_(mine))
    connection.execute(insert(_step), {"experiment": experiment, "series": series, "created": time.time()})
    newest = mine.order_by(_step.c.number.desc()).limit(MOST_STEPS)
    behind = (_step.c.series == series) & _step.c.experiment.not_in(newest)
    gone = select(_step.c.experiment).where(or_(behind, _step.c.created < time.time() - STEP_SECONDS))
    connection.execute(delete(_experiment).where(_experiment.c.id.in_(gone)))


def keep_step(connection: Connection, experiment: str) -> None:
    """Take `experiment` out of its series, if it is in one: it is an experiment like any other from now on."""
    connection.execute(delete(_step).where(_step.c.experiment == experiment))
