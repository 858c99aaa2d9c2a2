"""The one object the web process owns: store, dispatcher, trainers, clinic. One lab per data folder does the work."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from typing import IO, Any

from core.errors import WorkFailed
from core.jobs.diagnosers.clinic import Clinic
from core.jobs.diagnosers.diagnosis_queue import DiagnosisQueue
from core.jobs.scheduling.backlog import Backlog
from core.jobs.scheduling.dispatcher import Dispatcher
from core.jobs.scheduling.engine import EmbeddedEngine, Engine
from core.jobs.scheduling.foresight import Likely, likely_next
from core.jobs.scheduling.queue import Queue
from core.jobs.storage.records import HELD, State
from core.jobs.storage.store import Store
from core.recent import Recent
from core.settings import Settings, load_settings, private_folder
from core.spec import ExperimentSpec
from core.training.structure import structure_key


class Lab:
    """A lab over one data folder.

    Parameters
    ----------
    engine : Engine, optional
        Who lends slots; the embedded engine by default.
    diagnosing : bool
        Whether it carries out diagnoses too.

    Raises
    ------
    InputRefused
        If the database cannot be used (see `core.jobs.storage.database.Database`).
    """

    def __init__(self, settings: Settings, engine: Engine | None = None, *, diagnosing: bool = True) -> None:
        self.settings = settings
        self.store = Store(settings)
        self._runs = Queue(self.store.database, settings.lease_seconds)
        self._engine = engine or EmbeddedEngine(settings)
        self._diagnoses = DiagnosisQueue(self.store.database)
        self.backlog = Backlog(self.store, settings.slots)
        self._dispatcher: Dispatcher | None = None
        self._diagnosing = diagnosing
        self._clinic: Clinic | None = None
        self._likely: Recent[str, tuple[Likely, Likely]] = Recent(16)
        self._lock_file: IO[bytes] | None = None
        self._starting = threading.Lock()
        self.store.on_submit = self._wake
        self.store.diagnoses.on_change = self._wake_clinic

    @property
    def dispatching(self) -> bool:
        """Whether this process trains what is queued; otherwise another one holds the data folder."""
        return self._dispatcher is not None

    def start(self, warm: Iterable[ExperimentSpec] = ()) -> None:
        """Start the dispatcher and the trainers, unless they run or another process holds the data folder.

        Parameters
        ----------
        warm : iterable of ExperimentSpec
            What is likely to be run first: its structures are compiled while the trainers are idle.
        """
        with self._starting:
            if self.dispatching or not self._take_lock():
                return
            try:
                self._reconcile()
            except WorkFailed:
                self._release_lock()
                raise
            runs = {structure_key(run): run for spec in warm for run in spec.runs()}
            dispatcher = Dispatcher(self._runs, self._engine, self.store.database)
            ahead = {structure: run.model_dump(mode="json") for structure, run in runs.items()}
            self._engine.connect(self._runs, ahead, dispatcher.wake)
            self._dispatcher = dispatcher
            dispatcher.start()
            if self._diagnosing:
                self._clinic = Clinic(self._diagnoses, self.settings, dispatcher.wake)
                self._clinic.open()

    def expect(self, spec: ExperimentSpec) -> None:
        """Have idle trainers compile `spec`, so that it begins at once if it is submitted, and then its neighbours."""
        if self.dispatching:
            # Nobody is to wait for a neighbour: they come when this is asked again, as after a run.
            now, later = self._likely.get(spec.hash(), lambda: likely_next(spec))
            if not self._engine.expect(now):
                self._engine.expect(later, sparing=True)

    def stop(self) -> None:
        """Stop claiming and the trainers; runs in training are queued again for the next start."""
        with self._starting:
            if self._clinic is not None:
                self._clinic.close()
                self._clinic.join()
                self._clinic = None
            if self._dispatcher is not None:
                self._dispatcher.stop()
                self._dispatcher = None
                self._engine.close()
                with suppress(WorkFailed):  # The next start does the same.
                    self._reconcile()
            self._release_lock()
            self.store.close()

    def _reconcile(self) -> None:
        self._runs.reconcile()
        self._diagnoses.reconcile()

    def health(self) -> dict[str, Any]:
        """Return how the lab is: slots, trainers, what compiles, waits and runs, whether it diagnoses, its problem."""
        slots = self._engine.slots() if self.dispatching else []
        counts = self._runs.counts()
        problems = [slot.problem for slot in slots] + ([self._clinic.keeper.problem] if self._clinic else [])
        return {
            "dispatching": self.dispatching,
            "slots": len(slots),
            "trainers": {
                "alive": sum(slot.pid is not None for slot in slots),
                "ready": sum(slot.ready for slot in slots),
            },
            "compiling": sum(slot.compiling is not None for slot in slots),
            "queued": counts.get(State.QUEUED, 0),
            "running": sum(counts.get(state, 0) for state in HELD),
            "diagnosing": self._clinic is not None and self._clinic.keeper.ready,
            "problem": next(filter(None, problems), None),
        }

    def _take_lock(self) -> bool:
        private_folder(self.settings.data)
        file = (self.settings.data / "lab.lock").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._lock_file = file
        return True

    def _release_lock(self) -> None:
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None

    def _wake_clinic(self) -> None:
        if self._clinic is not None:
            self._clinic.wake()

    def _wake(self) -> None:
        if self._dispatcher is not None:
            self._dispatcher.wake()


_making = threading.Lock()


@cache
def _lab() -> Lab:
    return Lab(load_settings())


def get_lab() -> Lab:
    """Return the lab of this process, made at the first call from the environment's settings; not started."""
    with _making:
        return _lab()
