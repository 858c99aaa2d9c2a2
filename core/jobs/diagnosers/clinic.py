"""The thread that keeps a diagnoser process alive, feeds it one diagnosis at a time and writes down what it says."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Never

from core.child import Words
from core.errors import WorkFailed
from core.jobs.children.actor import LOOK_SECONDS, Actor, Said
from core.jobs.children.keeper import Keeper, lab_child
from core.jobs.diagnosers.diagnosis_queue import DiagnosisClaim, DiagnosisQueue
from core.jobs.storage.records import State
from core.sentence import said
from core.settings import Settings

_IDLE_SECONDS: Final = 1.0
"""How often to look without being woken: for diagnoses asked for by another process."""

log = logging.getLogger(__name__)


@dataclass
class _Work:
    """A diagnosis being carried out, `alone` since its last trial or word; `stopping` since when it is to stop."""

    claim: DiagnosisClaim
    alone: float = field(default_factory=time.monotonic)
    stopping: float | None = None


class Clinic(Actor[Never]):
    """The lab's side: a thread that hands waiting diagnoses to one child, a `Diagnoser`, and writes down the outcome.

    When it closes, its diagnosis is left for `DiagnosisQueue.reconcile`.

    Parameters
    ----------
    on_work : callable
        Called when a diagnosis has put runs into the queue.
    """

    def __init__(self, diagnoses: DiagnosisQueue, settings: Settings, on_work: Callable[[], None]) -> None:
        super().__init__("clinic", settings)
        self._diagnoses = diagnoses
        self._on_work = on_work
        launch = partial(lab_child, settings, ["core.jobs.diagnosers.diagnoser"], "diagnoser")
        self.keeper = Keeper("diagnoser", launch, self._listen, self._closing)
        self._work: _Work | None = None

    def wake(self) -> None:
        """Say that a diagnosis waits or was cancelled."""
        self._inbox.put(None)

    def _serve(self) -> None:
        event = self._next(LOOK_SECONDS if self._work else _IDLE_SECONDS)
        if self._closing.is_set():
            return
        try:
            if event is not None:
                self._hear(event)
            self._look_after()
        except WorkFailed:
            log.warning("the clinic waits for the database", exc_info=True)
            self._closing.wait(_IDLE_SECONDS)
        except Exception as failure:
            self._give_back(said("its clinic failed with {error}", error=type(failure).__name__))
            raise

    def _hear(self, said: Said) -> None:
        if said.child is not self.keeper.child:
            return
        words = said.words
        if words is None:
            self._died(said.child.ended)
            return
        match words["event"]:
            case "ready":
                self.keeper.welcome()
            case "submitted":
                self._on_work()
            case "progress" | "end" if self._work is not None and words["token"] == self._work.claim.token:
                self._write(self._work, words)

    def _write(self, work: _Work, words: Words) -> None:
        claim, work.alone = work.claim, time.monotonic()
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
        self._give_back(how)
        self.keeper.restart()

    def _give_back(self, how: str) -> None:
        work, self._work = self._work, None
        if work is not None:
            self._patiently(lambda: self._diagnoses.died(work.claim, how))

    def _look_after(self) -> None:
        """Give out the next diagnosis, or see that the one in hand comes to an end."""
        if self._silent():
            self._died(self._silence)
        elif not self.keeper.ready:
            return
        elif self._work is None:
            claim = self._diagnoses.claim()
            if claim is not None:
                self._work = _Work(claim)
                self.keeper.send(cmd="diagnose", token=claim.token, diagnosis=claim.diagnosis)
        elif self._work.stopping is None:
            self._see_to(self._work, time.monotonic())
        elif time.monotonic() - self._work.stopping > self._settings.stop_grace_seconds:
            self._work = None
            self.keeper.restart()

    def _see_to(self, work: _Work, now: float) -> None:
        trials = self._diagnoses.trials_left(work.claim)
        if trials is None:
            work.stopping = now
            self.keeper.send(cmd="stop", token=work.claim.token)
        elif trials:
            work.alone = now
        elif now - work.alone > self._settings.run_seconds:
            error = said(
                "The search for the cause ran out of time; "
                "allowed: {time!n} between trials, with fewer rows or fewer columns.",
                time=self._time_allowed,
            )
            self._patiently(lambda: self._diagnoses.finish(work.claim, State.FAILED, error=error))
            self._work = None
            self.keeper.restart()
