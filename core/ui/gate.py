"""How many pages are computed at the same time: a few, and the others wait in order of arrival.

Python runs one thread at a time. Of two hundred pages at once each would get a two-hundredth of it, and so would the
thread that talks to the browsers: it would answer none of them for so long that connections are given up.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_PLACES: Final = 2
"""More compute nothing sooner; one of two may wait for the database."""
_LONGEST_SECONDS: Final = 1.0
"""Far longer than a page takes: whoever is inside for so long waits, for a disk, a lock or another process."""


class Gate:
    """Lets in a few at a time. Newcomers and those who are here already form a lane each, and the lanes take turns.

    Nobody waits for ever: whoever stays inside for too long is no longer counted, and the next one is let in.

    Parameters
    ----------
    places : int
        How many may be inside.
    longest : float
        Seconds after which somebody inside is no longer counted.
    """

    def __init__(self, places: int = _PLACES, longest: float = _LONGEST_SECONDS) -> None:
        self._places, self._longest = places, longest
        self._lock = threading.Lock()
        self._lanes: tuple[deque[threading.Event], ...] = (deque(), deque())
        self._turn = 0
        self._inside: dict[threading.Event, float] = {}

    @contextmanager
    def place(self, *, known: bool) -> Iterator[None]:
        """Wait for a place, and give it back at the end of the block, however that ends.

        Parameters
        ----------
        known : bool
            Whether this is somebody who is here already, and not a newcomer.
        """
        called = threading.Event()
        with self._lock:
            self._lanes[known].append(called)
        self._call()
        while not called.wait(self._longest):
            self._call()
        try:
            yield
        finally:
            with self._lock:
                self._inside.pop(called, None)
            self._call()

    def _call(self) -> None:
        """Let in whom there is a place for."""
        with self._lock:
            now = time.monotonic()
            self._inside = {called: since for called, since in self._inside.items() if now - since <= self._longest}
            while len(self._inside) < self._places and any(self._lanes):
                turn = self._turn if self._lanes[self._turn] else 1 - self._turn
                called = self._lanes[turn].popleft()
                self._turn = 1 - turn
                self._inside[called] = now
                called.set()


GATE: Final = Gate()
"""That of this process."""
