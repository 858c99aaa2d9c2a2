"""Python's garbage collector, told what it need not look at, and when to look."""

from __future__ import annotations

import gc
import threading
import time
from typing import Final

_SHARE: Final = 20
"""Between two collections lies at least so many times what the last one took."""


def keep_what_lives() -> None:
    """Have no collection look again at what lives now: the modules, once all of them are imported.

    A full one otherwise goes through all of them and lets nothing else run meanwhile: 60 ms between pages, 0.3 s
    in the middle of what a trainer traces.
    """
    gc.collect()
    gc.freeze()


class Rounds:
    """Collects behind what makes garbage, now and then: so rarely that it takes a twentieth of the time at most.

    A collection takes as long as there is much alive. After every page, as Streamlit would do it, the pages of a crowd
    would cost as much as their number squared.
    """

    def __init__(self) -> None:
        self._due = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="collector", daemon=True)

    def start(self) -> None:
        """Start the thread that collects."""
        self._thread.start()

    def ask(self) -> None:
        """Say that there may be garbage."""
        self._due.set()

    def _serve(self) -> None:
        while self._due.wait():
            self._due.clear()
            begin = time.perf_counter()
            gc.collect()
            time.sleep(_SHARE * (time.perf_counter() - begin))


ROUNDS: Final = Rounds()
"""Those of the web process."""
