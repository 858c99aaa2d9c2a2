"""One slot: a thread that feeds its trainer one run at a time and writes down what it says."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from core.child import KILLED
from core.errors import WorkFailed
from core.jobs.children.actor import LOOK_SECONDS, Actor, Said
from core.jobs.children.keeper import Launch
from core.jobs.memory import own_bytes
from core.jobs.scheduling.choice import SlotView
from core.jobs.scheduling.queue import Chunk, Claim, Queue
from core.jobs.storage.frames import FrameText
from core.jobs.storage.records import State
from core.jobs.trainers.trainer_keeper import TrainerKeeper
from core.machine import memory_kills
from core.sentence import said
from core.settings import Settings
from core.training.memory import memory_text

OVERDRAFT: Final = 1.25
"""A trainer that holds so many times what it may is ended: what a run was expected to need is no promise."""
_NEARLY: Final = 0.8
"""One that held this share of it and was killed was killed for it, whatever the system counts."""

log = logging.getLogger(__name__)


@dataclass
class _Training:
    """A run in training; `ours` until the store says that the claim is stale, `reason` why it fails once stopped.

    It `waits` while its epochs cannot be stored.
    """

    claim: Claim
    unsaved: list[Chunk] = field(default_factory=list)
    frames: list[FrameText] = field(default_factory=list)
    saved_any: bool = False
    looked: float = 0.0
    measured: float = 0.0
    began: float = field(default_factory=time.monotonic)
    renewed: float = field(default_factory=time.monotonic)
    stopping: float | None = None
    leaving: float | None = None
    reason: str | None = None
    ours: bool = True
    waits: bool = False
    kills: int = field(default_factory=memory_kills)
    most_bytes: int = 0


@dataclass(frozen=True)
class Expected:
    """Structures to compile ahead, and for each a run spec as JSON values."""

    runs: Mapping[str, dict[str, Any]]


class Slot(Actor[Claim | Expected]):
    """Trains one run at a time. When it closes, its run is kept as it is and left for `Queue.reconcile`.

    Parameters
    ----------
    launch, warm
        See `TrainerKeeper`.
    on_free : callable
        Called when the slot can take a run.
    on_over : callable
        Called when it is done with one, however that ended.
    """

    def __init__(
        self,
        name: str,
        runs: Queue,
        launch: Launch,
        settings: Settings,
        warm: Mapping[str, dict[str, Any]],
        on_free: Callable[[], None],
        on_over: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(name, settings)
        self._runs = runs
        self._on_free, self._on_over = on_free, on_over
        self.keeper: TrainerKeeper = TrainerKeeper(launch, self._listen, self._closing, settings, warm)
        self._claim: Claim | None = None

    def assign(self, claim: Claim) -> None:
        """Take a run; only for a slot that was seen free, by the one dispatcher."""
        self._claim = claim
        self.keeper.began(claim.structure)
        self._inbox.put(claim)

    def expect(self, likely: Mapping[str, dict[str, Any]]) -> None:
        """Have these compiled when there is nothing to train, instead of what was expected before."""
        self._inbox.put(Expected(likely))

    def view(self) -> SlotView:
        """Return the slot as the dispatcher sees it."""
        keeper, claim = self.keeper, self._claim
        return SlotView(
            self.name,
            ready=keeper.ready,
            free=keeper.ready and claim is None,
            pid=keeper.pid,
            structures=keeper.structures,
            compiling=keeper.compiling,
            warming=frozenset(keeper.warming),
            problem=keeper.problem,
            token=claim.token if claim is not None else None,
            failures=self.failures,
        )

    def _serve(self) -> None:
        event = self._next(self._settings.trainer_silence_seconds / 4)
        if isinstance(event, Claim):
            self._train(event)
        elif isinstance(event, Expected):
            self.keeper.expect(event.runs)
        elif event is not None:
            self.keeper.hear(event.child, event.words)
        elif self._silent():
            log.warning("the trainer of %s is replaced: %s", self.name, self._silence)
            self.keeper.restart()
        self.keeper.succeed()
        if self._claim is None and self.keeper.ready:
            self._on_free()

    def _train(self, claim: Claim) -> None:
        """See a run through to its end; a failure of this slot is a death of the run: it may be its cause."""
        try:
            self._see_through(claim)
        except Exception as failure:
            how = f"its slot failed with {type(failure).__name__}"
            self._patiently(lambda: self._runs.died(claim, how))
            self.keeper.ready = False
            raise
        finally:
            self._claim = None
            self._on_over()

    def _see_through(self, claim: Claim) -> None:
        if attempt := self._patiently(lambda: self._runs.start(claim)):
            run = {"run": claim.run, "attempt": attempt, "experiment": claim.experiment, "position": claim.position}
            chosen = {"probed": claim.probed, "pictured": claim.pictured}
            self.keeper.send(cmd="train", token=claim.token, **run, **chosen)
            training = _Training(claim)
            while not self._step(training):
                pass
        self.keeper.ended()
        # Before anyone sees the slot free: a run that came meanwhile would be forgotten with the old trainer.
        self.keeper.succeed()

    def _step(self, training: _Training) -> bool:
        """Wait for the next word or the next look; return whether the run has ended here."""
        event = self._next(training.looked + LOOK_SECONDS - time.monotonic())
        if isinstance(event, Expected):
            self.keeper.expect(event.runs)
        if isinstance(event, Said) and self._hear(training, event):
            return True
        now = time.monotonic()
        return (self._closing.is_set() and self._leave(training, now)) or self._look_after(training, now)

    def _leave(self, training: _Training, now: float) -> bool:
        """Have the run kept as it is, if that is quickly done; return whether the time for it is over."""
        if training.leaving is None:
            training.leaving = now
            self.keeper.send(cmd="keep", token=training.claim.token)
        return now - training.leaving >= self._settings.stop_grace_seconds

    def _hear(self, training: _Training, said: Said) -> bool:
        ours, words, claim = said.child is self.keeper.child, said.words, training.claim
        if ours and words is None:
            self._died(training, self._ended(training, said.child.ended))
            return True
        self.keeper.hear(said.child, words)
        if not ours or words is None:
            return False
        if words.get("token") != claim.token:
            return False
        if words["event"] == "kept":
            return True
        if words["event"] == "resumed":
            training.began -= words["seconds"]
            self._patiently(lambda: self._runs.resumed(claim, words["seconds"]))
            return False
        if words["event"] == "points":
            self.keeper.learned(claim.structure)
            overview = {int(first): block for first, block in words["overview"].items()}
            training.unsaved.append(Chunk(words["first_epoch"], words["last_epoch"], words["history"], overview))
            return False
        if words["event"] == "frame":
            training.frames.append(FrameText(words["epoch"], words["passing"], words["text"]))
            return False
        if words["state"] != State.FAILED:
            self.keeper.learned(claim.structure)
        if words["state"] == State.CANCELLED and training.reason:
            self._finish(training, State.FAILED, error=training.reason)
        else:
            self._finish(training, State(words["state"]), words.get("result"), words.get("error"))
        return True

    def _look_after(self, training: _Training, now: float) -> bool:
        if training.stopping is not None and now - training.stopping > self._settings.stop_grace_seconds:
            self._finish(training, State.FAILED if training.reason else State.CANCELLED, error=training.reason)
            self.keeper.restart()
            return True
        if self._silent():
            self._died(training, self._silence)
            return True
        if training.stopping is None and now - training.began > self._settings.run_seconds:
            training.reason = said(
                "The training ran out of time; allowed: {time!n}, with fewer epochs, fewer rows or fewer units.",
                time=self._time_allowed,
            )
            self._stop(training, now)
        if now - training.measured >= LOOK_SECONDS and self._beyond_memory(training, now):
            return True
        first_points = bool(training.unsaved) and not training.saved_any
        if training.ours and (first_points or now - training.looked >= LOOK_SECONDS):
            try:
                self._save(training, now)
            except WorkFailed:
                self._wait(training, now)
            training.looked = time.monotonic()
        elif not training.ours:
            training.looked = now
        return False

    def _beyond_memory(self, training: _Training, now: float) -> bool:
        """End a run whose trainer has taken much more memory than it may, before the system has to choose whom to."""
        training.measured, pid = now, self.keeper.pid
        held = own_bytes(pid) if pid is not None else 0
        training.most_bytes = max(training.most_bytes, held)
        if held <= OVERDRAFT * self._allowed:
            return False
        self._finish(training, State.FAILED, error=said("The training {how!t}.", how=self._out_of_memory(training)))
        self.keeper.restart()
        return True

    def _ended(self, training: _Training, how: str) -> str:
        """Return how the trainer ended, in words: `how`, or for want of memory where that is likely."""
        short = memory_kills() > training.kills or training.most_bytes > _NEARLY * self._allowed
        return self._out_of_memory(training) if how == KILLED and short else how

    def _out_of_memory(self, training: _Training) -> str:
        held, allowed = memory_text(training.most_bytes), memory_text(self._allowed)
        return said(
            "ran out of memory at {held!n}; allowed: {allowed!n}, with a smaller batch, fewer units or fewer rows",
            held=held,
            allowed=allowed,
        )

    @property
    def _allowed(self) -> int:
        return self._settings.trainer_memory_mb * 2**20

    def _save(self, training: _Training, now: float) -> None:
        """Store new epochs, renew the lease, read the cancel flag: one transaction, or one read if only the last."""
        claim = training.claim
        if training.unsaved or training.frames or now - training.renewed > self._settings.lease_seconds / 6:
            stop = self._runs.renew(claim, training.unsaved, training.frames)
            training.renewed, training.saved_any = now, training.saved_any or bool(training.unsaved)
            training.unsaved, training.frames = [], []
        else:
            stop = self._runs.cancel_asked(claim)
        training.ours, training.waits = stop is not None, False
        if stop is not False:
            self._stop(training, now)

    def _wait(self, training: _Training, now: float) -> None:
        """Let a run train on whose epochs cannot be stored just now, unless it is to stop, which can be read still."""
        if not training.waits:
            log.warning("run %d trains on, its epochs wait for the database", training.claim.run, exc_info=True)
        training.waits = True
        with suppress(WorkFailed):
            stop = self._runs.cancel_asked(training.claim)
            training.ours = stop is not None
            if stop is not False:
                self._stop(training, now)

    def _stop(self, training: _Training, now: float) -> None:
        if training.stopping is None:
            training.stopping = now
            self.keeper.send(cmd="stop", token=training.claim.token)

    def _finish(
        self, training: _Training, state: State, result: dict[str, Any] | None = None, error: str | None = None
    ) -> None:
        if training.ours:
            unsaved, frames = training.unsaved, training.frames
            self._patiently(lambda: self._runs.finish(training.claim, state, unsaved, result, error, frames))

    def _died(self, training: _Training, how: str) -> None:
        log.warning("the trainer of run %d died (%s)", training.claim.run, how)
        # One that ends while the lab does may have been told to by the same hand.
        if training.ours and not self._closing.is_set():
            self._patiently(lambda: self._runs.died(training.claim, how))
        self.keeper.restart()
