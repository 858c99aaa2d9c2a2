"""A run that is broken off goes on where it was, and its history has no seam."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.jobs import housekeeper
from core.jobs.lab import Lab
from core.jobs.scheduling.queue import Queue
from core.jobs.storage.store import Store
from core.settings import Settings
from core.spec import load_spec
from core.training.checkpoint import Checkpoint
from tests.jobs.conftest import Labs, fake_spec, finished, states, trainer_pids, until
from tests.jobs.fake import DOOM, DOOMED, SLOW, STUBBORN

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LONG = 50_000
EPOCHS = 20_000
HASTY, HASTY_KERAS = "tests.jobs.hasty:HastyFake", "tests.jobs.hasty:HastyKeras"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With patience: on a busy machine two seconds are soon over."""
    return settings.model_copy(update={"stop_grace_seconds": 20.0})


def went_on_after(store: Store, experiment: str) -> int:
    """How many epochs the newest attempt at a fake run did not have to train."""
    run = store.experiment(experiment).runs[0]
    assert run.final is not None
    return int(run.final["telemetry"]["before"])


def cancelled(lab: Lab, experiment: str, after: int) -> int:
    """Let the second attempt at a long run come some epochs further than `after`, and cancel it; return how far."""

    def further() -> bool:
        run = lab.store.experiment(experiment).runs[0]
        return run.attempt == 2 and run.epoch > after + 5

    until(further)
    lab.store.cancel(experiment)
    assert finished(lab, experiment) == ["cancelled"]
    return lab.store.experiment(experiment).runs[0].epoch


def epochs_told(store: Store, experiment: str) -> list[int]:
    """Every epoch of a run as a page is told of it."""
    points = store.news(experiment).points
    return [piece.first_epoch + place for piece in points for place in range(len(piece.history["loss"]))]


def kept_epochs(store: Store) -> int:
    """What the checkpoint of the first run has; 0 where there is none yet."""
    kept = store.checkpoints.newest(1, lambda _: True)
    return 0 if kept is None else kept.epoch


def checkpoints(settings: Settings) -> list[str]:
    folder = settings.data / "checkpoints"
    return [path.name for path in folder.iterdir()] if folder.exists() else []


def stopped_in_the_middle(lab: Lab) -> tuple[str, int]:
    """Submit a long run and stop the lab; return it and how far it was told of."""
    experiment = lab.store.submit(fake_spec(SLOW, epochs=LONG))
    until(lambda: lab.store.experiment(experiment).runs[0].epoch > 5)
    lab.stop()
    assert states(lab, experiment) == ["queued"]
    return experiment, lab.store.experiment(experiment).runs[0].epoch


def test_a_lab_that_is_stopped_loses_no_epoch(labs: Labs, settings: Settings) -> None:
    experiment, seen = stopped_in_the_middle(labs.start(settings))
    assert checkpoints(settings) == ["1-1.npz"]
    lab = labs.start(settings)
    end = cancelled(lab, experiment, seen)
    assert went_on_after(lab.store, experiment) >= seen
    assert epochs_told(lab.store, experiment) == [*range(1, end + 1)]
    losses = lab.store.results(experiment, [0])[0].history["loss"]
    assert list(losses) == [pytest.approx(1 / epoch, rel=1e-6) for epoch in range(1, end + 1)]


def test_where_there_is_no_time_to_keep_it_it_begins_anew(labs: Labs, settings: Settings) -> None:
    at_once = settings.model_copy(update={"stop_grace_seconds": 0.0})
    experiment, _ = stopped_in_the_middle(labs.start(at_once))
    # One may have been on its way all the same; the lab did not wait for it.
    shutil.rmtree(settings.data / "checkpoints", ignore_errors=True)
    lab = labs.start(settings)
    end = cancelled(lab, experiment, 0)
    assert went_on_after(lab.store, experiment) == 0
    assert epochs_told(lab.store, experiment) == [*range(1, end + 1)]


def test_a_run_that_does_not_answer_holds_the_stop_up_no_longer_than_the_grace(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings.model_copy(update={"stop_grace_seconds": 0.3}))
    experiment = lab.store.submit(fake_spec(STUBBORN))
    until(lambda: lab.store.news(experiment).points)
    lab.stop()
    assert states(lab, experiment) == ["queued"]
    assert checkpoints(settings) == []


def test_a_run_whose_trainer_is_killed_goes_on_from_its_checkpoint(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings, work=HASTY)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=LONG))
    until(lambda: kept_epochs(lab.store) > 20)
    os.kill(trainer_pids(lab)[0], signal.SIGKILL)
    end = cancelled(lab, experiment, 20)
    assert went_on_after(lab.store, experiment) > 20
    assert epochs_told(lab.store, experiment) == [*range(1, end + 1)]


def test_a_run_goes_on_after_its_whole_lab_was_killed(labs: Labs, settings: Settings, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.jobs.owner", str(tmp_path / "data"), HASTY],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        experiment = json.loads(process.stdout.readline())["experiment"]
        store = labs.make(settings).store
        until(lambda: kept_epochs(store) > 20)
        process.kill()
    lab = labs.start(settings)
    assert finished(lab, experiment) == ["done"]
    assert went_on_after(lab.store, experiment) > 20
    assert epochs_told(lab.store, experiment) == [*range(1, 201)]


def test_the_time_a_run_may_take_is_that_of_all_attempts(labs: Labs, settings: Settings) -> None:
    lab = labs.make(settings)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=LONG))
    queue = Queue(lab.store.database, lease_seconds=30)
    claim = queue.claim(queue.waiting()[0][1])
    assert claim is not None
    assert queue.start(claim) == 1
    losses = np.linspace(2, 1, 500)
    late = Checkpoint("", 500, 0, settings.run_seconds, {}, {"losses": (losses,)})
    lab.store.checkpoints.put(claim.run, 1, late)
    lab.start()
    assert finished(lab, experiment) == ["failed"]
    run = lab.store.experiment(experiment).runs[0]
    assert (run.error or "").startswith("The training ran out of time; allowed: 60 min")
    assert (run.attempt, epochs_told(lab.store, experiment)) == (2, [*range(1, run.epoch + 1)])
    assert run.epoch >= 500


def test_a_run_that_kills_its_trainer_where_it_resumes_fails_at_the_second_death(
    labs: Labs, settings: Settings
) -> None:
    lab = labs.start(settings, work=HASTY)
    experiment = lab.store.submit(fake_spec(DOOMED, epochs=50))
    assert finished(lab, experiment) == ["failed"]
    run = lab.store.experiment(experiment).runs[0]
    assert (run.error, run.attempt) == ("The trainer died twice (signal 9).", 2)
    assert epochs_told(lab.store, experiment) == [*range(1, DOOM)][: run.epoch]


def test_what_has_ended_leaves_no_checkpoint(labs: Labs, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    often = tuple(replace(chore, seconds=0.0) for chore in housekeeper.CHORES)
    monkeypatch.setattr(housekeeper, "CHORES", often)
    monkeypatch.setattr(housekeeper, "_LOOK_SECONDS", 0.05)
    lab = labs.start(settings, work=HASTY)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=LONG))
    until(lambda: checkpoints(settings))
    lab.store.cancel(experiment)
    assert finished(lab, experiment) == ["cancelled"]
    until(lambda: not checkpoints(settings))


def test_checkpoints_of_what_was_deleted_meanwhile_are_gone_at_the_next_start(labs: Labs, settings: Settings) -> None:
    experiment, _ = stopped_in_the_middle(labs.start(settings))
    lab = labs.make(settings)
    lab.store.delete(experiment)
    assert checkpoints(settings) == ["1-1.npz"]
    lab.start()
    until(lambda: not checkpoints(settings))


def test_a_damaged_checkpoint_costs_no_more_than_beginning_anew(labs: Labs, settings: Settings) -> None:
    experiment, _ = stopped_in_the_middle(labs.start(settings))
    (settings.data / "checkpoints" / "1-1.npz").write_bytes(b"PK\x03\x04 no archive")
    lab = labs.start(settings)
    end = cancelled(lab, experiment, 0)
    assert went_on_after(lab.store, experiment) == 0
    assert epochs_told(lab.store, experiment) == [*range(1, end + 1)]


def test_a_killed_training_of_keras_ends_with_the_history_and_the_pictures_it_would_have_had(
    labs: Labs, settings: Settings
) -> None:
    # Without hidden layers a last digit that differs stays one.
    training = {"epochs": EPOCHS, "learning_rate": 0.003}
    data = {"source": "sample:moons?n=200", "target": "label"}
    spec = load_spec({"data": data, "training": training, "model": {"layers": []}})
    lab = labs.start(settings, work=HASTY_KERAS)
    experiment = lab.store.submit(spec)
    until(lambda: kept_epochs(lab.store) > 1000, seconds=100)
    os.kill(trainer_pids(lab)[0], signal.SIGKILL)
    assert finished(lab, experiment, seconds=100) == ["done"]
    whole = lab.store.submit(spec)
    assert finished(lab, whole, seconds=100) == ["done"]

    (resumed,), (other,) = (lab.store.results(one, [0]) for one in (experiment, whole))
    assert resumed.epochs == len(resumed.history["loss"]) == EPOCHS
    for name in ("loss", "val_loss", "learning_rate"):
        np.testing.assert_allclose(resumed.history.finite(name), other.history.finite(name), rtol=1e-4)
    assert resumed.val_skill == pytest.approx(other.val_skill, abs=1e-3)
    run = lab.store.experiment(experiment).runs[0]
    assert run.attempt == 2
    went_on = re.search(r"run 1 goes on after (\d+) epochs", (settings.data / "logs" / "slot-1.log").read_text())
    assert went_on is not None
    assert 1000 < int(went_on[1]) < EPOCHS
    frames = lab.store.pictures(experiment, [run.id]).frames
    assert {frame.attempt for frame in frames} == {2}
    epochs = [frame.epoch for frame in frames]
    assert len(epochs) == len(set(epochs))
    assert set(epochs) >= {-1, EPOCHS}
