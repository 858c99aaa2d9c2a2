"""How long an experiment will take, told before it is trained: updates, arithmetic and compile times."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Final

from core.spec import RunSpec
from core.training.structure import GRAPH_SECONDS, XLA_PER_TRACE, structure_key, trained_rows

UPDATE_SECONDS: Final = {"xla": 8e-6 / 3, "graph": GRAPH_SECONDS}
"""What a layer costs in each update, apart from its arithmetic, in either compiler; the update itself as much again."""

EPOCH_SECONDS: Final = 50e-6
"""The share of an epoch in the call of a compiled chunk."""

FLOPS_PER_SECOND: Final = 2e10
"""Multiply-adds of one processor on matrices of a hundred columns."""

TRACE_SECONDS: Final = 0.1
"""Tracing a structure as a graph, for each of its layers."""

XLA_SECONDS: Final = XLA_PER_TRACE * TRACE_SECONDS
"""What XLA needs behind a run, for each layer."""

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
    # Runs of one variant differ by their seed alone; those of one structure share what was compiled.
    variants = {repr(run.variant): run for run in runs}
    counts = Counter(repr(run.variant) for run in runs)
    graph, xla = (
        {name: _run_seconds(run, rows, features, UPDATE_SECONDS[compiler]) for name, run in variants.items()}
        for compiler in ("graph", "xla")
    )
    structures: dict[str, list[str]] = {}
    for name, run in variants.items():
        structures.setdefault(structure_key(run), []).append(name)
    total = longest = 0.0
    for names in structures.values():
        layers = len(variants[names[0]].model.layers) + 1
        together = [sum(counts[name] * work[name] for name in names) for work in (graph, xla)]
        alone = [_across_the_change(graph[name], xla[name], layers) for name in names]
        total += TRACE_SECONDS * layers + _across_the_change(together[0], together[1], layers)
        longest = max(longest, TRACE_SECONDS * layers + max(alone))
    return max((total + RUN_SECONDS * len(runs)) / max(1, min(slots, len(runs))), longest + RUN_SECONDS)


def _across_the_change(graph: float, xla: float, layers: int) -> float:
    """Return the seconds of a training that starts as a graph, told those of either compiler alone."""
    compiling = XLA_SECONDS * layers
    return graph if graph <= compiling else compiling + (1 - compiling / graph) * xla


def _run_seconds(run: RunSpec, rows: int, features: int, update: float) -> float:
    rows = min(rows, run.data.rows or rows)
    trained = trained_rows(run, rows)
    widths = [features, *(layer.units for layer in run.model.hidden), len(run.data.targets)]
    flops_per_row = 2 * sum(a * b for a, b in itertools.pairwise(widths))
    updates = -(-trained // run.training.batch_size)
    arithmetic = flops_per_row * (_FORWARD_AND_BACKWARD * trained + (rows - trained)) / FLOPS_PER_SECOND
    layers = len(widths) - 1
    epoch = EPOCH_SECONDS + updates * update * (1 + layers) + arithmetic
    return run.training.epochs * epoch
