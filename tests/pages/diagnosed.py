"""A store with runs that have ended and diagnoses at any stage, without trainers and without a diagnoser."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from core.data.prepare.cache import Preparation
from core.diagnosis.diagnosis import Doctor
from core.diagnosis.evidence.facts import Examination
from core.diagnosis.trials.trial import MOST_UPDATES
from core.jobs.diagnosers.diagnosis_queue import DiagnosisQueue
from core.jobs.diagnosers.written_report import written
from core.jobs.lab import Lab
from core.jobs.scheduling.queue import Chunk, Queue
from core.jobs.storage.history import without_nan
from core.jobs.storage.records import State
from core.spec import RunSpec, load_spec
from core.training.result import Result
from tests.diagnosis.table import TableRunner, result_of

FRIEDMAN: dict[str, Any] = {"data": {"source": "sample:friedman?n=200", "target": "y"}}
LookUp = Callable[[RunSpec], Result]


def trained(skill: float, run: RunSpec, **more: Any) -> Result:
    """A result whose loss falls as far as its skill says, with telemetry of one dead layer."""
    epochs = run.training.epochs
    loss = (1 - skill) + 0.5 * np.exp(-np.arange(epochs) / 10)
    layers = [
        {"name": name, "gradient_norm": [1e-6 if name == "hidden 1" else 1.0] * 3, "weight_norm": [1.0] * 3,
         "update_ratio": [1e-3] * 3, "dead": [0.9 if name == "hidden 1" else 0.0] * 3, "saturated": [0.0] * 3}
        for name in ("hidden 1", "output")
    ]  # fmt: skip
    telemetry = {"updates": 2000, "initial_loss": 1.6, "recall": None, "val_recall": None, "epochs": [1, 2, epochs],
                 "layers": layers, "output": {"std": [1.0] * 3}, "probe_loss": [1.0] * 3}  # fmt: skip
    history = {"loss": loss.tolist(), "val_loss": loss.tolist()}
    return result_of(skill, skill, history=history, telemetry=telemetry, **{"seed": run.training.seed} | more)


def submit(lab: Lab, spec: Mapping[str, Any], look_up: LookUp) -> str:
    """Submit `spec` and end its runs with the results of `look_up`."""
    queue = Queue(lab.store.database, 30)
    identity = lab.store.submit(load_spec(spec))
    for run in lab.store.experiment(identity).runs:
        claim = queue.claim(queue.waiting()[0][1])
        assert claim is not None
        queue.start(claim)
        result = look_up(run.spec)
        ending = result.as_dict()
        history = ending.pop("history")
        chunks = [Chunk(1, len(history["loss"]), json.dumps(without_nan(history)))] if history else []
        queue.finish(claim, State(result.state), chunks, without_nan(ending), result.error)
    return identity


def ask(lab: Lab, experiment: str, index: int = 0) -> str:
    return lab.store.diagnoses.ask(lab.store.experiment(experiment), index)


def diagnose(lab: Lab, experiment: str, look_up: LookUp, budget: int = MOST_UPDATES) -> str:
    """Carry out a diagnosis here, its trials looked up, and store the report as the clinic does."""
    identity = ask(lab, experiment)
    queue = DiagnosisQueue(lab.store.database)
    claim = queue.claim()
    assert claim is not None
    doctor = Doctor(TableRunner(look_up), Examination(Preparation(lab.store.datasets.read)), budget=budget)
    report = without_nan(written(doctor.diagnose([lab.store.experiment(experiment).runs[0].spec])))
    first = report["causes"][0]["cause"] if report["causes"] else None
    progress = {"stage": "", "runs": 6, "suspects": [], "verdict": report["verdict"], "first": first}
    assert queue.finish(claim, State.DONE, progress=progress, report=report)
    return identity


def begin(lab: Lab, experiment: str, progress: Mapping[str, Any] | None = None) -> str:
    """Ask for a diagnosis and take it up, as far as `progress`."""
    identity = ask(lab, experiment)
    queue = DiagnosisQueue(lab.store.database)
    claim = queue.claim()
    assert claim is not None
    if progress is not None:
        queue.progress(claim, progress)
    return identity


def refuse(lab: Lab, experiment: str, error: str) -> str:
    """Ask for a diagnosis that comes to nothing."""
    identity = ask(lab, experiment)
    queue = DiagnosisQueue(lab.store.database)
    claim = queue.claim()
    assert claim is not None
    queue.finish(claim, State.FAILED, error=error)
    return identity
