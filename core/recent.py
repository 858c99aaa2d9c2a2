"""What was used last, for values that are expensive to make and must not fill the memory."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Keeps the last used values: at most `entries`, of at most `budget` cost in all, and always the newest.

    Any number of threads may use it; a value that two of them miss at once is made twice.
    """

    def __init__(self, entries: int = 64, budget: float = math.inf, cost: Callable[[V], float] = lambda _: 0.0) -> None:
        self._entries = entries
        self._budget = budget
        self._cost = cost
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """Return the value of `key`, from `make` where it is not here."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        value = make()
        with self._lock:
            self._kept[key] = value
            self._kept.move_to_end(key)
            while len(self._kept) > 1 and (
                len(self._kept) > self._entries or sum(map(self._cost, self._kept.values())) > self._budget
            ):
                self._kept.popitem(last=False)
        return value

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
