"""A keeper starts its child anew whenever that is gone, and waits longer after each start that failed."""

import threading
from typing import Any, cast

from core.child import Child, Listener
from core.jobs.children.keeper import Keeper


class Clock(threading.Event):
    """Closing, for which nobody has to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        return self.is_set()


class FakeChild:
    pid = 1
    ended = "exit status 1"

    def __init__(self) -> None:
        self.killed = False
        self.orders: list[dict[str, Any]] = []

    def kill(self) -> None:
        self.killed = True

    def trim_log(self) -> None:
        pass

    def send(self, **order: Any) -> None:
        self.orders.append(order)


class Launcher:
    """Starts fakes, after as many failures as it is told."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.children: list[FakeChild] = []

    def __call__(self, _listener: Listener) -> Child:
        if self.failures:
            self.failures -= 1
            raise OSError(12, "Cannot allocate memory")
        self.children.append(FakeChild())
        return cast("Child", self.children[-1])


def keeper_of(launcher: Launcher) -> tuple[Keeper, Clock]:
    clock = Clock()
    return Keeper("trainer", launcher, lambda _child, _words: None, clock), clock


def test_a_child_that_cannot_be_started_is_tried_after_longer_waits() -> None:
    launcher = Launcher(failures=3)
    keeper, clock = keeper_of(launcher)
    keeper.start()
    assert clock.waits == [0.5, 1.0, 2.0]
    assert keeper.problem == "A trainer cannot be started (Cannot allocate memory)."
    assert not keeper.ready
    keeper.welcome()
    assert (keeper.ready, keeper.problem, len(launcher.children)) == (True, "", 1)


def test_a_child_that_never_gets_ready_is_started_ever_more_rarely() -> None:
    launcher = Launcher()
    keeper, clock = keeper_of(launcher)
    keeper.start()
    for _ in range(9):
        keeper.restart()
    assert clock.waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert keeper.problem == "The trainer does not start (exit status 1); its log says why."
    assert all(child.killed for child in launcher.children[:-1])
    assert not launcher.children[-1].killed


def test_one_that_was_ready_is_replaced_at_once_and_its_failures_are_forgotten() -> None:
    launcher = Launcher(failures=2)
    keeper, clock = keeper_of(launcher)
    keeper.start()
    keeper.welcome()
    clock.waits.clear()
    keeper.restart()
    assert clock.waits == []
    assert not keeper.ready
    keeper.restart()
    assert clock.waits == [0.5]


def test_nothing_is_started_after_closing() -> None:
    launcher = Launcher()
    keeper, clock = keeper_of(launcher)
    clock.set()
    keeper.start()
    keeper.send(cmd="train")
    keeper.close()
    assert launcher.children == []
    assert keeper.pid is None
