"""One trainer more waits for one that dies."""

import os
import signal

import psutil

from core.jobs.lab import Lab
from core.jobs.scheduling.engine import EmbeddedEngine
from core.settings import Settings
from tests.jobs.conftest import Labs, fake_spec, finished, trainer_pids, until
from tests.jobs.fake import QUICK, SLOW


def spare_of(lab: Lab) -> int:
    """The process of the spare once it is ready; until then 0."""
    assert isinstance(lab._engine, EmbeddedEngine)
    waiting = lab._engine._spare and lab._engine._spare._waiting
    return waiting.child.pid if waiting and waiting.ready else 0


def test_the_spare_takes_the_place_of_a_trainer_that_dies_and_another_waits(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings.model_copy(update={"spare_trainer": True}))
    (first,) = until(lambda: trainer_pids(lab))
    spare = until(lambda: spare_of(lab))
    os.kill(first, signal.SIGKILL)
    assert until(lambda: first not in trainer_pids(lab) and trainer_pids(lab)) == [spare]
    assert until(lambda: spare_of(lab)) != spare
    assert finished(lab, lab.store.submit(fake_spec(QUICK))) == ["done"]


def test_a_run_whose_trainer_dies_goes_on_in_the_spare(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings.model_copy(update={"spare_trainer": True}))
    spare = until(lambda: spare_of(lab))
    (first,) = trainer_pids(lab)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=500))
    until(lambda: lab.store.experiment(experiment).runs[0].epoch)
    os.kill(first, signal.SIGKILL)
    until(lambda: lab.store.experiment(experiment).runs[0].attempt == 2)
    assert trainer_pids(lab) == [spare]


def test_a_spare_that_dies_itself_is_missed_by_nobody_and_is_not_handed_over(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings.model_copy(update={"spare_trainer": True}))
    spare = until(lambda: spare_of(lab))
    os.kill(spare, signal.SIGKILL)
    until(lambda: not psutil.pid_exists(spare) or psutil.Process(spare).status() == psutil.STATUS_ZOMBIE)
    assert finished(lab, lab.store.submit(fake_spec(QUICK))) == ["done"]
    (first,) = trainer_pids(lab)
    os.kill(first, signal.SIGKILL)
    assert until(lambda: first not in trainer_pids(lab) and trainer_pids(lab)) != [spare]


def test_nothing_is_left_of_a_lab_that_stops(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings.model_copy(update={"spare_trainer": True}))
    spare = until(lambda: spare_of(lab))
    lab.stop()
    assert not psutil.pid_exists(spare)


def test_without_the_setting_there_is_none(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings)
    until(lambda: trainer_pids(lab))
    assert finished(lab, lab.store.submit(fake_spec(QUICK))) == ["done"]
    assert isinstance(lab._engine, EmbeddedEngine)
    assert lab._engine._spare is not None
    assert lab._engine._spare._waiting is None
