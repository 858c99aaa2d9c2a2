"""How long an experiment will take, told before it is trained: updates, arithmetic and compile times."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

from core.spec import RunSpec
from core.training.structure import structure_key, uses_xla

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


def estimate_seconds(runs: Sequence[RunSpec], rows: int, features: int, slots: int) -> float:
    """Return about how many seconds `runs` take on idle, warm trainers; an order of magnitude, not a promise.

    Parameters
    ----------
    rows : int
        Rows of the table.
    features : int
        Columns after encoding.
    slots : int
        Trainings at the same time.
    """
    # Runs of one variant differ by their seed alone.
    variants = {repr(run.variant): run for run in runs}
    seconds = {variant: _run_seconds(run, rows, features) for variant, run in variants.items()}
    training = sum(seconds[repr(run.variant)] for run in runs)
    compiling = {
        structure_key(run): COMPILE_SECONDS[uses_xla(run, _trained_rows(run, rows))] for run in variants.values()
    }
    busy = max(1, min(slots, len(runs)))
    return max((training + sum(compiling.values())) / busy, max(seconds.values()) + max(compiling.values()))


def _trained_rows(run: RunSpec, rows: int) -> int:
    return max(1, round(min(rows, run.data.rows or rows) * (1 - run.data.validation_fraction)))


def _run_seconds(run: RunSpec, rows: int, features: int) -> float:
    rows = min(rows, run.data.rows or rows)
    trained = _trained_rows(run, rows)
    update = UPDATE_SECONDS[uses_xla(run, trained)]
    widths = [features, *(layer.units for layer in run.model.hidden), len(run.data.targets)]
    flops_per_row = 2 * sum(a * b for a, b in itertools.pairwise(widths))
    updates = -(-trained // run.training.batch_size)
    arithmetic = flops_per_row * (_FORWARD_AND_BACKWARD * trained + (rows - trained)) / FLOPS_PER_SECOND
    layers = len(widths) - 1
    epoch = EPOCH_SECONDS + updates * update * (1 + layers) / 3 + arithmetic
    return RUN_SECONDS + run.training.epochs * epoch
