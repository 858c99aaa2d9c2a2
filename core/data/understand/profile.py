"""What a person should know of a table before training on it: facts of every column, and of the table as a whole.

Only numpy and pandas: the web process asks this while somebody waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from core.choices.outliers import FENCE
from core.data.kinds import EXACT_INTEGER, NEARLY_UNIQUE, Kind, as_float, moment
from core.data.table import Column, Table
from core.data.understand.duplicate_columns import duplicate_columns
from core.data.understand.leaks import Leak, is_identifier, leak_suspects
from core.data.understand.sentinels import Sentinel, sentinels
from core.data.understand.task import detect_task, suggest_target
from core.errors import InputRefused
from core.spec import Task

BINS: Final = 20


@dataclass(frozen=True)
class ColumnProfile:
    """One column.

    Attributes
    ----------
    missing : float
        Share of the rows without a value.
    minimum, maximum, skew, outliers : float or None
        Of the finite values of a number column; `skew` is the third standardised moment (0 = symmetric), `outliers`
        the share beyond Tukey's outer fences, which ``outliers: clip`` would cut; 0 where the middle half is one value.
    counts : tuple of int
        A histogram: at most 20 equal bins of a number or date, else the most frequent values, the first the most.
    labels : tuple of str
        What `counts` counts: the bins' n + 1 edges, or the values.
    identifier : bool
        Only tells rows apart: words that differ in nearly every row, or numbers of the rows.
    repeats : str or None
        An earlier column that says the same.
    """

    name: str
    kind: Kind
    missing: float
    distinct: int
    minimum: float | None = None
    maximum: float | None = None
    skew: float | None = None
    outliers: float | None = None
    counts: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    infinite: int = 0
    sentinels: tuple[Sentinel, ...] = ()
    constant: bool = False
    identifier: bool = False
    repeats: str | None = None


@dataclass(frozen=True)
class Profile:
    """A table as a person should see it.

    Attributes
    ----------
    duplicate_rows : int
        Rows that equal an earlier one in every column; scaled up from the sample of a long table.
    targets, target_reason : tuple of str, str
        What is to be predicted, given or suspected, and why, in plain words.
    task, task_reason : str or None, str
        What is to be learnt, None where the target cannot be; and why, or what is wrong with the target.
    classes : tuple of (str, int)
        The rows of each class, the most frequent first; empty for numbers and several targets.
    """

    rows: int
    columns: tuple[ColumnProfile, ...]
    duplicate_rows: int
    targets: tuple[str, ...]
    target_reason: str
    task: Task | None
    task_reason: str
    classes: tuple[tuple[str, int], ...]
    leaks: tuple[Leak, ...]

    def column(self, name: str) -> ColumnProfile:
        """Return the profile of the column called `name`, which exists."""
        return next(column for column in self.columns if column.name == name)


def profile(table: Table, targets: Sequence[str] | None = None) -> Profile:
    """Return what there is to know of `table`.

    Parameters
    ----------
    targets : sequence of str, optional
        The target columns; suspected from names and positions by default.

    Raises
    ------
    InputRefused
        If a target does not exist.
    """
    if targets is None:
        name, target_reason = suggest_target(table)
        targets = (name,)
    else:
        targets, target_reason = tuple(table.column(name, "data.target").name for name in targets), "chosen"
    task: Task | None
    try:
        task, task_reason = detect_task(table, targets)
    except InputRefused as refusal:
        task, task_reason = None, str(refusal)
    twins = duplicate_columns(table)
    return Profile(
        rows=len(table.frame),
        columns=tuple(_column(table, column, twins) for column in table.columns),
        duplicate_rows=round(table.repeated * len(table.frame)),
        targets=targets,
        target_reason=target_reason,
        task=task,
        task_reason=task_reason,
        classes=_balance(table.frame[targets[0]]) if task in {"binary", "multiclass"} else (),
        leaks=leak_suspects(table, targets, task) if task else (),
    )


def _column(table: Table, column: Column, twins: dict[str, str]) -> ColumnProfile:
    sample = table.sample[column.name]
    facts = ColumnProfile(
        name=column.name,
        kind=column.kind,
        missing=column.missing / max(len(table.frame), 1),
        distinct=column.distinct,
        minimum=column.minimum,
        maximum=column.maximum,
        sentinels=sentinels(table, column),
        constant=column.distinct <= 1,
        identifier=is_identifier(table, column),
        repeats=twins.get(column.name),
    )
    if column.kind in {"number", "date"}:
        return _with_shape(facts, as_float(sample))
    if column.kind in NEARLY_UNIQUE:
        return facts
    frequent = sample.value_counts().head(BINS)
    return replace(facts, counts=tuple(frequent), labels=tuple(map(str, frequent.index)))


# Numbers near the end of float64 may overflow on the way: then there are no fences, and no skew.
@np.errstate(over="ignore", invalid="ignore")
def _with_shape(facts: ColumnProfile, values: np.ndarray) -> ColumnProfile:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return facts
    counts, edges = histogram(finite)
    labels = tuple(moment(edge)[:10] if facts.kind == "date" else f"{edge:.4g}" for edge in edges)
    facts = replace(facts, counts=tuple(counts.tolist()), labels=labels)
    if facts.kind == "date":
        return facts
    low, high = np.quantile(finite, [0.25, 0.75])
    reach = FENCE * (high - low)
    beyond = float(((finite < low - reach) | (finite > high + reach)).mean()) if high > low else 0.0
    infinite = int(np.isinf(values).sum())
    return replace(facts, skew=_skew(finite), outliers=beyond, infinite=infinite)


def histogram(finite: np.ndarray, bins: int = BINS) -> tuple[np.ndarray, np.ndarray]:
    """Return the counts and the edges of at most `bins` equal bins; few whole numbers have one bin each."""
    low, high = float(finite.min()), float(finite.max())
    if high - low < bins and max(-low, high) < EXACT_INTEGER and (finite == np.floor(finite)).all():
        edges = np.arange(low, high + 2) - 0.5
    else:
        # Edges are computed by halves: the width itself may overflow.
        edges = 2 * np.linspace(low / 2, high / 2, bins + 1)
        edges[[0, -1]] = low, high
    if not (np.diff(edges) > 0).all():
        return np.array([len(finite)]), np.array([low, high])
    return np.histogram(finite, edges)


def _skew(finite: np.ndarray) -> float:
    distance = finite - finite.mean()
    spread = distance.std()
    return float(((distance / spread) ** 3).mean()) if 0 < spread < np.inf else 0.0


def _balance(target: pd.Series) -> tuple[tuple[str, int], ...]:
    return tuple((str(name), int(count)) for name, count in target.value_counts().items())
