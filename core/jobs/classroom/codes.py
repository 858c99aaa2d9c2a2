"""The short code that joins a class, the secrets that do more, and how the two are told apart from guesses."""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from core.errors import InputRefused
from core.recent import Recent
from core.sentence import said

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Capital letters and digits without 0, O, 1 and I, which look alike on a board."""
LENGTH: Final = 6
"""32⁶ is a billion codes: with `MOST_MISSES` a minute, all open classes of a lab are out of a guesser's reach."""

MOST_MISSES: Final = 60
"""Wrong codes from one address in a minute; a whole class behind one router may mistype it twice each."""
_MINUTE: Final = 60.0


def new_code() -> str:
    """Return a code nobody can foretell."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def tidy(typed: str) -> str:
    """Return a code as it is stored, from one as people type it: in small letters, with spaces or hyphens."""
    kept = "".join(c for c in typed[:40].upper() if c in ALPHABET)
    return kept if len(kept) == LENGTH else ""


class Misses:
    """Counts wrong codes by the address they came from, in the memory of this process.

    Parameters
    ----------
    clock : callable
        Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._of: Recent[str, deque[float]] = Recent(10_000)
        self._lock = threading.Lock()

    def check(self, address: str) -> None:
        """Refuse an address that has guessed wrongly too often in the last minute.

        Raises
        ------
        InputRefused
            Whatever the code is, right ones too: otherwise guessing could go on.
        """
        with self._lock:
            misses = self._of.get(address, deque)
            while misses and misses[0] < self._clock() - _MINUTE:
                misses.popleft()
            if len(misses) >= MOST_MISSES:
                raise InputRefused(said("Too many wrong codes came from this network; wait a minute."), "code")

    def add(self, address: str) -> None:
        """Count a wrong code."""
        with self._lock:
            self._of.get(address, deque).append(self._clock())
