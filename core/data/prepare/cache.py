"""Tables and prepared arrays of runs, made once for all runs that share them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeVar

from core.data.prepare.prepared import Prepared, prepare
from core.data.source import load_table
from core.data.table import Table
from core.spec import RunSpec, Thing

ReadDataset = Callable[[str], bytes]


def preparation_key(run: RunSpec) -> str:
    """Return a text that is equal for runs whose prepared arrays are equal."""
    return run.key(Thing.ARRAYS)


class Preparation:
    """Tables and prepared arrays, kept for the next run that shares them."""

    _TABLES: Final = 4
    _PREPARED: Final = 8

    def __init__(self, dataset: ReadDataset | None = None) -> None:
        self._dataset = dataset
        self._tables: OrderedDict[str, Table] = OrderedDict()
        self._prepared: OrderedDict[str, Prepared] = OrderedDict()

    def of(self, run: RunSpec) -> Prepared:
        """Return the arrays of `run`.

        Raises
        ------
        InputRefused
            If its data cannot be read, or not be prepared as it asks.
        """
        return _kept(self._prepared, preparation_key(run), self._PREPARED, lambda: prepare(run, self.table(run)))

    def table(self, run: RunSpec) -> Table:
        """Return the table of `run`."""
        key = run.key(Thing.TABLE)
        return _kept(self._tables, key, self._TABLES, lambda: load_table(run.data, run.base, self._dataset))


_Kept = TypeVar("_Kept")


def _kept(store: OrderedDict[str, _Kept], key: str, most: int, make: Callable[[], _Kept]) -> _Kept:
    if key not in store:
        store[key] = make()
    store.move_to_end(key)
    while len(store) > most:
        store.popitem(last=False)
    return store[key]
