"""What waits and trains now, in seconds: what comes before an experiment that is submitted now."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Row, bindparam, case, func, select

from core.errors import InputRefused, WorkFailed
from core.jobs.scheduling.estimate import TRACE_SECONDS, XLA_SECONDS, estimate_seconds
from core.jobs.scheduling.queue import WHO
from core.jobs.storage import schema
from core.jobs.storage.records import UNFINISHED, State
from core.jobs.storage.store import Store
from core.spec import ExperimentSpec

_run = schema.run
_WAITS: Final = 0
_ENDED: Final = -1
_COMPILE: Final = 3 * (TRACE_SECONDS + XLA_SECONDS)
"""Seconds that say nothing of an epoch, in what was measured of an experiment."""

_GROUP: Final = case((_run.c.state == State.RUNNING, _run.c.id), (_run.c.state.in_(UNFINISHED), _WAITS), else_=_ENDED)
_SPENT: Final = case((_run.c.state == State.RUNNING, bindparam("now") - _run.c.started), else_=_run.c.seconds)
_WORK: Final = (
    select(
        _run.c.experiment,
        WHO.label("who"),
        _GROUP.label("group"),
        func.count().label("runs"),
        func.sum(_run.c.epochs).label("epochs"),
        func.sum(case((_SPENT.is_not(None), _run.c.epoch), else_=0)).label("trained"),
        func.coalesce(func.sum(_SPENT), 0.0).label("seconds"),
    )
    .join_from(_run, schema.experiment)
    .where(_run.c.experiment.in_(select(_run.c.experiment).where(_run.c.state.in_(UNFINISHED))))
    .group_by(_run.c.experiment, WHO, _GROUP)
    .order_by(func.min(_run.c.id))
)
"""Of each unfinished experiment: a row per run that trains, one of all that wait, one of all that have ended."""


@dataclass(frozen=True)
class Expectation:
    """When an experiment that is submitted now would be done; orders of magnitude, no promise.

    Attributes
    ----------
    seconds : float
        Its own work, on warm trainers that do nothing else.
    wait_seconds : float
        Until the first trainer is free for it; 0 where one is.
    runs_ahead : int
        Runs that train, and those whose turn comes before.
    """

    seconds: float
    wait_seconds: float
    runs_ahead: int


class Backlog:
    """The unfinished runs of a lab, each at the pace measured in its experiment or estimated before any has trained."""

    def __init__(self, store: Store, slots: Callable[[], int]) -> None:
        self._store = store
        self._slots = slots
        self._estimated = lru_cache(256)(self._estimate)  # an experiment never changes

    def expected(
        self, spec: ExperimentSpec, size: tuple[int, int] | None = None, who: str | None = None
    ) -> Expectation:
        """Return what to expect of `spec` if `who` submitted it now; without, somebody who waits for nothing yet.

        `size` is that of its table: rows, and columns after encoding. By default its columns count as they are. Where
        the database cannot be read nothing is known to come before it.
        """
        slots = self._slots()
        seconds = estimate_seconds(spec.runs(), *(size or self._store.table_sizes.of(spec.data)), slots)
        training, queues = list[float](), dict[str, list[float]]()
        with suppress(WorkFailed):
            training, queues = self._left()
        mine = queues.pop(who or "", [])
        # They take turns (`core.jobs.scheduling.fairness`): before each of mine comes one of everybody else.
        turns = len(mine) + 1
        waiting = [*mine, *(seconds for others in queues.values() for seconds in others[:turns])]
        return Expectation(seconds, wait_seconds(training, waiting, slots), len(training) + len(waiting))

    def _left(self) -> tuple[list[float], dict[str, list[float]]]:
        """Return the seconds left of each run that trains, and of each that waits, oldest first, by whose it is."""
        with self._store.database.read() as connection:
            rows = connection.execute(_WORK, {"now": time.time()}).all()
        experiments: dict[str, list[Row[Any]]] = {}
        for row in rows:
            experiments.setdefault(row.experiment, []).append(row)
        paces = {experiment: self._epoch_seconds(experiment, groups) for experiment, groups in experiments.items()}
        training, waiting = list[float](), dict[str, list[float]]()
        for row in rows:
            pace = paces[row.experiment]
            if row.group == _WAITS:
                waiting.setdefault(row.who, []).extend([pace * row.epochs / row.runs] * row.runs)
            elif row.group != _ENDED:
                training.append(pace * max(0, row.epochs - row.trained))
        return training, waiting

    def _epoch_seconds(self, experiment: str, groups: Sequence[Row[Any]]) -> float:
        measured, trained = sum(row.seconds for row in groups) - _COMPILE, sum(row.trained for row in groups)
        if measured > _COMPILE and trained:
            return float(measured / trained)
        try:
            return self._estimated(experiment) / int(sum(row.epochs for row in groups))
        except (InputRefused, WorkFailed):  # deleted meanwhile, or its table was lost: it will take no time
            return 0.0

    def _estimate(self, experiment: str) -> float:
        runs = self._store.run_specs(experiment)
        return estimate_seconds(runs, *self._store.table_sizes.of(runs[0].data), 1)


def wait_seconds(training: Iterable[float], waiting: Iterable[float], slots: int) -> float:
    """Return when one of `slots` is free for one run more, each run that waits taking the first that is free.

    `training` and `waiting` are the seconds left of each run, of those that wait in their order.
    """
    free = sorted(training)
    free = [0.0] * (slots - len(free)) + free
    for seconds in waiting:
        heapq.heapreplace(free, free[0] + seconds)
    return free[0]
