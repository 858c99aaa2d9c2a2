"""From a spec to its reports: look, suspect, try, judge."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from core.data.prepare.cache import Preparation
from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.causes.cause import Observation, Suspect, suspects
from core.diagnosis.evidence.facts import DataFacts, Examination
from core.diagnosis.evidence.limits import CLEAR_GAIN, FEWEST_SEEDS
from core.diagnosis.evidence.signals import observe
from core.diagnosis.report import DiagnosisReport, public_variant
from core.diagnosis.trials.probes import with_few_rows, with_range_of_rates
from core.diagnosis.trials.search import combine, try_repairs
from core.diagnosis.trials.trial import MOST_UPDATES, Outcome, Runner, Trial, Workbench, quality
from core.errors import InputRefused
from core.spec import ExperimentSpec, RunSpec, SpecSource, load_spec
from core.training.crew import Crew
from core.training.memory import RunSize, check_memory, memory_need, run_allowance
from core.training.result import Result

LEARNT_SHARE: Final = 0.8
"""A run that explains this share of what a simple model does is healthy; what is left is tuning."""
BROKEN_SHARE: Final = 0.35
"""One that explains less than this share of it is faulty, whether or not a repair is found."""
TUNED_SHARE: Final = 0.5
"""Between the two it is faulty where a proven repair explains so much that the run has less than this share of it."""
STRONG: Final = 0.85
STRONG_SHARE: Final = 0.8
"""The same where the suspicion was this strong before the trial."""
LUCK_SHARE: Final = 0.4
"""Or where its worst seed has less than this: whether it learns is luck."""
_ENOUGH: Final = 0.8
"""Of the target: a repair that reaches it needs no better one."""
_RATE_STRENGTH: Final = 0.3
"""From this strength on a suspicion of the rate is worth a range of rates."""
_GOAL_STRENGTH: Final = 0.5
"""From here on a suspicion of what the skill does not show, such as over-fitting, is tried though the skill is good."""
_UNKNOWN_TARGET, _LEAST_TARGET = 0.9, 0.05
"""The skill asked for where simple models could not be judged, and in any observed."""


@dataclass(frozen=True)
class DiagnosisProgress:
    """How far a diagnosis is."""

    variant: int
    """Which one, counted from 0."""
    variants: int
    runs: int
    """Trainings that have ended."""
    stage: str
    """What comes next, in plain words."""
    suspects: tuple[Suspect, ...] = ()
    """The causes there is evidence for so far, the strongest first; not yet tried."""


OnProgress = Callable[[DiagnosisProgress], None]


def diagnose(
    spec: SpecSource,
    on_progress: OnProgress | None = None,
    runner: Runner | None = None,
) -> dict[str, Any]:
    """Name what causes the bad loss of every variant of `spec`, each cause with a repair that was trained.

    Parameters
    ----------
    on_progress : callable, optional
        Called before each batch of trainings.
    runner : Runner, optional
        Run specs in, results out, in the same order; without one they are trained here, in this process.

    Returns
    -------
    dict
        ``{"variants": [{"variant", "verdict", "causes", "not_checked", ...}], "spec_hash": ...}``, JSON-able. Where
        the data or the spec of one variant cannot be used, its verdict is ``refused`` and ``error`` the reason in one
        sentence; its other keys are empty or None. ``error`` is None for the others.

    Raises
    ------
    InputRefused
        If the spec cannot be used, or the data of none of its variants.
    """
    experiment = load_spec(spec)
    preparation = Preparation()
    if runner is not None:
        return _diagnose(experiment, runner, Examination(preparation), on_progress)
    with Crew(preparation) as crew:
        crew.call_helpers(experiment.runs()[0])
        return _diagnose(experiment, crew, Examination(preparation), on_progress)


def _diagnose(
    spec: ExperimentSpec, runner: Runner, examination: Examination, on_progress: OnProgress | None
) -> dict[str, Any]:
    groups: dict[str, list[RunSpec]] = {}
    for run in spec.runs():
        groups.setdefault(repr(run.variant), []).append(run)
    variants = []
    refusals = []
    for index, runs in enumerate(groups.values()):
        doctor = Doctor(runner, examination, on_progress, index, len(groups))
        try:
            variants.append(doctor.diagnose(runs).as_dict())
        except InputRefused as refusal:
            refusals.append(refusal)
            variants.append(public_variant(runs[0].variant, "refused", error=str(refusal)))
    if len(refusals) == len(groups):
        raise refusals[0]
    return {"variants": variants, "spec_hash": spec.hash()}


@dataclass
class Doctor:
    """The diagnosing itself: observes, suspects, tries and judges, one variant after the other, whoever trains."""

    runner: Runner
    examination: Examination
    on_progress: OnProgress | None = None
    variant: int = 0
    """For the progress alone, as `variants`."""
    variants: int = 1
    budget: int = MOST_UPDATES
    """Optimizer steps that all trials together may take."""
    run_bytes: int = field(default_factory=run_allowance)
    """What a run may need beyond an idle trainer."""
    _trained: int = field(default=0, init=False)
    _suspects: tuple[Suspect, ...] = field(default=(), init=False)

    def diagnose(self, runs: Sequence[RunSpec], seen: Sequence[Result] = ()) -> DiagnosisReport:
        """Return the report of one variant, given as its runs; it is trained with three seeds at least.

        Parameters
        ----------
        runs : sequence of RunSpec
            One per seed.
        seen : sequence of results, optional
            What is known of them already: the first suspects are named before anything is trained.

        Raises
        ------
        InputRefused
            If the data cannot be used, or the run needs more memory than it may.
        """
        facts = self.examination.of(runs[0])
        check_memory(runs[0], _size(runs[0], facts), self.run_bytes, probed=True)
        if seen:
            first = Observation(runs[0], facts, observe(seen, runs[0].training.epochs))
            self._suspects = suspects(first, CAUSES.values())
        runs = _with_seeds(runs)
        before = self._train(runs, "the run as it is, with three seeds", probed=True)
        observed = Observation(runs[0], facts, observe(before, runs[0].training.epochs))
        found = self._suspects = suspects(observed, CAUSES.values())
        target = _target(observed)
        outcomes: list[Outcome] = []
        combined: Trial | None = None
        learnt = _learnt(observed, target)
        if not learnt or any(s.certain or (s.cause.goal != "fit" and s.strength >= _GOAL_STRENGTH) for s in found):
            fits = partial(self._fits, facts=facts)
            repairs = partial(self._train, stage="repairs")
            workbench = Workbench(runs, before, repairs, facts.rows, self.budget, fits)
            if not _of_the_data(found, learnt=learnt):
                observed = with_few_rows(observed, workbench)
                if any(s.cause.asks_rates and s.strength >= _RATE_STRENGTH for s in found):
                    observed = with_range_of_rates(observed, workbench)
                found = self._suspects = suspects(observed, CAUSES.values())
            queue = _of_the_data(found, learnt=learnt) or found
            outcomes = try_repairs(workbench, observed, queue, _ENOUGH * target)
            if _best(outcomes) < BROKEN_SHARE * target and not any(not o.trial for o in outcomes if o.suspect.certain):
                combined = combine(workbench, outcomes)
        settled = [suspect for suspect in found if suspect.certain]
        faulty = bool(settled) or _is_faulty(outcomes, before, target)
        return DiagnosisReport(observed, tuple(before), faulty, tuple(outcomes), found, combined)

    def _fits(self, run: RunSpec, facts: DataFacts) -> bool:
        return memory_need(run, _size(run, facts)).total <= self.run_bytes

    def _train(self, runs: Sequence[RunSpec], stage: str, *, probed: bool = False) -> list[Result]:
        if self.on_progress is not None:
            self.on_progress(DiagnosisProgress(self.variant, self.variants, self._trained, stage, self._suspects))
        results = self.runner(runs, probed=probed)
        self._trained += len(runs)
        return results


def _size(run: RunSpec, facts: DataFacts) -> RunSize:
    return RunSize.expected(run, facts.rows + facts.validation_rows, facts.features, facts.output_units)


def _with_seeds(runs: Sequence[RunSpec]) -> list[RunSpec]:
    first = runs[0].training.seed
    more = (runs[0].changed({"training.seed": seed}) for seed in itertools.count(first + len(runs)))
    extended = [*runs, *itertools.islice(more, max(0, FEWEST_SEEDS - len(runs)))]
    return [run.model_copy(update={"variant": runs[0].variant}).at(runs[0].base) for run in extended]


def _of_the_data(found: Sequence[Suspect], *, learnt: bool) -> list[Suspect]:
    """Return the suspects that are certain and in the data themselves; what flatters hides nothing from who fails."""
    certain = [suspect for suspect in found if suspect.certain and suspect.cause.about_data]
    return [suspect for suspect in certain if learnt or not suspect.cause.flatters]


def _target(observed: Observation) -> float:
    """Return the skill that shows that a network has learnt; what simple models reach, where that is known."""
    reachable = observed.facts.reachable
    return _UNKNOWN_TARGET if reachable is None else max(reachable, _LEAST_TARGET)


def _learnt(observed: Observation, target: float) -> bool:
    """Whether every seed reached enough for the run to be called healthy."""
    signals = observed.signals
    if signals.failed or signals.diverged:
        return False
    share = LEARNT_SHARE if observed.facts.skills else 1.0
    return min(signals.val_skill or signals.skill) >= share * target


def _best(outcomes: Sequence[Outcome]) -> float:
    return max((o.trial.level for o in outcomes if o.trial and o.trial.proven), default=-math.inf)


def _is_faulty(outcomes: Sequence[Outcome], before: Sequence[Result], target: float) -> bool:
    """Judge by what was proven: a run near the best that any repair reached is healthy, whatever its signals say."""
    if not outcomes:
        return False
    levels = [quality(result) for result in before]
    level, worst = statistics.median(levels), min(levels)
    if level < BROKEN_SHARE * target:
        return True
    for outcome in outcomes:
        trial = outcome.trial
        if trial is None or not trial.proven or trial.gain < CLEAR_GAIN:
            continue
        share = STRONG_SHARE if outcome.suspect.strength >= STRONG else TUNED_SHARE
        if trial.goal != "fit" or level < share * trial.level or worst < LUCK_SHARE * trial.level:
            return True
    return False
