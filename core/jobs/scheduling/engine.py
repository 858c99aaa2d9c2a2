"""The port to whoever lends slots, and the engine that lends threads of this process, each with its trainer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Protocol

from core.jobs.scheduling.choice import SlotView
from core.jobs.scheduling.queue import Claim, Queue
from core.jobs.storage.database import Database
from core.jobs.trainers.slot import Slot
from core.jobs.trainers.spare import Spare
from core.jobs.trainers.trainer_keeper import share_of, trainer_launch
from core.settings import Settings

KERAS_WORK: Final = "core.jobs.trainers.work:KerasWork"

Warm = Mapping[str, dict[str, Any]]


class Engine(Protocol):
    """Lends slots. It keeps nothing that matters: what it loses, the store queues again.

    Attributes
    ----------
    outlasts : bool
        What trains goes on when this process ends: then a run is lost by its lease alone.
    size : int
        How many slots there are, as far as it is known: for estimates, also of who does not lead.
    problem : str
        Why there are no slots, or fewer than there could be, in one sentence; else empty.
    """

    @property
    def outlasts(self) -> bool: ...  # noqa: D102 - told above

    @property
    def size(self) -> int: ...  # noqa: D102

    @property
    def problem(self) -> str: ...  # noqa: D102

    def check(self, database: Database) -> None:
        """Try at the start whether it could lend slots to a lab on this database.

        Raises
        ------
        InputRefused
            If it could not, and somebody has to mend it.
        """

    def connect(self, runs: Queue, warm: Warm, on_free: Callable[[], None]) -> None:
        """Get slots ready, compiling `warm` (structure → run spec as JSON values) ahead; `on_free` when one is free."""

    def slots(self) -> Sequence[SlotView]:
        """Return every slot as it is now."""

    def expect(self, likely: Warm, *, sparing: bool = False) -> bool:
        """Have slots compile what is `likely` to be run next, in this order; `sparing` keeps one of several free.

        False if they know all of it, or have other work.
        """

    def submit(self, slot: str, claim: Claim) -> None:
        """Have the slot of this name, seen free before, train a claimed run."""

    def close(self) -> None:
        """Stop training, unless that outlasts this process; the runs are left for `Queue.reconcile`."""


class EmbeddedEngine:
    """Slots in this process.

    Parameters
    ----------
    work : str
        ``module:name`` of what the trainers do (see `core.jobs.trainers.work.KerasWork`).
    """

    outlasts: Final = False
    problem: Final = ""  # each slot has its own

    def __init__(self, settings: Settings, work: str = KERAS_WORK) -> None:
        self.size = settings.slots
        self._settings = settings
        self._work = work
        self._slots: dict[str, Slot] = {}
        self._spare: Spare | None = None

    def check(self, database: Database) -> None:
        """Do nothing: a trainer that does not start is told by its slot."""

    def connect(self, runs: Queue, warm: Warm, on_free: Callable[[], None]) -> None:
        """Start every slot's thread and trainer; each structure is compiled ahead by one slot."""
        spare = Spare(trainer_launch(self._settings, self._work, "spare"), wanted=self._settings.spare_trainer)
        slots: dict[str, Slot] = {}

        def free() -> None:
            on_free()
            if all(slot.view().ready for slot in slots.values()):
                spare.prepare()

        for number in range(self._settings.slots):
            name = f"slot-{number + 1}"
            launch = partial(spare.instead_of, trainer_launch(self._settings, self._work, name))
            slots[name] = Slot(name, runs, launch, self._settings, share_of(warm, number, self._settings.slots), free)
        self._slots, self._spare = slots, spare  # at once: others look at them
        for slot in slots.values():
            slot.open()

    def slots(self) -> Sequence[SlotView]:
        """Return every slot as it is now."""
        return [slot.view() for slot in self._slots.values()]

    def expect(self, likely: Warm, *, sparing: bool = False) -> bool:
        """Deal out what no slot knows, unless one of them trains; what was expected before is forgotten."""
        views = [(slot, slot.view()) for slot in list(self._slots.values())]
        if any(view.ready and not view.free for _, view in views):
            return False
        known = frozenset[str]().union(*(view.structures | view.warming for _, view in views))
        unknown = [structure for structure in likely if structure not in known]
        idle = sorted(((slot, view) for slot, view in views if view.free), key=lambda pair: len(pair[1].structures))
        chosen = [slot for slot, view in idle if not (sparing and view.warming)]
        if sparing and len(views) > 1:
            # What is asked for meanwhile is not to wait until something else is traced.
            chosen = chosen[: len(idle) - 1]
        shares = {slot.name: unknown[number :: len(chosen)] for number, slot in enumerate(chosen)}
        for slot, _ in idle:
            slot.expect({structure: likely[structure] for structure in shares.get(slot.name, ())})
        return bool(unknown)

    def submit(self, slot: str, claim: Claim) -> None:
        """Put the claim into the slot's inbox; the others look ahead no further, the processor is wanted."""
        self._slots[slot].assign(claim)
        for other in self._slots.values():
            if other.name != slot:
                other.expect({})

    def close(self) -> None:
        """Kill the trainers and wait for their threads."""
        spare, self._spare = self._spare, None
        for slot in self._slots.values():
            slot.close()
        if spare is not None:
            spare.close()
        for slot in self._slots.values():
            slot.join()
        self._slots = {}
