"""What will most likely be asked for is trained before it is, by who has nothing else to do.

It changes when a run is trained and never what comes of it: what nobody asks for in the end counts nowhere.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress

from core.diagnosis.trials.trial import Runner
from core.errors import InputRefused, WorkFailed
from core.spec import RunSpec
from core.training.result import Result


class Ahead:
    """A runner that has trained what it is told to expect, too.

    Parameters
    ----------
    runner : Runner
        Who trains; one that can ``begin`` is told what nobody waits for yet.
    at_once : int
        How many runs at a time; where it is one, nothing is trained ahead.
    """

    def __init__(self, runner: Runner, at_once: int) -> None:
        self._runner = runner
        self._several = at_once > 1
        self._soon: list[RunSpec] = []
        self._expected: dict[str, Callable[[], list[Result]]] = {}

    def expect(self, runs: Sequence[RunSpec], *, now: bool = False) -> None:
        """Have `runs` trained behind what is asked for next, or `now`, each by whoever is free."""
        known = {*self._expected, *(run.hash() for run in self._soon)}
        self._soon += [run for run in runs if self._several and run.hash() not in known]
        if now:
            self._begin_expected()

    def __call__(self, runs: Sequence[RunSpec]) -> list[Result]:
        """Return the results of `runs` in the same order."""
        asked = {run.hash(): run for run in runs}
        self._soon = [run for run in self._soon if run.hash() not in asked]
        new = [run for key, run in asked.items() if key not in self._expected]
        trained = begun(self._runner, new) if new else list
        self._begin_expected()
        results = dict[str, Result]()
        for key in asked.keys() & self._expected.keys():
            with suppress(Exception):  # expected only: whoever asks for it now is told what is wrong with it
                (results[key],) = self._expected[key]()
        results |= zip((run.hash() for run in new), trained(), strict=True)
        lost = [run for key, run in asked.items() if key not in results]
        results |= zip((run.hash() for run in lost), self._runner(lost) if lost else (), strict=True)
        return [results[run.hash()] for run in runs]

    def _begin_expected(self) -> None:
        for run in self._soon:
            with suppress(InputRefused, WorkFailed):  # a full queue: what is expected is not worth a diagnosis
                self._expected[run.hash()] = begun(self._runner, [run], spare=True)
        self._soon = []


def begun(runner: Runner, runs: Sequence[RunSpec], *, spare: bool = False) -> Callable[[], list[Result]]:
    """Begin to train `runs` and return what waits for their results; `spare` where nobody may ask for them."""
    begin = getattr(runner, "begin", None)
    if begin is not None:
        waits: Callable[[], list[Result]] = begin(runs, spare=spare)
        return waits
    return beside(lambda: runner(runs)).result


def beside(work: Callable[[], list[Result]]) -> Future[list[Result]]:
    """Begin `work` in a thread that nobody waits for who gives up: with Ctrl-C, or because of an error."""
    future: Future[list[Result]] = Future()

    def do() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again by whoever asks for the result
            future.set_exception(error)

    threading.Thread(target=do, daemon=True).start()
    return future
