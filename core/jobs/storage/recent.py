"""A small cache of what was used last, for values that are dear to make and must not fill the memory."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Keeps the last used values while their costs add up to at most `budget`, and always the newest.

    Keys are compared, not hashed, because a spec with an inline table has no hash; so keep few.
    """

    def __init__(self, budget: float, entries: int = 64) -> None:
        self._budget = budget
        self._entries = entries
        self._kept: list[tuple[K, V, float]] = []
        self._lock = threading.Lock()

    def get(self, key: K, make: Callable[[], tuple[V, float]]) -> V:
        """Return the value of `key`; `make` gives it and its cost when it is not here."""
        with self._lock:
            for place, entry in enumerate(self._kept):
                if entry[0] == key:
                    self._kept.append(self._kept.pop(place))
                    return entry[1]
        value, cost = make()
        with self._lock:
            self._kept.append((key, value, cost))
            while len(self._kept) > 1 and (
                len(self._kept) > self._entries or sum(entry[2] for entry in self._kept) > self._budget
            ):
                self._kept.pop(0)
        return value
