import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from core.jobs.lab import Lab
from core.jobs.scheduling.engine import EmbeddedEngine, Engine
from core.jobs.scheduling.queue import Queue
from core.jobs.storage.store import Store
from core.settings import Settings
from core.spec import ExperimentSpec, load_spec
from tests.jobs.databases import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]

FAKE = "tests.jobs.fake:FakeWork"
T = TypeVar("T")


def until(condition: Callable[[], T], seconds: float = 30.0) -> T:
    """Return the first true value of `condition`; fail when there is none before the deadline."""
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "the deadline passed"
        pause.wait(0.005)
    return value


def fake_spec(kind: int, epochs: int = 20, **changes: Any) -> ExperimentSpec:
    """A spec for `tests.jobs.fake`; the batch size says how its trainer behaves."""
    training = {"batch_size": kind, "epochs": epochs}
    return load_spec({"data": {"source": "sample:iris", "target": "species"}, "training": training} | changes)


@pytest.fixture
def database_url() -> str:
    """The database of the test: one in its data folder, unless its room says otherwise (`tests.jobs.databases`)."""
    return ""


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(data=tmp_path / "data", slots=1, db_url=database_url)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    store = Store(settings)
    yield store
    store.close()


@pytest.fixture
def runs(store: Store) -> Queue:
    return Queue(store.database, lease_seconds=30)


class Labs:
    """Makes labs whose trainers are fakes, and stops them at the end of the test."""

    engine: Callable[[Settings, str], Engine] = EmbeddedEngine
    diagnosing = False

    def __init__(self) -> None:
        self._made: list[Lab] = []

    def make(self, settings: Settings, work: str = FAKE) -> Lab:
        lab = Lab(settings, type(self).engine(settings, work), diagnosing=self.diagnosing)
        self._made.append(lab)
        return lab

    def start(self, settings: Settings, work: str = FAKE, warm: tuple[ExperimentSpec, ...] = ()) -> Lab:
        lab = self.make(settings, work)
        lab.start(warm)
        return lab

    def stop(self) -> None:
        for lab in self._made:
            lab.stop()


@pytest.fixture
def labs() -> Iterator[Labs]:
    labs = Labs()
    yield labs
    labs.stop()


def trainer_pids(lab: Lab) -> list[int]:
    """The processes of trainers that take orders."""
    return [slot.pid for slot in lab._engine.slots() if slot.ready and slot.pid is not None]


def states(lab_or_store: Lab | Store, experiment: str) -> list[str]:
    store = lab_or_store.store if isinstance(lab_or_store, Lab) else lab_or_store
    return [str(run.state) for run in store.experiment(experiment).runs]


def finished(lab: Lab, experiment: str, seconds: float = 30.0) -> list[str]:
    """Wait for the end of an experiment and return the states of its runs."""
    until(lambda: lab.store.news(experiment).finished, seconds)
    return states(lab, experiment)
