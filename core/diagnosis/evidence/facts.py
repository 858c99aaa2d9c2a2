"""What the table and the prepared arrays say before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.choices.scalers import SCALERS
from core.data.kinds import NEARLY_UNIQUE, NUMERIC
from core.data.prepare.cache import Preparation
from core.data.prepare.prepared import Prepared
from core.data.table import Column, Table
from core.data.understand.leaks import Leak, is_identifier, leak_suspects
from core.data.understand.sentinels import Sentinel, sentinels
from core.diagnosis.evidence.simple_models import FEWEST_ROWS, Copies, chance, copies, reference
from core.spec import RunSpec, Thing

Array = npt.NDArray[Any]

_TOLD_APART: Final = 500
"""Training rows, and validation rows, that a model is asked to tell apart."""
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
    lone_values: tuple[str, ...] = ()
    """Inputs of which one value makes up nearly all the spread: next to it the others are alike."""
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
    word_columns: tuple[str, ...] = ()
    """All columns of words that are asked for, those of two words among them."""
    number_columns: tuple[str, ...] = ()
    """The other columns that are asked for."""
    skills: Mapping[str, float] = field(default_factory=dict)
    """Out-of-fold skill of simple models (`evidence.simple_models`); empty where they could not be judged."""
    chance: float = 0.0
    """The same for shuffled targets, where `skills` are so low that it matters."""
    leaks: tuple[Leak, ...] = ()
    """Inputs that reveal a target, as the profile has them."""
    without_leaks: float | None = None
    """The best out-of-fold skill of a simple model on the other inputs; None without such a leak, or another input."""
    copies: Copies = field(default_factory=Copies)
    """Rows that are there several times; then `skills` are those where no row is judged by its copy."""
    by_heart: float | None = None
    """The best of them where rows are judged by their copies, if there are any."""
    unscaled: float | None = None
    """The best of them on columns scaled one by one, where the run scales rows."""
    input_shift: float = 0.5
    """How well a model tells validation rows from training rows: the area under its ROC curve; 0.5 is not at all."""
    answers: tuple[int, int] = (1, 1)
    """The fewest and the most labels that are true in one row; for several labels only."""
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
            table, prepared = self.preparation.table(run), self.preparation.of(run)
            found = examine(run, table, prepared)
            if SCALERS[run.preprocessing.scaling].by_row:
                arrays = _all_rows(self.preparation.of(run.changed({"preprocessing.scaling": "standard"})))
                skills = reference(*arrays, apart=found.copies.share > 0)
                found = replace(found, unscaled=max(skills.values(), default=None))
            self._known[key] = found
        return self._known[key]


def examine(run: RunSpec, table: Table, prepared: Prepared) -> DataFacts:
    """Return the facts of `prepared`, made of `table` as `run` asks."""
    x, y = _all_rows(prepared)
    truth, truth_val = np.split(y, [len(prepared.x)])
    copied = copies(x, y)
    apart = copied.share > 0
    asked = [c for c in table.columns if c.name not in prepared.targets and _is_asked(run, c.name)]
    inputs = [c for c in asked if c.name in prepared.origins]
    usable = tuple(c.name for c in inputs if c.kind not in NEARLY_UNIQUE)
    spread, offset = _scale(prepared.x)
    shares = tuple(truth.mean(axis=0).tolist()) if prepared.classes and prepared.task != "multilabel" else ()
    skills = reference(x, y, apart=apart)
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
        lone_values=_lone_values(x, prepared.origins),
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
        word_columns=tuple(c.name for c in asked if c.kind not in NUMERIC and _is_encoded(run, c)),
        number_columns=tuple(c.name for c in asked if c.kind in NUMERIC),
        skills=skills,
        chance=chance(x, y, apart=apart) if skills and 0 < max(skills.values()) < _DOUBTFUL else 0.0,
        leaks=leaks,
        without_leaks=max(reference(x[:, others], y, apart=apart).values(), default=None) if others else None,
        copies=copied,
        by_heart=max(reference(x, y).values(), default=None) if apart else None,
        input_shift=_input_shift(prepared.x, prepared.x_val) if run.data.split == "in_order" else 0.5,
        answers=_answers(prepared.targets_raw) if prepared.task == "multilabel" else (1, 1),
        shift=_shift(truth, truth_val),
        runs_of_target=_runs(truth),
    )


def _is_asked(run: RunSpec, name: str) -> bool:
    return run.data.features is None or name in run.data.features


def _is_encoded(run: RunSpec, column: Column) -> bool:
    return run.data.features is not None or column.kind not in NEARLY_UNIQUE


def _numbers(prepared: Prepared, raw: Array) -> Array:
    """Return the true targets as float columns: numbers, labels, or one 0/1 column per class."""
    if prepared.task in {"binary", "multiclass"}:
        return np.asarray(np.eye(max(2, len(prepared.classes)))[raw.astype(int)])
    return raw.astype(np.float64)


_NEARLY_ALL: Final = 0.9
_FEWEST_VALUES: Final = 10
"""Of a column that measures something; of two kinds of rows, the rarer one may be a single row."""


def _lone_values(x: Array, origins: Sequence[str]) -> tuple[str, ...]:
    found = []
    for place, origin in enumerate(origins):
        column = x[np.isfinite(x[:, place]), place].astype(np.float64)
        if len(np.unique(column)) >= _FEWEST_VALUES:
            apart = (column - column.mean()) ** 2
            if apart.max() > _NEARLY_ALL * apart.sum():
                found.append(origin)
    return tuple(dict.fromkeys(found))


def _scale(x: Array) -> tuple[tuple[float, float], float]:
    finite = np.where(np.isfinite(x), x, np.nan).astype(np.float64)
    known = finite[:, ~np.isnan(finite).all(axis=0)]
    spread, mean = np.nanstd(known, axis=0), np.nanmean(known, axis=0)
    varying = spread > 0
    if not varying.any():
        return (1.0, 1.0), float(np.abs(mean).max(initial=0.0))
    return (float(spread[varying].min()), float(spread[varying].max())), float(np.abs(mean[varying]).max())


def _all_rows(prepared: Prepared) -> tuple[Array, Array]:
    """Return inputs and true targets of the training rows and, behind them, the validation rows."""
    raw = (prepared.targets_raw, prepared.targets_raw_val)
    return np.concatenate((prepared.x, prepared.x_val)), np.concatenate([_numbers(prepared, one) for one in raw])


def _answers(raw: Array) -> tuple[int, int]:
    true = raw.sum(axis=1)
    return int(true.min()), int(true.max())


def _input_shift(x: Array, x_val: Array) -> float:
    """Return the area under the ROC curve of a model that tells the rows of one from those of the other.

    A classifier two-sample test (Lopez-Paz & Oquab 2017), out of fold.
    """
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    rng = np.random.default_rng(0)
    parts = [rows[rng.permutation(len(rows))[:_TOLD_APART]] for rows in (x, x_val)]
    if min(map(len, parts)) < FEWEST_ROWS:
        return 0.5
    both = np.nan_to_num(np.concatenate(parts), posinf=0.0, neginf=0.0)
    which = np.repeat([0, 1], list(map(len, parts)))
    model = ExtraTreesClassifier(n_estimators=30, min_samples_leaf=5, random_state=0)
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    return float(roc_auc_score(which, cross_val_predict(model, both, which, cv=folds, method="predict_proba")[:, 1]))


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
