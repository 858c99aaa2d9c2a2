"""How much one person may ask of a lab: runs at the same time, rows × epochs a day, uploads on the disk.

Any of the three may be without a limit, and all are unless a setting says otherwise. Limits hold where people sign in:
for each of them whatever class they sit in, and for each seat of a guest. What belongs to the lab itself is without.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, update

from core.errors import InputRefused
from core.jobs.storage import schema
from core.jobs.storage.records import UNFINISHED
from core.sentence import said
from core.settings import Settings
from core.spec import RunSpec

_DAY_SECONDS: Final = 86_400.0
_MILLION: Final = 1_000_000

_usage, _experiment, _run, _dataset = schema.usage, schema.experiment, schema.run, schema.dataset


class Quota:
    """The limits of one lab for each person, checked in the transaction that asks: what is refused leaves no row."""

    def __init__(self, settings: Settings) -> None:
        self._runs, self._millions = settings.person_runs, settings.person_daily_million
        self._uploads_mb = settings.person_uploads_mb
        self.counts_rows: Final = self._millions > 0
        """Whether rows × epochs are counted, for which the size of the table has to be known."""

    def check_runs(self, connection: Connection, payer: str | None, adds: int) -> None:
        """Refuse, after their rows are written, the last `adds` runs if `payer` has too many waiting or training.

        Raises
        ------
        InputRefused
        """
        if not self._runs or payer is None:
            return
        if adds > self._runs:
            raise InputRefused(
                said(
                    "This is {count} runs, allowed for one person at the same time: at most {most}; give settings "
                    "fewer values, or take fewer seeds.",
                    count=adds,
                    most=self._runs,
                ),
                "vary",
            )
        theirs = select(func.count()).join_from(_run, _experiment, _run.c.experiment == _experiment.c.id)
        theirs = theirs.where(_experiment.c.payer == payer, _experiment.c.diagnosis.is_(None))
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

    def spend(self, connection: Connection, payer: str | None, row_epochs: int) -> None:
        """Count rows × epochs as trained by `payer` today, or refuse them; they stay counted whatever becomes of them.

        Raises
        ------
        InputRefused
        """
        if not self.counts_rows or payer is None:
            return
        left = self._left(connection, payer)
        if row_epochs > left:
            raise InputRefused(
                said(
                    "It trains {more!n} million rows × epochs and {left!n} million are left to you today, allowed for "
                    "one person: at most {most} million a day; take fewer rows or epochs, or go on tomorrow.",
                    more=_up(row_epochs, _MILLION),
                    left=_down(left, _MILLION),
                    most=self._millions,
                ),
                "training.epochs",
            )
        self.count(connection, payer, row_epochs)

    def count(self, connection: Connection, payer: str | None, row_epochs: int) -> None:
        """Count rows × epochs, whether they are left or not: trials of a diagnosis that was let in."""
        if not self.counts_rows or payer is None:
            return
        today = _today()
        connection.execute(delete(_usage).where(_usage.c.day < today))
        more = update(_usage).where(_usage.c.payer == payer).values(row_epochs=_usage.c.row_epochs + row_epochs)
        if not connection.execute(more).rowcount:
            connection.execute(insert(_usage).values(payer=payer, day=today, row_epochs=row_epochs))

    def check_day(self, connection: Connection, payer: str | None) -> None:
        """Refuse what will train nobody knows how much, if nothing is left to `payer` today.

        Raises
        ------
        InputRefused
        """
        if self.counts_rows and payer is not None and self._left(connection, payer) <= 0:
            raise InputRefused(
                said(
                    "You have trained {most} million rows × epochs today, which is all one person may; go on tomorrow.",
                    most=self._millions,
                ),
                "training.epochs",
            )

    def _left(self, connection: Connection, payer: str) -> int:
        spent = select(_usage.c.row_epochs).where(_usage.c.payer == payer, _usage.c.day == _today())
        return self._millions * _MILLION - int(connection.scalar(spent) or 0)

    def check_upload(self, connection: Connection, payer: str | None, name: str, more: int) -> None:
        """Refuse an upload called `name` that takes `more` bytes of the disk than are left to `payer`.

        Raises
        ------
        InputRefused
        """
        if not self._uploads_mb or payer is None:
            return
        theirs = select(func.coalesce(func.sum(_dataset.c.taken), 0)).where(_dataset.c.payer == payer)
        left = self._uploads_mb * 2**20 - int(connection.scalar(theirs) or 0)
        if more > left:
            raise InputRefused(
                said(
                    "{name}: it takes {size!n} MB and {left!n} MB of your room for uploads are left, allowed for one "
                    "person: at most {most} MB.",
                    name=name,
                    size=_up(more, 2**20),
                    left=_down(left, 2**20),
                    most=self._uploads_mb,
                ),
                name,
            )


def row_epochs(runs: Sequence[tuple[RunSpec, int]]) -> int:
    """Return how often all `runs` look at a row, each given with the rows of its table: rows × epochs, if none stops.

    Rows held out are counted too: each epoch evaluates them.
    """
    return sum(min(rows, run.data.rows or rows) * run.training.epochs for run, rows in runs)


def _today() -> int:
    return int(time.time() // _DAY_SECONDS)


def _up(amount: int, unit: int) -> str:
    return f"{math.ceil(10 * amount / unit) / 10:,.1f}"


def _down(amount: int, unit: int) -> str:
    return f"{math.floor(10 * max(amount, 0) / unit) / 10:,.1f}"
