"""Tables and prepared arrays of runs, made once for all runs that share them."""

from __future__ import annotations

from collections.abc import Callable

from core.data.prepare.prepared import Prepared, prepare
from core.data.source import load_table
from core.data.table import Table
from core.recent import Recent
from core.spec import RunSpec, Thing


class Preparation:
    """Tables and prepared arrays, kept for the next run that shares them."""

    def __init__(self, dataset: Callable[[str], bytes] | None = None) -> None:
        self._dataset = dataset
        self._tables: Recent[str, Table] = Recent(4)
        self._prepared: Recent[str, Prepared] = Recent(8)

    def of(self, run: RunSpec) -> Prepared:
        """Return the arrays of `run`.

        Raises
        ------
        InputRefused
            If its data cannot be read, or not be prepared as it asks.
        """
        return self._prepared.get(run.key(Thing.ARRAYS), lambda: prepare(run, self.table(run)))

    def table(self, run: RunSpec) -> Table:
        """Return the table of `run`."""
        return self._tables.get(run.key(Thing.TABLE), lambda: load_table(run.data, run.base, self._dataset))
