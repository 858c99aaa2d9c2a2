"""A whole experiment in this process: every variant and every seed, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.data.prepare.cache import Preparation
from core.errors import InputRefused
from core.spec import ExperimentSpec, RunSpec, load_spec
from core.training.result import Points, Result
from core.training.run import train_run


@dataclass(frozen=True)
class Progress:
    """How far an experiment has come.

    Attributes
    ----------
    run, runs : int
        Which run is training, counted from 0, and how many there are.
    spec : RunSpec
        The run that is training.
    epoch : int
        The last epoch it has finished, counted from 1.
    points : dict
        The history of the epochs finished since the last report.
    """

    run: int
    runs: int
    spec: RunSpec
    epoch: int
    points: Points


OnProgress = Callable[[Progress], None]


def train_experiment(
    source: str | Path | Mapping[str, Any] | ExperimentSpec, on_progress: OnProgress | None
) -> dict[str, Any]:
    """Train every variant of the experiment; see `core.training.train`.

    A variant that is refused is reported as ``failed`` beside the others. Only if all are refused is the first refusal
    raised.
    """
    spec = load_spec(source)
    runs = spec.runs()
    preparation = Preparation()
    results = []
    refusals = []
    for index, run in enumerate(runs):
        try:
            prepared = preparation.of(run)
        except InputRefused as refusal:
            refusals.append(refusal)
            results.append(Result.refused(run, str(refusal)))
            continue
        results.append(train_run(run, prepared, _reporter(index, len(runs), run, on_progress)))
    if len(refusals) == len(runs):
        raise refusals[0]
    return {"runs": [result.as_dict() for result in results], "spec_hash": spec.hash()}


def _reporter(
    index: int, runs: int, spec: RunSpec, on_progress: OnProgress | None
) -> Callable[[int, Points], None] | None:
    if on_progress is None:
        return None
    return lambda first, points: on_progress(Progress(index, runs, spec, first + len(points["loss"]) - 1, points))
