"""What the lab sees of slots elsewhere, from what it has handed out and what it was told, in any order."""

from typing import Any

import pytest

from core.jobs.cluster.dask_engine import DaskEngine, _Worker
from core.jobs.cluster.report import PlaceReport, Report
from core.jobs.scheduling.queue import Claim
from core.settings import Settings

ADDRESS = "tcp://10.0.0.5:4000"
FIRST, SECOND = (f"{ADDRESS}/{number}" for number in range(2))


def place(token: str | None = None, last: str | None = None, *, ready: bool = True) -> PlaceReport:
    return {
        "ready": ready, "pid": 7, "structures": ["a"], "compiling": None, "warming": [], "problem": "", "failures": 0,
        "token": token, "last": last,
    }  # fmt: skip


def report(number: int, *places: PlaceReport) -> Report:
    return {"number": number, "places": list(places)}


class Sent:
    """A client that notes what was submitted, and where."""

    def __init__(self) -> None:
        self.tasks: list[dict[str, Any]] = []

    def submit(self, function: Any, *arguments: Any, **where: Any) -> list[Any]:
        self.tasks.append(where | {"arguments": arguments})
        return []


@pytest.fixture
def engine() -> DaskEngine:
    """An engine that knows of a worker with two places, of which nothing was told yet."""
    engine = DaskEngine(Settings(engine="tcp://127.0.0.1:8786"))
    engine._client = Sent()
    engine._workers[ADDRESS] = _Worker("worker", 2, joined=True)
    return engine


def free(engine: DaskEngine) -> set[str]:
    return {slot.name for slot in engine.slots() if slot.free}


def hand(engine: DaskEngine, slot: str, token: str) -> None:
    engine.submit(slot, Claim(1, token, "experiment", 0, "a"))


def test_a_slot_is_free_once_its_worker_says_so_and_busy_as_soon_as_it_was_handed_a_run(engine: DaskEngine) -> None:
    assert free(engine) == set()
    engine._take(ADDRESS, report(1, place(), place(ready=False)))
    assert free(engine) == {FIRST}
    hand(engine, FIRST, "t1")
    assert free(engine) == set()


def test_a_run_goes_to_the_worker_of_its_slot_and_to_no_other(engine: DaskEngine) -> None:
    engine._take(ADDRESS, report(1, place(), place()))
    hand(engine, SECOND, "t1")
    assert isinstance(engine._client, Sent)
    (task,) = engine._client.tasks
    assert (task["workers"], task["allow_other_workers"], task["resources"]) == ([ADDRESS], False, {"LAB": 1})
    assert task["arguments"][0] == 1


def test_a_report_from_before_it_was_handed_frees_nothing(engine: DaskEngine) -> None:
    engine._take(ADDRESS, report(1, place(), place(ready=False)))
    hand(engine, FIRST, "t1")
    engine._take(ADDRESS, report(2, place(last="t0"), place(ready=False)))
    assert free(engine) == set()
    engine._take(ADDRESS, report(3, place(token="t1"), place(ready=False)))
    assert free(engine) == set()
    engine._take(ADDRESS, report(4, place(last="t1"), place(ready=False)))
    assert free(engine) == {FIRST}


def test_reports_that_come_late_count_for_nothing(engine: DaskEngine) -> None:
    engine._take(ADDRESS, report(5, place(token="t1"), place()))
    engine._take(ADDRESS, report(4, place(), place()))
    assert free(engine) == {SECOND}


def test_a_run_that_came_to_another_place_than_it_was_sent_to_frees_its_own(engine: DaskEngine) -> None:
    engine._take(ADDRESS, report(1, place(), place()))
    hand(engine, FIRST, "t1")
    engine._take(ADDRESS, report(2, place(token="t0"), place(token="t1")))
    assert free(engine) == set()
    engine._take(ADDRESS, report(3, place(last="t0"), place(last="t1")))
    assert free(engine) == {FIRST, SECOND}


def test_a_run_of_somebody_else_keeps_its_slot(engine: DaskEngine) -> None:
    engine._take(ADDRESS, report(1, place(token="of the lab before"), place()))
    assert free(engine) == {SECOND}


def test_no_slot_says_of_a_run_elsewhere_that_its_lease_is_to_be_spared(engine: DaskEngine) -> None:
    engine._take(ADDRESS, report(1, place(token="t1"), place()))
    assert [slot.token for slot in engine.slots()] == [None, None]


def test_somebody_is_told_once_when_a_slot_gets_free(engine: DaskEngine) -> None:
    told: list[bool] = []
    engine._on_free = lambda: told.append(True)
    for number in range(1, 4):
        engine._take(ADDRESS, report(number, place(), place(ready=False)))
    assert len(told) == 1


@pytest.mark.parametrize("why", [{"usable": False}, {"joined": False}, {"refusal": "it is old"}, {"heard": -1e9}])
def test_a_worker_that_takes_no_work_has_no_free_slot(engine: DaskEngine, why: dict[str, Any]) -> None:
    engine._take(ADDRESS, report(1, place(), place()))
    assert len(free(engine)) == 2
    for name, value in why.items():
        setattr(engine._workers[ADDRESS], name, value)
    assert free(engine) == set()
