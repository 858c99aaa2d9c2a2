"""A full disk, a real one where it can be had: the lab starts, says so, can be read and cleared, and goes on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import WorkFailed
from core.jobs.scheduling.queue import Queue
from core.jobs.storage.room import FULL, Room
from core.settings import Settings
from tests.jobs.conftest import Labs, fake_spec, finished, states, trainer_pids, until
from tests.jobs.fake import QUICK, SLOW
from tests.jobs.full_disk import EPOCHS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
UNSHARE = ["unshare", "--user", "--map-root-user", "--mount"]


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """The bytes that are free, to be changed."""
    free = {"bytes": 2**30}
    monkeypatch.setattr(Room, "free", property(lambda _: free["bytes"]))
    return free


def test_a_lab_on_a_full_disk_starts_says_so_and_goes_on_when_there_is_room(
    labs: Labs, settings: Settings, free: dict[str, int]
) -> None:
    before = labs.make(settings)
    experiment = before.store.submit(fake_spec(QUICK))
    free["bytes"] = 0
    lab = labs.start(settings)
    until(lambda: trainer_pids(lab))
    assert (lab.dispatching, lab.health()["problem"]) == (True, FULL)
    assert states(lab, experiment) == ["queued"]
    with pytest.raises(WorkFailed, match="The disk is full"):
        lab.store.submit(fake_spec(QUICK))
    free["bytes"] = 2**30
    assert finished(lab, experiment) == ["done"]
    assert lab.health()["problem"] is None


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What slots could not write down."""
    refused = list[str]()

    def recorded(name: str, write: Callable[..., Any]) -> Callable[..., Any]:
        def attempt(*arguments: Any, **named: Any) -> Any:
            try:
                return write(*arguments, **named)
            except WorkFailed:
                refused.append(name)
                raise

        return attempt

    for name in ("renew", "finish"):
        monkeypatch.setattr(Queue, name, recorded(name, getattr(Queue, name)))
    return refused


def test_a_run_trains_on_while_the_disk_is_full_and_loses_no_epoch(
    labs: Labs, settings: Settings, free: dict[str, int], refused: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=200))
    until(lambda: lab.store.news(experiment).points)
    free["bytes"] = 0
    until(lambda: refused.count("renew") > 3)
    stored = lab.store.experiment(experiment).runs[0].epoch
    until(lambda: "finish" in refused)
    assert lab.store.experiment(experiment).runs[0].epoch == stored < 200
    assert caplog.text.count("its epochs wait for the database") == 1
    free["bytes"] = 2**30
    assert finished(lab, experiment) == ["done"]
    assert len(lab.store.results(experiment, [0])[0].history["loss"]) == 200
    assert lab.store.experiment(experiment).runs[0].attempt == 1


def test_a_run_stops_when_it_is_cancelled_while_its_epochs_cannot_be_stored(
    labs: Labs, settings: Settings, free: dict[str, int], refused: list[str]
) -> None:
    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=50_000))
    until(lambda: lab.store.news(experiment).points)
    free["bytes"] = 0
    until(lambda: "renew" in refused)
    lab.store.cancel(experiment)
    until(lambda: "finish" in refused, seconds=10)
    free["bytes"] = 2**30
    assert finished(lab, experiment) == ["cancelled"]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a lab on a disk of 64 MB says of its time without a free byte."""
    folder = tmp_path_factory.mktemp("disk")
    mounted = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)]
    if shutil.which("unshare") is None or subprocess.run([*UNSHARE, *mounted], check=False).returncode:
        pytest.skip("this machine lets nobody mount a disk of their own")
    command = [*UNSHARE, sys.executable, "-m", "tests.jobs.full_disk", str(folder)]
    done = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, timeout=240)
    return dict(json.loads(done.stdout))


@pytest.mark.slow
def test_a_real_disk_that_fills_in_the_middle_of_a_run_costs_no_epoch(told: dict[str, Any]) -> None:
    assert told["in the middle"] == FULL
    assert told["trains on"] == ["running"]
    assert told["then"] == [["done"], 1]
    assert told["epochs"] == EPOCHS > told["stopped at"]


def test_without_a_free_byte_a_lab_starts_can_be_read_and_makes_room_by_deleting(told: dict[str, Any]) -> None:
    assert told["free"] == 0
    assert told["starts"] == [True, FULL]
    assert told["reads"] == EPOCHS
    assert (told["waits"], told["refuses"]) == (["queued"], FULL)
    assert told["trains again"] == ["done"]
    assert told["left"] > 8 * 2**20
