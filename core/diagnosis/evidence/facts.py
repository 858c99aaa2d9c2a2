"""What the table and the prepared arrays say before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.data.kinds import NEARLY_UNIQUE
from core.data.prepare.cache import Preparation
from core.data.prepare.prepared import Prepared
from core.data.table import Table
from core.data.understand.leaks import Leak, is_identifier, leak_suspects
from core.data.understand.sentinels import Sentinel, sentinels
from core.diagnosis.evidence.simple_models import chance, reference
from core.spec import RunSpec, Thing

Array = npt.NDArray[Any]

_DOUBTFUL: Final = 0.15
"""Below this, what simple models find may be luck."""


@dataclass(frozen=True)
class DataFacts:
    """The data in numbers; "inputs" and "target" are as the network sees them, unless they say raw."""

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
    """Values of the inputs that stand for "missing", as the profile of the table has them."""
    input_spread: tuple[float, float] = (1.0, 1.0)
    """Smallest and largest standard deviation of the columns that vary."""
    input_offset: float = 0.0
    """The largest absolute mean of a column that varies."""
    target_range: tuple[float, float] = (0.0, 1.0)
    """Of all targets, as mean and spread; for regression only."""
    target_mean: float = 0.0
    target_std: float = 1.0
    constant_target: bool = False
    category_columns: tuple[str, ...] = ()
    identifier_columns: tuple[str, ...] = ()
    """Inputs that only tell the rows apart, as the profile has them."""
    usable_columns: tuple[str, ...] = ()
    skills: Mapping[str, float] = field(default_factory=dict)
    """Out-of-fold skill of simple models (`evidence.simple_models`); empty where they could not be judged."""
    chance: float = 0.0
    """The same for shuffled targets, where `skills` are so low that it matters."""
    leaks: tuple[Leak, ...] = ()
    """Inputs that reveal a target, as the profile has them."""
    without_leaks: float | None = None
    """The best out-of-fold skill of a simple model on the other inputs; None without such a leak, or another input."""
    duplicates: float = 0.0
    """Share of validation rows that are training rows, target included."""
    shift: float = 0.0
    """Difference between the targets' means in training and validation rows, in standard deviations."""
    runs_of_target: float = 0.0
    """How sorted the training targets are: their correlation from row to row."""

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
        key = run.key(Thing.ARRAYS)
        if key not in self._known:
            self._known[key] = examine(run, self.preparation.table(run), self.preparation.of(run))
        return self._known[key]


def examine(run: RunSpec, table: Table, prepared: Prepared) -> DataFacts:
    """Return the facts of `prepared`, made of `table` as `run` asks."""
    x = np.concatenate((prepared.x, prepared.x_val))
    truth, truth_val = _numbers(prepared, prepared.targets_raw), _numbers(prepared, prepared.targets_raw_val)
    y = np.concatenate((truth, truth_val))
    asked = [c for c in table.columns if c.name not in prepared.targets and _is_asked(run, c.name)]
    inputs = [c for c in asked if c.name in prepared.origins]
    usable = tuple(c.name for c in inputs if c.kind not in NEARLY_UNIQUE)
    spread, offset = _scale(prepared.x)
    shares = tuple(truth.mean(axis=0).tolist()) if prepared.classes and prepared.task != "multilabel" else ()
    skills = reference(x, y)
    found = leak_suspects(table, prepared.targets, prepared.task)
    leaks = tuple(leak for leak in found if leak.column in prepared.origins)
    telling = {leak.column for leak in leaks}
    others = [i for i, origin in enumerate(prepared.origins) if origin not in telling] if leaks else []
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
        sentinels=tuple(found for column in inputs for found in sentinels(table, column)),
        input_spread=spread,
        input_offset=offset,
        target_range=(float(prepared.y.min()), float(prepared.y.max())),
        target_mean=float(prepared.y.mean()),
        target_std=float(prepared.y.std(axis=0).mean()),
        constant_target=not (y.std(axis=0) > 0).any(),
        # Those that the encoding drops, too: that may be the fault.
        category_columns=tuple(c.name for c in asked if c.kind == "category" and c.distinct > 2),
        identifier_columns=tuple(c.name for c in inputs if is_identifier(table, c)),
        usable_columns=usable,
        skills=skills,
        chance=chance(x, y) if skills and 0 < max(skills.values()) < _DOUBTFUL else 0.0,
        leaks=leaks,
        without_leaks=max(reference(x[:, others], y).values(), default=None) if others else None,
        duplicates=_duplicates(prepared, truth, truth_val),
        shift=_shift(truth, truth_val),
        runs_of_target=_runs(truth),
    )


def _is_asked(run: RunSpec, name: str) -> bool:
    return run.data.features is None or name in run.data.features


def _numbers(prepared: Prepared, raw: Array) -> Array:
    """Return the true targets as float columns: numbers, labels, or one 0/1 column per class."""
    if prepared.task in {"binary", "multiclass"}:
        return np.asarray(np.eye(max(2, len(prepared.classes)))[raw.astype(int)])
    return raw.astype(np.float64)


def _scale(x: Array) -> tuple[tuple[float, float], float]:
    finite = np.where(np.isfinite(x), x, np.nan).astype(np.float64)
    known = finite[:, ~np.isnan(finite).all(axis=0)]
    spread, mean = np.nanstd(known, axis=0), np.nanmean(known, axis=0)
    varying = spread > 0
    if not varying.any():
        return (1.0, 1.0), float(np.abs(mean).max(initial=0.0))
    return (float(spread[varying].min()), float(spread[varying].max())), float(np.abs(mean[varying]).max())


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
