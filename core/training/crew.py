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
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

from core.child import Child, Voice, Words
from core.collector import keep_what_lives
from core.data.prepare.cache import Preparation
from core.errors import InputRefused, WorkFailed
from core.machine import processors
from core.spec import RunSpec
from core.spec.data import DataSpec
from core.training.memory import prepared_within, run_allowance
from core.training.result import Result
from core.training.structure import structure_key, updates

_MOST_HELPERS: Final = 3
_LONG_FROM_UPDATES: Final = 1500
"""Fewer are trained before a helper has started."""

_LOOK_SECONDS: Final = 0.05

LIKELY: Final = 8
"""Runs that follow one of a diagnosis with the same structure: other seeds, and what differs in numbers alone …"""
_LIKELY_TRIED: Final = 2
"""… and such that follow a trial: most end with its other seeds, or the first."""

Job = tuple[str, RunSpec, bool]


class _Trainer:
    """Who trains: this process or a helper."""

    def __init__(self) -> None:
        self.busy = threading.Lock()
        """Held by the batch it trains for."""
        self.at_work, self.seconds = False, 0.0
        """Whether it is training, and how long it has."""

    def ready(self, seconds: float = 0.0) -> bool:
        """Wait at most so long and say whether it can train, or is gone: its next order will tell."""
        raise NotImplementedError

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

    def __init__(self, preparation: Preparation) -> None:
        super().__init__()
        self._preparation = preparation

    def ready(self, seconds: float = 0.0) -> bool:  # noqa: ARG002 - nothing to wait for
        return True

    def train(self, run: RunSpec, probed: bool) -> Result:
        return train_here(run, self._preparation, probed)


class Crew:
    """Run specs in, results out, in the same order; helpers live until the crew is closed.

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
        self._here = _Here(preparation)
        self._helpers: list[_Helper] = []
        self._known: dict[str, _Trainer] = {}
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> Self:
        self._closed = False
        return self

    def __exit__(self, *_: object) -> None:
        self._closed = True
        for helper in self._helpers:
            helper.close()
        self._helpers.clear()

    @property
    def size(self) -> int:
        """How many runs it trains at the same time."""
        return 1 + len(self._helpers)

    def call_helpers(self, run: RunSpec) -> None:
        """Start the helpers, if runs like `run` take long enough; they are of use some seconds later.

        Where this process has TensorFlow to load itself, that takes as long.
        """
        waits = "tensorflow" not in sys.modules
        if self._wanted and (waits or updates(run, len(self._preparation.of(run).x)) >= _LONG_FROM_UPDATES):
            self.start()

    def start(self, *, wait: bool = False) -> None:
        """Start the helpers, and `wait` until they are of use; a second call starts none."""
        self._helpers = self._helpers or [_Helper() for _ in range(self._wanted)]
        while wait and not all(helper.ready(_LOOK_SECONDS) for helper in self._helpers):
            pass

    def __call__(self, runs: Sequence[RunSpec], *, probed: bool = False) -> list[Result]:
        """Train `runs` and return their results; several threads may ask at the same time."""
        jobs = [(structure_key(run), run, probed) for run in runs]
        waiting = list(range(len(jobs)))
        results: list[Result | None] = [None] * len(jobs)

        def serve(trainer: _Trainer) -> None:
            # What others finish meanwhile needs nobody to wait for who is busy with something else.
            while not (trainer.ready(_LOOK_SECONDS) and trainer.busy.acquire(timeout=_LOOK_SECONDS)):
                if not waiting:
                    return
            try:
                while (place := self._take(jobs, waiting, trainer)) is not None:
                    begin = time.perf_counter()
                    try:
                        results[place] = trainer.train(*jobs[place][1:])
                    except WorkFailed:
                        if trainer is self._here:
                            raise
                        self._lose(trainer)
                        waiting.append(place)
                    trainer.seconds += time.perf_counter() - begin
            finally:
                trainer.busy.release()

        while waiting and not self._closed:
            threads = [threading.Thread(target=serve, args=(helper,), daemon=True) for helper in self._helpers]
            for thread in threads:
                thread.start()
            serve(self._here)
            for thread in threads:
                thread.join()
        return [result for result in results if result is not None]

    def _lose(self, helper: _Trainer) -> None:
        """Forget a helper that is gone; what it held, and what it alone knew, is trained by those who are left."""
        with self._lock:
            self._known = {key: owner for key, owner in self._known.items() if owner is not helper}
            self._helpers = [other for other in self._helpers if other is not helper]

    def _take(self, jobs: Sequence[Job], waiting: list[int], trainer: _Trainer) -> int | None:
        """Return the next job for `trainer`: of a structure it knows, else one that nobody knows yet.

        Runs like it will follow, of the first the most: new structures are for those who have nothing else to do, the
        first for who has trained least.
        """
        with self._lock:
            if self._closed or trainer not in (everybody := (self._here, *self._helpers)):
                return None
            mine = [place for place in waiting if self._known.get(jobs[place][0]) is trainer]
            new: dict[str, int] = {}
            for job in waiting:
                if jobs[job][0] not in self._known:
                    new.setdefault(jobs[job][0], job)
            owners = [self._known.get(jobs[place][0]) for place in waiting]
            idle = [o for o in everybody if o not in (trainer, *owners) and o.ready() and not o.at_work]
            lighter = sum(other.seconds < trainer.seconds for other in idle)
            free = list(new.values())[lighter:]
            place = next(iter(mine or free), None)
            trainer.at_work = place is not None
            if place is not None:
                self._known[jobs[place][0]] = trainer
                waiting.remove(place)
            return place


def train_here(run: RunSpec, preparation: Preparation, probed: bool) -> Result:
    """Return the result of `run`, trained in this process; a refusal of its data is a failed result."""
    from core.training.run import train_run

    try:
        prepared = prepared_within(run, preparation, run_allowance(), probed=probed)
        return train_run(run, prepared, probed=probed, likely=LIKELY if probed else _LIKELY_TRIED)
    except InputRefused as refusal:
        return Result.refused(run, str(refusal))


class _Helper(_Trainer):
    """A child process that trains one run after the other."""

    def __init__(self) -> None:
        super().__init__()
        self._ready = threading.Event()
        self._data: DataSpec | None = None
        self._results: queue.SimpleQueue[Words | None] = queue.SimpleQueue()
        self._child = Child(["core.training.crew"], self._hear)

    def _hear(self, _child: Child, words: Words | None) -> None:
        if words is None or self._ready.is_set():
            self._results.put(words)
        self._ready.set()

    def ready(self, seconds: float = 0.0) -> bool:
        return self._ready.wait(seconds)

    def train(self, run: RunSpec, probed: bool) -> Result:
        # A table in the spec may be large; it is the same one in most runs.
        data = {} if run.data is self._data else {"data": run.data.model_dump(mode="json")}
        self._data = run.data
        rest = run.model_dump(mode="json", exclude={"data"})
        self._child.send(run=rest, base=str(run.base or ""), probed=probed, **data)
        result = self._results.get()
        if result is None:
            raise WorkFailed("A helper ended while it trained.")
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
