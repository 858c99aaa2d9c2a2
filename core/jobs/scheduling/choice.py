"""Which waiting run goes to which free slot: a decision without clock or store.

A trainer that has compiled a structure starts in milliseconds, another needs a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

PATIENCE_SECONDS: Final = 0.7
"""Waiting this long for the slot that knows a structure costs at most twice the better choice, whichever it was."""

MAX_PASSES: Final = 16
MAX_PASSED_SECONDS: Final = 10.0
"""The oldest run is passed over by runs of known structures at most this often and this long: nobody starves."""


@dataclass(frozen=True)
class SlotView:
    """What the dispatcher sees of a slot.

    Attributes
    ----------
    ready : bool
        Its trainer lives and takes orders.
    free : bool
        It is ready and trains nothing.
    pid : int or None
        The process of its trainer.
    structures : frozenset of str
        What its trainer has compiled.
    compiling : str or None
        What its trainer is compiling now.
    warming : frozenset of str
        What it is told to compile ahead.
    problem : str
        Why there is no trainer, in one sentence; else empty.
    token : str or None
        That of the claim it is seen to work at, in this process; its lease is not to run out.
    failures : int
        How often it has begun anew after a failure of its own.
    """

    name: str
    ready: bool
    free: bool
    pid: int | None = None
    structures: frozenset[str] = frozenset()
    compiling: str | None = None
    warming: frozenset[str] = frozenset()
    problem: str = ""
    token: str | None = None
    failures: int = 0

    def knows(self, structure: str) -> bool:
        """Return whether the structure is compiled here, or about to be."""
        return structure in self.structures or structure == self.compiling


@dataclass
class Chooser:
    """Remembers how long structures and the oldest run have waited between decisions."""

    _waited_since: dict[str, float] = field(default_factory=dict)
    _oldest: int = 0
    _oldest_since: float = 0.0
    _passes: int = 0

    def choose(
        self, waiting: Sequence[tuple[int, str]], slots: Sequence[SlotView], now: float
    ) -> tuple[SlotView, str] | None:
        """Return a free slot and the structure whose oldest run it should take, or None for now.

        Parameters
        ----------
        waiting : sequence of (int, str)
            Id and structure of the oldest run of each structure, oldest first.
        now : float
            Seconds of a steady clock.
        """
        structures = [structure for _, structure in waiting]
        self._waited_since = {s: since for s, since in self._waited_since.items() if s in structures}
        free = [slot for slot in slots if slot.free]
        if not waiting or not free:
            return None
        if waiting[0][0] != self._oldest:
            self._oldest, self._oldest_since, self._passes = waiting[0][0], now, 0
        overdue = self._passes >= MAX_PASSES or now - self._oldest_since >= MAX_PASSED_SECONDS
        choice = self._pair(structures[:1] if overdue else structures, slots, free, now)
        if choice is not None and choice[1] != structures[0]:
            self._passes += 1
        return choice

    def _pair(
        self, structures: Sequence[str], slots: Sequence[SlotView], free: Sequence[SlotView], now: float
    ) -> tuple[SlotView, str] | None:
        for structure in structures:
            able = [slot for slot in free if slot.knows(structure)]
            if able:
                return min(able, key=lambda slot: slot.compiling is not None), structure
        for structure in structures:
            if any(slot.knows(structure) for slot in slots):
                since = self._waited_since.setdefault(structure, now)
                if now - since < PATIENCE_SECONDS:
                    continue
            return min(free, key=lambda slot: (slot.compiling is not None, len(slot.structures))), structure
        return None
