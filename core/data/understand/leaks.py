"""Which columns reveal the target: each alone is asked to predict the target on rows it has not seen.

The score is the idea of the predictive power score (Wetschoreck 2020) with the plainest predictor there is: the rows
with the same word, or the nearest numbers. It needs numpy alone, so that the web process may ask it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from core.data.kinds import as_float
from core.data.table import Column, Table
from core.data.understand.duplicate_columns import same_values
from core.sentence import said
from core.spec import Task, plain_text

CLASS_LIMIT: Final = 0.97
"""A column that avoids this share of the errors of guessing reveals a class (petal width reaches 0.94 for iris) …"""
NUMBER_LIMIT: Final = 0.995
"""… and one that explains this share of a number's variance reveals that (length reaches 0.991 for carat)."""
CERTAIN_LIMIT: Final = 0.999
"""Measurements err and stay below this; what reaches it was computed from the target, or the target from it. A number
may separate classes honestly, and a target may be computed from it (a square, a sine): it is a copy for certain only
where the target explains this share of *its* variance, too."""
IDENTIFIER_LIMIT: Final = 0.5
"""A row number or id should know nothing at all; this much is an order in the file."""
FEWEST_SCORED: Final = 30
"""With fewer rows a perfect score is luck."""
ROWS_PER_WORD: Final = 5
"""Words of so many rows each, on average, are judged on the rows whose word has been seen: a rare word that was never
learnt does not hide that each word goes with one class. Rarer words are ids, and tell nothing of a new row."""

FEWEST_IDS: Final = 20
"""Fewer whole numbers in a row may well be a measurement."""
MOST_GAPS: Final = 2
"""Ids reach up to so many times their number: rows were deleted. Whole measurements as dense as that repeat themselves
long before there are twenty (the birthday paradox)."""

_ROWS: Final = 5000
_CELLS: Final = 250_000
_FOLDS: Final = 4
_NEIGHBOURS: Final = 5
_ORDERED: Final = frozenset({"number", "date"})
_Rule = Callable[[np.ndarray, np.ndarray, np.ndarray, int], np.ndarray]

Reason = Literal["copy", "answer", "identifier"]


@dataclass(frozen=True)
class Leak:
    """A column under suspicion.

    Attributes
    ----------
    score : float
        Share of the error of guessing that the column alone avoids on held-out rows; 1 = it knows the target.
    reason : str
        copy: it is the target in other words; answer: it alone nearly determines the target; identifier: a row number
        or id that knows the target, so the order of the file does.
    text : str
        The same in a sentence, plain text.
    certain : bool
        Whether no honest measurement would know the target so well.
    """

    column: str
    target: str
    score: float
    reason: Reason
    text: str
    certain: bool = False


# Numbers near the end of float64 may overflow on the way: they predict nothing, which is what they are worth.
@np.errstate(over="ignore", invalid="ignore")
def leak_suspects(table: Table, targets: Sequence[str], task: Task) -> tuple[Leak, ...]:
    """Return the columns that nearly determine a target, the surest first.

    A column that is the only possible input is suspected only as a copy: a single input is allowed to explain the
    target. At most 5000 rows are looked at, a seeded sample.

    Parameters
    ----------
    task : str
        Decides whether errors are wrong classes or squared differences.
    """
    # A single word and its absence tell rows apart, too.
    varying = [c for c in table.columns if c.distinct > 1 or (c.distinct == 1 and c.missing)]
    columns = [column for column in varying if column.name not in targets]
    rows = _sample(table, targets, len(columns))
    found: dict[str, Leak] = {}
    for target in targets:
        if table.column(target).distinct < 2:
            continue
        for column in columns:
            leak = _suspect(table, rows, column, target, task, alone=len(columns) == 1)
            if leak is not None and (column.name not in found or found[column.name].score < leak.score):
                found[column.name] = leak
    return tuple(sorted(found.values(), key=lambda leak: -leak.score))


def _suspect(table: Table, rows: np.ndarray, column: Column, target: str, task: Task, *, alone: bool) -> Leak | None:
    name, aim = plain_text(column.name, 60), plain_text(target, 60)
    if same_values(table, column.name, target):
        text = said(
            "{column} is {target} in other words: every value of one stands for one value of the other.",
            column=name,
            target=aim,
        )
        return Leak(column.name, target, 1.0, "copy", text, certain=True)
    if alone or len(rows) < FEWEST_SCORED:
        return None
    score = column_score(table, column, target, task, rows)
    limit = NUMBER_LIMIT if task == "regression" else CLASS_LIMIT
    if score >= limit:
        told = {"column": name, "share": f"{100 * min(score, 1):.0f}", "target": aim}
        if task == "regression":
            text = said(
                "{column} alone explains {share} % of the variance of {target}, on rows it has not seen.", **told
            )
        else:
            text = said(
                "{column} alone avoids {share} % of the errors of guessing {target}, on rows it has not seen.", **told
            )
        surely = score
        if column.kind in _ORDERED:
            back = column_score(table, table.column(target), column.name, "regression", rows)
            surely = min(score, back) if task == "regression" else back
        return Leak(column.name, target, score, "answer", text, surely >= CERTAIN_LIMIT)
    if score >= IDENTIFIER_LIMIT and is_identifier(table, column):
        text = said(
            "{column} numbers the rows and yet reveals {target}: the rows are sorted, or it was given out later.",
            column=name,
            target=aim,
        )
        return Leak(column.name, target, score, "identifier", text)
    return None


def is_identifier(table: Table, column: Column) -> bool:
    """Return whether a column only tells rows apart: words that differ in nearly every row, or numbers of the rows.

    Such numbers are whole, each there once, with hardly any gaps between them.
    """
    rows = len(table.frame)
    if column.kind == "identifier":
        return True
    if column.kind != "number" or column.missing or column.distinct < rows or rows < FEWEST_IDS:
        return False
    if column.minimum is None or column.maximum is None or column.maximum - column.minimum > MOST_GAPS * rows:
        return False
    values = as_float(table.frame[column.name])
    return bool((np.isfinite(values) & (values == np.floor(values))).all())


def column_score(table: Table, column: Column, target: str, task: Task, rows: np.ndarray | None = None) -> float:
    """Return the share of the error of guessing that `column` alone avoids, on rows held out of four folds.

    Words and booleans predict the mean (the most frequent class) of the training rows with the same value. Numbers do
    so with the nearest rows where those are few, or by a line, straight or from row to row; whole numbers that come
    again may be codes and are taken as words, too. Whichever knows most counts. What is missing is a value of its own.
    Guessing is the mean, or the most frequent class, of the training rows.

    Parameters
    ----------
    rows : numpy.ndarray, optional
        Positions of the rows to use; all with a target by default.
    """
    rows = np.flatnonzero(table.frame[target].notna().to_numpy(bool)) if rows is None else rows
    y = _outcomes(table.frame[target].iloc[rows], task)
    x, ordered = _values(table.frame[column.name].iloc[rows], column)
    repeated = len(x) >= ROWS_PER_WORD * len(np.unique(x))
    rules = [_window_means, _by_line, _between] if task == "regression" else [_window_classes]
    scores = [_avoided(x, y, task, rules, _NEIGHBOURS)] if ordered else []
    if not ordered or (repeated and column.kind == "number" and (x == np.floor(x)).all()):
        scores.append(_avoided(x, y, task, rules[:1], 0, only_seen=repeated))
    return max(scores)


def _avoided(
    x: np.ndarray, y: np.ndarray, task: Task, rules: Sequence[_Rule], reach: int, *, only_seen: bool = False
) -> float:
    """Return the share of the error of guessing that the best of `rules` avoids, on rows of any or of seen values."""
    fold = np.random.Generator(np.random.Philox(0)).permutation(len(x)) % _FOLDS
    errors, guess = np.zeros(len(rules)), 0.0
    for part in range(_FOLDS):
        train, held = fold != part, fold == part
        held = held & np.isin(x, x[train]) if only_seen else held
        errors += [_error(rule(x[train], y[train], x[held], reach), y[held], task) for rule in rules]
        guess += _error(_guess(y[train]), y[held], task)
    best = float(np.nan_to_num(errors, nan=np.inf).min())
    return 1 - best / guess if guess > 0 else 0.0


def _sample(table: Table, targets: Sequence[str], columns: int) -> np.ndarray:
    """Return the positions of a seeded sample of the rows that have every target; fewer of a wide table.

    Rows that come again count once: their twin in another fold would reveal them.
    """
    rows = np.flatnonzero(table.frame[list(targets)].notna().all(axis=1).to_numpy(bool))
    most = int(np.clip(_CELLS // max(columns, 1), 500, _ROWS))
    if len(rows) > most:
        rows = np.sort(np.random.Generator(np.random.Philox(0)).permutation(rows)[:most])
    return np.asarray(rows[~table.frame.iloc[rows].duplicated().to_numpy()])


def _outcomes(series: pd.Series, task: Task) -> np.ndarray:
    """Return the target [rows]: numbers as float64, or classes as int64 from 0."""
    if task != "regression":
        return pd.factorize(series)[0]
    values = as_float(series)
    return np.where(np.isfinite(values), values, np.nanmedian(values[np.isfinite(values)]))


def _values(series: pd.Series, column: Column) -> tuple[np.ndarray, bool]:
    """Return comparable values, missing = -1 of words and -inf of numbers, and whether nearness means something."""
    if column.kind in _ORDERED:
        return np.nan_to_num(as_float(series), nan=-np.inf, posinf=np.finfo(np.float64).max), True
    return pd.factorize(series)[0].astype(np.float64), False


def _guess(y: np.ndarray) -> float:
    """Return the mean of numbers, the most frequent of classes."""
    return float(np.bincount(y).argmax() if y.dtype == np.int64 else y.mean())


def _windows(x: np.ndarray, asked: np.ndarray, reach: int) -> tuple[np.ndarray, np.ndarray]:
    """Return where in `x`, sorted, the rows with each value begin and end; if fewer than `reach`, with those around."""
    low, high = np.searchsorted(x, asked, "left"), np.searchsorted(x, asked, "right")
    few = high - low < reach
    low, high = np.where(few, np.maximum(low - reach // 2 - 1, 0), low), np.where(few, high + reach // 2 + 1, high)
    return low, np.minimum(high, len(x))


def _window_means(x: np.ndarray, y: np.ndarray, asked: np.ndarray, reach: int) -> np.ndarray:
    """Return the mean outcome of the rows in each window; without any such row it is the mean of all."""
    order = np.argsort(x, kind="stable")
    low, high = _windows(x[order], asked, reach)
    sums = np.concatenate(([0.0], np.cumsum(y[order])))
    return np.asarray(np.where(high > low, (sums[high] - sums[low]) / np.maximum(high - low, 1), y.mean()))


def _window_classes(x: np.ndarray, y: np.ndarray, asked: np.ndarray, reach: int) -> np.ndarray:
    """Return the most frequent class of the rows in each window; without any such row it is that of all."""
    order = np.argsort(x, kind="stable")
    low, high = _windows(x[order], asked, reach)
    # Few windows differ, and each row stands in few of them: that is less to count than every class of every window.
    (low, high), window = np.unique(np.stack((low, high)), axis=1, return_inverse=True)
    size = high - low
    rows = np.arange(size.sum()) + np.repeat(low - np.cumsum(size) + size, size)
    kinds = int(y.max()) + 1
    pairs, count = np.unique(np.repeat(np.arange(len(size)), size) * kinds + y[order][rows], return_counts=True)
    # The last to be written is the most frequent, of several the first class.
    rising = np.lexsort((-pairs, count))
    classes = np.full(len(size), int(_guess(y)))
    classes[pairs[rising] // kinds] = pairs[rising] % kinds
    return np.asarray(classes[window.ravel()])


def _by_line(x: np.ndarray, y: np.ndarray, asked: np.ndarray, _reach: int) -> np.ndarray:
    """Return least squares' straight line; neighbours cannot follow a copy in other units into its rare far ends."""
    known = np.isfinite(x)
    center = x[known].mean() if known.any() else 0.0
    distance = np.where(known, x - center, 0.0)
    square = (distance**2).sum()
    slope = (distance * y).sum() / square if 0 < square < np.inf else 0.0
    return np.asarray(y.mean() + np.where(np.isfinite(asked), asked - center, 0.0) * slope)


def _between(x: np.ndarray, y: np.ndarray, asked: np.ndarray, _reach: int) -> np.ndarray:
    """Return the line from each row to the next; it follows what has no noise more closely than a mean does."""
    known = np.isfinite(x)
    if not known.any():
        return np.full(len(asked), y.mean())
    distinct, first, count = np.unique(x[known], return_inverse=True, return_counts=True)
    return np.asarray(np.interp(asked, distinct, np.bincount(first, y[known]) / count))


def _error(predicted: np.ndarray | float, actual: np.ndarray, task: Task) -> float:
    """Return the sum of squared differences, or the number of wrong classes."""
    if task == "regression":
        return float(((predicted - actual) ** 2).sum())
    return float(np.count_nonzero(predicted != actual))
