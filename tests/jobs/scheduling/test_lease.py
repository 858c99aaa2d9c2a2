"""One process leads: nobody else while it lives, whatever clocks do, and the next one soon after it is gone."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from sqlalchemy import update

from core.jobs.diagnosers.diagnosis_queue import DiagnosisQueue
from core.jobs.scheduling import lease
from core.jobs.scheduling.lease import LOOK_SECONDS, SILENT_SECONDS, Leader, Lease
from core.jobs.scheduling.queue import Queue
from core.jobs.storage import schema
from core.jobs.storage.store import Store
from tests.jobs.conftest import fake_spec, states
from tests.jobs.fake import QUICK


@dataclass
class Clock:
    now: float = 1000.0

    def wait(self, seconds: float) -> Iterator[None]:
        """Let the time pass in steps of a look."""
        end = self.now + seconds
        while self.now < end:
            self.now += LOOK_SECONDS
            yield


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(lease, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


@pytest.fixture
def two(store: Store, clock: Clock) -> tuple[Lease, Lease]:
    """One that leads and one that waits."""
    first, second = Lease(store.database), Lease(store.database)
    assert (first.keep(), second.keep()) == (True, False)
    return first, second


def test_who_waits_never_takes_it_from_who_renews_it(two: tuple[Lease, Lease], clock: Clock) -> None:
    first, second = two
    for _ in clock.wait(60):
        assert (first.keep(), second.keep()) == (True, False)
    assert (first.leader, second.leader) == (Leader.THIS, Leader.ANOTHER)


def test_a_holder_that_is_gone_is_followed_within_five_seconds(two: tuple[Lease, Lease], clock: Clock) -> None:
    first, second = two
    begin, leaders = clock.now, []
    for _ in clock.wait(10):
        if second.keep():
            break
        leaders.append(second.leader)
    assert SILENT_SECONDS < clock.now - begin <= 4.5
    assert list(dict.fromkeys(leaders)) == [Leader.ANOTHER, Leader.NOBODY]
    assert second.leader == Leader.THIS
    assert not first.keep()
    assert first.leader == Leader.ANOTHER


def test_one_that_is_released_is_taken_at_once(two: tuple[Lease, Lease]) -> None:
    first, second = two
    first.release()
    assert first.leader == Leader.NOBODY
    assert second.keep()
    first.release()
    assert second.keep()


@pytest.mark.parametrize("jump", [-3600, 3600])
def test_a_clock_of_the_database_that_jumps_moves_nothing(
    store: Store, two: tuple[Lease, Lease], clock: Clock, jump: int
) -> None:
    first, second = two
    for _ in clock.wait(2 * SILENT_SECONDS):
        with store.database.write() as connection:
            connection.execute(update(schema.lease).values(renewed=schema.lease.c.renewed + jump))
        assert (second.keep(), first.keep()) == (False, True)


def test_who_was_held_up_looks_again_before_it_takes_it(two: tuple[Lease, Lease], clock: Clock) -> None:
    _, second = two
    clock.now += 10 * SILENT_SECONDS
    assert not second.keep()
    clock.now += SILENT_SECONDS
    assert not second.keep()


def test_who_leads_no_more_claims_nothing_and_queues_nothing_again(
    store: Store, two: tuple[Lease, Lease], clock: Clock
) -> None:
    first, second = two
    old, new = (Queue(store.database, -1, one.held) for one in (first, second))
    experiment = store.submit(fake_spec(QUICK, seeds=2))
    structure = old.waiting()[0][1]
    store.diagnoses.ask(store.experiment(experiment), 0)
    assert new.claim(structure) is None
    for _ in clock.wait(2 * SILENT_SECONDS):
        second.keep()
    assert old.claim(structure) is None
    assert DiagnosisQueue(store.database, first.held).claim() is None
    claim = new.claim(structure)
    assert claim is not None
    assert new.start(claim)
    assert DiagnosisQueue(store.database, second.held).claim() is not None
    assert (old.reconcile(), old.expire(), DiagnosisQueue(store.database, first.held).reconcile()) == (0, 0, 0)
    assert states(store, experiment) == ["running", "queued"]
