"""Keeps the trainer of one slot alive, warm and young: restarts it, compiles ahead, replaces it when it has grown."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from core.jobs.children.child import ChildProcess, Listener, Words
from core.settings import Settings

_FIRST_WAIT_SECONDS: Final = 0.5
_LONGEST_WAIT_SECONDS: Final = 30.0

Launch = Callable[[Listener], ChildProcess]


class Keeper:
    """The trainer of one slot and, while that is being replaced, its successor.

    Used by the slot's thread alone; others may read `ready`, `structures`, `compiling` and `problem`, which are
    replaced as a whole.

    Parameters
    ----------
    launch : callable
        Starts a trainer; what that says goes to the listener given.
    listener : callable
        Puts what a trainer says into the slot's inbox; the slot hands it on to `hear`.
    settings : Settings
    warm : mapping from str to dict
        Structures to compile ahead and, for each, a run spec as JSON values.
    closing : threading.Event
    """

    def __init__(
        self,
        launch: Launch,
        listener: Listener,
        settings: Settings,
        warm: Mapping[str, dict[str, Any]],
        closing: threading.Event,
    ) -> None:
        self._launch = launch
        self._listener = listener
        self._settings = settings
        self._warm = dict(warm)
        self._closing = closing
        self._successor: ChildProcess | None = None
        self._successor_rss = 0
        self._failed_starts = 0
        self.trainer: ChildProcess | None = None
        self.ready = False
        self.problem = ""
        self.structures: frozenset[str] = frozenset()
        self._training: str | None = None
        self._warming: tuple[str, ...] = ()
        self._runs = 0
        self._first_rss = 0
        self._rss = 0

    @property
    def compiling(self) -> str | None:
        """The structure the trainer is compiling now, as far as one can tell."""
        if self._training is not None and self._training not in self.structures:
            return self._training
        return next(iter(self._warming), None)

    def start(self) -> None:
        """Start a trainer from nothing, however often it takes; `ready` once it has said so."""
        self._forget()
        while not self._closing.is_set():
            try:
                self.trainer = self._launch(self._listener)
            except OSError as error:
                self._start_failed(f"A trainer cannot be started ({error.strerror}).")
            else:
                return

    def replace(self) -> None:
        """Kill the trainer, if it is not dead yet, and start another."""
        if self.trainer is not None:
            self.trainer.kill()
        if not self.ready:
            how = self.trainer.ended if self.trainer is not None else ""
            self._start_failed(f"The trainer does not start ({how}); its log says why.")
        # What it was compiling ahead may be what killed it.
        for structure in self._warming[:1]:
            self._warm.pop(structure, None)
        self.start()

    def _start_failed(self, problem: str) -> None:
        self.problem = problem
        self._closing.wait(min(_FIRST_WAIT_SECONDS * 2**self._failed_starts, _LONGEST_WAIT_SECONDS))
        self._failed_starts += 1

    def hear(self, trainer: ChildProcess, words: Words | None) -> None:
        """Take note of what a trainer said; words of trainers long replaced count for nothing."""
        if trainer is self._successor:
            if words is None:
                self._successor = None
            elif words["event"] == "ready":
                self._successor_rss = words["rss"]
        elif trainer is self.trainer and words is None:
            self.replace()
        elif trainer is self.trainer and words is not None:
            self._rss = words["rss"]
            match words["event"]:
                case "ready":
                    self._first_rss = words["rss"]
                    self._welcome()
                case "warmed":
                    self.learned(words["structure"])
                    self._warming = tuple(s for s in self._warming if s != words["structure"])

    def _welcome(self) -> None:
        self.ready, self.problem, self._failed_starts = True, "", 0
        if self.trainer is not None:
            for structure, run in self._warm.items():
                self.trainer.send(cmd="warm", structure=structure, run=run)
        self._warming = tuple(self._warm)

    def began(self, structure: str) -> None:
        """Take note that a run of `structure` is coming, the one thing the dispatcher's thread may say."""
        self._training = structure

    def learned(self, structure: str) -> None:
        """Take note that the trainer has compiled `structure`."""
        self.structures |= {structure}

    def ended(self) -> None:
        """Take note that a run has ended; after many, or when the trainer has grown, a successor is started."""
        self._training = None
        self._runs += 1
        if self.trainer is not None:
            self.trainer.trim_log()
        grown = self._rss - self._first_rss > self._settings.trainer_growth_mb * 2**20
        if self.ready and self._successor is None and (grown or self._runs >= self._settings.trainer_runs):
            self._successor_rss = 0
            with suppress(OSError):  # Then the old one serves on, and the next run tries again.
                self._successor = self._launch(self._listener)

    def succeed(self) -> None:
        """Let the successor take over if it is ready; only between runs."""
        if self._successor is None or not self._successor_rss or self.trainer is None:
            return
        self.trainer.kill()
        self._forget()
        self.trainer, self._successor = self._successor, None
        self._first_rss = self._rss = self._successor_rss
        self._welcome()

    def _forget(self) -> None:
        self.ready, self.structures, self._training, self._warming = False, frozenset(), None, ()
        self._runs, self._first_rss, self._rss = 0, 0, 0

    def close(self) -> None:
        """Kill what runs."""
        self.ready = False
        for trainer in (self.trainer, self._successor):
            if trainer is not None:
                trainer.kill()
