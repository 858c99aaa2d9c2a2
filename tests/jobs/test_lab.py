import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.errors import InputRefused
from core.jobs.lab import Lab
from core.jobs.scheduling.engine import EmbeddedEngine
from core.jobs.scheduling.foresight import likely_next
from core.settings import Settings
from core.training.structure import structure_key
from tests.jobs.conftest import Labs, fake_spec, finished, states, trainer_pids, until
from tests.jobs.fake import (
    BROKEN,
    CHATTY,
    DIVERGES,
    POISON,
    PONDER_SECONDS,
    PONDERING,
    QUICK,
    REFUSED,
    SLOW,
    STOPPED,
    STUBBORN,
)

ROOT = Path(__file__).parents[2]


def test_a_run_is_trained_and_its_history_is_whole(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(QUICK, epochs=50))
    assert finished(lab, experiment) == ["done"]
    (run,) = lab.store.results(experiment, [0])
    assert list(run.history["loss"]) == [pytest.approx(1 / epoch, rel=1e-6) for epoch in range(1, 51)]
    assert (run.state, run.epochs, run.skill, run.val_skill) == ("done", 50, 0.5, None)
    assert "history" not in (lab.store.experiment(experiment).runs[0].final or {})
    (summary,) = lab.store.experiments()
    assert (summary.best_skill, summary.best_val_skill) == (0.5, None)


def test_a_loss_that_is_not_a_number_is_null_and_the_run_diverged(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(DIVERGES))
    assert finished(lab, experiment) == ["diverged"]
    run = lab.store.experiment(experiment).runs[0]
    assert (run.diverged_at, run.epoch) == (3, 3)
    assert lab.store.results(experiment, [0])[0].history["loss"][-1] is None


def test_a_refusal_is_shown_and_not_tried_again(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(REFUSED))
    assert finished(lab, experiment) == ["failed"]
    run = lab.store.experiment(experiment).runs[0]
    assert (run.error, run.attempt) == ("data.target: there is no such column.", 1)


def test_a_failure_of_ours_is_one_sentence_without_inner_details(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(BROKEN))
    assert finished(lab, experiment) == ["failed"]
    run = lab.store.experiment(experiment).runs[0]
    assert run.attempt == 1
    assert run.error is not None
    assert "ZeroDivisionError" in run.error
    assert "secret" not in run.error
    assert "secret of the machine" in (settings.data / "logs" / "slot-1.log").read_text()


def test_stray_prints_do_not_reach_the_protocol(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings)
    assert finished(lab, lab.store.submit(fake_spec(CHATTY))) == ["done"]
    assert "stray words" in (settings.data / "logs" / "slot-1.log").read_text()


def test_a_trainer_reads_uploaded_tables(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings)
    sha = lab.store.datasets.add(b"x,y\n1,2\n", "t.csv")
    data = {"source": f"dataset:{sha}", "target": "y"}
    experiment = lab.store.submit(fake_spec(QUICK, data=data))
    assert finished(lab, experiment) == ["done"]
    (settings.data / "datasets" / sha).write_bytes(b"changed")
    experiment = lab.store.submit(fake_spec(QUICK, data=data))
    assert finished(lab, experiment) == ["failed"]
    assert "has changed on disk" in (lab.store.experiment(experiment).runs[0].error or "")


def test_a_killed_trainer_means_the_run_starts_again_once(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=40))
    until(lambda: lab.store.news(experiment).points)
    os.kill(trainer_pids(lab)[0], signal.SIGKILL)
    assert finished(lab, experiment) == ["done"]
    assert lab.store.experiment(experiment).runs[0].attempt == 2
    epochs = [
        point.first_epoch + place
        for point in lab.store.news(experiment).points
        for place in range(len(point.history["loss"]))
    ]
    assert epochs == list(range(1, 41))


def test_a_poison_run_fails_and_the_queue_goes_on(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings)
    poison = lab.store.submit(fake_spec(POISON))
    neighbour = lab.store.submit(fake_spec(QUICK))
    assert finished(lab, neighbour) == ["done"]
    assert finished(lab, poison) == ["failed"]
    run = lab.store.experiment(poison).runs[0]
    assert (run.error, run.attempt) == ("The trainer died twice (signal 9).", 2)
    assert lab.store.experiment(neighbour).runs[0].attempt == 1


def test_a_silent_trainer_counts_as_dead(labs: Labs, tmp_path: Path) -> None:
    lab = labs.start(Settings(data=tmp_path, slots=1, trainer_silence_seconds=2))
    experiment = lab.store.submit(fake_spec(STOPPED))
    assert finished(lab, experiment) == ["failed"]
    assert lab.store.experiment(experiment).runs[0].error == "The trainer died twice (no sign of life for 2 s)."


def test_an_epoch_that_takes_longer_than_a_trainer_may_be_silent_is_no_silence(labs: Labs, tmp_path: Path) -> None:
    lab = labs.start(Settings(data=tmp_path, slots=1, trainer_silence_seconds=PONDER_SECONDS - 1))
    experiment = lab.store.submit(fake_spec(PONDERING))
    assert finished(lab, experiment) == ["done"]
    assert lab.store.experiment(experiment).runs[0].attempt == 1


def test_an_idle_trainer_that_gives_no_sign_of_life_is_replaced(labs: Labs, tmp_path: Path) -> None:
    lab = labs.start(Settings(data=tmp_path, slots=1, trainer_silence_seconds=2))
    (before,) = until(lambda: trainer_pids(lab))
    os.kill(before, signal.SIGSTOP)
    until(lambda: trainer_pids(lab) and trainer_pids(lab) != [before])
    experiment = lab.store.submit(fake_spec(QUICK))
    assert finished(lab, experiment) == ["done"]
    assert lab.store.experiment(experiment).runs[0].attempt == 1


def test_cancelling_stops_a_run_and_keeps_its_trainer(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=50_000, seeds=3))
    until(lambda: lab.store.news(experiment).points)
    before = trainer_pids(lab)
    begin = time.monotonic()
    lab.store.cancel(experiment)
    assert finished(lab, experiment, seconds=5) == ["cancelled"] * 3
    assert time.monotonic() - begin < 2.0
    run, *others = lab.store.experiment(experiment).runs
    assert run.epoch == len(lab.store.results(experiment, [0])[0].history["loss"]) > 0
    assert [other.attempt for other in others] == [0, 0]
    assert finished(lab, lab.store.submit(fake_spec(QUICK))) == ["done"]
    assert trainer_pids(lab) == before


def test_a_trainer_that_does_not_stop_is_killed(labs: Labs, tmp_path: Path) -> None:
    lab = labs.start(Settings(data=tmp_path, slots=1, stop_grace_seconds=0.2))
    experiment = lab.store.submit(fake_spec(STUBBORN))
    until(lambda: lab.store.news(experiment).points)
    (before,) = trainer_pids(lab)
    lab.store.cancel(experiment)
    assert finished(lab, experiment, seconds=5) == ["cancelled"]
    assert finished(lab, lab.store.submit(fake_spec(QUICK))) == ["done"]
    assert trainer_pids(lab) != [before]
    until(lambda: not psutil.pid_exists(before))


def test_deleting_an_experiment_in_training_frees_its_slot(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=50_000))
    until(lambda: lab.store.news(experiment).points)
    before = trainer_pids(lab)
    lab.store.delete(experiment)
    assert finished(lab, lab.store.submit(fake_spec(QUICK))) == ["done"]
    assert trainer_pids(lab) == before
    with pytest.raises(InputRefused):
        lab.store.experiment(experiment)


def stop_in_the_middle(lab: Lab, experiment: str) -> None:
    until(lambda: states(lab, experiment) == ["running"])
    pids = trainer_pids(lab)
    lab.stop()
    assert states(lab, experiment) == ["queued"]
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_stopping_queues_runs_again_without_blame(labs: Labs, settings: Settings) -> None:
    experiment = labs.make(settings).store.submit(fake_spec(SLOW, epochs=100))
    for _ in range(2):
        stop_in_the_middle(labs.start(settings), experiment)
    lab = labs.start(settings)
    assert finished(lab, experiment) == ["done"]
    assert lab.store.experiment(experiment).runs[0].attempt == 3


def test_starting_twice_starts_once(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings)
    until(lambda: trainer_pids(lab))
    before = trainer_pids(lab)
    lab.start()
    assert trainer_pids(lab) == before


def test_one_lab_dispatches_for_a_folder_and_the_next_takes_over(labs: Labs, settings: Settings) -> None:
    first, second = labs.start(settings), labs.start(settings)
    assert (first.dispatching, second.dispatching) == (True, False)
    experiment = second.store.submit(fake_spec(QUICK))
    assert finished(second, experiment) == ["done"]
    assert (second.health()["slots"], second.health()["leader"], first.health()["leader"]) == (
        0, "another process", "this process",
    )  # fmt: skip
    first.stop()
    until(lambda: second.dispatching, seconds=3)
    assert finished(second, second.store.submit(fake_spec(QUICK))) == ["done"]
    assert first.health()["leader"] == "nobody"


def test_who_cannot_start_its_trainers_tries_again(
    labs: Labs, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures, connect = iter([True]), EmbeddedEngine.connect

    def attempt(*arguments: Any) -> None:
        connect(*arguments)
        if next(failures, False):
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(EmbeddedEngine, "connect", attempt)
    lab = labs.start(settings)
    assert not lab.dispatching
    assert finished(lab, lab.store.submit(fake_spec(QUICK))) == ["done"]
    assert lab.health()["slots"] == len(trainer_pids(lab)) == 1


def test_a_trainer_is_replaced_after_its_share_of_runs(labs: Labs, tmp_path: Path) -> None:
    lab = labs.start(Settings(data=tmp_path, slots=1, trainer_runs=2))
    first = lab.store.submit(fake_spec(QUICK, seeds=3))
    assert finished(lab, first) == ["done"] * 3
    used = {(run.final or {})["telemetry"]["pid"] for run in lab.store.experiment(first).runs}
    until(lambda: trainer_pids(lab) and not used & set(trainer_pids(lab)))
    assert finished(lab, lab.store.submit(fake_spec(QUICK))) == ["done"]
    until(lambda: not any(psutil.pid_exists(pid) for pid in used))


def test_structures_are_compiled_ahead_each_by_one_slot(labs: Labs, tmp_path: Path) -> None:
    specs = tuple(fake_spec(QUICK, vary={"model.layers": [[width], [width + 1]]}) for width in (2, 4))
    lab = labs.start(Settings(data=tmp_path, slots=2), warm=specs)
    wanted = {structure_key(run) for spec in specs for run in spec.runs()}
    until(lambda: all(len(slot.structures) == 2 for slot in lab._engine.slots()))
    slots = list(lab._engine.slots())
    assert slots[0].structures | slots[1].structures == wanted
    assert not slots[0].structures & slots[1].structures


def test_what_is_on_a_screen_is_compiled_by_idle_trainers_with_its_neighbours(labs: Labs, tmp_path: Path) -> None:
    lab = labs.start(Settings(data=tmp_path, slots=2))
    until(lambda: lab.health()["trainers"]["ready"] == 2)
    spec = fake_spec(QUICK, vary={"model.layers": [[3], [4]]})
    now, later = map(set, likely_next(spec))

    def known() -> set[str]:
        return set[str]().union(*(slot.structures for slot in lab._engine.slots()))

    lab.expect(spec)
    until(lambda: known() == now)
    lab.expect(spec)
    until(lambda: known() == now | later)
    first, second = (slot.structures for slot in lab._engine.slots())
    assert not first & second
    # One stays free of what may never be asked for.
    assert sorted(map(len, (first, second))) == [1, len(now | later) - 1]
    assert lab.health()["running"] == 0


def test_who_compiles_ahead_begins_nothing_more_once_another_trains(labs: Labs, tmp_path: Path) -> None:
    lab = labs.start(Settings(data=tmp_path, slots=2))
    until(lambda: lab.health()["trainers"]["ready"] == 2)
    lab.expect(fake_spec(SLOW, vary={"model.layers": [[3], [4], [5], [6]]}))
    assert isinstance(lab._engine, EmbeddedEngine)
    keepers = [slot.keeper for slot in lab._engine._slots.values()]
    until(lambda: all(len(keeper.warming) == len(keeper._expected) == 1 for keeper in keepers))
    before = [keeper.warming for keeper in keepers]
    assert finished(lab, lab.store.submit(fake_spec(QUICK))) == ["done"]
    (other,) = [keeper for keeper, warming in zip(keepers, before, strict=True) if keeper.warming == warming]
    assert not other._expected


def test_nobody_compiles_ahead_while_somebody_trains(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=10_000))
    until(lambda: states(lab, experiment) == ["running"])
    other = fake_spec(QUICK)
    lab.expect(other)
    lab.store.cancel(experiment)
    finished(lab, experiment)
    until(lambda: lab._engine.slots()[0].free)
    (structure,) = likely_next(other)[0]
    assert structure not in lab._engine.slots()[0].structures
    lab.expect(other)
    until(lambda: structure in lab._engine.slots()[0].structures)


def test_a_poison_to_be_compiled_ahead_is_given_up(labs: Labs, settings: Settings) -> None:
    poison, sound = fake_spec(POISON), fake_spec(QUICK)
    lab = labs.start(settings, warm=(poison, sound))
    until(lambda: structure_key(sound.runs()[0]) in lab._engine.slots()[0].structures)
    assert finished(lab, lab.store.submit(sound)) == ["done"]


def test_a_trainer_that_does_not_start_is_told_and_loses_nothing(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings, work="tests.jobs.no_such_module:Work")
    experiment = lab.store.submit(fake_spec(QUICK))
    until(lambda: lab.health()["problem"])
    assert lab.health()["problem"] == "The trainer does not start (exit status 1); its log says why."
    assert states(lab, experiment) == ["queued"]
    assert lab.health()["trainers"]["ready"] == 0


def test_health_counts_trainers_and_runs(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=50_000, seeds=3))
    until(lambda: lab.store.news(experiment).points)
    assert lab.health() == {
        "leader": "this process", "dispatching": True, "slots": 1, "trainers": {"alive": 1, "ready": 1},
        "compiling": 0, "queued": 2, "running": 1, "diagnosing": False, "failures": 0, "problem": None,
    }  # fmt: skip


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A process with a lab and a run in training, and what it said about them."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.jobs.owner", str(tmp_path / "data")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    with process:
        yield process, json.loads(process.stdout.readline())
        process.kill()


def test_killing_the_whole_lab_leaves_no_orphan_and_loses_nothing(
    owner: tuple[subprocess.Popen[str], dict[str, Any]], labs: Labs, settings: Settings
) -> None:
    process, said = owner
    assert len(said["pids"]) == 2
    process.kill()
    process.wait()
    until(lambda: not any(psutil.pid_exists(pid) for pid in said["pids"]), seconds=5)
    lab = labs.start(settings)
    assert finished(lab, said["experiment"]) == ["done"]
    (run,) = lab.store.results(said["experiment"], [0])
    assert len(run.history["loss"]) == 200
    assert lab.store.experiment(said["experiment"]).runs[0].attempt == 2


def test_the_process_that_owns_a_lab_imports_nothing_heavy(
    owner: tuple[subprocess.Popen[str], dict[str, Any]],
) -> None:
    assert owner[1]["heavy"] == []
