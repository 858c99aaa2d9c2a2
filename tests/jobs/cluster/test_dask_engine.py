"""Runs are trained by the workers of a Dask cluster, whatever process of it, or of the lab, is killed meanwhile."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from sqlalchemy import select

from benchmarks.dask_cluster import Cluster
from benchmarks.postgres_server import Server
from core.jobs.cluster import dask_engine
from core.jobs.cluster.dask_engine import DaskEngine
from core.jobs.lab import Lab
from core.jobs.scheduling.queue import Claim
from core.jobs.storage import schema
from core.paths import ROOT
from core.settings import Settings
from tests.jobs.cluster.conftest import DaskLabs, ready
from tests.jobs.conftest import fake_spec, finished, states, until
from tests.jobs.fake import QUICK, SLOW


def attempts(lab: Lab, experiment: str) -> list[int]:
    return [run.attempt for run in lab.store.experiment(experiment).runs]


def epochs(lab: Lab, experiment: str, runs: int = 1) -> list[int]:
    return [len(result.history["loss"]) for result in lab.store.results(experiment, range(runs))]


def deaths(lab: Lab) -> set[int]:
    with lab.store.database.read() as connection:
        return set(connection.scalars(select(schema.run.c.deaths)))


def training(lab: Lab, experiment: str) -> None:
    until(lambda: lab.store.news(experiment).points, 60)


def trainer_of(lab: Lab, experiment: str) -> psutil.Process:
    """The process on the worker that trains the one run there is."""
    training(lab, experiment)
    (pid,) = [slot.pid for slot in lab._engine.slots() if not slot.free and slot.pid is not None]
    return psutil.Process(pid)


class Sent:
    """A client that notes what was submitted, and where."""

    def __init__(self) -> None:
        self.tasks: list[dict[str, Any]] = []

    def submit(self, _function: Any, *arguments: Any, **where: Any) -> list[Any]:
        self.tasks.append(where | {"arguments": arguments})
        return []


def test_a_run_goes_to_the_worker_of_its_slot_and_to_no_other() -> None:
    engine, client = DaskEngine(Settings(engine="tcp://127.0.0.1:8786")), Sent()
    engine._client = client
    engine.submit("tcp://10.0.0.5:4000/1", Claim(7, "t1", "experiment", 0, "a"))
    (task,) = client.tasks
    assert (task["workers"], task["allow_other_workers"]) == (["tcp://10.0.0.5:4000"], False)
    assert (task["resources"], task["pure"], task["arguments"][0]) == ({"LAB": 1}, False, 1)


def test_runs_are_trained_by_workers_each_once(cluster: Cluster, labs: DaskLabs, settings: Settings) -> None:
    worker = cluster.add_worker()
    cluster.add_worker(lab=0)  # lends none, whatever it has
    lab = labs.start(settings)
    ready(lab, 2)
    slow = lab.store.submit(fake_spec(SLOW, epochs=100, seeds=3))
    quick = lab.store.submit(fake_spec(QUICK, seeds=10))
    pids = {child.pid for child in cluster.trainers_of(worker)}
    for experiment, runs, length in ((slow, 3, 100), (quick, 10, 20)):
        assert finished(lab, experiment) == ["done"] * runs
        assert attempts(lab, experiment) == [1] * runs
        assert epochs(lab, experiment, runs) == [length] * runs
        assert {(run.final or {})["telemetry"]["pid"] for run in lab.store.experiment(experiment).runs} <= pids
    assert deaths(lab) == {0}
    ready(lab, 2)
    assert (lab.health()["slots"], lab.health()["problem"], lab._engine.size) == (2, None, 2)
    assert not [file.path for file in psutil.Process(worker.pid).memory_maps() if "tensorflow" in file.path]


@pytest.mark.slow
def test_cancelling_stops_a_run_and_its_slot_is_free_again(
    cluster: Cluster, labs: DaskLabs, settings: Settings
) -> None:
    cluster.add_worker(lab=1)
    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=50_000, seeds=2))
    trainer = trainer_of(lab, experiment)
    lab.store.cancel(experiment)
    assert finished(lab, experiment, 5) == ["cancelled"] * 2
    assert attempts(lab, experiment) == [1, 0]
    assert finished(lab, lab.store.submit(fake_spec(QUICK))) == ["done"]
    assert trainer.is_running()


@pytest.mark.slow
def test_whoever_comes_waits_for_one_run_of_somebody_who_has_queued_many(
    cluster: Cluster, labs: DaskLabs, settings: Settings
) -> None:
    cluster.add_worker()
    lab = labs.start(settings)
    ready(lab, 2)
    many = lab.store.submit(fake_spec(SLOW, epochs=60, seeds=12), owner="ann")
    training(lab, many)
    one = lab.store.submit(fake_spec(SLOW, epochs=60), owner="bob")
    assert finished(lab, one) == ["done"]
    assert states(lab, many).count("queued") >= 6
    assert finished(lab, many) == ["done"] * 12
    assert attempts(lab, many) == [1] * 12


@pytest.mark.slow
def test_the_runs_of_a_killed_worker_end_elsewhere_once(cluster: Cluster, labs: DaskLabs, settings: Settings) -> None:
    first = cluster.add_worker()
    lab = labs.start(settings)
    ready(lab, 2)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=1000, seeds=2))
    until(lambda: states(lab, experiment) == ["running"] * 2)
    trainers = cluster.trainers_of(first)
    cluster.add_worker()
    ready(lab, 2)
    first.send_signal(signal.SIGKILL)
    psutil.wait_procs(trainers, timeout=5)
    assert not any(trainer.is_running() for trainer in trainers)
    assert finished(lab, experiment, 60) == ["done"] * 2
    assert attempts(lab, experiment) == [2, 2]
    assert epochs(lab, experiment, 2) == [1000] * 2
    assert deaths(lab) == {0}
    ready(lab, 2)


@pytest.mark.slow
def test_a_run_whose_trainer_dies_goes_on_in_the_spare_of_its_worker(
    cluster: Cluster, labs: DaskLabs, settings: Settings
) -> None:
    worker = cluster.add_worker(lab=1, LOSSLAB_SPARE_TRAINER="yes")
    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=1000))
    first = trainer_of(lab, experiment)
    until(lambda: len(cluster.trainers_of(worker)) == 2, 60)
    spare = {child.pid for child in cluster.trainers_of(worker)} - {first.pid}
    until(lambda: lab.store.experiment(experiment).runs[0].epoch > 500, 60)  # by then it has loaded what it needs
    first.kill()
    assert finished(lab, experiment, 60) == ["done"]
    (run,) = lab.store.experiment(experiment).runs
    assert (run.attempt, {(run.final or {})["telemetry"]["pid"]}) == (2, spare)


@pytest.mark.slow
def test_a_paused_worker_that_comes_back_lets_go_of_what_another_has_taken(
    cluster: Cluster, labs: DaskLabs, settings: Settings
) -> None:
    first = cluster.add_worker(lab=1)
    lab = labs.start(settings)
    ready(lab, 1)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=600))
    training(lab, experiment)
    cluster.add_worker(lab=1)
    ready(lab, 1)
    first.send_signal(signal.SIGSTOP)
    assert finished(lab, experiment, 60) == ["done"]
    first.send_signal(signal.SIGCONT)
    ready(lab, 2)
    assert (states(lab, experiment), attempts(lab, experiment), epochs(lab, experiment)) == (["done"], [2], [600])
    assert finished(lab, lab.store.submit(fake_spec(QUICK, seeds=4))) == ["done"] * 4
    assert deaths(lab) == {0}


@pytest.mark.slow
def test_a_worker_that_is_told_to_end_hands_its_run_over_where_it_was(
    cluster: Cluster, labs: DaskLabs, settings: Settings
) -> None:
    shared = {"LOSSLAB_DATA": str(cluster.folder / "shared"), "LOSSLAB_LEASE_SECONDS": "600"}
    first = cluster.add_worker(lab=1, **shared)
    lab = labs.start(settings.model_copy(update={"lease_seconds": 600.0}))
    ready(lab, 1)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=1000))
    training(lab, experiment)
    cluster.add_worker(lab=1, **shared)
    ready(lab, 1)
    first.send_signal(signal.SIGTERM)
    assert finished(lab, experiment, 60) == ["done"]
    (run,) = lab.store.experiment(experiment).runs
    assert (run.attempt, epochs(lab, experiment)) == (2, [1000])
    assert (run.final or {})["telemetry"]["before"] > 0
    assert len(list((cluster.folder / "shared" / "workers").iterdir())) == 2
    assert first.wait(40) is not None


@pytest.mark.slow
def test_a_killed_scheduler_takes_nothing_along(cluster: Cluster, labs: DaskLabs, settings: Settings) -> None:
    first = cluster.add_worker()
    lab = labs.start(settings)
    ready(lab, 2)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=300, seeds=3))
    until(lambda: states(lab, experiment).count("running") == 2)
    cluster.scheduler.kill()
    until(lambda: "does not answer" in (lab.health()["problem"] or ""))
    assert lab.health()["slots"] == 0
    later = lab.store.submit(fake_spec(QUICK))
    cluster.start_scheduler()
    cluster.add_worker()
    assert finished(lab, experiment, 60) == ["done"] * 3
    assert finished(lab, later) == ["done"]
    assert epochs(lab, experiment, 3) == [300] * 3
    assert deaths(lab) == {0}
    assert lab.health()["problem"] is None
    assert first.wait(60) == 0  # a supervisor has to start it again all the same


@pytest.mark.slow
def test_a_lab_whose_scheduler_is_away_stops_at_once(
    cluster: Cluster, labs: DaskLabs, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_engine, "_PATIENCE_SECONDS", 30.0)
    met, meet = list[float](), DaskEngine._meet

    def noted(engine: DaskEngine) -> Any:
        met.append(time.monotonic())
        return meet(engine)

    monkeypatch.setattr(DaskEngine, "_meet", noted)
    lab = labs.start(settings)
    until(lambda: lab.health()["problem"])
    before = len(met)
    cluster.scheduler.kill()
    until(lambda: len(met) > before)  # and does so in vain for half a minute
    begin = time.monotonic()
    lab.stop()
    assert time.monotonic() - begin < 8


@pytest.mark.slow
def test_a_run_trains_on_while_the_lab_is_started_anew_and_its_slot_is_given_to_nobody_else(
    cluster: Cluster, labs: DaskLabs, settings: Settings
) -> None:
    cluster.add_worker(lab=1)
    first = labs.start(settings)
    experiment = first.store.submit(fake_spec(SLOW, epochs=50_000))
    trainer = trainer_of(first, experiment)
    first.stop()
    second = labs.start(settings)
    until(lambda: second.health()["slots"] == 1)
    waiting = second.store.submit(fake_spec(QUICK))
    until(lambda: second.health()["trainers"]["ready"] == 1)
    before = second.store.experiment(experiment).runs[0].epoch
    # Longer than a lease, and any number of chances to hand out what waits.
    until(lambda: second.store.experiment(experiment).runs[0].epoch > before + 700, 60)
    assert states(second, experiment) + states(second, waiting) == ["running", "queued"]
    second.store.cancel(experiment)
    assert finished(second, waiting) == ["done"]
    assert attempts(second, experiment) + attempts(second, waiting) == [1, 1]
    assert trainer.is_running()


@pytest.fixture
def owner(settings: Settings) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Another process that leads, and what it said of the run it has trained."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.jobs.cluster.owner", settings.model_dump_json()],
        stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    with process:
        yield process, json.loads(process.stdout.readline())
        process.kill()


@pytest.mark.slow
def test_a_second_lab_takes_the_lead_of_a_killed_one_and_leaves_its_runs_where_they_are(
    cluster: Cluster, labs: DaskLabs, settings: Settings, request: pytest.FixtureRequest
) -> None:
    cluster.add_worker(lab=1)
    process, said = request.getfixturevalue("owner")
    lab = labs.start(settings)
    assert not lab.dispatching
    process.kill()
    until(lambda: lab.dispatching, 15)
    waiting = lab.store.submit(fake_spec(QUICK))
    assert finished(lab, said["experiment"], 60) == ["done"]
    assert finished(lab, waiting) == ["done"]
    assert attempts(lab, said["experiment"]) == attempts(lab, waiting) == [1]
    assert epochs(lab, said["experiment"]) == [1000]


@pytest.mark.slow
def test_a_database_that_is_away_for_longer_than_a_lease_takes_no_run_from_a_worker(
    cluster: Cluster, labs: DaskLabs, settings: Settings, postgres_server: Server
) -> None:
    cluster.add_worker(lab=1)
    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=1500))
    waiting = lab.store.submit(fake_spec(QUICK))
    training(lab, experiment)
    postgres_server.stop()
    pause = 2 * settings.lease_seconds
    with pytest.raises(subprocess.TimeoutExpired):
        cluster.scheduler.wait(pause)
    postgres_server.start()
    assert finished(lab, experiment, 60) == ["done"]
    assert finished(lab, waiting) == ["done"]
    assert attempts(lab, experiment) == attempts(lab, waiting) == [1]
    assert epochs(lab, experiment) == [1500]
