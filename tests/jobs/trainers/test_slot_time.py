"""A run may take so long and no longer; one that is late with a renewal is not lost for that."""

from pathlib import Path

import pytest

from core.jobs.scheduling import dispatcher
from core.jobs.storage import schema
from core.settings import Settings
from tests.jobs.conftest import Labs, fake_spec, finished, trainer_pids, until
from tests.jobs.fake import QUICK, SLOW, STUBBORN

OUT_OF_TIME = "The training ran out of time; allowed: 1 s, with fewer epochs, fewer rows or fewer units."


def test_a_run_that_takes_too_long_fails_with_a_sentence_and_keeps_its_epochs(labs: Labs, tmp_path: Path) -> None:
    lab = labs.start(Settings(data=tmp_path, slots=1, run_seconds=1))
    until(lambda: trainer_pids(lab))
    before = trainer_pids(lab)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=50_000))
    assert finished(lab, experiment) == ["failed"]
    run = lab.store.experiment(experiment).runs[0]
    # What has taken too long once takes it again.
    assert (run.error, run.attempt) == (OUT_OF_TIME, 1)
    assert len(lab.store.results(experiment, [0])[0].history["loss"]) == run.epoch > 10
    assert finished(lab, lab.store.submit(fake_spec(QUICK))) == ["done"]
    assert trainer_pids(lab) == before


def test_one_that_does_not_stop_then_is_ended_with_its_trainer(labs: Labs, tmp_path: Path) -> None:
    lab = labs.start(Settings(data=tmp_path, slots=1, run_seconds=1, stop_grace_seconds=0.2))
    experiment = lab.store.submit(fake_spec(STUBBORN))
    until(lambda: lab.store.news(experiment).points)
    before = trainer_pids(lab)
    assert finished(lab, experiment) == ["failed"]
    assert lab.store.experiment(experiment).runs[0].error == OUT_OF_TIME
    assert finished(lab, lab.store.submit(fake_spec(QUICK))) == ["done"]
    assert trainer_pids(lab) != before


def test_one_that_is_cancelled_in_time_has_not_failed(labs: Labs, tmp_path: Path) -> None:
    lab = labs.start(Settings(data=tmp_path, slots=1, run_seconds=60))
    experiment = lab.store.submit(fake_spec(SLOW, epochs=50_000))
    until(lambda: lab.store.news(experiment).points)
    lab.store.cancel(experiment)
    assert finished(lab, experiment) == ["cancelled"]
    assert lab.store.experiment(experiment).runs[0].error is None


def test_a_lease_that_ran_out_takes_no_run_from_a_slot_that_works_at_it(
    labs: Labs, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "_EXPIRE_SECONDS", 0.0)
    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=300))
    until(lambda: lab.store.news(experiment).points)
    lost = lab.store.submit(fake_spec(QUICK))
    with lab.store.database.write() as connection:
        # As after a jump of the clock; beside it one that no slot has.
        connection.execute(schema.run.update().where(schema.run.c.experiment == experiment).values(lease_expires=1.0))
        nobodys = {"state": "leased", "token": "gone", "lease_expires": 1.0}
        connection.execute(schema.run.update().where(schema.run.c.experiment == lost).values(nobodys))
    assert finished(lab, lost) == ["done"]
    assert finished(lab, experiment) == ["done"]
    assert lab.store.experiment(experiment).runs[0].attempt == 1
