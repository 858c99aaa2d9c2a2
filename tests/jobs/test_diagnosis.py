"""A diagnosis is a job: it outlives its process, trains nothing twice, and stops when it is told to."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from core.errors import InputRefused
from core.jobs.diagnosers.diagnoses import Budget
from core.jobs.lab import Lab
from core.jobs.storage.records import State
from core.settings import Settings
from tests.jobs.conftest import until
from tests.jobs.doctors import Clinics, ask, diagnoser_pid, ran, sick_spec, wait_for
from tests.jobs.fake import CURE, LINGERING


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    clinics = Clinics()
    yield clinics.start(Settings(data=tmp_path_factory.mktemp("lab"), slots=2))
    clinics.stop()


def trials_of(lab: Lab, diagnosis: str) -> list[str]:
    """The experiments that belong to a diagnosis, oldest first."""
    with lab.store.database.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT id FROM experiment WHERE diagnosis = ? ORDER BY created", (diagnosis,)
        )
        return [row.id for row in rows]


def test_the_cause_is_found_and_written_down(clinic: Lab) -> None:
    experiment = ran(clinic, sick_spec())
    asked = ask(clinic, experiment)
    found = wait_for(clinic, asked, lambda d: d.finished)
    assert (found.state, found.error) == (State.DONE, None)
    assert found.report is not None
    first = found.report["causes"][0]
    assert (first["cause"], first["fix"]) == ("learning_rate_too_low", {"training.learning_rate": CURE})
    assert [curve["skill"] for curve in found.report["before"]] == [-1.0] * 6
    assert [curve["skill"] for curve in first["after"]] == [0.9] * 3
    assert found.progress is not None
    assert (found.progress["verdict"], found.progress["first"]) == ("faulty", "learning_rate_too_low")
    assert clinic.store.diagnoses.newest(clinic.store.experiment(experiment), 0) == asked
    assert clinic.store.diagnoses.recent()[0].report is None


def test_the_run_as_it_is_is_probed_and_what_is_tried_afterwards_is_not(clinic: Lab) -> None:
    asked = ask(clinic, ran(clinic, sick_spec(seed=5)))
    wait_for(clinic, asked, lambda d: d.finished)
    first, *others = [clinic.store.experiment(trial) for trial in trials_of(clinic, asked)]
    # With a slot for each, the likeliest repair is trained beside it.
    assert [run.seed for run in first.runs] in ([5, 6, 7], [5, 6, 7] * 2)
    assert {run.spec.changed({"training.seed": 0}).hash() for run in first.runs[:3]} != {
        run.spec.changed({"training.seed": 0}).hash() for run in first.runs[3:]
    }
    assert all((run.final or {})["telemetry"]["probed"] for run in first.runs)
    repairs = [run for trial in others for run in trial.runs]
    assert repairs
    assert not any((run.final or {})["telemetry"]["probed"] for run in repairs)


def test_trials_are_in_no_list_and_go_with_the_experiment(clinic: Lab) -> None:
    experiment = ran(clinic, sick_spec(seed=10))
    asked = ask(clinic, experiment)
    wait_for(clinic, asked, lambda d: d.finished)
    trials = trials_of(clinic, asked)
    assert trials
    assert not {summary.id for summary in clinic.store.experiments()} & set(trials)
    clinic.store.delete(experiment)
    assert trials_of(clinic, asked) == []
    with pytest.raises(InputRefused):
        clinic.store.experiment(trials[0])
    with pytest.raises(InputRefused, match="no such diagnosis"):
        clinic.store.diagnoses.get(asked)


def test_the_same_press_is_the_same_diagnosis_and_a_seed_is_no_variant_of_its_own(clinic: Lab) -> None:
    spec = sick_spec(seed=20).model_dump(mode="json") | {"seeds": 2, "vary": {"model.activation": ["relu", "tanh"]}}
    experiment = ran(clinic, type(sick_spec()).model_validate(spec))
    asked = ask(clinic, experiment, 3, budget=Budget.QUICK, key="press")
    assert ask(clinic, experiment, 2, key="press") == asked
    found = wait_for(clinic, asked, lambda d: d.finished)
    assert (found.index, found.budget) == (2, Budget.QUICK)
    assert [curve["seed"] for curve in (found.report or {})["before"]] == [20, 21, 22, 23, 24, 25]
    assert clinic.store.diagnoses.newest(clinic.store.experiment(experiment), 0) is None
    with pytest.raises(InputRefused, match="allowed: 0 to 3"):
        ask(clinic, experiment, 4)


def test_the_first_news_are_the_first_suspects(clinic: Lab) -> None:
    experiment = ran(clinic, sick_spec(seed=30))
    asked = ask(clinic, experiment)
    found = wait_for(clinic, asked, lambda d: d.progress is not None)
    assert "learning_rate_too_low" in [suspect["cause"] for suspect in (found.progress or {})["suspects"]]
    wait_for(clinic, asked, lambda d: d.finished)


@pytest.mark.slow
def test_cancelling_stops_the_diagnosis_and_its_trials(clinic: Lab) -> None:
    experiment = ran(clinic, sick_spec(seed=40))
    slow = ran(clinic, sick_spec(seed=41))
    pid = diagnoser_pid(clinic)
    asked = ask(clinic, ran(clinic, sick_spec(LINGERING, seed=42)))
    waiting = ask(clinic, slow)
    wait_for(clinic, asked, lambda d: d.progress is not None and bool(trials_of(clinic, asked)))
    assert clinic.store.diagnoses.get(waiting).ahead == 1
    clinic.store.diagnoses.cancel(asked)
    assert clinic.store.diagnoses.get(asked).state == State.CANCELLED
    assert all(clinic.store.unfinished(trial) <= 2 for trial in trials_of(clinic, asked))
    until(lambda: not any(clinic.store.unfinished(trial) for trial in trials_of(clinic, asked)), 5)
    assert wait_for(clinic, waiting, lambda d: d.finished).state == State.DONE
    assert diagnoser_pid(clinic) == pid
    clinic.store.diagnoses.cancel(waiting)
    assert clinic.store.diagnoses.get(waiting).state == State.DONE
    assert clinic.store.diagnoses.newest(clinic.store.experiment(experiment), 0) is None


@pytest.mark.slow
def test_a_diagnosis_whose_process_is_killed_goes_on_and_trains_nothing_twice(clinic: Lab) -> None:
    experiment = ran(clinic, sick_spec(LINGERING, seed=50))
    asked = ask(clinic, experiment)
    wait_for(clinic, asked, lambda d: len(trials_of(clinic, asked)) >= 2)
    known = {trial: clinic.store.experiment(trial) for trial in trials_of(clinic, asked)}
    pid = diagnoser_pid(clinic)
    os.kill(pid, signal.SIGKILL)
    found = wait_for(clinic, asked, lambda d: d.finished)
    assert found.state == State.DONE
    assert diagnoser_pid(clinic) != pid
    trials = trials_of(clinic, asked)
    assert trials[: len(known)] == list(known)
    trained = [run.spec.hash() for trial in trials[1:] for run in clinic.store.experiment(trial).runs]
    assert len(trained) == len(set(trained))
    assert all(run.attempt == 1 for trial in trials for run in clinic.store.experiment(trial).runs)


@pytest.mark.slow
def test_a_diagnosis_that_kills_its_process_fails_and_the_next_is_served(clinic: Lab) -> None:
    experiment = ran(clinic, sick_spec(LINGERING, seed=60))
    asked = ask(clinic, experiment)
    for deaths in range(2):
        wait_for(clinic, asked, lambda d: d.state == State.RUNNING)
        os.kill(diagnoser_pid(clinic), signal.SIGKILL)
        if not deaths:
            wait_for(clinic, asked, lambda d: d.state == State.QUEUED)
    found = wait_for(clinic, asked, lambda d: d.finished)
    assert (found.state, found.report) == (State.FAILED, None)
    assert found.error == "The process that looks for the cause died twice (signal 9)."
    until(lambda: not any(clinic.store.unfinished(trial) for trial in trials_of(clinic, asked)), 5)
    assert wait_for(clinic, ask(clinic, ran(clinic, sick_spec(seed=61))), lambda d: d.finished).state == State.DONE


def test_data_that_cannot_be_used_is_said_in_a_sentence(clinic: Lab) -> None:
    sha = clinic.store.datasets.add(b"x,y\n" + b"1,2\n3,4\n" * 20, "t.csv")
    experiment = ran(clinic, sick_spec().changed({"data.source": f"dataset:{sha}"}))
    found = wait_for(clinic, ask(clinic, experiment), lambda d: d.finished)
    assert (found.state, found.report) == (State.FAILED, None)
    assert "species" in (found.error or "")
    assert "Traceback" not in (found.error or "")


def test_the_diagnoser_is_small_and_polite_and_never_outlives_the_lab(tmp_path: Path) -> None:
    clinics = Clinics()
    lab = clinics.start(Settings(data=tmp_path, slots=1))
    process = psutil.Process(diagnoser_pid(lab))
    try:
        assert process.nice() > psutil.Process().nice()
        names = {Path(item.path).name for item in process.memory_maps()}
        assert any("sklearn" in item.path for item in process.memory_maps())
        assert not [name for name in names if "tensorflow" in name or "streamlit" in name]
    finally:
        begin = time.monotonic()
        clinics.stop()
    assert not process.is_running()
    assert time.monotonic() - begin < 10
