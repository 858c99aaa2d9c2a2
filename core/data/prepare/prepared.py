"""A run's choices and a table → the arrays that are trained on: select, split, encode, and nothing hidden."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.choices.scalers import TARGET_SCALERS
from core.data.kinds import as_float
from core.data.prepare.inputs import encode_inputs
from core.data.prepare.raw_inputs import RawInputs, raw_inputs
from core.data.prepare.selection import select
from core.data.prepare.split import split
from core.data.prepare.targets import Outputs, TargetScale, encode_classes, fit_target_scale, resolve_outputs
from core.data.table import Table
from core.data.understand.task import class_indices, resolve_task
from core.errors import InputRefused
from core.sentence import said
from core.spec import RunSpec, Task

LARGEST_TARGET: Final = 1e100
"""Squares of larger targets come near the end of float64."""

_LEAKY: Final = said(
    "Scaling and imputation are learnt from the validation rows too, so the validation scores flatter."
)


@dataclass(frozen=True, eq=False)
class Prepared:
    """Arrays ready to train on, and what is needed to read the network's predictions.

    Attributes
    ----------
    x, x_val : numpy.ndarray
        float32 [rows, features], C-contiguous; no validation rows: [0, features].
    y, y_val : numpy.ndarray
        float32. Regression [rows, targets], scaled; multilabel 0/1 [rows, labels]; classes as indices [rows, 1] for
        one output unit or a sparse loss, else one-hot [rows, output_units].
    sample_weight : numpy.ndarray or None
        float32 [rows], for ``class_weight: balanced``.
    classes : tuple of str
        Names of the classes in the order of their indices; empty for regression.
    features, targets : tuple of str
        Names of the columns of `x` after encoding, and of the target columns.
    origins : tuple of str
        For each of `features` the column of the table it comes from.
    output_units, output_activation, loss, metric
        The spec's choices with ``auto`` resolved.
    targets_raw, targets_raw_val : numpy.ndarray
        Regression float64 [rows, targets] in the target's own units; int64 [rows] class indices; multilabel int64
        0/1 [rows, labels].
    unscale : callable
        Scaled predictions [n, targets] → the target's own units, float64.
    notes : tuple of str
        What was left out, repaired or inferred, one sentence each.
    rows, rows_val : numpy.ndarray
        int64, the positions of the rows of `x` and `x_val` in the table.
    raw : RawInputs or None
        The inputs in their own units, where they are one or two columns of numbers.
    """

    x: np.ndarray
    y: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray
    sample_weight: np.ndarray | None
    task: Task
    classes: tuple[str, ...]
    features: tuple[str, ...]
    origins: tuple[str, ...]
    targets: tuple[str, ...]
    output_units: int
    output_activation: str
    loss: str
    metric: str
    targets_raw: np.ndarray
    targets_raw_val: np.ndarray
    unscale: Callable[[np.ndarray], np.ndarray]
    notes: tuple[str, ...]
    rows: np.ndarray
    rows_val: np.ndarray
    raw: RawInputs | None


def prepare(run: RunSpec, table: Table) -> Prepared:
    """Return the arrays `run` trains and validates on; the same run and table give the same arrays.

    Raises
    ------
    InputRefused
        If the table does not have what the run names, or nothing would be left to train on.
    """
    task, reason = resolve_task(table, run.data)
    targets = tuple(table.column(name).name for name in dict.fromkeys(run.data.targets))
    raw, usable, classes = _targets(table, targets, task)
    selection = select(run, table, usable)
    raw = raw[selection.rows]
    outputs = resolve_outputs(run.model, task, len(targets), len(classes))
    train, held_out, split_notes = split(
        run, len(raw), raw if raw.ndim == 1 else None, selection.groups() if run.data.split == "grouped" else None
    )
    fit_rows = train if run.preprocessing.fit_on == "train" else np.concatenate((train, held_out))
    inputs = encode_inputs(run.preprocessing, selection.numbers, selection.categories, fit_rows)
    y, unscale, target_notes = _outputs(run, task, raw, fit_rows, outputs)
    leaky = (_LEAKY,) if run.preprocessing.fit_on == "all" and len(held_out) else ()
    inferred = (said("The task is {task!w}: {reason!t}.", task=task, reason=reason),) if run.data.task == "auto" else ()
    return Prepared(
        x=inputs.matrix[train],
        y=y[train],
        x_val=inputs.matrix[held_out],
        y_val=y[held_out],
        sample_weight=_sample_weight(run, raw[train], task),
        task=task,
        classes=classes,
        features=inputs.features,
        origins=tuple(selection.parents.get(name, name) for name in inputs.origins),
        targets=targets,
        output_units=outputs.units,
        output_activation=outputs.activation,
        loss=outputs.loss,
        metric=outputs.metric,
        targets_raw=raw[train],
        targets_raw_val=raw[held_out],
        unscale=unscale,
        notes=(*table.notes, *inferred, *selection.notes, *split_notes, *leaky, *inputs.notes, *target_notes),
        rows=selection.rows[train],
        rows_val=selection.rows[held_out],
        raw=raw_inputs(table, selection.numbers, selection.categories, inputs.encode, train, held_out),
    )


def _targets(table: Table, names: tuple[str, ...], task: Task) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Return the targets of every table row, whether a row has them (bool [rows]), and the names of classes."""
    if task in {"binary", "multiclass"}:
        series = table.frame[names[0]]
        usable = series.notna().to_numpy(bool)
        indices = np.zeros(len(series), np.int64)
        indices[usable], classes = class_indices(series[usable])
        return indices, usable, classes
    values = np.column_stack([as_float(table.frame[name]) for name in names])
    usable = np.isfinite(values).all(axis=1)
    if not usable.any():
        raise InputRefused(
            said("data.target: no row has a finite value of {names}.", names=", ".join(names[:10])), "data.target"
        )
    if task == "regression":
        if np.abs(values[usable]).max() > LARGEST_TARGET:
            raise InputRefused(
                said(
                    "data.target: {names} goes beyond {most:g}; allowed: smaller numbers.",
                    names=", ".join(names[:10]),
                    most=LARGEST_TARGET,
                ),
                "data.target",
            )
        return values, usable, ()
    return np.where(usable[:, None], values, 0).astype(np.int64), usable, names


def _outputs(
    run: RunSpec, task: Task, raw: np.ndarray, fit_rows: np.ndarray, outputs: Outputs
) -> tuple[np.ndarray, TargetScale, tuple[str, ...]]:
    scaling = run.preprocessing.target_scaling
    if task == "regression":
        scale = fit_target_scale(scaling, raw[fit_rows])
        limit = np.finfo(np.float32).max
        return np.clip(scale.scale(raw), -limit, limit).astype(np.float32), scale, ()
    notes = () if TARGET_SCALERS[scaling].fit is None else (said("The target is a class, so it is not scaled."),)
    y = raw.astype(np.float32) if task == "multilabel" else encode_classes(raw, outputs)
    return y, TargetScale(), notes


def _sample_weight(run: RunSpec, classes: np.ndarray, task: Task) -> np.ndarray | None:
    """Return the weight of each training row, rows / (classes × rows of its class), as scikit-learn balances."""
    if run.training.class_weight is None:
        return None
    if task not in {"binary", "multiclass"}:
        raise InputRefused(
            said("training.class_weight: balanced needs classes and the task is {task!w}; allowed: null.", task=task),
            "training.class_weight",
        )
    from sklearn.utils.class_weight import compute_sample_weight

    return np.asarray(compute_sample_weight("balanced", classes), np.float32)
