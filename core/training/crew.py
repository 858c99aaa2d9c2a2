"""Trains several runs at once: in this process and, where there is enough to compile, in a helper per processor.

The first run of a structure compiles for seconds on one processor; helpers take other structures meanwhile. Results do
not depend on who trained.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

from core.child import Child, Voice, Words
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

LIKELY: Final = 8
"""Runs that follow one of a diagnosis with the same structure: other seeds, and what differs in numbers alone."""

Job = tuple[str, RunSpec, bool]


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
        self._helpers: list[_Helper] = []
        self._known: dict[str, Crew | _Helper] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
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
        while wait and not all(helper.ready() for helper in self._helpers):
            pass

    def __call__(self, runs: Sequence[RunSpec], *, probed: bool = False) -> list[Result]:
        """Train `runs` and return their results."""
        jobs = [(structure_key(run), run, probed) for run in runs]
        waiting = list(range(len(jobs)))
        results: list[Result | None] = [None] * len(jobs)

        def serve(trainer: Any) -> None:
            while waiting and not trainer.ready():
                pass
            while (place := self._take(jobs, waiting, trainer)) is not None:
                try:
                    results[place] = trainer.train(*jobs[place][1:])
                except WorkFailed:
                    # A helper is gone; what it held is trained by those who are left.
                    with self._lock:
                        waiting.append(place)
                        self._known = {key: owner for key, owner in self._known.items() if owner is not trainer}
                        self._helpers.remove(trainer)
                    return

        threads = [threading.Thread(target=serve, args=(helper,), daemon=True) for helper in self._helpers]
        for thread in threads:
            thread.start()
        serve(self)
        for thread in threads:
            thread.join()
        serve(self)
        return [result for result in results if result is not None]

    def ready(self) -> bool:
        """Whether this process can train: always."""
        return True

    def train(self, run: RunSpec, probed: bool) -> Result:
        """Train one run in this process."""
        return train_here(run, self._preparation, probed)

    def _take(self, jobs: Sequence[Job], waiting: list[int], trainer: Any) -> int | None:
        """Return the next job for `trainer`: of a structure it knows, else one that nobody knows yet."""
        with self._lock:
            mine = [place for place in waiting if self._known.get(jobs[place][0]) is trainer]
            free = [place for place in waiting if jobs[place][0] not in self._known]
            place = next(iter(mine or free), None)
            if place is not None:
                self._known[jobs[place][0]] = trainer
                waiting.remove(place)
            return place


def train_here(run: RunSpec, preparation: Preparation, probed: bool) -> Result:
    """Return the result of `run`, trained in this process; a refusal of its data is a failed result."""
    from core.training.run import train_run

    try:
        prepared = prepared_within(run, preparation, run_allowance(), probed=probed)
        return train_run(run, prepared, probed=probed, likely=LIKELY)
    except InputRefused as refusal:
        return Result.refused(run, str(refusal))


class _Helper:
    """A child process that trains one run after the other."""

    _LOOK_SECONDS: Final = 0.05

    def __init__(self) -> None:
        self._ready = threading.Event()
        self._data: DataSpec | None = None
        self._results: queue.SimpleQueue[Words | None] = queue.SimpleQueue()
        self._child = Child(["core.training.crew"], self._hear)

    def _hear(self, _child: Child, words: Words | None) -> None:
        if words is None or self._ready.is_set():
            self._results.put(words)
        self._ready.set()

    def ready(self) -> bool:
        """Wait a moment and say whether the process can train, or is gone: its next order will tell."""
        return self._ready.wait(self._LOOK_SECONDS)

    def train(self, run: RunSpec, probed: bool) -> Result:
        """Train one run there.

        Raises
        ------
        WorkFailed
            If the process is gone.
        """
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
