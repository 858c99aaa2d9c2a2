"""A Dask cluster of the tests' own: a scheduler and workers, each a process on this machine alone."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil
from distributed import Client

from core.paths import ROOT
from tests.jobs.conftest import until

QUIET = {"DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "warning", "PYTHONPATH": str(ROOT)}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as knocking:
        return knocking.connect_ex(("127.0.0.1", port)) == 0


class Cluster:
    """Started processes, until `remove`.

    Parameters
    ----------
    folder : Path
        What they write, their data folders included.
    environment : mapping
        Variables of every worker.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], scheme: str = "tcp") -> None:
        self.folder = folder
        self.environment = dict(environment)
        self._scheme = scheme
        self._port = free_port()
        self._processes: list[subprocess.Popen[bytes]] = []
        self.address = f"{scheme}://127.0.0.1:{self._port}"
        self.scheduler = self.start_scheduler()

    def _start(
        self, what: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        with (self.folder / f"{what}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{what}", "--no-dashboard", *arguments],
                stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
                env={**os.environ, **QUIET, **(environment or {})},
            )  # fmt: skip
        self._processes.append(process)
        return process

    def start_scheduler(self) -> subprocess.Popen[bytes]:
        """Start one, at the address that the one before had."""
        where = ["--host", f"{self._scheme}://127.0.0.1", "--port", str(self._port)]
        self.scheduler = self._start("scheduler", *where, environment=self.environment)
        until(lambda: answers(self._port))
        return self.scheduler

    def add_worker(self, name: str = "", lab: int = 2, **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker that lends so many slots; it has joined when the lab says so."""
        name = name or f"worker-{len(self._processes)}"
        resources = ["--resources", f"LAB={lab}"] if lab else []
        return self._start(
            "worker", self.address, "--no-nanny", "--nthreads", str(max(1, lab)), "--memory-limit", "0",
            "--name", name, "--local-directory", str(self.folder / "scratch"), *resources,
            environment={**self.environment, "LOSSLAB_DATA": str(self.folder / name), **environment},
        )  # fmt: skip

    def workers(self) -> set[str]:
        """The names of all that are there."""
        with Client(self.address, set_as_default=False) as client:
            return {worker["name"] for worker in client.scheduler_info()["workers"].values()}

    def trainers_of(self, worker: subprocess.Popen[bytes]) -> list[psutil.Process]:
        """The children of a worker."""
        return psutil.Process(worker.pid).children(recursive=True)

    def remove(self) -> None:
        """End whatever runs."""
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
