from collections.abc import Callable
from typing import Any

import pytest

from core.errors import WorkFailed
from core.jobs.scheduling.queue import Queue
from core.jobs.trainers.slot import Slot
from core.settings import Settings
from tests.jobs.conftest import Labs, fake_spec, finished, until
from tests.jobs.fake import QUICK, SLOW


def test_a_database_that_fails_for_a_while_loses_no_epoch(
    labs: Labs, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([True] * 5)

    def unsure(write: Callable[..., Any]) -> Callable[..., Any]:
        def attempt(*arguments: Any, **named: Any) -> Any:
            if next(failures, False):
                raise WorkFailed("The database could not be used just now (database or disk is full).")
            return write(*arguments, **named)

        return attempt

    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=60))
    until(lambda: lab.store.news(experiment).points)
    monkeypatch.setattr(Queue, "renew", unsure(Queue.renew))
    monkeypatch.setattr(Queue, "finish", unsure(Queue.finish))
    assert finished(lab, experiment) == ["done"]
    assert next(failures, None) is None
    assert len(lab.store.results(experiment, [0])[0].history["loss"]) == 60
    assert lab.store.experiment(experiment).runs[0].attempt == 1


def failing(times: int) -> Callable[..., bool]:
    """`Slot._look_after` that fails so often."""
    failures, look_after = iter(range(times)), Slot._look_after

    def attempt(*arguments: Any) -> bool:
        if next(failures, None) is not None:
            raise OSError(28, "No space left on device")
        return look_after(*arguments)

    return attempt


def test_a_slot_that_fails_begins_anew_and_says_so(
    labs: Labs, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Slot, "_look_after", failing(1))
    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(SLOW))
    until(lambda: lab.health()["problem"] == "Slot-1 begins anew after a failure (OSError); the log says why.")
    assert finished(lab, experiment) == ["done"]
    assert lab.store.experiment(experiment).runs[0].attempt == 2
    assert (lab.health()["failures"], lab.health()["problem"]) == (1, None)
    assert "No space left on device" in caplog.text


def test_a_run_at_which_its_slot_always_fails_has_failed(
    labs: Labs, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Slot, "_look_after", failing(2))
    lab = labs.start(settings)
    # Of one person: the older run is tried again before the other.
    poison, neighbour = (lab.store.submit(fake_spec(kind), owner="me") for kind in (SLOW, QUICK))
    assert finished(lab, neighbour) == ["done"]
    assert finished(lab, poison) == ["failed"]
    assert lab.store.experiment(poison).runs[0].error == "The trainer died twice (its slot failed with OSError)."
    assert lab.store.experiment(neighbour).runs[0].attempt == 1


def test_points_arrive_while_a_run_trains(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=50_000))
    points = until(lambda: lab.store.news(experiment).points)
    cursor = lab.store.news(experiment).cursor
    more = until(lambda: lab.store.news(experiment, cursor).points)
    assert more[0].first_epoch > points[0].first_epoch
    assert not lab.store.news(experiment).finished
