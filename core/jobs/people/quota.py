"""How much one person may ask of a lab: runs at the same time, rows × epochs a day, uploads on the disk.

Any of the three may be without a limit, and all are unless a setting says otherwise. A person is whoever owns what is
asked for: somebody who has signed in, or a member of a class. What belongs to nobody is without a limit, and so are the
trials of a diagnosis, which its own budget bounds.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, func, insert, select, update

from core.errors import InputRefused
from core.jobs.storage import schema
from core.jobs.storage.records import UNFINISHED
from core.sentence import said
from core.settings import Settings
from core.spec import RunSpec

_DAY: Final = 86_400.0
"""Seconds; a day begins at midnight UTC."""

_usage, _experiment, _run, _dataset = schema.usage, schema.experiment, schema.run, schema.dataset


class Quota:
    """The limits of one lab for each person. Checked in the transaction that asks: what is refused leaves nothing."""

    def __init__(self, settings: Settings) -> None:
        self._runs, self._uploads_mb = settings.person_runs, settings.person_uploads_mb
        self._day = settings.person_daily_million
        self.counts_rows: Final = self._day > 0
        """Whether rows × epochs are counted, for which the size of the table has to be known."""

    def check_runs(self, connection: Connection, owner: str | None) -> None:
        """Refuse, after its rows are written, what is more than `owner` may have waiting or training.

        Raises
        ------
        InputRefused
        """
        if not self._runs or owner is None:
            return
        theirs = select(func.count()).join_from(_run, _experiment, _run.c.experiment == _experiment.c.id)
        theirs = theirs.where(_experiment.c.owner == owner, _experiment.c.diagnosis.is_(None))
        # What is being cancelled is on its way out: a turn of a knob replaces the turn before.
        together = connection.scalar(theirs.where(_run.c.state.in_(UNFINISHED), ~_run.c.cancel)) or 0
        if together > self._runs:
            raise InputRefused(
                said(
                    "With this, {count} of your runs would wait or train, allowed for one person: at most {most}; "
                    "try again once some have ended.",
                    count=together,
                    most=self._runs,
                ),
                "vary",
            )

    def spend(self, connection: Connection, owner: str | None, row_epochs: int) -> None:
        """Count rows × epochs as trained by `owner` today, or refuse them.

        They stay counted if the runs are cancelled or deleted.

        Raises
        ------
        InputRefused
        """
        if not self._day or owner is None:
            return
        today, most = int(time.time() // _DAY), self._day * 1_000_000
        found = connection.execute(
            select(_usage.c.day, _usage.c.row_epochs).where(_usage.c.owner == owner)
        ).one_or_none()
        spent = found.row_epochs if found is not None and found.day == today else 0
        if spent + row_epochs > most:
            raise InputRefused(
                said(
                    "It trains {more!n} million rows × epochs and {left!n} million are left to you today, allowed for "
                    "one person: at most {most} million a day; take fewer rows or epochs, or go on tomorrow.",
                    more=_millions(row_epochs),
                    left=_millions(most - spent),
                    most=self._day,
                ),
                "training.epochs",
            )
        now = {"day": today, "row_epochs": spent + row_epochs}
        if found is None:
            connection.execute(insert(_usage).values(owner=owner, **now))
        else:
            connection.execute(update(_usage).where(_usage.c.owner == owner).values(**now))

    def check_upload(self, connection: Connection, owner: str | None, name: str, more: int) -> None:
        """Refuse an upload called `name` that takes `more` bytes of the disk than are left to `owner`.

        Raises
        ------
        InputRefused
        """
        if not self._uploads_mb or owner is None:
            return
        theirs = select(func.coalesce(func.sum(_dataset.c.taken), 0)).where(_dataset.c.owner == owner)
        left = max(self._uploads_mb * 2**20 - int(connection.scalar(theirs) or 0), 0)
        if more > left:
            raise InputRefused(
                said(
                    "{name}: it takes {size!n} and {left!n} of your room for uploads are left, allowed for one person: "
                    "at most {most} MB.",
                    name=name,
                    size=megabytes(more),
                    left=megabytes(left),
                    most=self._uploads_mb,
                ),
                name,
            )


def row_epochs(runs: Sequence[tuple[RunSpec, int]]) -> int:
    """Return how often all `runs` look at a row, each given with the rows of its table: rows × epochs, if none stops.

    Rows held out are counted too: each epoch evaluates them.
    """
    return sum(min(rows, run.data.rows or rows) * run.training.epochs for run, rows in runs)


def megabytes(size: int) -> str:
    """Return a number of bytes in words."""
    return f"{size / 2**20:,.1f} MB"


def _millions(count: int) -> str:
    return f"{max(count, 0) / 1_000_000:,.1f}"
