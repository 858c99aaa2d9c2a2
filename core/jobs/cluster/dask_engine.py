"""The engine that borrows slots from the workers of a team's Dask cluster.

Dask is told where a run shall be trained that was claimed for a place seen free, and nothing waits in it: it loses what
its scheduler knew, and would train again what had ended. What is told of a run comes from the database alone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Final, cast

from distributed import Client, fire_and_forget

from core.errors import InputRefused, WorkFailed
from core.jobs.cluster import doors
from core.jobs.cluster.report import PlaceReport, Report, view_of
from core.jobs.cluster.terms import Terms, other_version, versions
from core.jobs.cluster.wire import security
from core.jobs.scheduling.choice import SlotView
from core.jobs.scheduling.engine import KERAS_WORK, Warm
from core.jobs.scheduling.queue import Claim, Queue
from core.jobs.storage.database import Database
from core.sentence import said
from core.settings import Settings

RESOURCE: Final = "LAB"
"""What a worker has as many of as it lends slots; one without lends none."""
NAME: Final = "losslab"
"""Of the report among a worker's metrics, of the topic it is told on, and how our tasks begin."""
_LOOK_SECONDS: Final = 0.5
_PATIENCE_SECONDS: Final = 10.0
"""For the scheduler, and for a worker that was asked."""
_ASK_AGAIN_SECONDS: Final = 10.0
"""Until a worker that lends no slots is asked anew: its database may have been away just then."""
_LEAVE_SECONDS: Final = 2.0
"""For what has to end when the lab does."""
_SILENT_SECONDS: Final = 10.0
"""A worker that has sent no heartbeat for so long gets no work; Dask waits for minutes."""
_ON_ITS_WAY_SECONDS: Final = 2.0
"""For so long the database is not asked whether a run that was handed out is still held."""

log = logging.getLogger(__name__)


@dataclass
class _Worker:
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


@dataclass(frozen=True)
class _Handed:
    """A run that was handed to a place, and when."""

    token: str
    since: float


class DaskEngine:
    """Slots of workers that have the resource ``LAB``; each has a `Bench` of them.

    A slot is busy as long as its worker says so, whoever has handed it the run, and as long as this process has handed
    it one of which the worker has not said that it is over, and that the database holds.

    Parameters
    ----------
    work : str
        ``module:name`` of what the trainers do (see `core.jobs.trainers.work.KerasWork`).
    """

    outlasts: Final = True

    def __init__(self, settings: Settings, work: str = KERAS_WORK) -> None:
        self.size = settings.slots
        self.problem = ""
        self._settings = settings
        self._work = work
        self._terms: Terms = {"versions": versions(), "database": 0}
        self._warm: Warm = {}
        self._runs: Queue | None = None
        self._on_free: Callable[[], None] = lambda: None
        self._client: Client | None = None
        self._scheduler = ""
        self._workers: dict[str, _Worker] = {}
        self._handed: dict[str, _Handed] = {}
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._watch: threading.Thread | None = None

    def check(self, database: Database) -> None:
        """Ask the scheduler, and every worker that is there; that there is none yet is told in `problem` later.

        One worker that fits is enough: an old one may have to train on while the web process is replaced.

        Raises
        ------
        InputRefused
            If the scheduler cannot be reached or is another version, or no worker that is there fits.
        """
        self._terms = {"versions": versions(), "database": database.identity()}
        try:
            client = self._meet()
            try:
                self._check_scheduler(client)
                workers = _workers(self._ask(client))
                answers = self._greet(client, workers)
            finally:
                _leave(client)
        except OSError:
            raise InputRefused(self._unreachable(), "LOSSLAB_ENGINE") from None
        fit = [address for address, why in answers.items() if not why]
        self.size = sum(workers[address].size for address in fit) or self.size
        if answers and not fit:
            address, why = next(iter(answers.items()))
            raise InputRefused(_lends_nothing(workers[address], why), "LOSSLAB_ENGINE")

    def connect(self, runs: Queue, warm: Warm, on_free: Callable[[], None]) -> None:
        """Begin to watch the cluster; workers open their slots when they are first seen."""
        self._runs, self._warm, self._on_free = runs, warm, on_free
        self._closing = threading.Event()
        watch = threading.Thread(target=self._keep_watching, args=(self._closing,), name="dask engine", daemon=True)
        self._watch = watch
        watch.start()

    def slots(self) -> Sequence[SlotView]:
        """Return the slots of all workers that lend some."""
        with self._lock:
            return [
                view_of(name, place, usable=self._usable(worker), idle=name not in self._handed)
                for address, worker in self._workers.items()
                for name, place in zip(_names(address, worker), worker.places, strict=False)
            ]

    def expect(self, likely: Warm, *, sparing: bool = False) -> bool:  # noqa: ARG002
        """Do nothing: what is on one screen of a team is not worth a processor of everybody's."""
        return False

    def submit(self, slot: str, claim: Claim) -> None:
        """Send a claimed run to the worker; what cannot be sent is queued again."""
        address, _, place = slot.rpartition("/")
        with self._lock:
            self._handed[slot] = _Handed(claim.token, time.monotonic())
        try:
            if self._client is None:
                raise OSError("the scheduler is away")  # noqa: TRY301 - as if it went just now
            fire_and_forget(
                self._client.submit(
                    doors.train, int(place), asdict(claim), key=f"{NAME}-{claim.token}", pure=False,
                    workers=[address], allow_other_workers=False, resources={RESOURCE: 1},
                )
            )  # fmt: skip
        except Exception:
            log.warning("run %d could not be sent to a worker", claim.run, exc_info=True)
            if self._runs is not None:
                self._runs.let_go(claim)

    def close(self) -> None:
        """Look at the cluster no more; what trains there trains on."""
        self._closing.set()
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.join(_LEAVE_SECONDS)  # it may be waiting for a scheduler that is away
        self._forget("")

    def _keep_watching(self, closing: threading.Event) -> None:
        while not closing.is_set():
            try:
                client = self._client or self._meet_again(closing)
                self._look(client, self._ask(client))
                self._doubt()
            except WorkFailed:
                log.warning("the slots wait for the database", exc_info=True)
            except Exception as failure:
                if closing.is_set():
                    return  # what is known by now is another thread's
                log.warning("the scheduler is away", exc_info=not isinstance(failure, OSError))
                self._forget(self._unreachable())
            closing.wait(_LOOK_SECONDS)

    def _meet(self) -> Client:
        """Connect to the scheduler.

        Raises
        ------
        OSError
            If it does not answer in time.
        """
        return Client(
            self._settings.engine, timeout=_PATIENCE_SECONDS, security=security(self._settings), set_as_default=False
        )

    def _meet_again(self, closing: threading.Event) -> Client:
        client = self._meet()
        if closing.is_set():
            _leave(client)
            raise OSError("nobody waits for it any more")
        self._client = client
        self._scheduler = self._ask(client)["id"]
        client.subscribe_topic(NAME, self._hear)
        return client

    def _ask(self, client: Client) -> dict[str, Any]:
        """Return what the scheduler knows of its workers.

        Raises
        ------
        OSError
            If it does not answer; at once where the connection to it is known to be gone.
        """
        if client.status != "running":
            raise OSError("the connection was lost")
        known = client.sync(client.scheduler.identity, n_workers=-1, callback_timeout=_PATIENCE_SECONDS)
        return cast("dict[str, Any]", known)

    def _check_scheduler(self, client: Client) -> None:
        try:
            here = client.run_on_scheduler(doors.tell_versions)
        except Exception as failure:
            log.warning("the scheduler could not be asked", exc_info=True)
            why = _not_asked(failure)
        else:
            # Of Loss Lab it needs no more than a few doors: it need not be started anew with every version.
            why = other_version({what: self._terms["versions"][what] for what in ("Python", "distributed")}, here)
        if why:
            raise InputRefused(said("The Dask scheduler does not fit: {why!t}.", why=why), "LOSSLAB_ENGINE")

    def _look(self, client: Client, identity: Mapping[str, Any]) -> None:
        """Take over what the scheduler says of its workers, and have new ones join."""
        if identity["id"] != self._scheduler:
            raise OSError("another scheduler")  # to which the client has gone by itself, without what it was told
        found = _workers(identity)
        with self._lock:
            gone = self._workers.keys() - found.keys()
            for address in gone:
                del self._workers[address]
            self._handed = {slot: run for slot, run in self._handed.items() if slot.rpartition("/")[0] not in gone}
            for address, seen in found.items():
                self._update(client, address, seen, identity["workers"][address]["metrics"].get(NAME))
            self.size = sum(len(worker.places) for worker in self._workers.values()) or self.size
            self.problem = self._complaint()

    def _update(self, client: Client, address: str, seen: _Worker, report: Report | None) -> None:
        """Take over what a heartbeat has said, and have the worker join if it has not, or could not the last time."""
        now, worker = time.monotonic(), self._workers.get(address)
        if worker is None or (worker.tells and report is None):  # a new process at the address of an old one
            worker = self._workers[address] = seen
        worker.usable, worker.tells = seen.usable, report is not None
        if worker.beat != seen.beat:
            worker.beat, worker.heard = seen.beat, now
        if worker.asked is None or (worker.refusal and now - worker.asked > _ASK_AGAIN_SECONDS):
            worker.asked = now
            threading.Thread(target=self._have_join, args=(client, address), name="join", daemon=True).start()
        if report is not None:
            self._take(address, report)

    def _have_join(self, client: Client, address: str) -> None:
        why = self._knock(client, address, doors.join, self._work, dict(self._warm))
        with self._lock:
            worker = self._workers.get(address)
            if worker is not None and client is self._client:
                worker.joined, worker.refusal = True, why
        if why:
            log.warning("the worker %s lends no slots: %s", address, why)
        else:
            self._on_free()

    def _greet(self, client: Client, addresses: Collection[str]) -> dict[str, str]:
        """Ask workers at the same time whether they fit; one that does not answer soon does not."""
        answers: SimpleQueue[tuple[str, str]] = SimpleQueue()

        def ask(address: str) -> None:
            answers.put((address, self._knock(client, address, doors.greet)))

        for address in addresses:
            threading.Thread(target=ask, args=(address,), name="greet", daemon=True).start()
        found: dict[str, str] = dict.fromkeys(addresses, said("it does not answer"))
        deadline = time.monotonic() + 2 * _PATIENCE_SECONDS
        with suppress(Empty):
            for _ in addresses:
                address, why = answers.get(timeout=max(0.0, deadline - time.monotonic()))
                found[address] = why
        return found

    def _knock(self, client: Client, address: str, door: Callable[..., Any], *rest: Any) -> str:
        """Return why a worker lends no slots, as half a sentence; empty if it does."""
        try:
            return str(client.run(door, self._terms, *rest, workers=[address])[address])
        except Exception as failure:  # whatever a machine that is none of ours does, the others are asked
            log.warning("the worker %s could not be asked", address, exc_info=True)
            return _not_asked(failure)

    def _hear(self, event: tuple[float, Any]) -> None:
        """Take a report that came before the heartbeat."""
        report = event[1]
        self._take(report["worker"], report)

    def _take(self, address: str, report: Report) -> None:
        """Take over a report, and say so if a slot is free by it."""
        with self._lock:
            worker = self._workers.get(address)
            if worker is None or report["number"] <= worker.number:
                return
            before = self._free()
            worker.number, worker.places = report["number"], report["places"]
            over = {place["last"] for place in worker.places}
            self._handed = {slot: run for slot, run in self._handed.items() if run.token not in over}
            more = self._free() - before
        if more:
            self._on_free()

    def _doubt(self) -> None:
        """Free places from runs that the database holds no more: a report of their end may never come."""
        now = time.monotonic()
        with self._lock:
            old = {run.token for run in self._handed.values() if now - run.since > _ON_ITS_WAY_SECONDS}
        if not old or self._runs is None:
            return
        lost = old - self._runs.held(old)
        with self._lock:
            before = self._free()
            self._handed = {slot: run for slot, run in self._handed.items() if run.token not in lost}
            more = self._free() - before
        if more:
            self._on_free()

    def _free(self) -> set[str]:
        return {slot.name for slot in self.slots() if slot.free}

    def _usable(self, worker: _Worker) -> bool:
        silent = time.monotonic() - worker.heard > _SILENT_SECONDS
        return worker.joined and not worker.refusal and worker.usable and not silent

    def _complaint(self) -> str:
        if not self._workers:
            return said("No worker has joined the Dask cluster: what waits is trained once one has.")
        return next((_lends_nothing(one, one.refusal) for one in self._workers.values() if one.refusal), "")

    def _forget(self, problem: str) -> None:
        """Know nothing of the cluster any more; workers that have lost their scheduler end anyway."""
        client, self._client = self._client, None
        with self._lock:
            self._workers, self._handed, self.problem = {}, {}, problem
        if client is not None:
            _leave(client)

    def _unreachable(self) -> str:
        return said(
            "LOSSLAB_ENGINE: the Dask scheduler at {address} does not answer; what waits is trained once it does.",
            address=self._settings.engine,
        )


def _workers(identity: Mapping[str, Any]) -> dict[str, _Worker]:
    """Return those that lend slots, by address, as the scheduler sees them."""
    return {
        address: _Worker(
            str(worker["name"]),
            min(int(worker["resources"][RESOURCE]), worker["nthreads"]),
            usable=worker["status"] == "running",
            beat=worker["last_seen"],
        )
        for address, worker in identity["workers"].items()
        if worker["resources"].get(RESOURCE, 0) >= 1
    }


def _names(address: str, worker: _Worker) -> list[str]:
    return [f"{address}/{number}" for number in range(worker.size)]


def _lends_nothing(worker: _Worker, why: str) -> str:
    return said("The worker {worker} lends no slots: {why!t}.", worker=worker.name, why=why)


def _not_asked(failure: Exception) -> str:
    if "ModuleNotFoundError" in repr(failure):  # Dask may send it as a text in another exception
        return said("it does not have Loss Lab")
    return said("it could not be asked ({error})", error=type(failure).__name__)


def _leave(client: Client) -> None:
    """Close a client, whatever has become of its scheduler."""
    with suppress(Exception):
        client.close(timeout=_LEAVE_SECONDS)
