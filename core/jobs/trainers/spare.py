"""One trainer more than there are slots: it has loaded TensorFlow, and waits to take the place of one that dies."""

from __future__ import annotations

import threading
from contextlib import suppress

from core.child import Child, Listener, Words
from core.jobs.children.keeper import Launch


class Spare:
    """At most one child that belongs to nobody yet. All threads of an engine may ask for it.

    Parameters
    ----------
    launch : callable
        Starts it.
    wanted : bool
        Whether there shall be one at all.
    """

    def __init__(self, launch: Launch, *, wanted: bool = True) -> None:
        self._launch = launch
        self._wanted = wanted
        self._lock = threading.Lock()
        self._waiting: _Waiting | None = None
        self._closed = False

    def prepare(self) -> None:
        """Start one, unless there is one that lives."""
        with self._lock:
            if self._wanted and not self._closed and (self._waiting is None or self._waiting.gone):
                self._waiting = None
                with suppress(OSError):  # there is none then, as before
                    self._waiting = _Waiting(self._launch)

    def instead_of(self, launch: Launch, listener: Listener) -> Child:
        """Hand it over where it is ready, or `launch` one."""
        return self.take(listener) or launch(listener)

    def take(self, listener: Listener) -> Child | None:
        """Hand it over, with all it has said, and start the next; None where none is ready."""
        with self._lock:
            waiting = self._waiting
            if waiting is None or waiting.gone or not waiting.ready:
                return None
            self._waiting = None
        waiting.hand_to(listener)
        self.prepare()
        return waiting.child

    def close(self) -> None:
        """Kill it; no other is started."""
        with self._lock:
            self._closed, waiting = True, self._waiting
        if waiting is not None:
            waiting.child.kill()


class _Waiting:
    """A child whose words are kept until somebody listens; `ready` and `gone` once it has said so."""

    def __init__(self, launch: Launch) -> None:
        self._lock = threading.Lock()
        self._heard: list[Words | None] = []
        self._listener: Listener | None = None
        self.ready = self.gone = False
        self.child = launch(self._hear)

    def hand_to(self, listener: Listener) -> None:
        """Tell `listener` what it has said, and from now on what it says."""
        with self._lock:
            for words in self._heard:
                listener(self.child, words)
            self._listener = listener

    def _hear(self, child: Child, words: Words | None) -> None:
        with self._lock:
            if self._listener is None:
                self._heard.append(words)
                self.gone |= words is None
                self.ready |= words is not None and words["event"] == "ready"
                return
        self._listener(child, words)
