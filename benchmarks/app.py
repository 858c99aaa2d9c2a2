"""How fast the app is: from submitting the three seed examples to their last point, and what a web process costs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psutil

from benchmarks.long_page import LONG, SHORT, write_runs
from core.errors import WorkFailed
from core.jobs.lab import Lab
from core.lessons import BASICS
from core.paths import ROOT
from core.settings import Settings
from core.spec import ExperimentSpec, load_spec

_PATIENCE: Final = 180.0
_TICKS: Final = 300
_FAULTY: Final = {
    "data": {"source": "sample:diabetes", "target": "progression"},
    "model": {"layers": [16, 16]},
    "training": {"learning_rate": 1.0, "epochs": 500},
}
"""442 rows and a learning rate a thousand times too high."""


def measure_app() -> dict[str, Any]:
    """Measure trainers and server of a lab of their own, in a temporary folder.

    Returns
    -------
    dict
        ``examples_seconds``: six runs of 100 epochs, trainers warm, from submit to the last stored point.
        ``examples_again_seconds``: the same with other seeds. ``trainer_mb``: the largest trainer afterwards.
        ``suspects_seconds``, ``diagnosis_seconds``: from asking for the diagnosis of a faulty run of 500 epochs to the
        first suspects and to the whole report; ``diagnosis_again_seconds``: the same with another seed, compiled.
        ``tick_ms``: processor time of the web process for one poll of a live chart. ``web_mb``: its memory.
        ``web_maps_tensorflow``: whether TensorFlow is in it. ``short_page_seconds``, ``long_page_seconds``: its answer
        to a chart that opens ten runs of 100 and of 100 000 epochs; ``…_page_mb``: what its memory grows by at most
        meanwhile; ``…_page_sent_mb``: the size of the answer.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder))
        lab = Lab(settings)
        lab.start(warm=[lesson.spec for lesson in BASICS])
        try:
            wait_for(lambda: _warm(lab.health()))
            first = _examples_seconds(lab, seed=0)
            again = _examples_seconds(lab, seed=1)
            suspects, diagnosis = _diagnosis_seconds(lab, load_spec(_FAULTY))
            _, diagnosis_again = _diagnosis_seconds(lab, load_spec(_FAULTY).changed({"training.seed": 100}))
            children = psutil.Process().children(recursive=True)
            trainer = max(child.memory_info().rss for child in children)
            experiment = lab.store.experiments(limit=1)[0].id
            pages = {"short": write_runs(lab.store, SHORT), "long": write_runs(lab.store, LONG)}
        finally:
            lab.stop()
        return {
            "examples_seconds": first,
            "examples_again_seconds": again,
            "suspects_seconds": suspects,
            "diagnosis_seconds": diagnosis,
            "diagnosis_again_seconds": diagnosis_again,
            "trainer_mb": trainer / 2**20,
            **_server(settings, experiment, pages),
        }


def _warm(health: dict[str, Any]) -> bool:
    ready = health["trainers"]["ready"] == health["slots"] > 0
    return bool(ready and health["diagnosing"] and not health["compiling"])


def _examples_seconds(lab: Lab, seed: int) -> float:
    specs = [lesson.spec.model_copy(update={"seeds": 1}).changed({"training.seed": seed}) for lesson in BASICS]
    begin = time.perf_counter()
    submitted = [lab.store.submit(spec) for spec in specs]
    wait_for(lambda: all(lab.store.news(experiment).finished for experiment in submitted))
    return time.perf_counter() - begin


def _diagnosis_seconds(lab: Lab, spec: ExperimentSpec) -> tuple[float, float]:
    """Return the seconds from asking for a diagnosis of `spec`, once it was run, to its suspects and to its report."""
    experiment = lab.store.submit(spec)
    wait_for(lambda: lab.store.news(experiment).finished)
    begin = time.perf_counter()
    asked = lab.store.diagnoses.ask(lab.store.experiment(experiment), 0)
    wait_for(lambda: lab.store.diagnoses.get(asked).progress is not None)
    suspects = time.perf_counter() - begin
    wait_for(lambda: lab.store.diagnoses.get(asked).finished)
    return suspects, time.perf_counter() - begin


def _server(settings: Settings, experiment: str, pages: dict[str, str]) -> dict[str, Any]:
    with served(settings) as (process, address):
        points = f"{address}/api/experiments/{experiment}/points?since=1"
        get(points)
        before = sum(process.cpu_times()[:2])
        for _ in range(_TICKS):
            get(points)
        spent = sum(process.cpu_times()[:2]) - before
        maps = {Path(item.path).name for item in process.memory_maps()}
        return {
            "tick_ms": spent / _TICKS * 1000,
            "web_mb": process.memory_info().rss / 2**20,
            "web_maps_tensorflow": any("tensorflow" in name for name in maps),
            **{
                name: cost
                for page, opened in pages.items()
                for name, cost in _page_cost(process, address, page, opened)
            },
        }


def _page_cost(process: psutil.Process, address: str, page: str, experiment: str) -> Iterator[tuple[str, float]]:
    """Yield what it costs to open `experiment`: seconds, growth of the memory at its highest, size of the answer."""
    before, begin = process.memory_info().rss, time.perf_counter()
    with ThreadPoolExecutor(1) as reader:
        answer = reader.submit(get, f"{address}/api/experiments/{experiment}/points?since=0")
        highest = before
        while not answer.done():
            highest = max(highest, process.memory_info().rss)
            time.sleep(0.001)
    yield f"{page}_page_seconds", time.perf_counter() - begin
    yield f"{page}_page_mb", (max(highest, process.memory_info().rss) - before) / 2**20
    yield f"{page}_page_sent_mb", len(answer.result()) / 2**20


@contextmanager
def served(settings: Settings, *, slots: int = 1) -> Iterator[tuple[psutil.Process, str]]:
    """Serve a lab with so many slots, and give its process and address."""
    server, address = start_app({"LOSSLAB_DATA": str(settings.data), "LOSSLAB_SLOTS": str(slots)})
    with server:
        try:
            wait_for(lambda: _answers(f"{address}/api/health"))
            yield psutil.Process(server.pid), address
        finally:
            server.terminate()


def start_app(environment: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], str]:
    """Start the app as the README does, with these variables beside those of this process; return its address, too."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    server = subprocess.Popen(  # noqa: S603 - our own app, by absolute interpreter
        command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return server, f"http://127.0.0.1:{port}"


def free_port() -> int:
    """Return a port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(address: str) -> bool:
    try:
        return bool(get(address))
    except OSError:  # refused, cut off, or too slow
        return False


def get(address: str) -> bytes:
    """Return what `address` answers."""
    with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 - a loopback address made above
        return bytes(answer.read())


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds.

    Raises
    ------
    WorkFailed
        If that takes longer than three minutes.
    """
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise WorkFailed(f"The app was not ready within {_PATIENCE:.0f} seconds.")
        time.sleep(0.01)
