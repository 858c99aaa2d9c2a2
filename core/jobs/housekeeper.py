"""Whoever leads keeps house: a thread that sees to each chore in turn, oftener where the disk is full."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from core.errors import WorkFailed
from core.jobs.classroom.classrooms import remove_ended
from core.jobs.storage.retention import remove_files, remove_old_experiments, remove_unused_tables
from core.jobs.storage.store import Store
from core.lessons.shelf import Shelf
from core.settings import LESSONS, Settings

_SOON: Final = 30.0
_SELDOM: Final = 3600.0
_FULL: Final = 3.0
"""How often each chore is seen to while the disk is full: somebody may just have deleted something."""
_LOOK_SECONDS: Final = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chore:
    """Something that has to be done every so many `seconds`; what it is `called` is for the log."""

    called: str
    seconds: float
    do: Callable[[Store, Settings], None]


def _remove_ended(store: Store, _settings: Settings) -> None:
    remove_ended(store.database)


def _sweep(store: Store, _settings: Settings) -> None:
    store.checkpoints.sweep()


def _remove_old_experiments(store: Store, settings: Settings) -> None:
    remove_old_experiments(store.database, settings.experiment_days)


def _remove_unused_tables(store: Store, settings: Settings) -> None:
    named = Shelf(settings.data / LESSONS).tables
    remove_unused_tables(store.database, store.datasets, settings.upload_days, named)


def _remove_files(store: Store, settings: Settings) -> None:
    remove_files(store.database, store.datasets, settings.upload_days, settings.data)


def _shrink(store: Store, _settings: Settings) -> None:
    store.database.shrink()


def _save_reserve(store: Store, _settings: Settings) -> None:
    store.database.room.save()


CHORES: Final = (
    Chore("classes that have ended", _SOON, _remove_ended),
    Chore("checkpoints of runs that have ended", _SOON, _sweep),
    Chore("old experiments", _SELDOM, _remove_old_experiments),
    Chore("tables that nothing names", _SELDOM, _remove_unused_tables),
    Chore("files without a row", _SELDOM, _remove_files),
    Chore("the size of the database", _SOON, _shrink),
    Chore("the reserve", _SOON, _save_reserve),
)
"""In this order: what is removed first makes the room that the next gives back."""


class Housekeeper:
    """The thread; it sees to everything when it starts."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="housekeeper", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the chore in hand and wait for the thread."""
        self._stopping.set()
        self._thread.join()

    def _serve(self) -> None:
        done: dict[Chore, float] = {}
        while not self._stopping.is_set():
            for chore in CHORES:
                now = time.monotonic()
                pause = min(chore.seconds, _FULL) if self._store.database.room.full else chore.seconds
                if now - done.get(chore, float("-inf")) >= pause and not self._stopping.is_set():
                    done[chore] = now
                    self._see_to(chore)
            self._stopping.wait(_LOOK_SECONDS)

    def _see_to(self, chore: Chore) -> None:
        try:
            chore.do(self._store, self._settings)
        except WorkFailed:
            log.warning("to be done later: %s", chore.called, exc_info=True)
        except Exception:
            log.exception("not done: %s", chore.called)
