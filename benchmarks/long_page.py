"""What a page of long histories costs the web process: the same as a page of short ones, or not."""

from __future__ import annotations

from typing import Final

import numpy as np

from core.jobs.scheduling.queue import Chunk, Queue
from core.jobs.storage.history import encode_history
from core.jobs.storage.overview import Overview
from core.jobs.storage.records import State
from core.jobs.storage.store import Store
from core.spec import load_spec

SHORT, LONG = 100, 100_000
"""Epochs of the two pages; more than the second a spec does not allow."""
_RUNS: Final = 10
_PIECE: Final = 500
"""Epochs that a trainer tells at a time."""
_METRICS: Final = ("loss", "val_loss", "mae", "val_mae", "learning_rate")


def write_runs(store: Store, epochs: int) -> str:
    """Store an experiment of ten runs of so many epochs, without training them, and return its id."""
    data = {"source": "sample:diabetes", "target": "progression"}
    experiment = store.submit(load_spec({"data": data, "training": {"epochs": epochs}, "seeds": _RUNS}))
    queue, noise = Queue(store.database, lease_seconds=600), np.random.default_rng(0)
    while waiting := queue.waiting():
        claim = queue.claim(waiting[0][1])
        if claim is None or not queue.start(claim):
            continue
        falling = 1 / np.sqrt(np.arange(1, epochs + 1))
        curves = {name: (falling + 0.05 * noise.random(epochs)).tolist() for name in _METRICS}
        overview = Overview()
        chunks = []
        for start in range(0, epochs, _PIECE):
            points = {name: values[start : start + _PIECE] for name, values in curves.items()}
            last = min(start + _PIECE, epochs)
            chunks.append(Chunk(start + 1, last, encode_history(points), overview.add(start + 1, points)))
        baseline = {"loss": 1.0, "val_loss": 1.0, "what": "always predict the mean"}
        queue.finish(claim, State.DONE, chunks, {"seconds": 1.0, "skill": 0.5, "baseline": baseline})
    return experiment
