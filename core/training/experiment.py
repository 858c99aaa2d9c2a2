"""A whole experiment in this process: every variant and seed, one after the other."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from core.data.prepare import Prepared, prepare
from core.data.source import load_table
from core.data.table import Table
from core.errors import InputRefused
from core.spec import ExperimentSpec, RunSpec, load_spec
from core.training.run import failed, train_run


@dataclass(frozen=True)
class Progress:
    """How far an experiment is.

    Attributes
    ----------
    run, runs : int
        The run that trains, counted from 0, of how many.
    spec : RunSpec
        That run.
    epoch : int
        The last epoch it finished.
    points : dict
        The history of the epochs that are new.
    """

    run: int
    runs: int
    spec: RunSpec
    epoch: int
    points: dict[str, list[float | None]]


OnProgress = Callable[[Progress], None]
ReadDataset = Callable[[str], bytes]


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
        training = (run.training.seed, run.training.class_weight)
        model = (run.model.output_activation, run.model.output_units, run.model.loss)
        key = f"{run.data!r}{run.base}{run.preprocessing!r}{model}{training}"
        return _kept(self._prepared, key, self._PREPARED, lambda: prepare(run, self.table(run)))

    def table(self, run: RunSpec) -> Table:
        """Return the table of `run`."""
        key = f"{run.data!r}{run.base}"
        return _kept(self._tables, key, self._TABLES, lambda: load_table(run.data, run.base, self._dataset))


_Kept = TypeVar("_Kept")


def _kept(store: OrderedDict[str, _Kept], key: str, most: int, make: Callable[[], _Kept]) -> _Kept:
    if key not in store:
        store[key] = make()
    store.move_to_end(key)
    while len(store) > most:
        store.popitem(last=False)
    return store[key]


def train_experiment(
    source: str | Path | Mapping[str, Any] | ExperimentSpec, on_progress: OnProgress | None
) -> dict[str, Any]:
    """Train every variant of the experiment; see `core.training.train`.

    A variant whose data is refused is reported as ``failed`` beside the others; the refusal is raised only where no
    variant can be trained.
    """
    spec = load_spec(source)
    runs = spec.runs()
    preparation = Preparation()
    results = []
    refusals = []
    for index, run in enumerate(runs):
        try:
            prepared = preparation.of(run)
        except InputRefused as refusal:
            refusals.append(refusal)
            results.append(failed(run, str(refusal)))
            continue
        results.append(train_run(run, prepared, _reporter(index, len(runs), run, on_progress)))
    if len(refusals) == len(runs):
        raise refusals[0]
    return {"runs": results, "spec_hash": spec.hash()}


def _reporter(
    index: int, runs: int, spec: RunSpec, on_progress: OnProgress | None
) -> Callable[[int, dict[str, list[float | None]]], None] | None:
    if on_progress is None:
        return None
    return lambda first, points: on_progress(Progress(index, runs, spec, first + len(points["loss"]) - 1, points))
