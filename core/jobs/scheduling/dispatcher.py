"""The thread that brings waiting runs and free slots together, and keeps the queue in order."""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from core.errors import WorkFailed
from core.jobs.scheduling.choice import Chooser
from core.jobs.scheduling.engine import Engine
from core.jobs.scheduling.fairness import Fairness
from core.jobs.scheduling.queue import Queue
from core.jobs.storage.room import Room

log = logging.getLogger(__name__)

_IDLE_SECONDS: Final = 1.0
"""How often to look without being woken: for runs submitted by another process."""

_HESITATION_SECONDS: Final = 0.1
_EXPIRE_SECONDS: Final = 1.0
"""Between two looks for leases that are over."""
_GRACE_SECONDS: Final = 5.0
"""For who could not renew a lease while the database was away."""


class Dispatcher:
    """Woken by `wake`; asks the chooser, claims, submits."""

    def __init__(self, runs: Queue, engine: Engine, room: Room) -> None:
        self._runs = runs
        self._engine = engine
        self._room = room
        self._choosers: dict[str, Chooser] = {}
        self._fairness = Fairness()
        self._news = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._serve, name="dispatcher", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wake(self) -> None:
        """Say that a run waits or a slot is free."""
        self._news.set()

    def stop(self) -> None:
        """Stop claiming and wait for the thread."""
        self._stopping = True
        self._news.set()
        self._thread.join()

    def _serve(self) -> None:
        expire = time.monotonic()
        pause, away = 0.0, False
        while True:
            self._news.wait(pause)
            self._news.clear()
            if self._stopping:
                return
            now, pause = time.monotonic(), _IDLE_SECONDS
            try:
                if away:
                    self._runs.counts()
                    expire, away = time.monotonic() + _GRACE_SECONDS, False
                if now - expire > _EXPIRE_SECONDS:
                    expire = now
                    self._runs.expire([slot.token for slot in self._engine.slots() if slot.token])
                # What cannot be written down need not be trained.
                if not self._room.full and self._dispatch():
                    pause = _HESITATION_SECONDS
            except WorkFailed:
                away = True
                log.warning("the queue waits for the database", exc_info=True)
            except Exception:
                log.exception("the dispatcher goes on after a failure")

    def _dispatch(self) -> bool:
        """Hand out what can be; return whether a free slot waits for a better one to take what is left."""
        while not self._stopping:
            slots, now = self._engine.slots(), time.monotonic()
            self._fairness.look({slot.name for slot in slots if not slot.free}, now)
            if not any(slot.free for slot in slots):
                return False
            waiting: dict[str, list[tuple[int, str]]] = {}
            for run, structure, who in self._runs.waiting():
                waiting.setdefault(who, []).append((run, structure))
            self._choosers = {who: self._choosers.get(who) or Chooser() for who in waiting}
            for who in self._fairness.order(waiting):
                if (choice := self._choosers[who].choose(waiting[who], slots, now)) is not None:
                    break
            else:
                return bool(waiting)
            slot, structure = choice
            claim = self._runs.claim(structure, who)
            if claim is None:
                return True
            self._engine.submit(slot.name, claim)
            self._fairness.gave(slot.name, who)
        return False
