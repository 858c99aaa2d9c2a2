"""How long an experiment will take, told before it is trained: updates, arithmetic and compile times."""

from __future__ import annotations

import itertools
from typing import Final

from core.spec import ExperimentSpec, RunSpec
from core.training.compiler import uses_xla
from core.training.structure import structure_key

UPDATE_SECONDS: Final = {True: 8e-6, False: 150e-6}
"""One optimizer step on a network of two layers, apart from its arithmetic, under XLA and as a graph."""

EPOCH_SECONDS: Final = 50e-6
"""The share of an epoch in the call of a compiled chunk."""

FLOPS_PER_SECOND: Final = 2e10
"""Multiply-adds of one processor on matrices of a hundred columns."""

COMPILE_SECONDS: Final = {True: 2.0, False: 0.6}
"""Tracing and compiling a structure, under XLA and as a graph."""

RUN_SECONDS: Final = 0.02
"""What a run costs however short it is: preparing, assigning weights, storing the end."""

_FORWARD_AND_BACKWARD: Final = 3


def estimate_seconds(spec: ExperimentSpec, rows: int, features: int, slots: int) -> float:
    """Return about how many seconds `spec` takes on idle, warm trainers; an order of magnitude, not a promise.

    Parameters
    ----------
    spec : ExperimentSpec
    rows : int
        Rows of the table.
    features : int
        Columns after encoding.
    slots : int
        Trainings at the same time.
    """
    runs = spec.runs()
    training = sum(_run_seconds(run, rows, features) for run in runs)
    structures = {structure_key(run): COMPILE_SECONDS[uses_xla(run, _trained_rows(run, rows))] for run in runs}
    busy = max(1, min(slots, len(runs)))
    longest = max((_run_seconds(run, rows, features) for run in runs), default=0.0)
    return max((training + sum(structures.values())) / busy, longest + max(structures.values()))


def _trained_rows(run: RunSpec, rows: int) -> int:
    return max(1, round(min(rows, run.data.rows or rows) * (1 - run.data.validation_fraction)))


def _run_seconds(run: RunSpec, rows: int, features: int) -> float:
    rows = min(rows, run.data.rows or rows)
    trained = _trained_rows(run, rows)
    update = UPDATE_SECONDS[uses_xla(run, trained)]
    widths = [features, *(layer.units for layer in run.model.hidden), len(run.data.targets)]
    flops_a_row = 2 * sum(a * b for a, b in itertools.pairwise(widths))
    updates = -(-trained // run.training.batch_size)
    arithmetic = flops_a_row * (_FORWARD_AND_BACKWARD * trained + (rows - trained)) / FLOPS_PER_SECOND
    layers = len(widths) - 1
    epoch = EPOCH_SECONDS + updates * update * (1 + layers) / 3 + arithmetic
    return RUN_SECONDS + run.training.epochs * epoch
