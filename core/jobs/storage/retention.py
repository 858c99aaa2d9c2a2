"""What is removed by itself once it is old: experiments, tables that nothing names, files that no table was read from.

What somebody waits for, trains or has in a class stays, however old.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, or_, select

from core.jobs.storage import schema
from core.jobs.storage.blobs import Kept
from core.jobs.storage.database import Database, tick
from core.jobs.storage.datasets import Datasets
from core.jobs.storage.records import UNFINISHED
from core.settings import private_folder
from core.spec import named_tables

_DAY: Final = 24 * 3600.0
_WRITING_SECONDS: Final = 3600.0
"""For so long a draft may be one that is being written."""
_BATCH: Final = 500
_MARK: Final = "database.id"
"""A file of the data folder: the identity of the database whose files are in it."""
_experiment, _run, _diagnosis, _dataset = schema.experiment, schema.run, schema.diagnosis, schema.dataset

log = logging.getLogger(__name__)

Named = Callable[[], set[str]]
"""Gives the SHA-256 of each table that is named outside of the database."""


def remove_old_experiments(database: Database, days: int) -> None:
    """Remove every experiment that ended more than so many `days` ago, its diagnoses included; 0 = none.

    Not those of members of a class, which go with it.
    """
    if not days:
        return
    old = _ended_before(time.time() - days * _DAY)
    with database.read() as connection:
        found = list(connection.scalars(select(_experiment.c.id).where(old)))
    for one in found:  # each by itself: others write in between
        with database.write(even_full=True) as connection:
            connection.execute(delete(_experiment).where(_experiment.c.id == one, old))


def _ended_before(moment: float) -> ColumnElement[bool]:
    """Return the condition that an experiment and its diagnoses had come to an end; trials go with their diagnosis."""
    runs, diagnoses = _run.c, _diagnosis.c
    return and_(
        _experiment.c.created < moment,
        _experiment.c.diagnosis.is_(None),
        ~exists().where(runs.experiment == _experiment.c.id, _alive(runs.state, runs.finished, moment)),
        ~exists().where(diagnoses.experiment == _experiment.c.id, _alive(diagnoses.state, diagnoses.finished, moment)),
        ~exists().where(schema.member.c.id == _experiment.c.owner),
    )


def _alive(state: ColumnElement[str], finished: ColumnElement[float], moment: float) -> ColumnElement[bool]:
    return or_(state.in_(UNFINISHED), finished >= moment)


def remove_unused_tables(database: Database, datasets: Datasets, days: int, named: Named) -> None:
    """Remove tables that were neither uploaded nor run for so many `days` and that nothing names; 0 = none.

    An experiment names its table, a lesson may, and a table that was corrected names the one before. Only the rows go
    here; `remove_files` removes what has none.
    """
    if not days:
        return
    moment = time.time() - days * _DAY
    with database.read() as connection:
        if not _unused(connection, datasets, moment, named):
            return
    with database.write(even_full=True) as connection:
        tick(connection)
        unused = sorted(_unused(connection, datasets, moment, named))
        for first in range(0, len(unused), _BATCH):
            connection.execute(delete(_dataset).where(_dataset.c.sha256.in_(unused[first : first + _BATCH])))


def _unused(connection: Connection, datasets: Datasets, moment: float, named: Named) -> set[str]:
    rows = connection.execute(select(_dataset.c.sha256, _dataset.c.created)).all()
    if all(row.created >= moment for row in rows):
        return set()
    used = named() | {row.sha256 for row in rows if row.created >= moment}
    for texts in (_experiment.c.spec, _run.c.variant):
        for text in connection.scalars(select(texts).where(texts.like("%dataset:%"))):
            used |= named_tables(text)
    more = used
    while more := {table for sha in more for table in named_tables(datasets.made_from(connection, sha)[0])} - used:
        used |= more
    return {row.sha256 for row in rows} - used


def remove_files(database: Database, datasets: Datasets, days: int, folder: Path) -> None:
    """Remove files that have no row and no table was read from, after so many `days`, and drafts of killed processes.

    Whoever adds a file holds the same lock as this, and looks there whether it is still to be found. In a data `folder`
    that another database has used nothing is removed: its files have no rows here.
    """
    ours = _is_of(database, folder)
    with database.read() as connection:
        if not _leftover(connection, datasets, days):
            return
    if not ours:
        log.warning("files without a row are left alone: another database has used this data folder")
        return
    with database.write(even_full=True) as connection:
        tick(connection)
        for one in _leftover(connection, datasets, days):
            one.remove(connection)


def _is_of(database: Database, folder: Path) -> bool:
    """Whether a data folder belongs to this database, which takes one that nobody has used yet."""
    known = database.identity()
    with database.read() as connection:
        mine = connection.scalar(select(func.count()).select_from(_dataset))
    mark = folder / _MARK
    if not mark.exists() and mine:
        private_folder(folder)
        mark.write_text(str(known), encoding="ascii")
    return mark.exists() and mark.read_text(encoding="ascii") == str(known)


def _leftover(connection: Connection, datasets: Datasets, days: int) -> list[Kept]:
    tables = set(connection.scalars(select(_dataset.c.sha256)))
    needed = tables | {datasets.made_from(connection, sha)[1] for sha in tables}
    kept, now = datasets.kept(connection), time.time()
    old = [one for one in kept if one.whole and now - one.written > days * _DAY] if days else []
    drafts = [one for one in kept if not one.whole and now - one.written > _WRITING_SECONDS]
    return drafts + [one for one in old if one.name not in needed]
