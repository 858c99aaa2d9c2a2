"""A diagnoser that hangs, or a clinic that fails, costs a diagnosis at most: the next ones are served."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core.jobs.children.keeper import lab_child
from core.jobs.diagnosers.clinic import Clinic
from core.jobs.diagnosers.diagnoses import Diagnosis
from core.jobs.diagnosers.diagnosis_queue import DiagnosisQueue
from core.jobs.storage.records import State
from core.jobs.storage.store import Store
from core.settings import Settings
from tests.jobs.conftest import fake_spec, until
from tests.jobs.fake import QUICK

OUT_OF_TIME = "The search for the cause ran out of time; allowed: 1 s between trials, with fewer rows or fewer columns."


class Idle:
    """A clinic whose diagnoser never answers, and what is asked of it."""

    def __init__(self, folder: Path, **settings: float) -> None:
        chosen = Settings(data=folder, slots=1, **settings)  # type: ignore[arg-type]
        self.store = Store(chosen)
        self.clinic = Clinic(DiagnosisQueue(self.store.database), chosen, lambda: None)
        self.clinic.keeper.launch = partial(lab_child, chosen, ["tests.jobs.idler"], "diagnoser")
        self.clinic.open()

    def ask(self) -> str:
        return self.store.diagnoses.ask(self.store.experiment(self.store.submit(fake_spec(QUICK))), 0)

    def wait_for(self, diagnosis: str, state: State) -> Diagnosis:
        until(lambda: self.store.diagnoses.get(diagnosis).state == state)
        return self.store.diagnoses.get(diagnosis)

    def freeze(self) -> None:
        until(lambda: self.clinic.keeper.ready)
        assert self.clinic.keeper.pid is not None
        os.kill(self.clinic.keeper.pid, signal.SIGSTOP)


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[Callable[..., Idle]]:
    made: list[Idle] = []

    def make(**settings: float) -> Idle:
        made.append(Idle(tmp_path, **settings))
        return made[-1]

    yield make
    for one in made:
        one.clinic.close()
        one.clinic.join()
        one.store.close()


def test_a_diagnoser_without_a_sign_of_life_is_killed_and_the_diagnosis_says_why(idle: Callable[..., Idle]) -> None:
    lab = idle(trainer_silence_seconds=2)
    asked, later = lab.ask(), lab.ask()
    for again in (False, True):
        lab.wait_for(asked, State.RUNNING)
        lab.freeze()
        lab.wait_for(asked, State.FAILED if again else State.QUEUED)
    found = lab.store.diagnoses.get(asked)
    assert found.error == "The process that looks for the cause died twice (no sign of life for 2 s)."
    lab.wait_for(later, State.RUNNING)


def test_a_diagnoser_that_lives_and_comes_to_nothing_is_ended_once(idle: Callable[..., Idle]) -> None:
    lab = idle(run_seconds=1)
    asked, later = lab.ask(), lab.ask()
    assert lab.wait_for(asked, State.FAILED).error == OUT_OF_TIME
    lab.wait_for(later, State.RUNNING)


def test_a_diagnosis_that_waits_for_its_trials_takes_no_time(idle: Callable[..., Idle]) -> None:
    lab = idle(run_seconds=1)
    asked = lab.ask()
    lab.wait_for(asked, State.RUNNING)
    assert lab.clinic._work is not None
    trial = lab.store.submit_runs(fake_spec(QUICK).runs(), trials_of=lab.clinic._work.claim)
    end = time.monotonic() + 2
    until(lambda: time.monotonic() > end)
    assert lab.store.diagnoses.get(asked).state == State.RUNNING
    lab.store.cancel(trial)
    assert lab.wait_for(asked, State.FAILED).error == OUT_OF_TIME


def test_a_clinic_that_fails_begins_anew(idle: Callable[..., Idle], monkeypatch: pytest.MonkeyPatch) -> None:
    failures, see_to = iter([True]), Clinic._see_to

    def attempt(*arguments: Any) -> None:
        if next(failures, False):
            raise OSError(12, "Cannot allocate memory")
        see_to(*arguments)

    monkeypatch.setattr(Clinic, "_see_to", attempt)
    lab = idle()
    asked = lab.ask()
    until(lambda: lab.clinic.failures)
    until(lambda: lab.clinic.keeper.ready)
    lab.wait_for(asked, State.RUNNING)
    assert lab.clinic.keeper.problem == ""
