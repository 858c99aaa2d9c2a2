"""Which compiler a run gets. It follows from the spec and the table alone, so every machine makes the same choice."""

from __future__ import annotations

from typing import Final

from core.spec import RunSpec

XLA_FROM_UPDATES: Final = 1500
"""From this many updates XLA's compilation (about 1 s) costs less than the graph's 0.1 ms of dispatch per update.

Measured by ``python -m core bench``.
"""


def uses_xla(run: RunSpec, rows: int) -> bool:
    """Return whether `run` on `rows` training rows is compiled by XLA instead of staying a graph, ready at once.

    Runs with dropout stay graphs: XLA draws other random numbers than TensorFlow, so the history would not be Keras's.
    """
    batch_size = min(run.training.batch_size, rows)
    updates = run.training.epochs * -(-rows // batch_size)
    return updates >= XLA_FROM_UPDATES and not any(layer.dropout for layer in run.model.hidden)
