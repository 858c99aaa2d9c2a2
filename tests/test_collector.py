"""Garbage is collected behind what makes it, and seldom."""

import gc
import tomllib
import weakref
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from types import SimpleNamespace

import pytest

from core import collector
from core.collector import Rounds

PATIENCE_SECONDS = 30


class Ring:
    def __init__(self):
        self.me = self


@pytest.fixture
def by_hand():
    """No collection but those that are asked for."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_garbage_is_gone_soon_after_a_round_was_asked_for(by_hand):
    gone = Event()
    ring = weakref.ref(Ring(), lambda _: gone.set())
    rounds = Rounds()
    rounds.start()
    assert ring() is not None
    rounds.ask()
    assert gone.wait(PATIENCE_SECONDS)


def test_rounds_take_a_twentieth_of_the_time_however_often_they_are_asked_for(monkeypatch):
    clock, go = [0.0], Event()
    began: SimpleQueue[bool] = SimpleQueue()
    pauses: SimpleQueue[float] = SimpleQueue()

    def collect():
        began.put(True)
        assert go.wait(PATIENCE_SECONDS)
        clock[0] += 3.0

    monkeypatch.setattr(collector, "gc", SimpleNamespace(collect=collect))
    monkeypatch.setattr(collector, "time", SimpleNamespace(perf_counter=lambda: clock[0], sleep=pauses.put))
    rounds = Rounds()
    rounds.start()
    rounds.ask()
    began.get(timeout=PATIENCE_SECONDS)
    for _ in range(200):  # while the first one goes on
        rounds.ask()
    go.set()
    assert [pauses.get(timeout=PATIENCE_SECONDS) for _ in range(2)] == [60.0, 60.0]
    assert not rounds._due.is_set()
    assert pauses.empty()


def test_streamlit_has_no_rounds_of_its_own():
    config = tomllib.loads((Path(__file__).parents[1] / ".streamlit" / "config.toml").read_text())
    assert config["runner"]["postScriptGC"] is False
