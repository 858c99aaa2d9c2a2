"""The lab as an engine: whole runs, from the call to the result, in a process that has trained something else."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from benchmarks.engine_process import Losses, serve_engine
from core.data.prepare.cache import Preparation
from core.spec import RunSpec, load_spec
from core.training.result import Points
from core.training.run import train_run

_SOMETHING_ELSE: Final = {
    "data": {"source": "sample:line", "target": "y", "validation_fraction": 0},
    "model": {"layers": [4]},
    "training": {"epochs": 400},
}
"""Enough updates for the compiler: what TensorFlow loads once per process is loaded."""


class LabEngine:
    """`core.training.run.train_run`."""

    def __init__(self, run: RunSpec, _problem: Path) -> None:
        self._run, self._prepared = run, Preparation().of(run)

    def train(self, epochs: int, seed: int) -> tuple[Losses, float]:
        """Train a run of so many epochs and this seed."""
        firsts: list[float] = []

        def note(_first_epoch: int, _points: Points) -> None:
            firsts.append(time.perf_counter())

        run = self._run.changed({"training.epochs": epochs, "training.seed": seed})
        return train_run(run, self._prepared, note).history["loss"], firsts[0]


if __name__ == "__main__":
    before = load_spec(_SOMETHING_ELSE).runs()[0]
    train_run(before, Preparation().of(before))
    serve_engine(LabEngine)
