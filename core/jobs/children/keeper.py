"""Keeps a child process of the lab alive: starts it, and another when it is gone, after longer waits if that fails."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from core.child import Child, Listener, Words
from core.jobs.children.compiler_cache import CompilerCache
from core.settings import COMPILER_CACHE, Settings
from core.training.arithmetic import ARITHMETIC

_FIRST_WAIT_SECONDS: Final = 0.5
_LONGEST_WAIT_SECONDS: Final = 30.0

CHILD_ENVIRONMENT: Final = {
    **ARITHMETIC,
    # One training per processor; more threads would only take it from the neighbours, and change the last digits.
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "PYTHONHASHSEED": "0",
}

_COMPILED: Final = {"end", "warmed"}
"""What a trainer says when it may have compiled something."""

log = logging.getLogger(__name__)

Launch = Callable[[Listener], Child]


def lab_child(
    settings: Settings, arguments: Sequence[str], name: str, listener: Listener, *, folder: Path | None = None
) -> Child:
    """Start a child with the lab's database and compiler cache and a log of this `name`; the rest as for `Child`.

    Cache and log are in `folder`, by default the data folder.
    """
    data = settings.data.absolute()
    folder = folder or data
    log_file = folder / "logs" / f"{name}.log"
    log_file.parent.mkdir(parents=True, exist_ok=True)
    cache = CompilerCache(folder / COMPILER_CACHE, settings.compiler_cache_mb)

    def hear(child: Child, words: Words | None) -> None:
        if words is None and child.crashed:
            # What it had loaded may be why: the next one is not to die of it again.
            log.warning("the compiler cache is emptied: %s crashed (%s)", name, child.ended)
            cache.clear()
        elif words is None or words.get("event") in _COMPILED:
            cache.seal()
        listener(child, words)

    environment = CHILD_ENVIRONMENT | {
        "LOSSLAB_DATA": str(data),
        "LOSSLAB_DB_URL": settings.database_url,
        "LOSSLAB_BLOBS": settings.blobs,
        "LOSSLAB_TRAINER_MEMORY_MB": str(settings.trainer_memory_mb),
    }
    if flags := cache.open():
        environment["TF_XLA_FLAGS"] = flags
    return Child(arguments, hear, environment, log_file)


@dataclass
class Keeper:
    """The one child of an `Actor`.

    Used by the actor's thread alone; others may read `child`, `ready` and `problem`, which are replaced as a whole.

    Parameters
    ----------
    what : str
        What to call the child in messages, such as ``trainer``.
    launch : callable
        Starts a child; what that says goes to the listener given.
    listener : callable
        Puts what a child says into the actor's inbox.
    closing : threading.Event
        Once set, no more is started.
    """

    what: str
    launch: Launch
    listener: Listener
    closing: threading.Event
    child: Child | None = field(default=None, init=False)
    ready: bool = field(default=False, init=False)
    problem: str = field(default="", init=False)
    _failed_starts: int = field(default=0, init=False)

    @property
    def pid(self) -> int | None:
        """The process of the child."""
        return self.child.pid if self.child is not None else None

    def send(self, **order: Any) -> None:
        """Give the child an order; without a child it is lost."""
        if self.child is not None:
            self.child.send(**order)

    def start(self) -> None:
        """Start a child from nothing, however often it takes; `ready` once `welcome` was called for it."""
        self.ready = False
        while not self.closing.is_set():
            try:
                self.child = self.launch(self.listener)
            except OSError as error:
                self.failed(f"A {self.what} cannot be started ({error.strerror}).")
            else:
                return

    def restart(self) -> None:
        """Kill the child, if it is not dead yet, and start another."""
        if self.child is not None:
            self.child.kill()
            if not self.ready:
                self.failed(f"The {self.what} does not start ({self.child.ended}); its log says why.")
        self.start()

    def begin_anew(self) -> None:
        """Start another child, whatever has become of this one."""
        if self.child is not None:
            self.child.kill()
        self.start()

    def failed(self, problem: str) -> None:
        """Say what the problem is until a child is ready, and wait before the next start: longer each time."""
        self.ready, self.problem = False, problem
        self.closing.wait(min(_FIRST_WAIT_SECONDS * 2**self._failed_starts, _LONGEST_WAIT_SECONDS))
        self._failed_starts += 1

    def welcome(self) -> None:
        """Take note that the child has said it is ready."""
        self.ready, self.problem, self._failed_starts = True, "", 0

    def close(self) -> None:
        """Kill what runs."""
        self.ready = False
        if self.child is not None:
            self.child.kill()
