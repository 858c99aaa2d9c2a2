"""A thread that minds one child process: whatever happens reaches it through one inbox, so that it needs no locks."""

from __future__ import annotations

import logging
import queue
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from core.child import Child, Words
from core.errors import WorkFailed
from core.jobs.children.keeper import Keeper
from core.sentence import said
from core.settings import Settings

LOOK_SECONDS: Final = 0.1
"""How often what a child works at is looked after: whether somebody has cancelled or deleted it."""

_RETRY_SECONDS: Final = 0.5
_START_SECONDS: Final = 300.0
"""A child that is not ready after so long hangs, though it lives: it loads TensorFlow in seconds."""

_Order = TypeVar("_Order")
_T = TypeVar("_T")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Said:
    """What a child has said; None when it is gone."""

    child: Child
    words: Words | None


class Actor(ABC, Generic[_Order]):
    """A thread, its inbox and the keeper of its child; the subclass says what is done with what comes in.

    The inbox takes what the child says, orders, and None: a nudge to look around.

    Attributes
    ----------
    failures : int
        How often it has begun anew, with another child, after a failure of its own.
    """

    keeper: Keeper

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.failures = 0
        self._settings = settings
        self._looked = self._awake = time.monotonic()
        self._inbox: queue.SimpleQueue[Said | _Order | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._live, name=name, daemon=True)

    def open(self) -> None:
        """Start the thread and its child."""
        self._thread.start()

    def close(self) -> None:
        """Begin to close: the child is killed, what it works at left for the next start to queue again."""
        self._closing.set()
        self._inbox.put(None)

    def join(self) -> None:
        """Wait until closed."""
        if self._thread.is_alive():
            self._thread.join()

    def _listen(self, child: Child, words: Words | None) -> None:
        self._inbox.put(Said(child, words))

    def _next(self, seconds: float) -> Said | _Order | None:
        """Return what comes in next, None after `seconds`."""
        with suppress(queue.Empty):
            return self._inbox.get(timeout=max(0.0, seconds))
        return None

    def _live(self) -> None:
        begin = self.keeper.start
        while not self._closing.is_set():
            try:
                begin()
                while not self._closing.is_set():
                    self._serve()
            except Exception as failure:
                log.exception("%s begins anew after a failure", self.name)
                self.failures += 1
                kind = type(failure).__name__
                self.keeper.failed(f"{self.name.capitalize()} begins anew after a failure ({kind}); the log says why.")
                begin = self.keeper.begin_anew
        self.keeper.close()

    @abstractmethod
    def _serve(self) -> None:
        """Do what there is to do, once; called until closed.

        Whatever it raises, it has given back what it had in hand: it is called again, with another child.
        """

    def _silent(self) -> bool:
        """Whether the child has given no sign of life for too long; to be asked again and again.

        While this thread is held up nobody listens, as when the machine was paused: that time does not count.
        """
        now, limit = time.monotonic(), self._settings.trainer_silence_seconds
        if now - self._looked > limit / 2:
            self._awake = now
        self._looked = now
        child = self.keeper.child
        if child is None:
            return False
        if not self.keeper.ready:  # It lives, and may hang all the same.
            return now - max(child.begun, self._awake) > _START_SECONDS
        return now - max(child.heard, self._awake) > limit

    @property
    def _silence(self) -> str:
        return said("no sign of life for {seconds:.0f} s", seconds=self._settings.trainer_silence_seconds)

    @property
    def _time_allowed(self) -> str:
        seconds = self._settings.run_seconds
        return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"

    def _patiently(self, write: Callable[[], _T]) -> _T | None:
        """Return what `write` gives, trying again while the database cannot be used and the actor is open."""
        while True:
            try:
                return write()
            except WorkFailed:
                log.warning("%s waits for the database", self.name, exc_info=True)
                if self._closing.wait(_RETRY_SECONDS):
                    return None
