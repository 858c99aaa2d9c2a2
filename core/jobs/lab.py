"""The one object the web process owns: store, dispatcher, trainers, clinic. One process per database does the work."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from typing import Any

from core.errors import WorkFailed
from core.jobs.cluster.wire import check_wire
from core.jobs.diagnosers.clinic import Clinic
from core.jobs.diagnosers.diagnosis_queue import DiagnosisQueue
from core.jobs.housekeeper import Housekeeper
from core.jobs.scheduling.backlog import Backlog
from core.jobs.scheduling.dispatcher import Dispatcher
from core.jobs.scheduling.engine import EmbeddedEngine, Engine
from core.jobs.scheduling.foresight import Likely, likely_next
from core.jobs.scheduling.lease import LOOK_SECONDS, RENEW_SECONDS, Leader, Lease
from core.jobs.scheduling.queue import Queue
from core.jobs.storage.records import HELD, State
from core.jobs.storage.store import Store
from core.recent import Recent
from core.settings import Settings, load_settings, private_folder
from core.spec import ExperimentSpec
from core.training.structure import structure_key

log = logging.getLogger(__name__)


class Lab:
    """A lab over one database and one data folder.

    Parameters
    ----------
    engine : Engine, optional
        Who lends slots; by default whom the settings name.
    diagnosing : bool
        Whether it carries out diagnoses too.

    Raises
    ------
    InputRefused
        If the database cannot be used (see `core.jobs.storage.database.Database`), or the engine cannot.
    """

    def __init__(self, settings: Settings, engine: Engine | None = None, *, diagnosing: bool = True) -> None:
        self.settings = settings
        self.store = Store(settings)
        self._lease = Lease(self.store.database)
        self._runs = Queue(self.store.database, settings.lease_seconds, self._lease.held)
        self._engine = engine or engine_of(settings)
        self._diagnoses = DiagnosisQueue(self.store.database, self._lease.held)
        self.backlog = Backlog(self.store, lambda: self._engine.size)
        self._dispatcher: Dispatcher | None = None
        self._housekeeper: Housekeeper | None = None
        self._diagnosing = diagnosing
        self._clinic: Clinic | None = None
        self._likely: Recent[str, tuple[Likely, Likely]] = Recent(16)
        self._ahead: dict[str, dict[str, Any]] = {}
        self._starting = threading.Lock()
        self._watch: threading.Thread | None = None
        self._stopping = threading.Event()
        self.store.on_submit = self._wake
        self.store.diagnoses.on_change = self._wake_clinic

    @property
    def dispatching(self) -> bool:
        """Whether this process trains what is queued; otherwise another one may."""
        return self._dispatcher is not None

    def start(self, warm: Iterable[ExperimentSpec] = ()) -> None:
        """Start the dispatcher and the trainers, at once or when the process that has the lead is gone.

        Parameters
        ----------
        warm : iterable of ExperimentSpec
            What is likely to be run first: its structures are compiled while the trainers are idle.

        Raises
        ------
        InputRefused
            If the data folder cannot be used, or the engine could lend no slots.
        """
        with self._starting:
            if self._watch is not None:
                return
            private_folder(self.settings.data)
            self._engine.check(self.store.database)
            runs = {structure_key(run): run for spec in warm for run in spec.runs()}
            self._ahead = {structure: run.model_dump(mode="json") for structure, run in runs.items()}
            self._stopping.clear()
            self._look()
            self._watch = threading.Thread(target=self._keep_looking, name="lead", daemon=True)
            self._watch.start()

    def _keep_looking(self) -> None:
        while not self._stopping.wait(RENEW_SECONDS if self.dispatching else LOOK_SECONDS):
            self._look()

    def _look(self) -> None:
        """Renew the lead, take it where nobody has it, or let go of what belongs to another process by now."""
        try:
            leads = self._lease.keep()
            if leads and not self.dispatching:
                self._lead()
            elif self.dispatching and not leads:
                log.warning("another process leads: this one lets go of its trainers")
                self._let_go()
        except WorkFailed:
            log.warning("the lead waits for the database", exc_info=True)
        except Exception:
            log.exception("the lead is tried again after a failure")
            self._let_go()

    def _lead(self) -> None:
        self._reconcile()
        dispatcher = Dispatcher(self._runs, self._engine, self.store.database.room)
        self._engine.connect(self._runs, self._ahead, dispatcher.wake)
        dispatcher.start()
        self._dispatcher = dispatcher
        self._housekeeper = Housekeeper(self.store, self.settings)
        self._housekeeper.start()
        if self._diagnosing:
            self._clinic = Clinic(self._diagnoses, self.settings, dispatcher.wake)
            self._clinic.open()

    def _let_go(self) -> None:
        housekeeper, self._housekeeper = self._housekeeper, None
        if housekeeper is not None:
            housekeeper.stop()
        clinic, self._clinic = self._clinic, None
        if clinic is not None:
            clinic.close()
            clinic.join()
        dispatcher, self._dispatcher = self._dispatcher, None
        if dispatcher is not None:
            dispatcher.stop()
        self._engine.close()

    def expect(self, spec: ExperimentSpec) -> None:
        """Have idle trainers compile `spec`, so that it begins at once if it is submitted, and then its neighbours."""
        if self.dispatching:
            # Nobody is to wait for a neighbour: they come when this is asked again, as after a run.
            now, later = self._likely.get(spec.hash(), lambda: likely_next(spec))
            if not self._engine.expect(now):
                self._engine.expect(later, sparing=True)

    def stop(self) -> None:
        """Stop claiming and the trainers here; runs in training here are queued again for the next start."""
        with self._starting:
            if self._watch is not None:
                self._stopping.set()
                self._watch.join()
                self._watch = None
                self._let_go()
                with suppress(WorkFailed):  # The next to lead does the same, a few seconds later.
                    self._reconcile()
                    self._lease.release()
            self.store.close()

    def _reconcile(self) -> None:
        if not self._engine.outlasts:
            self._runs.reconcile()
        self._diagnoses.reconcile()

    def health(self) -> dict[str, Any]:
        """Return how the lab is: who leads, slots, trainers, what compiles, waits and runs, diagnoses, its problem."""
        slots, clinic = self._engine.slots() if self.dispatching else [], self._clinic
        counts = self._runs.counts()
        problems = [self.store.database.room.problem, self._engine.problem if self.dispatching else ""]
        problems += [slot.problem for slot in slots]
        problems += [clinic.keeper.problem] if clinic else []
        if self._watch is not None and self._lease.leader == Leader.NOBODY:
            problems.append("Nobody trains what is queued; this process is about to.")
        return {
            "leader": self._lease.leader,
            "dispatching": self.dispatching,
            "slots": len(slots),
            "trainers": {
                "alive": sum(slot.pid is not None for slot in slots),
                "ready": sum(slot.ready for slot in slots),
            },
            "compiling": sum(slot.compiling is not None for slot in slots),
            "queued": counts.get(State.QUEUED, 0),
            "running": sum(counts.get(state, 0) for state in HELD),
            "diagnosing": clinic is not None and clinic.keeper.ready,
            "failures": sum(slot.failures for slot in slots) + (clinic.failures if clinic else 0),
            "problem": next(filter(None, problems), None),
        }

    def _wake_clinic(self) -> None:
        clinic = self._clinic  # another thread may let go of it meanwhile
        if clinic is not None:
            clinic.wake()

    def _wake(self) -> None:
        dispatcher = self._dispatcher
        if dispatcher is not None:
            dispatcher.wake()


def engine_of(settings: Settings) -> Engine:
    """Return who lends slots.

    Raises
    ------
    InputRefused
        If that cannot be, and it can be known without asking anybody.
    """
    if not settings.engine:
        return EmbeddedEngine(settings)
    check_wire(settings)
    # Dask is loaded by nobody who does without it.
    from core.jobs.cluster.dask_engine import DaskEngine

    return DaskEngine(settings)


_making = threading.Lock()


@cache
def _lab() -> Lab:
    return Lab(load_settings())


def get_lab() -> Lab:
    """Return the lab of this process, made at the first call from the environment's settings; not started."""
    with _making:
        return _lab()
