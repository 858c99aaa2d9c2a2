"""Which compiler a run gets: a rule of the spec and the table alone, so that every machine takes the same path."""

from __future__ import annotations

from typing import Final

from core.spec import RunSpec

XLA_FROM_UPDATES: Final = 1500
"""From this many updates XLA's compilation (about 1 s) costs less than the graph's 0.1 ms of dispatch per update.

Measured by ``python -m core bench``.
"""


def uses_xla(run: RunSpec, rows: int) -> bool:
    """Return whether `run` on `rows` training rows is compiled by XLA, or stays a graph that is ready at once.

    Dropout stays out of XLA, whose Philox draws other numbers than TensorFlow's: the history would not be Keras's.
    """
    batch_size = min(run.training.batch_size, rows)
    updates = run.training.epochs * -(-rows // batch_size)
    return updates >= XLA_FROM_UPDATES and not any(layer.dropout for layer in run.model.hidden)
