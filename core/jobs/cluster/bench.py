"""The slots of one Dask worker, each with its trainer, and what they tell the lab of themselves."""

from __future__ import annotations

import asyncio
import itertools
import logging
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from distributed import Worker, WorkerPlugin

from core.errors import InputRefused, WorkFailed
from core.jobs.cluster.own_folder import own_folder
from core.jobs.cluster.report import Report, report_of
from core.jobs.cluster.roster import NAME, RESOURCE
from core.jobs.scheduling.queue import Claim, Queue
from core.jobs.storage.checkpoints import Checkpoints
from core.jobs.storage.database import Database
from core.jobs.trainers.slot import Slot
from core.jobs.trainers.spare import Spare
from core.jobs.trainers.trainer_keeper import share_of, trainer_launch
from core.settings import Settings, load_settings, private_folder

log = logging.getLogger(__name__)


@dataclass
class _Place:
    """A slot, the claim it works at, and the token of the one before."""

    slot: Slot
    claim: Claim | None = None
    last: str | None = None


class Bench(WorkerPlugin):  # type: ignore[misc] # Dask's types are not read
    """Slots over a database connection of this worker's own: no password comes over the wire.

    A plugin of the one worker only so that it is closed with it.
    """

    def __init__(
        self, worker: Worker, settings: Settings, work: str, warm: Mapping[str, dict[str, Any]], count: int
    ) -> None:
        self._worker = worker
        self._database = Database(settings, verify=False, patience=0.0)
        self._runs = Queue(self._database, settings.lease_seconds)
        self._checkpoints = Checkpoints(self._database, settings.data)
        self._folder, self._lock = own_folder(settings.data.absolute())
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._closing = False
        self._spare = Spare(trainer_launch(settings, work, "spare", self._folder), wanted=settings.spare_trainer)
        self._places: list[_Place] = []
        for number in range(count):
            name = f"slot-{number + 1}"
            launch = partial(self._spare.instead_of, trainer_launch(settings, work, name, self._folder))
            share = share_of(warm, number, count)
            over = partial(self._over, number)
            self._places.append(_Place(Slot(name, self._runs, launch, settings, share, self._free, over)))

    def open(self) -> None:
        """Start the slots."""
        self._sweep()
        for place in self._places:
            place.slot.open()

    def train(self, wanted: int, claim: Claim) -> None:
        """Have a place train a claimed run and wait for its end: the one that is `wanted`, or another that is free.

        Dask starts no more of these than there are places.
        """
        with self._changed:
            order = sorted(self._places, key=lambda place: place is not self._places[wanted])
            while not self._closing and all(place.claim is not None for place in order):
                self._changed.wait()
            if self._closing:
                return
            place = next(place for place in order if place.claim is None)
            place.claim = claim
            place.slot.assign(claim)
        self._tell()
        with self._changed:
            while place.claim is claim and not self._closing:
                self._changed.wait()
        self._sweep()

    def _over(self, number: int) -> None:
        """Take note that the slot of this number is done with its run."""
        place = self._places[number]
        with self._changed:
            if place.claim is not None and not self._closing:
                place.last, place.claim = place.claim.token, None
            self._changed.notify_all()

    def _free(self) -> None:
        """Say that a slot can take a run; once all have their trainers, the spare one is started."""
        self._tell()
        if all(place.slot.view().ready for place in self._places):
            self._spare.prepare()

    def report(self) -> Report:
        """Return how the places are now; a later one has a higher number."""
        with self._changed:
            places = [(place.slot.view(), place.claim, place.last) for place in self._places]
            return report_of(next(self._numbers), places)

    def _tell(self) -> None:
        """Let the lab know before the next heartbeat does; whoever misses it learns it from that."""
        with suppress(Exception):  # the worker closes
            self._worker.log_event(NAME, {"worker": self._worker.address, **self.report()})

    def _sweep(self) -> None:
        """Remove checkpoints that nobody goes on from: the housekeeper of the lab sees its own folder only."""
        with suppress(WorkFailed):
            self._checkpoints.sweep()

    async def teardown(self, worker: Worker) -> None:  # noqa: ARG002
        """Close with the worker."""
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """Keep what trains as it is, end the trainers, and let others have the runs at once."""
        with self._changed:
            self._closing = True
        for place in self._places:
            place.slot.close()
        self._spare.close()
        for place in self._places:
            place.slot.join()
        for place in self._places:
            if place.claim is not None:
                with suppress(WorkFailed):  # then its lease runs out a little later
                    self._runs.let_go(place.claim)
        with self._changed:
            self._changed.notify_all()
        self._lock.close()
        self._database.close()


_opening = asyncio.Lock()


async def open_bench(worker: Worker, work: str, warm: Mapping[str, dict[str, Any]]) -> Report | str:
    """Give a worker its bench, unless it has one; return what it reports, or why it cannot have one."""
    async with _opening:
        if NAME not in worker.plugins:
            try:
                bench = await asyncio.to_thread(_make, worker, work, warm)
            except InputRefused as refusal:
                return str(refusal)
            await worker.plugin_add(bench, NAME)
            worker.metrics[NAME] = lambda _worker: bench.report()
            await asyncio.to_thread(bench.open)
    return bench_of(worker).report()


def _make(worker: Worker, work: str, warm: Mapping[str, dict[str, Any]]) -> Bench:
    count = min(int(worker.state.total_resources[RESOURCE]), worker.state.nthreads)
    load_settings()  # refuses what is wrong by the name of its variable
    settings = Settings(slots=count)  # so that these share the memory
    private_folder(settings.data)
    return Bench(worker, settings, work, warm, count)


def bench_of(worker: Worker) -> Bench:
    """Return the bench of a worker that has joined."""
    return cast("Bench", worker.plugins[NAME])
