"""Trains the trials of a diagnosis through the queue of all runs: they wait their turn and outlive its process."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from core.errors import WorkFailed
from core.jobs.children.orders import Orders
from core.jobs.diagnosers.diagnosis_queue import DiagnosisClaim, StaleClaim
from core.jobs.storage.room import DiskFull
from core.jobs.storage.store import Store
from core.sentence import said
from core.spec import RunSpec
from core.training.result import Result

LOOK_SECONDS: Final = 0.02
"""How often to look whether the trials have ended: a read of about a millisecond."""
_ROOM_SECONDS: Final = 1.0
"""How often to look whether there is room on a disk that was full."""


@dataclass
class TrialRunner:
    """The runner (`core.diagnosis.trials.trial.Runner`) of one diagnosis; several of its threads may ask at a time.

    The same runs asked for again, by a diagnosis whose process was killed and that began anew, are found as they were
    trained, or where they are in training.

    Attributes
    ----------
    orders : Orders
        Says when to stop.
    on_submit : callable
        Called when there are runs to train.
    on_trained : callable
        Called with the number of runs that have ended so far, whenever it has changed.
    """

    store: Store
    claim: DiagnosisClaim
    orders: Orders
    on_submit: Callable[[], None]
    on_trained: Callable[[int], None]
    _ended: dict[str, int] = field(default_factory=dict)
    """Runs that have ended, by the key of their batch."""

    def __call__(self, runs: Sequence[RunSpec], *, probed: bool = False) -> list[Result]:
        """Return the results of `runs`, in the same order; raises as `begin` and what it returns."""
        return self.begin(runs, probed=probed)()

    def begin(
        self,
        runs: Sequence[RunSpec],
        *,
        probed: bool = False,
        spare: bool = False,  # noqa: ARG002 - the queue's order is that of asking
    ) -> Callable[[], list[Result]]:
        """Queue `runs`, once there is room on the disk for them, and return what waits for their results.

        Raises
        ------
        StaleClaim
            If the diagnosis is to stop.
        InputRefused
            If the queue is full.
        WorkFailed
            If a trial was cancelled by somebody else.
        """
        name = " ".join([str(probed), *(run.hash() for run in runs)])
        key = f"{self.claim.diagnosis}:{hashlib.sha256(name.encode()).hexdigest()}"
        experiment = None
        while experiment is None:
            try:
                experiment = self.store.submit_runs(runs, key, probed=probed, trials_of=self.claim)
            except DiskFull:
                if self.orders.wait(self.claim.token, _ROOM_SECONDS):
                    raise StaleClaim from None
        self.on_submit()
        return partial(self._results, runs, key, experiment)

    def _results(self, runs: Sequence[RunSpec], key: str, experiment: str) -> list[Result]:
        while left := self.store.unfinished(experiment):
            self._count(key, len(runs) - left)
            if self.orders.wait(self.claim.token, LOOK_SECONDS):
                raise StaleClaim
        self._count(key, len(runs))
        results = self.store.results(experiment, range(len(runs)))
        if any(result.state == "cancelled" for result in results):
            raise WorkFailed(said("A trial of this diagnosis was cancelled."))
        return [replace(result, variant=run.variant) for run, result in zip(runs, results, strict=True)]

    def _count(self, batch: str, ended: int) -> None:
        if self._ended.get(batch, 0) != ended:
            self._ended[batch] = ended
            self.on_trained(sum(self._ended.values()))
