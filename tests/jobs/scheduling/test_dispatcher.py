import time
from typing import Any, cast

import pytest

from core.errors import WorkFailed
from core.jobs.scheduling import dispatcher
from core.jobs.scheduling.dispatcher import Dispatcher
from core.jobs.scheduling.engine import Engine
from core.jobs.scheduling.queue import Queue
from core.jobs.storage.room import Room
from tests.jobs.conftest import until

PATIENCE = 0.3


class Away:
    """A queue whose database is away until it has been asked a few times; it notes when it was first there again."""

    def __init__(self) -> None:
        self.asked, self.back, self.expired = 0, 0.0, 0.0

    def counts(self) -> dict[Any, int]:
        self.asked += 1
        if self.asked < 4:
            raise WorkFailed("away")
        self.back = time.monotonic()
        return {}

    def expire(self, living: Any) -> int:
        if not self.asked:
            raise WorkFailed("away")
        self.expired = self.expired or time.monotonic()
        return 0


class NoSlots:
    full = False

    def slots(self) -> list[Any]:
        return []


def test_who_could_renew_no_lease_is_given_the_time_once_the_database_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher, "_EXPIRE_SECONDS", 0.0)
    monkeypatch.setattr(dispatcher, "_GRACE_SECONDS", PATIENCE)
    monkeypatch.setattr(dispatcher, "_IDLE_SECONDS", 0.01)
    runs, nothing = Away(), NoSlots()
    thread = Dispatcher(cast("Queue", runs), cast("Engine", nothing), cast("Room", nothing))
    thread.start()
    try:
        until(lambda: runs.expired)
    finally:
        thread.stop()
    assert runs.asked == 4
    assert runs.expired - runs.back >= PATIENCE
