"""What the lab sees of slots elsewhere, from what it has handed out and what it was told, in any order."""

from typing import Any

import pytest

from core.jobs.cluster import roster as roster_module
from core.jobs.cluster.report import PlaceReport, Report
from core.jobs.cluster.roster import Roster

ADDRESS = "tcp://10.0.0.5:4000"
FIRST, SECOND = (f"{ADDRESS}/{number}" for number in range(2))


def place(token: str | None = None, last: str | None = None, *, ready: bool = True) -> PlaceReport:
    return {
        "ready": ready, "pid": 7, "structures": ["a"], "compiling": None, "warming": [], "problem": "", "failures": 0,
        "token": token, "last": last,
    }  # fmt: skip


def report(number: int, *places: PlaceReport) -> Report:
    return {"number": number, "places": list(places)}


def identity(report: Report | None = None, beat: float = 1.0, status: str = "running") -> dict[str, Any]:
    """What the scheduler says of one worker with two places."""
    worker = {
        "name": "worker", "resources": {"LAB": 2.0}, "nthreads": 2, "status": status, "last_seen": beat,
        "metrics": {} if report is None else {"losslab": report},
    }  # fmt: skip
    return {"workers": {ADDRESS: worker, "tcp://10.0.0.6:4000": worker | {"resources": {}}}}


@pytest.fixture
def roster() -> Roster:
    """A roster with a worker that has joined and told nothing yet."""
    roster = Roster()
    assert roster.look(identity()) == ([ADDRESS], False)
    roster.answered(ADDRESS, report(0))
    return roster


def free(roster: Roster) -> set[str]:
    return {slot.name for slot in roster.slots() if slot.free}


def test_a_slot_is_free_once_its_worker_says_so_and_busy_as_soon_as_it_was_handed_a_run(roster: Roster) -> None:
    assert free(roster) == set()
    roster.take(ADDRESS, report(1, place(), place(ready=False)))
    assert free(roster) == {FIRST}
    roster.hand(FIRST, "t1")
    assert free(roster) == set()


def test_a_report_from_before_it_was_handed_frees_nothing(roster: Roster) -> None:
    roster.take(ADDRESS, report(1, place(), place(ready=False)))
    roster.hand(FIRST, "t1")
    roster.take(ADDRESS, report(2, place(last="t0"), place(ready=False)))
    assert free(roster) == set()
    roster.take(ADDRESS, report(3, place(token="t1"), place(ready=False)))
    assert free(roster) == set()
    roster.take(ADDRESS, report(4, place(last="t1"), place(ready=False)))
    assert free(roster) == {FIRST}


def test_a_worker_that_joins_is_as_it_says_then_and_not_as_its_last_heartbeat_said() -> None:
    roster = Roster()
    roster.look(identity(report(1, place(), place())))
    assert free(roster) == set()
    roster.answered(ADDRESS, report(2, place(token="t1"), place()))
    assert free(roster) == {SECOND}
    roster.look(identity(report(1, place(), place())))
    assert free(roster) == {SECOND}


def test_reports_that_come_late_count_for_nothing(roster: Roster) -> None:
    roster.take(ADDRESS, report(5, place(token="t1"), place()))
    roster.take(ADDRESS, report(4, place(), place()))
    assert free(roster) == {SECOND}


def test_a_run_that_came_to_another_place_than_it_was_sent_to_frees_its_own(roster: Roster) -> None:
    roster.take(ADDRESS, report(1, place(), place()))
    roster.hand(FIRST, "t1")
    roster.take(ADDRESS, report(2, place(token="t0"), place(token="t1")))
    assert free(roster) == set()
    roster.take(ADDRESS, report(3, place(last="t0"), place(last="t1")))
    assert free(roster) == {FIRST, SECOND}


def test_a_run_of_somebody_else_keeps_its_slot(roster: Roster) -> None:
    roster.take(ADDRESS, report(1, place(token="of the lab before"), place()))
    assert free(roster) == {SECOND}


def test_no_slot_says_of_a_run_elsewhere_that_its_lease_is_to_be_spared(roster: Roster) -> None:
    roster.take(ADDRESS, report(1, place(token="t1"), place()))
    assert [slot.token for slot in roster.slots()] == [None, None]


def test_more_slots_are_told_of_once(roster: Roster) -> None:
    assert roster.take(ADDRESS, report(1, place(), place(ready=False)))
    assert not roster.take(ADDRESS, report(2, place(), place(ready=False)))
    assert roster.look(identity(report(3, place(), place()), beat=2.0)) == ([], True)
    assert free(roster) == {FIRST, SECOND}


def test_a_run_of_which_no_end_is_told_is_in_doubt_after_a_while(
    roster: Roster, monkeypatch: pytest.MonkeyPatch
) -> None:
    roster.take(ADDRESS, report(1, place(), place()))
    roster.hand(FIRST, "t1")
    assert roster.doubtful() == set()
    monkeypatch.setattr(roster_module, "_ON_ITS_WAY_SECONDS", -1.0)
    assert roster.doubtful() == {"t1"}
    assert not roster.strike(set())
    assert roster.strike({"t1"})
    assert free(roster) == {FIRST, SECOND}


def test_a_worker_that_is_gone_takes_its_slots_and_runs_along(roster: Roster) -> None:
    roster.take(ADDRESS, report(1, place(), place()))
    roster.hand(FIRST, "t1")
    assert roster.look({"workers": {}}) == ([], False)
    assert (roster.slots(), roster.workers()) == ([], [])
    assert roster.complaint().startswith("No worker has joined")


def test_a_new_process_at_the_address_of_an_old_one_joins_anew(roster: Roster) -> None:
    roster.look(identity(report(7, place(), place()), beat=2.0))
    assert len(free(roster)) == 2
    assert roster.look(identity(beat=3.0)) == ([ADDRESS], False)
    assert roster.slots() == []
    roster.answered(ADDRESS, report(0))
    roster.take(ADDRESS, report(1, place(), place()))
    assert len(free(roster)) == 2


@pytest.mark.parametrize("why", [{"usable": False}, {"joined": False}, {"refusal": "it is old"}, {"heard": -1e9}])
def test_a_worker_that_takes_no_work_has_no_free_slot(roster: Roster, why: dict[str, Any]) -> None:
    roster.take(ADDRESS, report(1, place(), place()))
    assert len(free(roster)) == 2
    for name, value in why.items():
        setattr(roster.workers()[0], name, value)
    assert free(roster) == set()
