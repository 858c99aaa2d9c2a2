"""What the table and the prepared arrays say before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.data.kinds import as_float
from core.data.prepare.cache import Preparation, preparation_key
from core.data.prepare.prepared import Prepared
from core.data.table import Table
from core.diagnosis.evidence.simple_models import chance, reference, telling_columns
from core.spec import RunSpec

Array = npt.NDArray[Any]

SENTINELS: Final = frozenset({-1.0, -9.0, -99.0, -999.0, -9999.0, -99999.0, 99.0, 999.0, 9999.0, 99999.0, 999999.0})
"""Numbers that commonly stand for "unknown"."""
FEWEST_FOR_LEAKS: Final = 50
_MOST_COLUMNS: Final = 60
_DOUBTFUL: Final = 0.15
"""Below this, what simple models find may be luck."""


@dataclass(frozen=True)
class Sentinel:
    """A number far from the rest of its column that comes again and again."""

    column: str
    value: float
    count: int


@dataclass(frozen=True)
class DataFacts:
    """The data in numbers; "inputs" and "target" are as the network sees them, unless they say raw.

    Attributes
    ----------
    input_spread, input_offset : (float, float), float
        Smallest and largest standard deviation of the columns that vary; the largest absolute mean.
    target_range, target_mean, target_std : regression only, over all targets
    skills : mapping
        Out-of-fold skill of simple models (`evidence.simple_models`); empty where they could not be judged.
    chance : float
        The same for shuffled answers, where `skills` are so low that it matters.
    leaks : tuple of str
        Columns that give the target away, each alone.
    duplicates : float
        Share of validation rows that are training rows, target included.
    shift : float
        Difference between the targets' means in training and validation rows, in standard deviations.
    runs_of_target : float
        How sorted the training targets are: their correlation from row to row.
    """

    task: str
    rows: int
    validation_rows: int
    features: int
    loss: str
    output_activation: str
    output_units: int
    classes: tuple[str, ...] = ()
    class_shares: tuple[float, ...] = ()
    invalid_inputs: float = 0.0
    sentinels: tuple[Sentinel, ...] = ()
    input_spread: tuple[float, float] = (1.0, 1.0)
    input_offset: float = 0.0
    target_range: tuple[float, float] = (0.0, 1.0)
    target_mean: float = 0.0
    target_std: float = 1.0
    constant_target: bool = False
    category_columns: tuple[str, ...] = ()
    identifier_columns: tuple[str, ...] = ()
    usable_columns: tuple[str, ...] = ()
    skills: Mapping[str, float] = field(default_factory=dict)
    chance: float = 0.0
    leaks: tuple[str, ...] = ()
    duplicates: float = 0.0
    shift: float = 0.0
    runs_of_target: float = 0.0

    @property
    def reachable(self) -> float | None:
        """The best out-of-fold skill of a simple model; None where none could be judged."""
        return max(self.skills.values()) if self.skills else None


class Examination:
    """The facts of runs' data, found once for all runs that share them."""

    def __init__(self, preparation: Preparation) -> None:
        self.preparation = preparation
        self._known: dict[str, DataFacts] = {}

    def of(self, run: RunSpec) -> DataFacts:
        """Return the facts of the data of `run`.

        Raises
        ------
        InputRefused
            If its data cannot be read, or not be prepared as it asks.
        """
        key = preparation_key(run)
        if key not in self._known:
            self._known[key] = examine(run, self.preparation.table(run), self.preparation.of(run))
        return self._known[key]


def examine(run: RunSpec, table: Table, prepared: Prepared) -> DataFacts:
    """Return the facts of `run`'s data."""
    x = np.concatenate((prepared.x, prepared.x_val))
    truth, truth_val = _numbers(prepared, prepared.targets_raw), _numbers(prepared, prepared.targets_raw_val)
    y = np.concatenate((truth, truth_val))
    targets = set(prepared.targets)
    inputs = [c for c in table.columns if c.name not in targets and _is_used(run, c.name)]
    usable = tuple(c.name for c in inputs if c.kind not in {"identifier", "text"})
    numeric = [c.name for c in inputs if c.kind == "number"]
    spread, offset = _scale(prepared.x)
    shares = tuple(truth.mean(axis=0).tolist()) if prepared.classes and prepared.task != "multilabel" else ()
    skills = reference(x, y)
    return DataFacts(
        task=prepared.task,
        rows=len(prepared.x),
        validation_rows=len(prepared.x_val),
        features=prepared.x.shape[1],
        loss=prepared.loss,
        output_activation=prepared.output_activation,
        output_units=prepared.output_units,
        classes=prepared.classes,
        class_shares=shares,
        invalid_inputs=float(1 - np.isfinite(prepared.x).mean()),
        sentinels=tuple(s for name in numeric[:_MOST_COLUMNS] for s in _sentinels(table, name)),
        input_spread=spread,
        input_offset=offset,
        target_range=(float(prepared.y.min()), float(prepared.y.max())),
        target_mean=float(prepared.y.mean()),
        target_std=float(prepared.y.std(axis=0).mean()),
        constant_target=not (y.std(axis=0) > 0).any(),
        category_columns=tuple(c.name for c in inputs if c.kind == "category" and c.distinct > 2),
        identifier_columns=tuple(n for n in numeric if _counts_rows(table, n)),
        usable_columns=usable,
        skills=skills,
        chance=chance(x, y) if skills and 0 < max(skills.values()) < _DOUBTFUL else 0.0,
        leaks=_leaks(x, y, prepared.features, usable),
        duplicates=_duplicates(prepared, truth, truth_val),
        shift=_shift(truth, truth_val),
        runs_of_target=_runs(truth),
    )


def _is_used(run: RunSpec, name: str) -> bool:
    return run.data.features is None or name in run.data.features


def _numbers(prepared: Prepared, raw: Array) -> Array:
    """Return the true targets as float columns: numbers, labels, or one 0/1 column a class."""
    if prepared.task in {"binary", "multiclass"}:
        return np.asarray(np.eye(max(2, len(prepared.classes)))[raw.astype(int)])
    return raw.astype(np.float64)


def _sentinels(table: Table, name: str) -> list[Sentinel]:
    """Return the extreme value of a column that repeats and lies farther off than the others are spread."""
    values = as_float(table.frame[name])
    values, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    found = []
    for place, rest in ((0, values[1:]), (-1, values[:-1])):
        if len(rest) < 5 or counts[place] < 2:
            continue
        gap = min(abs(values[place] - rest[0]), abs(values[place] - rest[-1]))
        needed = 1.0 if float(values[place]) in SENTINELS else 5.0
        if gap > needed * (rest[-1] - rest[0]) and abs(values[place]) > np.abs(rest).max():
            found.append(Sentinel(name, float(values[place]), int(counts[place])))
    return found


def _counts_rows(table: Table, name: str) -> bool:
    """Whether a column merely numbers the rows: whole, never twice the same, without holes."""
    values = as_float(table.frame[name])
    if len(values) < 20 or not np.isfinite(values).all() or (values != np.round(values)).any():
        return False
    return bool(len(np.unique(values)) == len(values) == values.max() - values.min() + 1)


def _scale(x: Array) -> tuple[tuple[float, float], float]:
    finite = np.where(np.isfinite(x), x, np.nan).astype(np.float64)
    known = finite[:, ~np.isnan(finite).all(axis=0)]
    spread, mean = np.nanstd(known, axis=0), np.nanmean(known, axis=0)
    varying = spread > 0
    if not varying.any():
        return (1.0, 1.0), float(np.abs(mean).max(initial=0.0))
    return (float(spread[varying].min()), float(spread[varying].max())), float(np.abs(mean[varying]).max())


def _leaks(x: Array, y: Array, features: tuple[str, ...], columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return columns that are too good to be true: perfect alone, while the others together fall well short."""
    groups = {
        name: [i for i, feature in enumerate(features) if feature == name or feature.startswith(f"{name}=")]
        for name in columns[:_MOST_COLUMNS]
    }
    groups = {name: places for name, places in groups.items() if places}
    if len(groups) < 2 or len(x) < FEWEST_FOR_LEAKS:
        return ()
    leaks = telling_columns(x, y, groups)
    others = [i for name, places in groups.items() if name not in leaks for i in places]
    if not leaks or 2 * len(leaks) > len(groups):
        return ()
    without = max(reference(x[:, others], y).values(), default=1.0)
    # Where the others carry nothing at all, the column is the only input there is, not a leak beside real ones.
    return leaks if 0.02 < without < 0.95 else ()


def _duplicates(prepared: Prepared, truth: Array, truth_val: Array) -> float:
    if not len(prepared.x_val):
        return 0.0
    known = {row.tobytes() for row in np.hstack((prepared.x, truth.astype(np.float32)))}
    held_out = np.hstack((prepared.x_val, truth_val.astype(np.float32)))
    return float(np.mean([row.tobytes() in known for row in held_out]))


def _shift(truth: Array, truth_val: Array) -> float:
    if not len(truth_val):
        return 0.0
    spread = np.concatenate((truth, truth_val)).std(axis=0)
    apart = np.abs(truth.mean(axis=0) - truth_val.mean(axis=0))
    return float((apart / np.where(spread > 0, spread, 1.0)).max())


def _runs(truth: Array) -> float:
    best = 0.0
    for column in truth.T:
        if len(column) > 3 and column[1:].std() > 0 and column[:-1].std() > 0:
            best = max(best, float(np.corrcoef(column[1:], column[:-1])[0, 1]))
    return best
