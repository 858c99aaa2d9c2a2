"""What the lab knows of the workers that lend it slots: what it was told, in any order, and what it has handed out."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from core.jobs.cluster.report import PlaceReport, Report, view_of
from core.jobs.scheduling.choice import SlotView
from core.sentence import said

RESOURCE: Final = "LAB"
"""What a worker has as many of as it lends slots; one without lends none."""
NAME: Final = "losslab"
"""Of the report among a worker's metrics, of the topic it is told on, and how our tasks begin."""
_ASK_AGAIN_SECONDS: Final = 10.0
"""Until a worker that lends no slots is asked anew: its database may have been away just then."""
_SILENT_SECONDS: Final = 10.0
"""A worker that has sent no heartbeat for so long gets no work; Dask waits for minutes."""
_ON_ITS_WAY_SECONDS: Final = 2.0
"""For so long a run that was handed out is not in doubt."""


@dataclass
class Seen:
    """A worker with our resource; `joined` once it has been `asked` whether it lends its places, or `refusal` says why.

    It `tells` of them with each heartbeat from then on.
    """

    name: str
    size: int
    usable: bool = True
    joined: bool = False
    asked: float | None = None
    refusal: str = ""
    tells: bool = False
    number: int = 0
    places: Sequence[PlaceReport] = ()
    beat: float = 0.0
    heard: float = field(default_factory=time.monotonic)

    @property
    def takes_work(self) -> bool:
        """Whether a run that is sent to it now would be trained."""
        silent = time.monotonic() - self.heard > _SILENT_SECONDS
        return self.joined and not self.refusal and self.usable and not silent


@dataclass(frozen=True)
class _Handed:
    """A run that was handed to a place, and when."""

    token: str
    since: float


class Roster:
    """Slots by name, ``ADDRESS/NUMBER``; for any threads.

    A slot is busy as long as its worker says so, whoever has handed it the run, and as long as this process has handed
    it one of which the worker has not said that it is over.
    """

    def __init__(self) -> None:
        self._workers: dict[str, Seen] = {}
        self._handed: dict[str, _Handed] = {}
        self._lock = threading.RLock()

    def slots(self) -> list[SlotView]:
        """Return the slots of all workers that have told of some."""
        with self._lock:
            return [
                view_of(name, place, usable=worker.takes_work, idle=name not in self._handed)
                for address, worker in self._workers.items()
                for name, place in zip(_names(address, worker), worker.places, strict=False)
            ]

    def workers(self) -> list[Seen]:
        """Return all workers."""
        with self._lock:
            return list(self._workers.values())

    def hand(self, slot: str, token: str) -> None:
        """Note that a run is on its way to a slot."""
        with self._lock:
            self._handed[slot] = _Handed(token, time.monotonic())

    def look(self, identity: Mapping[str, Any]) -> tuple[list[str], bool]:
        """Take over what the scheduler says; return whom to have join, and whether more slots are free."""
        found = seen_by_scheduler(identity)
        with self._lock:
            before = self._free()
            self._workers = {address: worker for address, worker in self._workers.items() if address in found}
            self._handed = {slot: run for slot, run in self._handed.items() if slot.rpartition("/")[0] in found}
            for address, seen in found.items():
                self._update(address, seen, identity["workers"][address]["metrics"].get(NAME))
            return [address for address in found if self._to_be_asked(address)], bool(self._free() - before)

    def _update(self, address: str, seen: Seen, report: Report | None) -> None:
        worker = self._workers.get(address)
        if worker is None or (worker.tells and report is None):  # a new process at the address of an old one
            worker = self._workers[address] = seen
        worker.usable, worker.tells = seen.usable, report is not None
        if worker.beat != seen.beat:
            worker.beat, worker.heard = seen.beat, time.monotonic()
        if report is not None:
            self.take(address, report)

    def _to_be_asked(self, address: str) -> bool:
        now, worker = time.monotonic(), self._workers[address]
        asks = worker.asked is None or (bool(worker.refusal) and now - worker.asked > _ASK_AGAIN_SECONDS)
        if asks:
            worker.asked = now
        return asks

    def answered(self, address: str, answer: Report | str) -> None:
        """Note that a worker lends its slots from now on, as they are now, or why it does not.

        What it told with a heartbeat may be from before another process handed it the run that it trains.
        """
        with self._lock:
            if (worker := self._workers.get(address)) is None:
                return
            if isinstance(answer, str):
                worker.refusal = answer
            else:
                worker.refusal = ""
                self.take(address, answer)
            worker.joined = True

    def take(self, address: str, report: Report) -> bool:
        """Take over a report, unless a later one was there before; return whether more slots are free."""
        with self._lock:
            worker = self._workers.get(address)
            if worker is None or report["number"] <= worker.number:
                return False
            before = self._free()
            worker.number, worker.places = report["number"], report["places"]
            return self._strike({place["last"] for place in worker.places}, before)

    def doubtful(self) -> set[str]:
        """Return the tokens of runs that were handed out a while ago and of which no end was told."""
        now = time.monotonic()
        with self._lock:
            return {run.token for run in self._handed.values() if now - run.since > _ON_ITS_WAY_SECONDS}

    def strike(self, tokens: Collection[str]) -> bool:
        """Wait no more for the end of these; return whether more slots are free."""
        with self._lock:
            return self._strike(tokens, self._free())

    def _strike(self, tokens: Collection[str | None], before: set[str]) -> bool:
        self._handed = {slot: run for slot, run in self._handed.items() if run.token not in tokens}
        return bool(self._free() - before)

    def _free(self) -> set[str]:
        return {slot.name for slot in self.slots() if slot.free}

    def complaint(self) -> str:
        """Return why there are no slots, or fewer than there could be, in one sentence; else nothing."""
        workers = self.workers()
        if not workers:
            return said("No worker has joined the Dask cluster: what waits is trained once one has.")
        return next((lends_nothing(worker, worker.refusal) for worker in workers if worker.refusal), "")

    def clear(self) -> None:
        """Know nothing any more."""
        with self._lock:
            self._workers, self._handed = {}, {}


def seen_by_scheduler(identity: Mapping[str, Any]) -> dict[str, Seen]:
    """Return the workers that lend slots, by address."""
    return {
        address: Seen(
            str(worker["name"]),
            min(int(worker["resources"][RESOURCE]), worker["nthreads"]),
            usable=worker["status"] == "running",
            beat=worker["last_seen"],
        )
        for address, worker in identity["workers"].items()
        if worker["resources"].get(RESOURCE, 0) >= 1
    }


def lends_nothing(worker: Seen, why: str) -> str:
    """Return the sentence of a worker that does not fit; `why` is half of it."""
    return said("The worker {worker} lends no slots: {why!t}.", worker=worker.name, why=why)


def _names(address: str, worker: Seen) -> list[str]:
    return [f"{address}/{number}" for number in range(worker.size)]
