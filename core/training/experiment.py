"""A whole experiment in this process: every variant and every seed, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.data.prepare.cache import Preparation
from core.errors import InputRefused
from core.spec import RunSpec, SpecSource, load_spec
from core.training.memory import prepared_within, run_allowance
from core.training.result import Points, Result


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


def train(spec: SpecSource, on_progress: Callable[[Progress], None] | None = None) -> dict[str, Any]:
    """Train every variant of `spec` here, in this process.

    Parameters
    ----------
    on_progress : callable, optional
        Called after each chunk of epochs.

    Returns
    -------
    dict
        ``{"runs": [...], "spec_hash": "..."}``, JSON-able; one entry per variant and seed, with the keys of
        `core.training.result.Result`. A variant that is refused stands among the others: its ``state`` is ``failed``,
        its ``error`` says why in one sentence, its ``history`` is empty and its ``skill`` is None.

    Raises
    ------
    InputRefused
        If the spec cannot be used, or every variant is refused; then the first refusal.
    """
    from core.training.run import train_run

    spec = load_spec(spec)
    runs, preparation, allowed = spec.runs(), Preparation(), run_allowance()
    results: list[Result] = []
    refusals: list[InputRefused] = []
    for index, run in enumerate(runs):

        def tell(first: int, points: Points, index: int = index, run: RunSpec = run) -> None:
            if on_progress is not None:
                on_progress(Progress(index, len(runs), run, first + len(points["loss"]) - 1, points))

        try:
            results.append(train_run(run, prepared_within(run, preparation, allowed), tell))
        except InputRefused as refusal:
            refusals.append(refusal)
            results.append(Result.refused(run, str(refusal)))
    if len(refusals) == len(runs):
        raise refusals[0]
    return {"runs": [result.as_dict() for result in results], "spec_hash": spec.hash()}
