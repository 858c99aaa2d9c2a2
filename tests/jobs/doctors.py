"""Labs whose trainers are fakes and whose diagnoser is the real one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.jobs.diagnosers.diagnoses import Diagnosis
from core.jobs.lab import Lab
from core.spec import ExperimentSpec
from tests.jobs.conftest import Labs, fake_spec, finished, until
from tests.jobs.fake import CURE, SICK


def sick_spec(kind: int = SICK, **training: Any) -> ExperimentSpec:
    """An experiment that learns nothing, and all at ten times its learning rate."""
    return fake_spec(kind, training={"learning_rate": CURE / 10, "batch_size": kind, "epochs": 100} | training)


class Clinics(Labs):
    """Makes labs that diagnose, and stops them at the end of the test."""

    diagnosing = True


def ran(lab: Lab, spec: ExperimentSpec) -> str:
    """Run `spec` to its end."""
    experiment = lab.store.submit(spec)
    finished(lab, experiment)
    return experiment


def ask(lab: Lab, experiment: str, index: int = 0, **more: Any) -> str:
    return lab.store.diagnoses.ask(lab.store.experiment(experiment), index, **more)


def wait_for(lab: Lab, diagnosis: str, condition: Callable[[Diagnosis], bool], seconds: float = 60) -> Diagnosis:
    def look() -> Diagnosis | None:
        found = lab.store.diagnoses.get(diagnosis)
        return found if condition(found) else None

    found = until(look, seconds)
    assert found is not None
    return found


def diagnoser_pid(lab: Lab) -> int:
    """The process of a diagnoser that takes orders."""
    assert lab._clinic is not None
    keeper = lab._clinic.keeper
    until(lambda: keeper.ready, 60)
    assert keeper.pid is not None
    return keeper.pid
