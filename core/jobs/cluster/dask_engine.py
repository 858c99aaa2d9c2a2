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
from dataclasses import asdict
from queue import Empty, SimpleQueue
from typing import Any, Final, cast

from distributed import Client, fire_and_forget

from core.errors import InputRefused, WorkFailed
from core.jobs.cluster import doors
from core.jobs.cluster.roster import NAME, RESOURCE, Roster, lends_nothing, seen_by_scheduler
from core.jobs.cluster.terms import Terms, other_version, versions
from core.jobs.cluster.wire import security
from core.jobs.scheduling.choice import SlotView
from core.jobs.scheduling.engine import KERAS_WORK, Warm
from core.jobs.scheduling.queue import Claim, Queue
from core.jobs.storage.database import Database
from core.sentence import said
from core.settings import Settings

_LOOK_SECONDS: Final = 0.5
_PATIENCE_SECONDS: Final = 10.0
"""For the scheduler, and for a worker that was asked."""
_LEAVE_SECONDS: Final = 2.0
"""For what has to end when the lab does."""
log = logging.getLogger(__name__)


class DaskEngine:
    """Slots of workers that have the resource ``LAB``; each has a `Bench` of them.

    A place that was handed a run is waited for until the worker says that it is over (`Roster`), or the database holds
    it no more.

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
        self._roster = Roster()
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
                workers = seen_by_scheduler(self._ask(client))
                answers = self._greet(client, workers)
            finally:
                _leave(client)
        except OSError:
            raise InputRefused(self._unreachable(), "LOSSLAB_ENGINE") from None
        fit = [address for address, why in answers.items() if not why]
        self.size = sum(workers[address].size for address in fit) or self.size
        if answers and not fit:
            address, why = next(iter(answers.items()))
            raise InputRefused(lends_nothing(workers[address], why), "LOSSLAB_ENGINE")

    def connect(self, runs: Queue, warm: Warm, on_free: Callable[[], None]) -> None:
        """Begin to watch the cluster; workers open their slots when they are first seen."""
        self._runs, self._warm, self._on_free = runs, warm, on_free
        self._closing = threading.Event()
        watch = threading.Thread(target=self._keep_watching, args=(self._closing,), name="dask engine", daemon=True)
        self._watch = watch
        watch.start()

    def slots(self) -> Sequence[SlotView]:
        """Return the slots of all workers that lend some."""
        return self._roster.slots()

    def expect(self, likely: Warm, *, sparing: bool = False) -> bool:  # noqa: ARG002
        """Do nothing: what is on one screen of a team is not worth a processor of everybody's."""
        return False

    def submit(self, slot: str, claim: Claim) -> None:
        """Send a claimed run to the worker; what cannot be sent is queued again."""
        address, _, place = slot.rpartition("/")
        self._roster.hand(slot, claim.token)
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
        strangers, more = self._roster.look(identity)
        for address in strangers:
            threading.Thread(target=self._have_join, args=(client, address), name="join", daemon=True).start()
        self.size = sum(len(worker.places) for worker in self._roster.workers()) or self.size
        self.problem = self._roster.complaint()
        if more:
            self._on_free()

    def _have_join(self, client: Client, address: str) -> None:
        answer = self._knock(client, address, doors.join, self._work, dict(self._warm))
        if client is not self._client:
            return
        self._roster.answered(address, answer)
        if isinstance(answer, str):
            log.warning("the worker %s lends no slots: %s", address, answer)
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

    def _knock(self, client: Client, address: str, door: Callable[..., Any], *rest: Any) -> Any:
        """Return what a door of a worker answers, or as half a sentence why it was not opened."""
        try:
            return client.run(door, self._terms, *rest, workers=[address])[address]
        except Exception as failure:  # whatever a machine that is none of ours does, the others are asked
            log.warning("the worker %s could not be asked", address, exc_info=True)
            return _not_asked(failure)

    def _hear(self, event: tuple[float, Any]) -> None:
        """Take a report that came before the heartbeat."""
        report = event[1]
        if self._roster.take(report["worker"], report):
            self._on_free()

    def _doubt(self) -> None:
        """Free places from runs that the database holds no more: a report of their end may never come."""
        old = self._roster.doubtful()
        if old and self._runs is not None and self._roster.strike(old - self._runs.held(old)):
            self._on_free()

    def _forget(self, problem: str) -> None:
        """Know nothing of the cluster any more; workers that have lost their scheduler end anyway."""
        client, self._client = self._client, None
        self._roster.clear()
        self.problem = problem
        if client is not None:
            _leave(client)

    def _unreachable(self) -> str:
        return said(
            "LOSSLAB_ENGINE: the Dask scheduler at {address} does not answer; what waits is trained once it does.",
            address=self._settings.engine,
        )


def _not_asked(failure: Exception) -> str:
    if "ModuleNotFoundError" in repr(failure):  # Dask may send it as a text in another exception
        return said("it does not have Loss Lab")
    return said("it could not be asked ({error})", error=type(failure).__name__)


def _leave(client: Client) -> None:
    """Close a client, whatever has become of its scheduler."""
    with suppress(Exception):
        client.close(timeout=_LEAVE_SECONDS)
