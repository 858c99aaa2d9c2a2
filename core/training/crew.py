"""Trains several runs at once: in this process and, where there is enough to compile, in a helper per processor.

The first run of a structure compiles for seconds on one processor; helpers take other structures meanwhile. Results do
not depend on who trained.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent import futures
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from core.child import Child, Voice, Words
from core.collector import keep_what_lives
from core.data.prepare.cache import Preparation
from core.errors import InputRefused, WorkFailed
from core.machine import processors
from core.sentence import said
from core.spec import RunSpec
from core.spec.data import DataSpec
from core.training.memory import prepared_within, run_allowance
from core.training.result import Result
from core.training.structure import structure_key, updates

_MOST_HELPERS: Final = 3
_LONG_FROM_UPDATES: Final = 1500
"""Fewer are trained before a helper has started."""

_MOST_DEATHS: Final = 2
"""As in the queue of the lab: a run that ends so many trainers is more likely the cause than the victim."""

LIKELY: Final = 8
"""Runs that follow one of a diagnosis with the same structure: other seeds, and what differs in numbers alone …"""
_LIKELY_TRIED: Final = 2
"""… and such that follow a trial: most end with its other seeds, or the first."""


@dataclass(eq=False)
class _Job:
    """A run that is to be trained, and what becomes of it."""

    run: RunSpec
    probed: bool
    spare: bool
    """Whether it is for who has nothing else to do: nobody waits for it yet."""
    structure: str = field(init=False)
    deaths: int = field(default=0, init=False)
    """How many trainers it has taken along."""
    result: futures.Future[Result] = field(default_factory=futures.Future, init=False)

    def __post_init__(self) -> None:
        self.structure = structure_key(self.run)


class _Trainer:
    """Who trains: this process or a helper."""

    def __init__(self) -> None:
        self.ready = threading.Event()
        """Whether it can train, or is gone: its next order will tell."""
        self.at_work, self.seconds = False, 0.0
        """Whether it is training, and how long it has."""

    def train(self, run: RunSpec, probed: bool) -> Result:
        """Train one run.

        Raises
        ------
        WorkFailed
            If the process is gone.
        """
        raise NotImplementedError


class _Here(_Trainer):
    """The process itself, always ready."""

    def __init__(self, preparation: Preparation, should_stop: Callable[[], bool]) -> None:
        super().__init__()
        self._preparation, self._should_stop = preparation, should_stop
        self.ready.set()

    def train(self, run: RunSpec, probed: bool) -> Result:
        return train_here(run, self._preparation, probed, self._should_stop)


class Crew:
    """Run specs in, results out, in the same order; helpers live until the crew is closed.

    Each trainer has a thread that takes one job after the other.

    Parameters
    ----------
    preparation : Preparation
        The arrays this process trains on; helpers prepare their own.
    helpers : int, optional
        At most so many processes beside this one; by default one for every processor that this one leaves.
    """

    def __init__(self, preparation: Preparation, helpers: int | None = None) -> None:
        self._preparation = preparation
        self._wanted = min(_MOST_HELPERS, processors() - 1) if helpers is None else helpers
        self._here = _Here(preparation, lambda: self._closed)
        self._helpers: list[_Helper] = []
        self._threads: dict[_Trainer, threading.Thread] = {}
        self._known: dict[str, _Trainer] = {}
        self._waiting: list[_Job] = []
        self._news = threading.Condition()
        self._closed = False

    def __enter__(self) -> Self:
        self._closed = False
        return self

    def __exit__(self, *_: object) -> None:
        with self._news:
            self._closed = True
            for job in self._waiting:
                job.result.cancel()
                job.result.set_running_or_notify_cancel()
            self._waiting.clear()
            self._news.notify_all()
            threads = list(self._threads.values())
        for helper in self._helpers:
            helper.close()
        for thread in threads:
            thread.join()
        self._helpers.clear()
        self._threads.clear()
        self._known.clear()

    @property
    def size(self) -> int:
        """How many runs it trains at the same time."""
        return 1 + len(self._helpers)

    def call_helpers(self, run: RunSpec) -> None:
        """Start the helpers, if runs like `run` take long enough; they are of use some seconds later.

        Where this process has TensorFlow to load itself, that takes as long.
        """
        waits = "tensorflow" not in sys.modules
        with suppress(InputRefused):  # which is told where the run is asked for
            if self._wanted and (waits or updates(run, len(self._preparation.of(run).x)) >= _LONG_FROM_UPDATES):
                self.start()

    def start(self, *, wait: bool = False) -> None:
        """Start the helpers, and `wait` until they are of use; a second call starts none."""
        with self._news:
            self._helpers = self._helpers or [_Helper() for _ in range(self._wanted)]
            self._engage()
        for helper in self._helpers if wait else ():
            helper.ready.wait()

    def __call__(self, runs: Sequence[RunSpec], *, probed: bool = False) -> list[Result]:
        """Train `runs` and return their results; several threads may ask at the same time."""
        return self.begin(runs, probed=probed)()

    def begin(
        self, runs: Sequence[RunSpec], *, probed: bool = False, spare: bool = False
    ) -> Callable[[], list[Result]]:
        """Have `runs` trained, and return what waits for their results.

        What is `spare` is for who has nothing else to do, until somebody waits for it.
        """
        jobs = [_Job(run, probed, spare) for run in runs]
        with self._news:
            if self._closed:
                return list
            self._waiting += jobs
            self._engage()
            self._news.notify_all()

        def results() -> list[Result]:
            with self._news:
                for job in jobs:
                    job.spare = False
                self._news.notify_all()
            futures.wait([job.result for job in jobs])
            return [job.result.result() for job in jobs if not job.result.cancelled()]

        return results

    def _engage(self) -> None:
        """Give each trainer its thread."""
        for trainer in (self._here, *self._helpers):
            if trainer not in self._threads:
                self._threads[trainer] = threading.Thread(target=self._serve, args=(trainer,), daemon=True)
                self._threads[trainer].start()

    def _serve(self, trainer: _Trainer) -> None:
        trainer.ready.wait()
        while (job := self._next(trainer)) is not None:
            begin = time.perf_counter()
            try:
                job.result.set_result(trainer.train(job.run, job.probed))
            except WorkFailed as failure:
                if trainer is self._here or not self._lose(trainer, job):
                    job.result.set_exception(failure)
            except BaseException as error:  # noqa: BLE001 - raised again by whoever asks for the result
                job.result.set_exception(error)
            with self._news:
                trainer.seconds += time.perf_counter() - begin
                trainer.at_work = False
                self._news.notify_all()

    def _lose(self, helper: _Trainer, job: _Job) -> bool:
        """Forget a helper that is gone; what it alone knew is known to nobody, what it held is tried once more.

        Return whether it is.
        """
        with self._news:
            self._known = {key: owner for key, owner in self._known.items() if owner is not helper}
            self._helpers = [other for other in self._helpers if other is not helper]
            job.deaths += 1
            again = job.deaths < _MOST_DEATHS and not self._closed
            if again:
                self._waiting.insert(0, job)
        return again

    def _next(self, trainer: _Trainer) -> _Job | None:
        """Wait for the next job for `trainer`, and return it; None once there will be none."""
        with self._news:
            while not self._closed and trainer in (self._here, *self._helpers):
                for spare in (False, True):
                    waiting = [job for job in self._waiting if job.spare == spare]
                    if (job := self._choose(waiting, trainer)) is not None:
                        self._known[job.structure] = trainer
                        self._waiting.remove(job)
                        trainer.at_work = True
                        # Whoever left it to this one may have something else to do.
                        self._news.notify_all()
                        return job
                self._news.wait()
        return None

    def _choose(self, waiting: Sequence[_Job], trainer: _Trainer) -> _Job | None:
        """Return a job for `trainer`: of a structure it knows, else one that nobody knows yet.

        Runs like it will follow, of the first the most: new structures are for those who have nothing else to do, the
        first for who has trained least.
        """
        mine = (job for job in waiting if self._known.get(job.structure) is trainer)
        if (job := next(mine, None)) is not None:
            return job
        new: dict[str, _Job] = {}
        for job in waiting:
            if job.structure not in self._known:
                new.setdefault(job.structure, job)
        owners = [self._known.get(job.structure) for job in waiting]
        others = [other for other in (self._here, *self._helpers) if other not in (trainer, *owners)]
        idle = [other for other in others if other.ready.is_set() and not other.at_work]
        lighter = sum(other.seconds < trainer.seconds for other in idle)
        return next(iter(list(new.values())[lighter:]), None)


def train_here(
    run: RunSpec, preparation: Preparation, probed: bool, should_stop: Callable[[], bool] = lambda: False
) -> Result:
    """Return the result of `run`, trained in this process; a refusal of its data is a failed result."""
    from core.training.run import train_run

    try:
        prepared = prepared_within(run, preparation, run_allowance(), probed=probed)
        likely = LIKELY if probed else _LIKELY_TRIED
        return train_run(run, prepared, should_stop=should_stop, probed=probed, likely=likely)
    except InputRefused as refusal:
        return Result.refused(run, str(refusal))


class _Helper(_Trainer):
    """A child process that trains one run after the other."""

    def __init__(self) -> None:
        super().__init__()
        self._data: DataSpec | None = None
        self._results: queue.SimpleQueue[Words | None] = queue.SimpleQueue()
        self._child = Child(["core.training.crew"], self._hear)

    def _hear(self, _child: Child, words: Words | None) -> None:
        if words is None or self.ready.is_set():
            self._results.put(words)
        self.ready.set()

    def train(self, run: RunSpec, probed: bool) -> Result:
        # A table in the spec may be large; it is the same one in most runs.
        data = {} if run.data is self._data else {"data": run.data.model_dump(mode="json")}
        self._data = run.data
        rest = run.model_dump(mode="json", exclude={"data"})
        self._child.send(run=rest, base=str(run.base or ""), probed=probed, **data)
        result = self._results.get()
        if result is None:
            raise WorkFailed(said("A helper ended while it trained."))
        return Result.from_dict(result)

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._child.kill()


def main() -> None:
    """Be a helper: train what comes in on stdin until it ends."""
    voice = Voice()
    import core.training.run  # noqa: F401 - before the first order, not with it

    keep_what_lives()
    preparation, data = Preparation(), None
    voice.say(event="ready")
    for line in sys.stdin:
        order = json.loads(line)
        if "data" in order:
            data = DataSpec.model_validate(order["data"])
        run = RunSpec.model_validate(order["run"] | {"data": data})
        run = run.at(Path(order["base"])) if order["base"] else run
        voice.say(**train_here(run, preparation, order["probed"]).as_dict())


if __name__ == "__main__":
    main()
