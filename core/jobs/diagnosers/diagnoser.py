"""The diagnoser: a child process that carries out one diagnosis at a time and speaks JSON lines over its pipes.

Orders come on stdin: ``diagnose`` (token, diagnosis), ``stop`` (token). Words go out on stdout: ``ready``,
``submitted`` (there are runs to train), ``progress`` (token, progress), ``end`` (token, state, report, progress,
error). It trains nothing itself: the trials go into the queue of all runs. The end of stdin is the end of the process.
"""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import Any, Final

import numpy as np

from core.child import Voice
from core.data.prepare.cache import Preparation
from core.diagnosis.causes.cause import Suspect
from core.diagnosis.diagnosis import DiagnosisProgress, Doctor
from core.diagnosis.evidence.facts import Examination
from core.diagnosis.evidence.simple_models import reference
from core.errors import InputRefused, WorkFailed
from core.jobs.children.orders import Orders, begin_as_child
from core.jobs.diagnosers.diagnoses import variant_places
from core.jobs.diagnosers.diagnosis_queue import DiagnosisClaim, StaleClaim
from core.jobs.diagnosers.trial_runner import TrialRunner
from core.jobs.diagnosers.written_report import written
from core.jobs.storage.history import without_nan
from core.jobs.storage.records import State
from core.jobs.storage.store import Store
from core.sentence import said
from core.settings import load_settings

_FRESH_EVERY: Final = 50
"""What is remembered of tables is forgotten after so many diagnoses."""

_COMPARABLE: Final = frozenset({State.DONE, State.DIVERGED, State.FAILED})

DISPENSABLE: Final = 500
"""When memory runs out it goes after the trainers and before the pages."""

log = logging.getLogger("losslab.diagnoser")


class Diagnoser:
    """What runs in the child: takes one order after the other from the `Clinic`, and has a `Doctor` carry it out."""

    def __init__(self, store: Store, orders: Orders, voice: Voice, slots: int) -> None:
        self._store = store
        self._slots = slots
        self._orders = orders
        self._voice = voice
        self._count = 0
        self._examination = Examination(Preparation(store.datasets.read))

    def serve(self) -> None:
        """Carry out one order after the other, for ever."""
        warm()
        self._voice.say(event="ready")
        while True:
            order = self._orders.next()
            self._diagnose(DiagnosisClaim(order["diagnosis"], order["token"]))

    def _diagnose(self, claim: DiagnosisClaim) -> None:
        try:
            self._carry_out(claim)
        except StaleClaim:
            self._end(claim, State.CANCELLED)
        except (InputRefused, WorkFailed) as failure:
            self._end(claim, State.FAILED, error=str(failure))
        except Exception as failure:  # whatever one diagnosis does, the next one must be served
            log.exception("diagnosis %s failed", claim.diagnosis)
            error = said(
                "The diagnosis failed with {error}; the diagnoser's log says more.", error=type(failure).__name__
            )
            self._end(claim, State.FAILED, error=error)
        self._count += 1
        if self._count % _FRESH_EVERY == 0:
            self._examination = Examination(Preparation(self._store.datasets.read))

    def _carry_out(self, claim: DiagnosisClaim) -> None:
        progress: dict[str, Any] = {"stage": "", "suspects": [], "runs": 0}

        def tell(**news: Any) -> None:
            progress.update(news)
            if progress["stage"]:  # the first news are the first suspects
                self._voice.say(event="progress", token=claim.token, progress=without_nan(progress))

        def on_progress(told: DiagnosisProgress) -> None:
            runs = max(progress["runs"], told.runs)  # of the present batch the runner counts those that have ended
            tell(stage=told.stage, suspects=[_suspect(suspect) for suspect in told.suspects], runs=runs)

        asked = self._store.diagnoses.get(claim.diagnosis)
        submitted = partial(self._voice.say, event="submitted")
        runner = TrialRunner(self._store, claim, self._orders, submitted, lambda trained: tell(runs=trained))
        doctor = Doctor(
            runner,
            self._examination,
            on_progress,
            budget=asked.budget.updates,
            run_bytes=self._store.run_bytes,
            at_once=self._slots,
        )
        experiment = self._store.experiment(asked.experiment)
        places = variant_places(experiment, asked.index)
        ended = [place for place in places if experiment.runs[place].state in _COMPARABLE]
        begin = time.perf_counter()
        report = doctor.diagnose(
            [experiment.runs[place].spec for place in places], self._store.results(experiment.id, ended)
        )
        found = written(report, time.perf_counter() - begin)
        first = found["causes"][0]["cause"] if found["causes"] else None
        last = {"stage": "", "runs": progress["runs"], "suspects": [], "verdict": found["verdict"], "first": first}
        self._end(claim, State.DONE, report=without_nan(found), progress=last)

    def _end(self, claim: DiagnosisClaim, state: State, **rest: Any) -> None:
        self._voice.say(event="end", token=claim.token, state=state, **rest)


def _suspect(suspect: Suspect) -> dict[str, Any]:
    evidence = [piece.text for piece in suspect.ordered]
    return {"cause": suspect.cause.id, "strength": round(suspect.strength, 3), "evidence": evidence}


def warm() -> None:
    """Load scikit-learn and whatever it loads at first use, before somebody waits for it."""
    numbers = np.random.default_rng(0).normal(size=(40, 3))
    reference(numbers[:, :2], numbers[:, 2:])


def main() -> None:
    """Serve until stdin ends."""
    orders, voice = begin_as_child(DISPENSABLE)
    settings = load_settings()
    Diagnoser(Store(settings, verify=False), orders, voice, settings.slots).serve()


if __name__ == "__main__":
    main()
