"""A child process that is measured: started as the lab's trainers are, one order at a time, one answer to each.

It has the trainers' environment: one thread, the same arithmetic, a compiler's cache in a folder.
"""

from __future__ import annotations

import json
import queue
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

import psutil

from core.child import Voice, Words
from core.errors import WorkFailed
from core.jobs.children.keeper import lab_child
from core.settings import Settings

_PATIENCE: Final = 600.0
_QUIET_SECONDS, _QUIET_SHARE = 0.25, 0.04


class Worker:
    """The child, seen from whoever measures it; to be closed.

    Parameters
    ----------
    module : str
        What it runs, below `benchmarks`.
    folder : Path
        For its log and the compiler's cache: an empty folder is a cold cache.

    Raises
    ------
    WorkFailed
        Here and later, when the process is gone, or fails at what it is asked.
    """

    def __init__(self, module: str, folder: Path) -> None:
        self._module = module
        self._words: queue.SimpleQueue[Words | None] = queue.SimpleQueue()
        self._child = lab_child(
            Settings(data=folder), [f"benchmarks.{module}"], module, lambda _child, words: self._words.put(words)
        )
        try:
            self._hear()
        except WorkFailed:
            self._child.kill()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.kill()

    def ask(self, **order: Any) -> Words:
        """Give an order and return the answer."""
        self._child.send(**order)
        return self._hear()

    def settle(self) -> None:
        """Wait until it uses no processor: what goes on behind an answer must not be measured with the next."""
        deadline = time.monotonic() + _PATIENCE
        before = self._spent()
        while time.monotonic() < deadline:
            time.sleep(_QUIET_SECONDS)
            now = self._spent()
            if 0 <= now - before <= _QUIET_SECONDS * _QUIET_SHARE:
                return
            before = now

    def _spent(self) -> float:
        try:
            process = psutil.Process(self._child.pid)
            return sum(sum(one.cpu_times()[:2]) for one in (process, *process.children(recursive=True)))
        except psutil.NoSuchProcess:
            return 0.0

    def _hear(self) -> Words:
        try:
            words = self._words.get(timeout=_PATIENCE)
        except queue.Empty:
            raise WorkFailed(f"{self._module} was silent for {_PATIENCE:.0f} seconds.") from None
        if words is None:
            raise WorkFailed(f"{self._module} ended ({self._child.ended}).")
        if "error" in words:
            raise WorkFailed(f"{self._module} failed: {words['error']}")
        return words


def serve(answer: Callable[[Words], Words]) -> None:
    """Be the child: answer one order after the other, until stdin ends."""
    voice = Voice()
    voice.say(ready=True)
    for line in sys.stdin:
        try:
            voice.say(**answer(json.loads(line)))
        except Exception as error:  # whatever a library raises, the measuring process is to hear of it
            voice.say(error=f"{type(error).__name__}: {error}"[:300])
            raise
