"""Keeps the trainer of one slot warm and young besides alive: compiles ahead, replaces it when it has grown."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from core.child import Child, Listener, Words
from core.jobs.children.keeper import Keeper, Launch, lab_child
from core.settings import Settings
from core.training.memory import IDLE_BYTES
from core.training.structure import CACHED_PROGRAMS

_GROWTH_SHARE: Final = 4
"""Of what a trainer may take, what it has grown by may be this part at most: the rest is for the next run."""


_GROWN_ENOUGH: Final = 0.7
"""Where no successor can be raised beside it, a trainer that has grown by this part of that compiles no more ahead."""


def trainer_launch(settings: Settings, work: str, name: str, folder: Path | None = None) -> Launch:
    """Return what starts a trainer that does `work`, of this `name`; see `lab_child`."""
    return partial(lab_child, settings, ["core.jobs.trainers.trainer", work], name, folder=folder)


def share_of(warm: Mapping[str, dict[str, Any]], number: int, count: int) -> dict[str, dict[str, Any]]:
    """Return what the trainer of this number, of so many, compiles ahead: each structure is one trainer's."""
    return dict(list(warm.items())[number::count])


class TrainerKeeper(Keeper):
    """The trainer of one slot and, while that is being replaced, its successor.

    Others than the slot's thread may read `structures`, `warming` and `compiling` too, which are replaced as a whole.

    Parameters
    ----------
    launch, listener, closing
        See `Keeper`.
    warm : mapping from str to dict
        Structures to compile ahead and, for each, a run spec as JSON values.
    """

    def __init__(
        self,
        launch: Launch,
        listener: Listener,
        closing: threading.Event,
        settings: Settings,
        warm: Mapping[str, dict[str, Any]],
    ) -> None:
        super().__init__("trainer", launch, listener, closing)
        self._settings = settings
        self._warm = dict(warm)
        self._given_up: frozenset[str] = frozenset()
        self._successor: Child | None = None
        self._successor_bytes = 0
        self._forget()

    def _forget(self) -> None:
        self._known: tuple[str, ...] = ()
        self._training: str | None = None
        self.warming: tuple[str, ...] = ()
        self._expected: dict[str, dict[str, Any]] = {}
        self._looked_ahead = False
        self._runs = self._first_bytes = self._bytes = 0

    @property
    def structures(self) -> frozenset[str]:
        """What the trainer has compiled and not forgotten since."""
        return frozenset(self._known)

    @property
    def compiling(self) -> str | None:
        """The structure the trainer is compiling now, as far as one can tell."""
        if self._training is not None and self._training not in self.structures:
            return self._training
        return next(iter(self.warming), None)

    def start(self) -> None:
        """Start a trainer from nothing, however often it takes."""
        self._forget()
        super().start()

    def restart(self) -> None:
        """Kill the trainer, if it is not dead yet, and start another."""
        # What it was compiling ahead may be what killed it.
        for structure in self.warming[:1]:
            self._warm.pop(structure, None)
            self._given_up |= {structure}
        super().restart()

    def hear(self, trainer: Child, words: Words | None) -> None:
        """Take note of what a trainer said; words of trainers long replaced count for nothing."""
        if trainer is self._successor:
            if words is None:
                self._successor = None
            elif words["event"] == "ready":
                self._successor_bytes = words["own"]
        elif trainer is self.child and words is None:
            self.restart()
        elif trainer is self.child and words is not None:
            self._bytes = words["own"]
            match words["event"]:
                case "ready":
                    self._first_bytes = words["own"]
                    self.welcome()
                case "warmed":
                    self.warming = tuple(s for s in self.warming if s != words["structure"])
                    if words["known"]:
                        self.learned(words["structure"])
                    else:
                        self._given_up |= {words["structure"]}
                    # Not for what every trainer compiles when it starts: its successor would be as large.
                    if self._looked_ahead and self._grown >= 1 and self._room_for_two:
                        self._raise_successor()
                    self._look_ahead()

    def welcome(self) -> None:
        """Take note that the trainer is ready, and have it compile ahead."""
        super().welcome()
        for structure, run in self._warm.items():
            self.send(cmd="warm", structure=structure, run=run)
        self.warming = tuple(self._warm)

    def expect(self, likely: Mapping[str, dict[str, Any]]) -> None:
        """Have the trainer compile these when it has nothing to do, instead of what was expected before."""
        self._expected = dict(likely)
        self._look_ahead()

    def _look_ahead(self) -> None:
        """Give the trainer the next of what is expected; one at a time, so that the rest can be forgotten."""
        known = self.structures | self._given_up
        self._expected = {structure: run for structure, run in self._expected.items() if structure not in known}
        idle = self.ready and self._training is None and not self.warming
        if idle and self._expected and self._grown < (1 if self._room_for_two else _GROWN_ENOUGH):
            self._looked_ahead = True
            structure = next(iter(self._expected))
            self.send(cmd="warm", structure=structure, run=self._expected.pop(structure))
            self.warming = (structure,)

    def began(self, structure: str) -> None:
        """Take note that a run of `structure` is coming, the one thing the dispatcher's thread may say."""
        self._training = structure

    def learned(self, structure: str) -> None:
        """Take note that the trainer has compiled `structure`."""
        others = tuple(known for known in self._known if known != structure)
        self._known = (*others, structure)[-CACHED_PROGRAMS:]

    def ended(self) -> None:
        """Take note that a run has ended; after many, or when the trainer has grown, a successor is started."""
        self._training = None
        self._runs += 1
        if self.child is not None:
            self.child.trim_log()
        if self.ready and (self._grown > 1 or self._runs >= self._settings.trainer_runs):
            if self._room_for_two:
                self._raise_successor()
            else:
                super().restart()
        self._look_ahead()

    def _raise_successor(self) -> None:
        """Start a trainer to replace the present one once it is ready."""
        if self._successor is None:
            self._successor_bytes = 0
            with suppress(OSError):  # Then the old one serves on, and the next run tries again.
                self._successor = self.launch(self.listener)

    @property
    def _room_for_two(self) -> bool:
        return self._bytes + IDLE_BYTES <= self._settings.trainer_memory_mb * 2**20

    @property
    def _grown(self) -> float:
        """By how much the trainer has grown, as a share of what it may before it is replaced."""
        allowed = min(self._settings.trainer_growth_mb, self._settings.trainer_memory_mb // _GROWTH_SHARE)
        return (self._bytes - self._first_bytes) / (allowed * 2**20)

    def succeed(self) -> None:
        """Let the successor take over if it is ready; only between runs."""
        if self._successor is None or not self._successor_bytes or self.child is None:
            return
        self.ready = False
        self.child.kill()
        self._forget()
        self.child, self._successor = self._successor, None
        self._first_bytes = self._bytes = self._successor_bytes
        self.welcome()

    def close(self) -> None:
        """Kill what runs."""
        super().close()
        if self._successor is not None:
            self._successor.kill()
