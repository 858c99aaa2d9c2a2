"""When checkpoints are due: now and then, at little cost, and when somebody asks."""

from typing import Any, cast

import pytest

from core.jobs.storage.checkpoints import Checkpoints
from core.jobs.trainers import run_safe
from core.jobs.trainers.run_safe import EVERY_SECONDS, SHARE, RunSafe
from core.training.checkpoint import Checkpoint

KEPT = Checkpoint("of", 3, 0, 1.0, {}, {})


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Disk:
    """Files that take so many seconds of the clock each, or fail."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.seconds, self.full = clock, 0.0, False
        self.put_in: list[tuple[int, int]] = []

    def put(self, run: int, attempt: int, _checkpoint: Checkpoint) -> None:
        self.clock.now += self.seconds
        if self.full:
            raise OSError(28, "No space left on device")
        self.put_in.append((run, attempt))

    def newest(self, _run: int, _fits: Any) -> Checkpoint | None:
        return KEPT


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(run_safe, "time", clock)
    return clock


def safe_of(disk: Disk, attempt: int = 1, asked: Any = lambda: False, **calls: Any) -> RunSafe:
    never = {"on_resume": lambda _kept: None, "on_asked": lambda: None}
    return RunSafe(cast("Checkpoints", disk), 5, attempt, asked, **(never | calls))


def test_a_short_run_has_none_and_a_long_one_has_one_now_and_then(clock: Clock) -> None:
    safe = safe_of(Disk(clock))
    assert not safe.due(100)
    clock.now += EVERY_SECONDS - 0.1
    assert not safe.due(100)
    clock.now += 0.1
    assert safe.due(100)
    safe.put(KEPT)
    assert not safe.due(100)
    clock.now += EVERY_SECONDS
    assert safe.due(100)


def test_what_takes_long_to_write_is_written_seldom(clock: Clock) -> None:
    disk = Disk(clock)
    disk.seconds = 2.0
    safe, size = safe_of(disk), 200_000_000
    clock.now += EVERY_SECONDS
    assert not safe.due(size)  # it is too large to be quickly done
    clock.now += 2.0 / SHARE
    assert safe.due(size)
    safe.put(KEPT)
    disk.seconds = 0.5
    clock.now += 2.0 / SHARE - 1
    assert not safe.due(size)
    clock.now += 1
    assert safe.due(size)
    safe.put(KEPT)
    clock.now += 0.5 / SHARE
    assert safe.due(size)


def test_who_asks_gets_one_at_once_and_no_second(clock: Clock) -> None:
    disk, asked, answers = Disk(clock), list[bool](), list[str]()
    safe = safe_of(disk, 2, lambda: bool(asked), on_asked=lambda: answers.append("kept"))
    assert not safe.due(100)
    asked.append(True)
    assert safe.due(100)
    safe.put(KEPT)
    assert (disk.put_in, answers) == ([(5, 2)], ["kept"])
    clock.now += 1000
    assert not safe.due(100)


def test_a_full_disk_ends_no_training_and_nobody_waits_for_it(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    disk, answers = Disk(clock), list[str]()
    disk.full = True
    safe = safe_of(disk, asked=lambda: True, on_asked=lambda: answers.append("kept"))
    safe.due(100)
    safe.put(KEPT)
    assert answers == ["kept"]
    assert "No space left on device" in caplog.text


def test_the_first_attempt_looks_for_nothing(clock: Clock) -> None:
    resumed = list[Checkpoint]()
    assert safe_of(Disk(clock), 1, on_resume=resumed.append).newest(lambda _: True) is None
    assert safe_of(Disk(clock), 2, on_resume=resumed.append).newest(lambda _: True) is KEPT
    assert resumed == [KEPT]
