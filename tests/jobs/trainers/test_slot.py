from collections.abc import Callable
from typing import Any

import pytest

from core.errors import WorkFailed
from core.jobs.scheduling.queue import Queue
from core.settings import Settings
from tests.jobs.conftest import Labs, fake_spec, finished, until
from tests.jobs.fake import SLOW


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


def test_points_arrive_while_a_run_trains(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=50_000))
    points = until(lambda: lab.store.news(experiment).points)
    cursor = lab.store.news(experiment).cursor
    more = until(lambda: lab.store.news(experiment, cursor).points)
    assert more[0].first_epoch > points[0].first_epoch
    assert not lab.store.news(experiment).finished
