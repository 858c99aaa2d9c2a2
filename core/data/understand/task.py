"""What is to be learnt from a target: numbers (regression) or classes (binary, multiclass, multilabel)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from core.data.kinds import NEARLY_UNIQUE, as_float
from core.data.table import Column, Table
from core.errors import InputRefused
from core.sentence import said
from core.spec import DataSpec, Task

MAX_CLASSES: Final = 1000
"""A softmax as wide as ImageNet's is trained in reasonable time …"""
MAX_CLASS_CELLS: Final = 100_000_000
"""… and targets and predictions, one column for each class, stay within 400 MB: 100 classes of a million rows."""
MAX_NUMBER_CLASSES: Final = 10
"""Whole numbers are read as classes up to this many different ones …"""
ROWS_PER_NUMBER_CLASS: Final = 5
"""… if each has this many rows on average; fewer repeats look like a measurement."""

_TARGET_NAMES: Final = (
    "target", "label", "outcome", "survived", "species", "diagnosis", "class", "price", "quality", "y",
)  # fmt: skip
"""The surest first; y comes last, since beside x and z it is a place or a size."""


def suggest_target(table: Table) -> tuple[str, str]:
    """Return the column most likely meant as target, one called so or the last that varies; and why, in plain words."""
    usable = [c.name for c in table.columns if c.kind not in {*NEARLY_UNIQUE, "date"} and c.distinct > 1]
    by_lower_name = {name.lower(): name for name in reversed(usable)}
    for name in _TARGET_NAMES:
        if name in by_lower_name:
            return by_lower_name[name], said("targets are often called so")
    if usable:
        return usable[-1], said("it is the last column that varies")
    return table.columns[-1].name, said("it is the last column")


def detect_task(table: Table, targets: Sequence[str]) -> tuple[Task, str]:
    """Return the task that `targets` suggest, and the reason in plain words.

    Several targets are labels if all hold only 0 and 1, else numbers. Booleans and words are classes. Numbers are two
    classes if there are two values that repeat; whole numbers are classes if there are 3 to 10 with five rows each on
    average; all other numbers are quantities.

    Raises
    ------
    InputRefused
        If a target does not exist, holds no value, has more classes than allowed, or words stand beside other targets.
    """
    columns = _targets(table, targets)
    if len(columns) > 1:
        if all(_is_label(table, column) for column in columns):
            return "multilabel", said("every target holds only 0 and 1")
        for column in columns:
            _check_number(column)
        return "regression", said("several targets are numbers")
    column = columns[0]
    if column.kind == "date":
        _check_number(column)
    if column.kind == "boolean":
        return "binary", said("{column} is true or false", column=column.name)
    if column.kind != "number":
        _check_classes(table, column)
        if column.distinct == 1:
            return "binary", said("{column} has 1 class", column=column.name)
        why = said("{column} has {count} classes", column=column.name, count=column.distinct)
        return ("binary" if column.distinct == 2 else "multiclass"), why
    return _detect_number(table, column)


def resolve_task(table: Table, data: DataSpec) -> tuple[Task, str]:
    """Return the task of `data` (what the spec says wins over what the target suggests), and the reason.

    Raises
    ------
    InputRefused
        If the target does not fit the task the spec asks for, or as `detect_task` does.
    """
    if data.task == "auto":
        return detect_task(table, data.targets)
    columns = _targets(table, data.targets)
    if data.task in {"binary", "multiclass"}:
        if len(columns) > 1:
            raise InputRefused(
                said("data.task: {task} takes one target; allowed: multilabel, regression.", task=data.task),
                "data.task",
            )
        if columns[0].kind == "date":
            _check_number(columns[0])
        _check_classes(table, columns[0])
        if data.task == "binary" and columns[0].distinct > 2:
            raise InputRefused(
                said(
                    "data.task: binary needs two classes, {column} has {count}; allowed: auto, multiclass.",
                    column=columns[0].name,
                    count=columns[0].distinct,
                ),
                "data.task",
            )
    for column in columns:
        if data.task == "regression":
            _check_number(column)
        elif data.task == "multilabel" and not _is_label(table, column):
            raise InputRefused(
                said(
                    "data.target: {column} is not a label; allowed for multilabel: columns of 0 and 1.",
                    column=column.name,
                ),
                "data.target",
            )
    return data.task, said("the spec says so")


def _targets(table: Table, names: Sequence[str]) -> list[Column]:
    if not names:
        raise InputRefused(said("data.target: no column is named; allowed: at least one."), "data.target")
    columns = [table.column(name, "data.target") for name in names]
    for column in columns:
        if column.missing == len(table.frame):
            raise InputRefused(said("data.target: {column} holds no value at all.", column=column.name), "data.target")
    return columns


def _is_label(table: Table, column: Column) -> bool:
    if column.kind == "boolean":
        return True
    return column.kind == "number" and column.distinct <= 2 and _values(table, column) <= {0.0, 1.0}


def _detect_number(table: Table, column: Column) -> tuple[Task, str]:
    rows = len(table.frame) - column.missing
    if column.distinct > MAX_NUMBER_CLASSES or column.distinct < 2:
        if column.distinct < 2:
            return "regression", said("{column} has one value", column=column.name)
        return "regression", said("{column} has {count:,} different numbers", column=column.name, count=column.distinct)
    values_found = _values(table, column)
    if column.distinct == 2 and (rows > 2 or values_found == {0.0, 1.0}):
        return "binary", said("{column} has two different values", column=column.name)
    whole = all(value.is_integer() for value in values_found)
    if whole and column.distinct > 2 and rows >= ROWS_PER_NUMBER_CLASS * column.distinct:
        why = said(
            "{column} has only {count} different whole numbers, read as classes",
            column=column.name,
            count=column.distinct,
        )
        return "multiclass", why
    return "regression", said("{column} has numbers", column=column.name)


def _values(table: Table, column: Column) -> set[float]:
    return set(pd.unique(as_float(table.frame[column.name].dropna())).tolist())


def _check_number(column: Column) -> None:
    if column.kind not in {"number", "boolean"}:
        kind = {"date": said("dates"), "category": said("words")}.get(column.kind, said("text"))
        raise InputRefused(
            said("data.target: {column} holds {kind!w}; regression needs numbers.", column=column.name, kind=kind),
            "data.target",
        )


def _check_classes(table: Table, column: Column) -> None:
    rows = len(table.frame)
    most = min(MAX_CLASSES, MAX_CLASS_CELLS // rows)
    if column.distinct > most:
        told = {"column": column.name, "count": column.distinct, "most": most}
        if most == MAX_CLASSES:
            raise InputRefused(
                said("data.target: {column} has {count} classes; allowed: at most {most}.", **told), "data.target"
            )
        raise InputRefused(
            said(
                "data.target: {column} has {count} classes; allowed: at most {most} in {rows} rows.", **told, rows=rows
            ),
            "data.target",
        )


def class_indices(series: pd.Series) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the class of each row as int64 [rows], and the classes' names in sorted order.

    Numbers sort as numbers, false before true, words by code point; `series` has no missing value.
    """
    values = series.to_numpy(dtype=object) if series.dtype == "str" else as_float(series)
    classes, indices = np.unique(values, return_inverse=True)
    if len(classes) == 1 and classes[0] in (0.0, 1.0):
        # A constant 1 stays the class 1: the other class exists, it only has no row.
        classes, indices = np.array([0.0, 1.0]), np.full(len(values), int(classes[0]))
    if pd.api.types.is_bool_dtype(series.dtype):
        names = [str(bool(value)) for value in classes]
    elif series.dtype == "str":
        names = [str(value) for value in classes]
    else:
        names = [str(int(value)) if float(value).is_integer() else str(value) for value in classes.tolist()]
    return indices.astype(np.int64), tuple(names)
