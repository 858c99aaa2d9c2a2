"""Several processes on one database: one leads, and another goes on where it was killed, stopped or paused."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.jobs.lab import Lab
from core.settings import Settings
from tests.jobs.conftest import Labs, fake_spec, finished, states, trainer_pids, until
from tests.jobs.databases import each as database_url
from tests.jobs.databases import sqlite_alone
from tests.jobs.fake import QUICK, SLOW

__all__ = ["database_url"]

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 15.0
"""For a busy machine; that five seconds are enough is tested by a clock that nothing holds up (`test_lease`)."""


@dataclass
class Owner:
    """Another process that leads and has a run in training, its database and what it said."""

    process: subprocess.Popen[str]
    database: str
    said: dict[str, Any]

    def send(self, number: int) -> None:
        os.kill(self.process.pid, number)


@pytest.fixture
def owner(tmp_path: Path, database_url: str) -> Iterator[Owner]:
    database = database_url or f"sqlite:///{tmp_path}/shared/lab.db"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.jobs.owner", str(tmp_path / "first")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "LOSSLAB_DB_URL": database},
    )  # fmt: skip
    assert process.stdout is not None
    with process:
        yield Owner(process, database, json.loads(process.stdout.readline()))
        process.kill()


@contextmanager
def measured(what: str, lab: Lab) -> Iterator[None]:
    """What is in the block ends the lead of another process: this lab has it soon after."""
    begin = time.monotonic()
    yield
    until(lambda: lab.dispatching, PATIENCE_SECONDS)
    seconds = time.monotonic() - begin
    sys.stdout.write(f"{what}: taken over after {seconds:.2f} s\n")
    assert lab.health()["leader"] == "this process"


def waiting_lab(labs: Labs, owner: Owner, folder: Path) -> Lab:
    """A second lab, with a folder of its own, on the database of `owner`."""
    lab = labs.start(Settings(data=folder, db_url=owner.database, slots=2))
    until(lambda: lab.health()["leader"] == "another process")
    assert not lab.dispatching
    return lab


def test_a_killed_process_is_followed_by_one_that_waits_and_nothing_is_lost(
    owner: Owner, labs: Labs, tmp_path: Path
) -> None:
    lab = waiting_lab(labs, owner, tmp_path / "second")
    queued = lab.store.submit(fake_spec(SLOW, seeds=3))
    with measured("kill -9", lab):
        owner.send(signal.SIGKILL)
    assert finished(lab, owner.said["experiment"]) == ["done"]
    assert lab.store.experiment(owner.said["experiment"]).runs[0].attempt == 2
    assert len(lab.store.results(owner.said["experiment"], [0])[0].history["loss"]) == 200
    assert finished(lab, queued) == ["done"] * 3


def test_two_folders_on_one_database_train_each_run_once(owner: Owner, labs: Labs, tmp_path: Path) -> None:
    lab = waiting_lab(labs, owner, tmp_path / "second")
    experiment = lab.store.submit(fake_spec(QUICK, seeds=20))
    assert finished(lab, experiment) == ["done"] * 20
    runs = lab.store.experiment(experiment).runs
    assert {run.attempt for run in runs} == {1}
    assert {(run.final or {})["telemetry"]["pid"] for run in runs} <= set(owner.said["pids"])
    assert trainer_pids(lab) == []


@pytest.mark.slow
def test_a_paused_process_that_comes_back_lets_go_of_what_another_has_taken(
    owner: Owner, labs: Labs, tmp_path: Path
) -> None:
    lab = waiting_lab(labs, owner, tmp_path / "second")
    with measured("kill -STOP", lab):
        owner.send(signal.SIGSTOP)
    owner.send(signal.SIGCONT)
    until(lambda: not any(psutil.pid_exists(pid) for pid in owner.said["pids"]), PATIENCE_SECONDS)
    assert finished(lab, owner.said["experiment"]) == ["done"]
    assert len(lab.store.results(owner.said["experiment"], [0])[0].history["loss"]) == 200
    later = lab.store.submit(fake_spec(QUICK, seeds=5))
    assert finished(lab, later) == ["done"] * 5
    assert {run.attempt for run in lab.store.experiment(later).runs} == {1}
    assert lab.dispatching


@pytest.mark.slow
@sqlite_alone
def test_a_database_that_is_locked_for_long_takes_the_lead_and_the_runs_from_nobody(
    owner: Owner, labs: Labs, tmp_path: Path
) -> None:
    lab = waiting_lab(labs, owner, tmp_path / "second")
    experiment = lab.store.submit(fake_spec(SLOW, epochs=1000))
    until(lambda: states(lab, experiment) == ["running"])
    with sqlite3.connect(owner.database.removeprefix("sqlite:///"), isolation_level=None) as locking:
        locking.execute("BEGIN IMMEDIATE")
        end = time.monotonic() + 13
        until(lambda: time.monotonic() > end)
        locking.execute("ROLLBACK")
    locking.close()
    assert finished(lab, experiment) == ["done"]
    assert not lab.dispatching
    for known in (experiment, owner.said["experiment"]):
        assert lab.store.experiment(known).runs[0].attempt == 1
