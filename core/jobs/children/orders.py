"""What a child process was told over its stdin, sorted: work before warm-ups, and which work to stop."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TextIO

from core.child import Voice

NICENESS: Final = 5
"""Pages come first: they share the processors with the child processes."""

_DISPENSABLE: Final = Path("/proc/self/oom_score_adj")


class Orders:
    """One JSON object per line, whose `cmd` says what it is.

    ``stop`` (token) ends the work of this token, ``keep`` (token) has it kept as it is; ``warm`` is whatever can wait,
    and anything else is work.
    """

    def __init__(self) -> None:
        self._work: deque[dict[str, Any]] = deque()
        self._warm: deque[dict[str, Any]] = deque()
        self._stopped: set[str] = set()
        self._to_keep: set[str] = set()
        self._news = threading.Condition()

    def listen(self, source: TextIO) -> None:
        """Take orders from `source` until it ends, then end the process, whatever it is doing."""
        for line in source:
            order = json.loads(line)
            with self._news:
                match order["cmd"]:
                    case "stop":
                        self._stopped.add(order["token"])
                    case "keep":
                        self._to_keep.add(order["token"])
                    case "warm":
                        self._warm.append(order)
                    case _:
                        self._work.append(order)
                self._news.notify_all()
        os._exit(9)

    def next(self) -> dict[str, Any]:
        """Wait for the next order."""
        with self._news:
            self._news.wait_for(lambda: self._work or self._warm)
            return self._work.popleft() if self._work else self._warm.popleft()

    def work_waits(self) -> bool:
        """Return whether there is something to do that does not come after whatever can wait."""
        with self._news:
            return bool(self._work)

    def stopped(self, token: str) -> bool:
        """Return whether the work of this token is to stop."""
        return token in self._stopped

    def to_keep(self, token: str) -> bool:
        """Return whether the work of this token is to be kept as it is, for another process to go on with."""
        return token in self._to_keep

    def wait(self, token: str, seconds: float) -> bool:
        """Wait a while, not longer than until the work of this token is to stop; return whether it is."""
        with self._news:
            return self._news.wait_for(lambda: token in self._stopped, seconds)


def begin_as_child(dispensable: int) -> tuple[Orders, Voice]:
    """Make this process a lab's child: nice, its log on stderr; return its orders, listened to, and its voice.

    Parameters
    ----------
    dispensable : int
        How readily the system shall end it when memory runs out, from 0, like any other, to 1000, before all others.
    """
    voice = Voice()
    voice.beat()
    os.nice(NICENESS)
    with suppress(OSError):  # Other systems than Linux choose as they please.
        _DISPENSABLE.write_text(str(dispensable))
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    orders = Orders()
    threading.Thread(target=orders.listen, args=(sys.stdin,), daemon=True).start()
    return orders, voice
