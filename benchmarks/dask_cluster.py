"""A Dask cluster to do harm to: a scheduler and workers, each a process on this machine alone."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil
from distributed import Client

from benchmarks.app import free_port, wait_for
from core.paths import ROOT

_QUIET = {"DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "warning", "PYTHONPATH": str(ROOT)}


def _answers(host: str, port: int) -> bool:
    with socket.socket() as knocking:
        return knocking.connect_ex((host, port)) == 0


class Cluster:
    """Started processes, until `remove`.

    Parameters
    ----------
    folder : Path
        What they write, their data folders included.
    environment : mapping
        Variables of every worker.
    scheme, host : str
        How and where the scheduler is reached.
    """

    def __init__(
        self, folder: Path, environment: Mapping[str, str], scheme: str = "tcp", host: str = "127.0.0.1"
    ) -> None:
        self.folder = folder
        self.environment = dict(environment)
        self._scheme, self._host = scheme, host
        self._port = free_port()
        self._processes: list[subprocess.Popen[bytes]] = []
        self.address = f"{scheme}://{host}:{self._port}"
        self.scheduler = self.start_scheduler()

    def _start(
        self,
        what: str,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        within: Sequence[str] = (),
    ) -> subprocess.Popen[bytes]:
        with (self.folder / f"{what}.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter
                [*within, sys.executable, "-m", f"distributed.cli.dask_{what}", "--no-dashboard", *arguments],
                stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
                env={**os.environ, **_QUIET, **(environment or {})},
            )  # fmt: skip
        self._processes.append(process)
        return process

    def start_scheduler(self) -> subprocess.Popen[bytes]:
        """Start one, at the address that the one before had."""
        where = ["--host", f"{self._scheme}://{self._host}", "--port", str(self._port)]
        self.scheduler = self._start("scheduler", *where, environment=self.environment)
        wait_for(lambda: _answers(self._host, self._port))
        return self.scheduler

    def add_worker(
        self, name: str = "", lab: int = 2, within: Sequence[str] = (), **environment: str
    ) -> subprocess.Popen[bytes]:
        """Start a worker that lends so many slots; it has joined when the lab says so.

        Parameters
        ----------
        within : sequence of str
            The words of a command that runs it.
        """
        name = name or f"worker-{len(self._processes)}"
        resources = ["--resources", f"LAB={lab}"] if lab else []
        return self._start(
            "worker", self.address, "--no-nanny", "--nthreads", str(max(1, lab)), "--memory-limit", "0",
            "--name", name, "--local-directory", str(self.folder / "scratch"), *resources,
            environment={**self.environment, "LOSSLAB_DATA": str(self.folder / name), **environment}, within=within,
        )  # fmt: skip

    def workers(self) -> set[str]:
        """Return the names of all that are there."""
        with Client(self.address, set_as_default=False) as client:
            return {worker["name"] for worker in client.scheduler_info()["workers"].values()}

    def trainers_of(self, worker: subprocess.Popen[bytes]) -> list[psutil.Process]:
        """Return the children of a worker."""
        return psutil.Process(worker.pid).children(recursive=True)

    def remove(self) -> None:
        """End whatever runs."""
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
