"""Labs as they are served, to do harm to and to load: on one machine, or a team's with a scheduler and workers."""

from __future__ import annotations

import json
import secrets
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psutil

from benchmarks.app import get, start_app
from benchmarks.dask_cluster import Cluster
from benchmarks.postgres_server import Server, programs
from core.errors import WorkFailed
from core.jobs.storage.store import Store
from core.settings import Settings

LEASE_SECONDS: Final = 10.0
SLOTS: Final = 2
TRAINER: Final = "core.jobs.trainers.trainer"
_TOLD: Final = {
    "LOSSLAB_LEASE_SECONDS": str(LEASE_SECONDS),
    "LOSSLAB_TRAINER_SILENCE_SECONDS": "10",
    "LOSSLAB_SPARE_TRAINER": "yes",
}


@dataclass
class ServedLab:
    """A data folder, the web processes over it, and a store to look into the database with."""

    data: Path
    environment: dict[str, str] = field(default_factory=dict)
    webs: list[tuple[subprocess.Popen[bytes], str]] = field(default_factory=list)
    slots: int = field(default=SLOTS, kw_only=True)

    def serve(self) -> None:
        """Start a web process more."""
        own = {"LOSSLAB_DATA": str(self.data), "LOSSLAB_SLOTS": str(self.slots)}
        self.webs.append(start_app(_TOLD | own | self.environment))

    def health(self, place: int = -1) -> dict[str, Any]:
        """Return what a web process says of itself; nothing where it does not answer."""
        try:
            told: dict[str, Any] = json.loads(get(f"{self.webs[place][1]}/api/health"))
        except OSError:
            return {}
        return told

    def well(self) -> bool:
        """Return whether the newest web process leads, and all its slots and the diagnoser are ready."""
        told = self.health()
        return bool(told.get("dispatching") and told["trainers"]["ready"] == self.slots and told["diagnosing"])

    def children(self, module: str) -> list[psutil.Process]:
        """Return the processes over this folder that run a module of this name."""
        return [one for one in self.processes() if any(module in word for word in _command(one))]

    def processes(self) -> list[psutil.Process]:
        """Return all that were started over this folder, or one beside it, and live."""
        found = []
        for one in psutil.process_iter():
            with suppress(psutil.Error):
                theirs = one.environ().get("LOSSLAB_DATA", "").startswith(str(self.data.parent))
                if theirs and one.status() != psutil.STATUS_ZOMBIE:
                    found.append(one)
        return found

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Lend a store."""
        told = {name: self.environment[f"LOSSLAB_{name.upper()}"] for name in ("db_url", "blobs") if self._says(name)}
        store = Store(Settings(data=self.data, **told), verify=False)  # type: ignore[arg-type]
        try:
            yield store
        finally:
            store.close()

    def _says(self, name: str) -> bool:
        return f"LOSSLAB_{name.upper()}" in self.environment

    def stop(self) -> None:
        """End the web processes, politely."""
        for web, _ in self.webs:
            web.send_signal(signal.SIGCONT)
            web.terminate()
        for web, _ in self.webs:
            web.wait(60)


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@dataclass
class TeamLab(ServedLab):
    """A lab whose runs are trained by as many workers as it has slots, each of one; the first may be far away."""

    cluster: Cluster = field(kw_only=True)
    database: Server = field(kw_only=True)
    far: Sequence[str] = field(kw_only=True, default=())
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def serve(self) -> None:
        """Start a web process more, and the workers if they are not there."""
        self.workers = self.workers or [self._worker(place) for place in range(self.slots)]
        super().serve()

    def _worker(self, place: int) -> subprocess.Popen[bytes]:
        return self.cluster.add_worker(lab=1, within=() if place else self.far)

    def well(self) -> bool:
        """Return whether all is well; a worker that has ended is started again, as systemd does it."""
        for place, worker in enumerate(self.workers):
            if worker.poll() is not None:
                self.workers[place] = self._worker(place)
        return super().well()

    def stop(self) -> None:
        """End the web processes, then the workers, which end their trainers."""
        super().stop()
        for worker in self.workers:
            worker.send_signal(signal.SIGCONT)
            worker.terminate()
        for worker in self.workers:
            worker.wait(60)


@contextmanager
def alone() -> Iterator[ServedLab]:
    """Lend a lab on one machine."""
    with tempfile.TemporaryDirectory() as folder:
        yield ServedLab(_data(Path(folder)))


@contextmanager
def on_a_small_disk() -> Iterator[ServedLab]:
    """Lend a lab whose disk can be filled.

    Raises
    ------
    WorkFailed
        If this machine lets nobody mount one.
    """
    with alone() as lab:
        _machine("mount", "-t", "tmpfs", "-o", "size=128m,mode=700", "tmpfs", str(lab.data))
        try:
            yield lab
        finally:
            subprocess.run(["umount", "-l", str(lab.data)], check=False)  # noqa: S603, S607


@contextmanager
def with_a_clock() -> Iterator[ServedLab]:
    """Lend a lab whose clock is set by a file, ``FAKETIME_TIMESTAMP_FILE``; see libfaketime(1).

    Raises
    ------
    WorkFailed
        If libfaketime is not installed.
    """
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found:
        raise WorkFailed("libfaketime is not installed (Debian: apt-get install libfaketime)")
    with alone() as lab:
        file = lab.data.parent / "clock"
        file.write_text("+0\n", encoding="utf-8")
        lab.environment |= {
            "LD_PRELOAD": str(found[0]),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        yield lab


@contextmanager
def a_team(host: str = "", far: Sequence[str] = (), slots: int = SLOTS) -> Iterator[TeamLab]:
    """Lend a lab with a scheduler, as many workers as `slots`, and PostgreSQL; both listen at `host`, if one is given.

    Raises
    ------
    WorkFailed
        If PostgreSQL is not installed.
    """
    found = programs()
    if found is None:
        raise WorkFailed("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        data = _data(Path(folder))
        database = Server(found, host)
        stack.callback(database.remove)
        environment = _TOLD | {"LOSSLAB_DB_URL": database.new_database(), "LOSSLAB_BLOBS": "database"}
        cluster = Cluster(Path(folder), environment, host=host or "127.0.0.1")
        stack.callback(cluster.remove)
        own = {"LOSSLAB_ENGINE": cluster.address, "LOSSLAB_ENGINE_INSECURE": "yes"}
        yield TeamLab(data, environment | own, cluster=cluster, database=database, far=far, slots=slots)


@contextmanager
def a_team_with_a_far_worker() -> Iterator[TeamLab]:
    """Lend a team's lab of which one worker is on a machine of its own: in a network namespace (see ip-netns(8)).

    Raises
    ------
    WorkFailed
        If this machine lets nobody make one.
    """
    number = secrets.randbelow(250) + 1
    name, here, there = (f"lab{number}{end}" for end in "nht")
    with ExitStack() as stack:
        _machine("ip", "netns", "add", name)
        stack.callback(subprocess.run, ["ip", "netns", "del", name], check=False)
        _machine("ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", name)
        _machine("ip", "addr", "add", f"10.77.{number}.1/24", "dev", here)
        _machine("ip", "link", "set", here, "up")
        _machine("ip", "-n", name, "addr", "add", f"10.77.{number}.2/24", "dev", there)
        for end in (there, "lo"):
            _machine("ip", "-n", name, "link", "set", end, "up")
        with a_team(f"10.77.{number}.1", ("ip", "netns", "exec", name)) as lab:
            yield lab


def cut(lab: TeamLab, *, off: bool) -> None:
    """Cut the cable of the far worker `off`, or mend it."""
    cable = lab.far[-1].removesuffix("n") + "h"
    _machine("ip", "link", "set", cable, "down" if off else "up")


def _machine(*command: str) -> None:
    with suppress(OSError):  # there is no such program
        if not subprocess.run(command, check=False, capture_output=True).returncode:  # noqa: S603 - words of ours
            return
    raise WorkFailed(f"this machine does not let us: {' '.join(command[:4])}")


def _data(folder: Path) -> Path:
    data = folder / "data"
    data.mkdir(mode=0o700)
    return data
