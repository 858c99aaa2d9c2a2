"""What the parts of a diagnosis are worth: the answers of one that has only some of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from core.data.prepare.cache import Preparation
from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.causes.cause import Suspect
from core.diagnosis.diagnosis import Doctor
from core.diagnosis.evidence.facts import DataFacts, Examination
from core.diagnosis.evidence.limits import CLEAR_GAIN
from core.diagnosis.report import DiagnosisReport
from core.diagnosis.trials.probes import with_range_of_rates
from core.diagnosis.trials.trial import Workbench
from core.spec import RunSpec
from core.training.crew import Crew

_AS_LIKELY_AS_NOT: Final = 0.5
"""A suspicion this strong is taken for a fault where nothing is tried."""


class Answer(NamedTuple):
    """A verdict, and the causes named, the likeliest first."""

    verdict: str
    causes: tuple[str, ...] = ()


def _suspicion_only(runs: Sequence[RunSpec], crew: Crew, preparation: Preparation) -> Answer:
    """Take the likeliest suspicion for the cause: no trial of any repair."""
    suspects = _seen(runs, crew, preparation).treatment.suspects
    suspects = tuple(sorted(suspects, key=lambda suspect: (-suspect.certain, -suspect.likely)))
    if not any(suspect.certain or suspect.likely >= _AS_LIKELY_AS_NOT for suspect in suspects):
        return Answer("healthy")
    return Answer("faulty", tuple(suspect.cause.id for suspect in suspects))


def _rate_sweep_only(runs: Sequence[RunSpec], crew: Crew, preparation: Preparation) -> Answer:
    """Try other learning rates and nothing else: a fault where the best of them clearly gains in every seed."""
    report = _seen(runs, crew, preparation)
    observed = report.observed
    seeds = [observed.run.changed({"training.seed": result.seed}) for result in report.before]
    workbench = Workbench(seeds, report.before, crew, observed.facts.rows, observed.facts.features)
    rates = with_range_of_rates(observed, workbench).signals.rates
    best = max(rates, key=rates.__getitem__, default=None)
    if best is None:
        return Answer("healthy")
    cause = "learning_rate_too_low" if best > observed.run.training.learning_rate else "learning_rate_too_high"
    wanted = [(Suspect(CAUSES[cause], ()), {"training.learning_rate": best})]
    (trial,) = workbench.trials(wanted, range(len(seeds)))
    return Answer("faulty", (cause,)) if trial.proven and trial.gain >= CLEAR_GAIN else Answer("healthy")


def _no_yardstick(runs: Sequence[RunSpec], crew: Crew, preparation: Preparation) -> Answer:
    """Diagnose without knowing what simple models find in the same columns."""
    report = Doctor(crew, _Unmeasured(preparation)).diagnose(runs)
    return Answer(report.judgement.verdict, tuple(finding.suspect.cause.id for finding in report.findings))


class _Unmeasured(Examination):
    """The facts of runs' data, without those that simple models tell."""

    def of(self, run: RunSpec) -> DataFacts:
        return replace(super().of(run), skills={}, chance=0.0, without_leaks=None, by_heart=None, unscaled=None)


def _seen(runs: Sequence[RunSpec], crew: Crew, preparation: Preparation) -> DiagnosisReport:
    """Return what is seen of runs and suspected before anything is tried."""
    return Doctor(crew, Examination(preparation), budget=0).diagnose(runs)


ABLATIONS: Final[Mapping[str, Callable[[Sequence[RunSpec], Crew, Preparation], Answer]]] = {
    "suspicion only": _suspicion_only,
    "rate sweep only": _rate_sweep_only,
    "no yardstick": _no_yardstick,
}


def answers(runs: Sequence[RunSpec]) -> dict[str, Answer]:
    """Return what each of `ABLATIONS` says of the runs of one program, trained in this process alone."""
    preparation = Preparation()
    with Crew(preparation, helpers=0) as crew:
        return {name: ablated(runs, crew, preparation) for name, ablated in ABLATIONS.items()}
