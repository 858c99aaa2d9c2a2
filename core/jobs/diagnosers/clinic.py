"""The thread that keeps a diagnoser process alive, feeds it one diagnosis at a time and writes down what it says."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from core.errors import WorkFailed
from core.jobs.children.child import ChildProcess, Listener, Words
from core.jobs.diagnosers.diagnosis_queue import DiagnosisClaim, DiagnosisQueue
from core.jobs.storage.records import State
from core.settings import Settings

LOOK_SECONDS: Final = 0.1
"""How often a diagnosis is looked after: whether somebody has cancelled or deleted it."""

_IDLE_SECONDS: Final = 1.0
"""How often to look without being woken: for diagnoses asked for by another process."""

_FIRST_WAIT_SECONDS: Final = 0.5
_LONGEST_WAIT_SECONDS: Final = 30.0

log = logging.getLogger(__name__)

Launch = Callable[[Listener], ChildProcess]


@dataclass
class _Work:
    """A diagnosis being carried out; `stopping` since when it is to stop."""

    claim: DiagnosisClaim
    stopping: float | None = None


class Clinic:
    """Serves the diagnoses of one lab; everything is done by its own thread, which reads one inbox.

    Parameters
    ----------
    diagnoses : DiagnosisQueue
    settings : Settings
    on_work : callable
        Called when a diagnosis has put runs into the queue.
    launch : callable, optional
        Starts a diagnoser.
    """

    def __init__(
        self,
        diagnoses: DiagnosisQueue,
        settings: Settings,
        on_work: Callable[[], None],
        launch: Launch | None = None,
    ) -> None:
        self._diagnoses = diagnoses
        self._settings = settings
        self._on_work = on_work
        self._launch = launch or (
            lambda listener: ChildProcess(settings, ["core.jobs.diagnosers.diagnoser"], "diagnoser", listener)
        )
        self._inbox: queue.SimpleQueue[tuple[ChildProcess, Words | None] | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._child: ChildProcess | None = None
        self._ready = False
        self._failed_starts = 0
        self._work: _Work | None = None
        self._thread = threading.Thread(target=self._serve, name="clinic", daemon=True)
        self.problem = ""

    @property
    def ready(self) -> bool:
        """Whether the diagnoser lives and takes orders."""
        return self._ready

    @property
    def pid(self) -> int | None:
        """The process of the diagnoser."""
        return self._child.pid if self._child is not None else None

    def start(self) -> None:
        """Start the thread and the diagnoser."""
        self._thread.start()

    def wake(self) -> None:
        """Say that a diagnosis waits or was cancelled."""
        self._inbox.put(None)

    def stop(self) -> None:
        """Kill the diagnoser and wait for the thread; the diagnosis is left for `DiagnosisQueue.reconcile`."""
        self._closing.set()
        self._inbox.put(None)
        self._thread.join()

    def _serve(self) -> None:
        try:
            self._start()
            while not self._closing.is_set():
                event = None
                with suppress(queue.Empty):
                    event = self._inbox.get(timeout=LOOK_SECONDS if self._work else _IDLE_SECONDS)
                if self._closing.is_set():
                    return
                try:
                    if event is not None:
                        self._hear(*event)
                    self._look_after()
                except WorkFailed:
                    log.warning("the clinic waits for the database", exc_info=True)
                    self._closing.wait(_IDLE_SECONDS)
        except Exception:
            log.exception("the clinic has closed")
            self.problem = "Diagnoses have ended; the log says why."
        finally:
            if self._child is not None:
                self._child.kill()

    def _start(self) -> None:
        """Start a diagnoser, however often it takes."""
        self._ready = False
        while not self._closing.is_set():
            try:
                self._child = self._launch(lambda child, words: self._inbox.put((child, words)))
            except OSError as error:
                self._start_failed(f"Diagnoses cannot be started ({error.strerror}).")
            else:
                return

    def _start_failed(self, problem: str) -> None:
        self.problem = problem
        self._closing.wait(min(_FIRST_WAIT_SECONDS * 2**self._failed_starts, _LONGEST_WAIT_SECONDS))
        self._failed_starts += 1

    def _restart(self, how: str) -> None:
        if self._child is not None:
            self._child.kill()
        if not self._ready:
            self._start_failed(f"Diagnoses do not start ({how}); the diagnoser's log says why.")
        self._start()

    def _hear(self, child: ChildProcess, words: Words | None) -> None:
        if child is not self._child:
            return
        if words is None:
            self._died(child.ended)
            return
        match words["event"]:
            case "ready":
                self._ready, self.problem, self._failed_starts = True, "", 0
            case "submitted":
                self._on_work()
            case "progress" | "end" if self._work is not None and words["token"] == self._work.claim.token:
                self._write(self._work.claim, words)

    def _write(self, claim: DiagnosisClaim, words: dict[str, Any]) -> None:
        if words["event"] == "progress":
            self._diagnoses.progress(claim, words["progress"])
            return
        state = State(words["state"])
        if state != State.CANCELLED:  # that is written already, by whoever cancelled
            rest = {name: words.get(name) for name in ("progress", "report", "error")}
            self._patiently(lambda: self._diagnoses.finish(claim, state, **rest))
        self._work = None

    def _died(self, how: str) -> None:
        log.warning("the diagnoser died (%s)", how)
        work, self._work = self._work, None
        if work is not None:
            claim = work.claim
            self._patiently(lambda: self._diagnoses.died(claim, how))
        self._restart(how)

    def _look_after(self) -> None:
        """Give out the next diagnosis, or see that the one in hand stops when it is to."""
        if self._child is None or not self._ready:
            return
        if self._work is None:
            claim = self._diagnoses.claim()
            if claim is not None:
                self._work = _Work(claim)
                self._child.send(cmd="diagnose", token=claim.token, diagnosis=claim.diagnosis)
        elif self._work.stopping is None:
            if not self._diagnoses.holds(self._work.claim):
                self._work.stopping = time.monotonic()
                self._child.send(cmd="stop", token=self._work.claim.token)
        elif time.monotonic() - self._work.stopping > self._settings.stop_grace_seconds:
            self._work = None
            self._restart("it did not stop")

    def _patiently(self, write: Callable[[], bool]) -> None:
        """Do what must not be lost, trying again while the database cannot be used and the clinic is open."""
        while not self._closing.is_set():
            try:
                write()
            except WorkFailed:
                log.warning("the clinic waits for the database", exc_info=True)
                self._closing.wait(_IDLE_SECONDS)
            else:
                return
