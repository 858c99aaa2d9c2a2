"""A child process of ours: what it says arrives, what its libraries print does not, and its end is heard."""

import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.child import _LOG_BYTES, Child, Words

SECONDS = 60


class Heard:
    """A child and what was heard of it."""

    def __init__(self, log: Path) -> None:
        self.words: queue.SimpleQueue[Words | None] = queue.SimpleQueue()
        self.child = Child(["tests.echo", "word"], lambda _child, words: self.words.put(words), log=log)

    def next(self) -> Any:
        return self.words.get(timeout=SECONDS)


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[Heard]:
    heard = Heard(tmp_path / "child.log")
    yield heard
    heard.child.kill()


def test_a_child_hears_orders_and_is_heard_but_not_what_is_printed_there(heard: Heard, tmp_path: Path) -> None:
    heard.child.send(event="echo", number=1.5)
    assert heard.next() == {"event": "ready", "argument": "word"}
    assert heard.next() == {"event": "echo", "number": 1.5}
    assert (tmp_path / "child.log").read_text() == '{"event": "stray"}\n'


def test_a_child_that_is_killed_is_heard_to_be_gone_once(heard: Heard) -> None:
    assert heard.next()["event"] == "ready"
    heard.child.kill()
    heard.child.kill()
    assert heard.next() is None
    assert heard.child.ended == "signal 9"
    assert not psutil.pid_exists(heard.child.pid)
    heard.child.send(event="late")
    assert heard.words.empty()


def test_a_number_that_is_not_finite_is_never_said(heard: Heard) -> None:
    assert heard.next()["event"] == "ready"
    heard.child.send(event="echo", x=float("nan"))
    assert heard.next() is None
    assert heard.child.ended == "exit status 1"


def test_a_log_that_has_grown_large_is_moved_aside(heard: Heard, tmp_path: Path) -> None:
    assert heard.next()["event"] == "ready"
    log = tmp_path / "child.log"
    heard.child.trim_log()
    assert log.stat().st_size > 0
    log.write_bytes(b"x" * (_LOG_BYTES + 1))
    heard.child.trim_log()
    assert log.stat().st_size == 0
    assert (tmp_path / "child.old.log").stat().st_size > _LOG_BYTES


def test_a_log_that_cannot_be_moved_stays(heard: Heard, tmp_path: Path) -> None:
    assert heard.next()["event"] == "ready"
    (tmp_path / "child.old.log").mkdir()
    (tmp_path / "child.log").write_bytes(b"x" * (_LOG_BYTES + 1))
    heard.child.trim_log()
    assert (tmp_path / "child.log").stat().st_size > _LOG_BYTES
    heard.child.send(event="echo")
    assert heard.next() == {"event": "echo"}
