"""Which runs can share a compiled epoch: all that it depends on, and a hint of it told from a spec alone."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from core.data.prepare.prepared import Prepared
from core.spec import RunSpec, Thing
from core.spec.touches import digest, touching

ORDER_CELLS: Final = 2**17
"""Row numbers handed over with one call, at most, unless one epoch has more: half a megabyte."""

SNAPSHOT_NUMBERS: Final = 2**19
"""Weights kept in one call, twice, to be measured after it."""

CACHED_PROGRAMS: Final = 16
"""Structures a process keeps; about 17 MB each, once compiled."""

BLOCK_ROWS: Final = 8192
"""Rows that are validated and predicted at a time."""

GRAPH_SECONDS: Final = 25e-6
"""What a layer costs in each update of a graph, at the least: 23 for 32 units on 32 rows, with Adam."""

XLA_PER_TRACE: Final = 2.0
"""How many times as long XLA compiles as the graph was traced; 1.4 to 2.2 between 1 and 20 layers."""

FEWEST_IN_A_ROW: Final = 10
"""Equal layers that are computed in one loop: fewer are as soon compiled and as quick one by one, and sooner traced."""

LARGEST_JOINED: Final = 4096
"""Numbers in a variable that is joined with others: parts of larger ones would be copied in each step, for longer than
one variable saves."""

_MOST_EPOCHS_PER_CALL: Final = 512


def structure_key(run: RunSpec) -> str:
    """Return a short name that is equal for runs that differ only in numbers: seed, learning rate, scaling, ….

    A hint to whoever deals runs out, no promise: the table, which decides the shapes, is not looked at.
    """
    return run.key(Thing.STRUCTURE)


def trained_rows(run: RunSpec, rows: int) -> int:
    """Return how many of so many `rows` of its table `run` trains on."""
    return max(1, round(min(rows, run.data.rows or rows) * (1 - run.data.validation_fraction)))


def updates(run: RunSpec, rows: int) -> int:
    """Return how many steps the optimizer takes in `run` on `rows` training rows, unless it ends early."""
    return run.training.epochs * -(-rows // min(run.training.batch_size, rows))


class Structure(NamedTuple):
    """All that a compiled program depends on; runs that differ elsewhere share it."""

    shapes: tuple[tuple[int, ...], ...]
    weighted: bool
    choices: str
    metric: str
    batch_size: int
    epochs_per_call: int


def structure_of(run: RunSpec, prepared: Prepared) -> Structure:
    """Return the structure `run` needs on `prepared`."""
    training, rows = run.training, len(prepared.x)
    batch_size = min(training.batch_size, rows)
    # Callbacks act between epochs, so these runs get one epoch per call.
    between_epochs = training.schedule.reacts or training.early_stopping is not None
    chosen = touching("model", run.model.filled, Thing.STRUCTURE) | touching("training", training, Thing.STRUCTURE)
    # What the spec leaves to the task is resolved by now; a batch is no larger than the table.
    resolved = {
        "model.output_units": prepared.output_units,
        "model.output_activation": prepared.output_activation,
        "model.loss": prepared.loss,
        "training.batch_size": batch_size,
    }
    return Structure(
        shapes=(prepared.x.shape, prepared.y.shape, prepared.x_val.shape),
        weighted=prepared.sample_weight is not None,
        choices=digest(chosen | resolved),
        metric=metric_name(prepared),
        batch_size=batch_size,
        epochs_per_call=1 if between_epochs else int(np.clip(ORDER_CELLS // rows, 1, _MOST_EPOCHS_PER_CALL)),
    )


def metric_name(prepared: Prepared) -> str:
    """Return the Keras metric behind the history's ``mae`` or ``accuracy``.

    Keras chooses by the shapes of targets and outputs, except that several labels are judged one by one.
    """
    if prepared.task == "regression":
        return "mean_absolute_error"
    if prepared.output_units == 1 or prepared.task == "multilabel":
        return "binary_accuracy"
    return "sparse_categorical_accuracy" if prepared.y.shape[1] == 1 else "categorical_accuracy"
