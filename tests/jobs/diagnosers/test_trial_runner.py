"""Trials through the queue: what keeps them waiting, and what ends them."""

from pathlib import Path
from typing import cast

import pytest

from core.errors import WorkFailed
from core.jobs.children.orders import Orders
from core.jobs.diagnosers.diagnosis_queue import DiagnosisClaim, StaleClaim
from core.jobs.diagnosers.trial_runner import TrialRunner
from core.jobs.storage.room import Room
from core.jobs.storage.store import Store


class Small:
    """A store on a disk that is full until it has been asked so often."""

    def __init__(self, folder: Path, full_for: int) -> None:
        self.asked, self.full_for = 0, full_for
        self.database = self
        self.room = Room(folder, 1, folder)

    def submit_runs(self, *_runs: object, **_how: object) -> str:
        self.asked += 1
        self.room._least = 2**60 if self.asked <= self.full_for else 0
        self.room.check()
        return "trials"


class Told:
    """Orders that say stop after so many waits."""

    def __init__(self, stop_after: int) -> None:
        self.left = stop_after

    def wait(self, _token: str, _seconds: float) -> bool:
        self.left -= 1
        return self.left < 0


def runner(store: Small, told: Told, submitted: list[int]) -> TrialRunner:
    claim = DiagnosisClaim(diagnosis="d", token="t")
    return TrialRunner(
        cast("Store", store), claim, cast("Orders", told), lambda: submitted.append(store.asked), lambda _count: None
    )


def test_trials_wait_while_the_disk_is_full(tmp_path: Path) -> None:
    store, submitted = Small(tmp_path, full_for=3), list[int]()
    runner(store, Told(10), submitted).begin([])
    assert (store.asked, submitted) == (4, [4])


def test_a_diagnosis_that_is_cancelled_waits_for_no_room(tmp_path: Path) -> None:
    store, submitted = Small(tmp_path, full_for=100), list[int]()
    with pytest.raises(StaleClaim):
        runner(store, Told(2), submitted).begin([])
    assert (store.asked, submitted) == (3, [])


def test_what_fails_for_another_reason_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Small(tmp_path, full_for=0)

    def away(*_runs: object, **_how: object) -> str:
        raise WorkFailed("The database is away.")

    monkeypatch.setattr(store, "submit_runs", away)
    with pytest.raises(WorkFailed, match="away"):
        runner(store, Told(10), []).begin([])
