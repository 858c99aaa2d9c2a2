"""How long an experiment will take, told before it is trained: updates, arithmetic and compile times."""

from __future__ import annotations

import itertools
from typing import Final

from core.jobs.structure import structure_key
from core.spec import ExperimentSpec, RunSpec

UPDATE_SECONDS: Final = 25e-6
"""One optimizer step on a small network, apart from its arithmetic."""

EPOCH_SECONDS: Final = 50e-6
"""The share of an epoch in the call of a compiled chunk."""

FLOPS_PER_SECOND: Final = 2e10
"""Multiply-adds of one processor on matrices of a hundred columns."""

COMPILE_SECONDS: Final = 0.9
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
    compiling = COMPILE_SECONDS * len({structure_key(run) for run in runs})
    busy = max(1, min(slots, len(runs)))
    longest = max((_run_seconds(run, rows, features) for run in runs), default=0.0)
    return max((training + compiling) / busy, longest + COMPILE_SECONDS)


def _run_seconds(run: RunSpec, rows: int, features: int) -> float:
    rows = min(rows, run.data.rows or rows)
    trained = max(1, round(rows * (1 - run.data.validation_fraction)))
    widths = [features, *(layer.units for layer in run.model.hidden()), len(run.data.targets)]
    flops_a_row = 2 * sum(a * b for a, b in itertools.pairwise(widths))
    updates = -(-trained // run.training.batch_size)
    arithmetic = flops_a_row * (_FORWARD_AND_BACKWARD * trained + (rows - trained)) / FLOPS_PER_SECOND
    layers = len(widths) - 1
    epoch = EPOCH_SECONDS + updates * UPDATE_SECONDS * (1 + layers) / 3 + arithmetic
    return RUN_SECONDS + run.training.epochs * epoch
