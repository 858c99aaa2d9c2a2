"""From a spec to its reports: look, suspect, try, judge."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

import numpy as np

from core.choices.imputation import IMPUTATIONS
from core.data.kinds import NUMERIC, as_float
from core.data.prepare.cache import Preparation
from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.causes.cause import Change, Evidence, Observation, Suspect, suspects
from core.diagnosis.evidence.facts import DataFacts, Examination
from core.diagnosis.evidence.limits import FEWEST_SEEDS
from core.diagnosis.evidence.signals import Signals, explained, observe
from core.diagnosis.judgement import Judgement, hangs_on_a_seed, has_learnt, judge, target_of
from core.diagnosis.report import DiagnosisReport, public_variant
from core.diagnosis.trials.ahead import Ahead, beside
from core.diagnosis.trials.sample import MOST_ON_ALL_ROWS, lighter, on_all_rows
from core.diagnosis.trials.smallest import likeliest
from core.diagnosis.trials.treatment import Treatment, treat, with_changes, with_more_seeds, worth_trying
from core.diagnosis.trials.trial import MOST_UPDATES, Outcome, Runner, Trial, Workbench, cost_of, fresh_runs
from core.errors import InputRefused
from core.sentence import Sentence, said
from core.spec import ExperimentSpec, RunSpec, SpecSource, load_spec
from core.training.crew import Crew
from core.training.memory import RunSize, check_memory, memory_need, run_allowance
from core.training.result import Result
from core.training.structure import structure_key, trained_rows, updates

_MORE_SEEDS, _CHEAP = 4, 0.05
"""Times that three more are trained of a verdict that hangs on one seed, if a run takes less of the budget that is left
than the second."""
_DEEP: Final = 8
"""Hidden layers from which on compiling takes seconds: what the first seed asks for is compiled beside the others."""
_MOST_BESIDE: Final = 0.05
"""Of the budget, for each run of a repair that is trained before anything is known to be wrong."""
_WITHOUT_IT: Final = Evidence(0.0, said("everything else was tried without it"))
_ENOUGH_WITHOUT_IT: Final = Evidence(0.0, said("without it the network learns from the other columns"))


@dataclass(frozen=True)
class DiagnosisProgress:
    """How far a diagnosis is."""

    variant: int
    """Which one, counted from 0."""
    variants: int
    runs: int
    """Trainings that have ended."""
    stage: Sentence
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
        return diagnose_with(experiment, runner, Examination(preparation), on_progress)
    with Crew(preparation) as crew:
        crew.call_helpers(experiment.runs()[0])
        return diagnose_with(experiment, crew, Examination(preparation), on_progress, crew.size)


def diagnose_with(
    spec: ExperimentSpec,
    runner: Runner,
    examination: Examination,
    on_progress: OnProgress | None = None,
    at_once: int = 1,
) -> dict[str, Any]:
    """Return what `diagnose` does, with a `runner` that trains so many runs `at_once`."""
    groups: dict[str, list[RunSpec]] = {}
    for run in spec.runs():
        groups.setdefault(repr(run.variant), []).append(run)
    variants = []
    refusals = []
    for index, runs in enumerate(groups.values()):
        doctor = Doctor(runner, examination, on_progress, index, len(groups), at_once=at_once)
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
    at_once: int = 1
    """Runs that `runner` trains at the same time: with more than one, the likeliest repair is trained beside the
    program as it is."""
    run_bytes: int = field(default_factory=run_allowance)
    """What a run may need beyond an idle trainer."""
    known: tuple[Suspect, ...] = ()
    """Suspects that are told with those of the program at hand, which is without what they do."""
    trained: int = 0
    """Trainings that have ended."""
    _suspects: tuple[Suspect, ...] = field(default=(), init=False)
    _ahead: Ahead = field(init=False)

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
        self._ahead = Ahead(self.runner, self.at_once)
        whole, rows = runs[0], len(self.examination.preparation.table(runs[0]).frame)
        sample = lighter(whole, rows)
        runs = [run.changed(sample) for run in runs] if sample else runs
        runs = with_seeds(runs)
        observed, before = self._observed(runs, seen, whole if sample else None)
        found = self._suspects = suspects(observed, CAUSES.values())
        treatment = self._honest(runs, observed, before, found)
        if treatment is None:
            treatment = self._treated(runs, observed, before, found, (whole, rows) if sample else None)
        judgement = judge(treatment, before)
        if not sample:
            return DiagnosisReport(treatment, tuple(before), judgement)
        treatment = with_changes(treatment, lambda change: on_all_rows(change, whole, rows))
        on_all = self._on_all_rows(treatment, judgement, whole, rows)
        return DiagnosisReport(treatment, tuple(before), judgement, observed.facts.rows, on_all)

    def _treated(
        self,
        runs: Sequence[RunSpec],
        observed: Observation,
        before: Sequence[Result],
        found: tuple[Suspect, ...],
        sampled: tuple[RunSpec, int] | None,
    ) -> Treatment:
        """Return what was tried on `runs`; they are a sample of a run and so many rows, if that is given."""
        facts, learnt = observed.facts, has_learnt(observed)
        if learnt and not any(worth_trying(suspect) for suspect in found):
            return Treatment(observed, found)
        fits = partial(self._fits, facts=facts)
        repairs = partial(self._train, stage=said("repairs"))
        expect = self._ahead.expect
        workbench = Workbench(runs, before, repairs, facts.rows, facts.features, self.budget, fits, expect)
        if sampled is not None:
            workbench.on_candidate = lambda change: self._expect_on_all_rows(change, facts, *sampled)
        treatment = treat(workbench, observed, found, target_of(observed), learnt=learnt, on_suspects=self._suspect)
        for _ in range(_MORE_SEEDS):
            winner = treatment.winner
            cost = workbench.share({}) + (workbench.share(winner.change) if winner else 0.0)
            if cost > _CHEAP or not hangs_on_a_seed(treatment, before):
                break
            treatment = with_more_seeds(treatment, workbench)
        return treatment

    def _honest(
        self, runs: Sequence[RunSpec], observed: Observation, before: Sequence[Result], found: Sequence[Suspect]
    ) -> Treatment | None:
        """Return what helps a program that fails once what flatters it is gone; None where nothing surely flatters.

        With a copy of the target among the inputs any change "helps" that lets a network find the copy.
        """
        flattering = next((suspect for suspect in found if suspect.certain and suspect.cause.flatters), None)
        hopeless = any(suspect.certain and suspect.cause.hopeless for suspect in found)
        if flattering is None or hopeless or has_learnt(observed) or not self.budget:
            return None
        change = next(iter(flattering.cause.repairs(observed)), None)
        if change is None:
            return None
        doctor = replace(self, known=(flattering,))
        try:
            inner = doctor.diagnose([run.changed(change) for run in runs])
        except InputRefused:
            return None  # nothing is left of the inputs
        self.trained = doctor.trained
        if any(suspect.certain and suspect.cause.unlearnable for suspect in inner.treatment.suspects):
            return None  # it is all there is to learn from, copy or not
        treatment = with_changes(inner.treatment, lambda others: {**change, **others})
        tried = any(outcome.trial is not None for outcome in treatment.outcomes)
        enough = not tried and has_learnt(inner.observed)
        told = [piece for piece, holds in ((_WITHOUT_IT, tried), (_ENOUGH_WITHOUT_IT, enough)) if holds]
        flattering = replace(flattering, evidence=(*flattering.evidence, *told))
        gone = Outcome(flattering, Trial(flattering.cause.goal, change, tuple(before), inner.before[: len(before)]))
        others = tuple(o for o in treatment.outcomes if o.suspect.cause.id != flattering.cause.id)
        # Where it learns without, nothing else is wrong with it that is worth a trial.
        found = () if enough else treatment.suspects
        known = tuple(suspect for suspect in found if suspect.cause.id != flattering.cause.id)
        return replace(
            treatment, observed=observed, suspects=(flattering, *known), outcomes=(gone, *others), without=change
        )

    def _observed(
        self, runs: Sequence[RunSpec], seen: Sequence[Result], whole: RunSpec | None
    ) -> tuple[Observation, list[Result]]:
        """Return what `runs` show, and their results.

        The table is looked at meanwhile, and the likeliest repair trained, where there are processors for both.
        """
        check_memory(runs[0], RunSize.of(self.examination.preparation.of(runs[0])), self.run_bytes, probed=True)
        deep = len(runs[0].model.layers) >= _DEEP
        parts = ([runs[:1], runs[1:]] if deep else [runs]) if self.at_once > 1 else []
        begun = [beside(partial(self.runner, part, probed=True)) for part in parts]
        facts = self._facts(runs[0], whole)
        unseen = Signals(skill=(0.0,), updates=updates(runs[0], facts.rows))
        epochs = (whole or runs[0]).training.epochs
        first = Observation(runs[0], facts, observe(seen, epochs) if seen else unseen, whole)
        self._suspects = tuple(s for s in suspects(first, CAUSES.values()) if seen or s.certain)
        if begun and begun[0].done():
            begun[0].result()  # a refusal is told before anything else is trained
        likely = self._likely(first, runs) if begun and not (seen and has_learnt(first)) else []
        self._tell(
            said("the run as it is, with three seeds, and the likeliest repair")
            if likely
            else said("the run as it is, with three seeds")
        )
        self._ahead.expect(likely, now=True)
        if deep and begun:
            seed = observe(begun[0].result(), runs[0].training.epochs)
            self._look_ahead(replace(first, signals=seed), runs)
        before = [result for part in begun for result in part.result()] or self.runner(runs, probed=True)
        self.trained += len(runs)
        return Observation(runs[0], facts, observe(before, runs[0].training.epochs), whole), before

    def _look_ahead(self, first: Observation, runs: Sequence[RunSpec]) -> None:
        """Have what the first seed asks for trained beside the others: a repair, and the program with fresh seeds."""
        if has_learnt(first):
            return
        changes = (next(iter(suspect.cause.repairs(first)), None) for suspect in suspects(first, CAUSES.values()))
        ahead = next((change for change in changes if change and self._is_apart(change, runs[0], first.facts)), None)
        fresh = fresh_runs(runs) if self._costs_little(runs[0], first.facts) else []
        self._ahead.expect([*([runs[0].changed(ahead)] if ahead else []), *fresh], now=True)

    def _is_apart(self, change: Change, run: RunSpec, facts: DataFacts) -> bool:
        """Whether `run` with the change has a structure of its own, which who trains the program need not know."""
        try:
            changed = run.changed(change)
        except InputRefused:
            return False
        return structure_key(changed) != structure_key(run) and self._costs_little(changed, facts)

    def _costs_little(self, run: RunSpec, facts: DataFacts) -> bool:
        """Whether a run may be trained before anything is known to be wrong."""
        cheap = cost_of(run, facts.rows, facts.features) <= _MOST_BESIDE * self.budget
        return cheap and self._fits(run, facts)

    def _likely(self, first: Observation, runs: Sequence[RunSpec]) -> list[RunSpec]:
        """Return the runs of the likeliest repair, if they can be trained beside those of the program as it is."""
        if any(suspect.certain and suspect.cause.hopeless for suspect in self._suspects):
            return []
        change = likeliest(first)
        if change is None:
            return []
        likely = [run.changed(change) for run in runs]
        return likely if self._costs_little(likely[0], first.facts) else []

    def _expect_on_all_rows(self, change: Change, facts: DataFacts, run: RunSpec, rows: int) -> None:
        """Have a repair trained on all rows beside its fresh seeds: one long run keeps one processor busy."""
        repaired = run.changed(on_all_rows(change, run, rows))
        if self._fits_all_rows(repaired, facts, rows):
            self._ahead.expect([repaired], now=True)

    def _on_all_rows(self, treatment: Treatment, judgement: Judgement, run: RunSpec, rows: int) -> float | None:
        """Return what the winner explains of all rows, trained once.

        None where there is no winner, or its training takes too long, needs too much memory or is refused.
        """
        if treatment.winner is None or judgement.verdict != "faulty":
            return None
        repaired = run.changed(treatment.winner.change)
        if not self._fits_all_rows(repaired, treatment.observed.facts, rows):
            return None
        try:
            (result,) = self._train([repaired], said("the repair, on all rows"))
        except InputRefused:
            return None  # What was found out on the sample stands.
        if result.state == "failed":
            return None
        # One that diverges there explains nothing.
        return explained(result, held_out=result.validated) or 0.0

    def _fits_all_rows(self, run: RunSpec, facts: DataFacts, rows: int) -> bool:
        """Whether there is time and memory to train `run` on so many rows; the `facts` are of a sample."""
        if updates(run, trained_rows(run, rows)) > MOST_ON_ALL_ROWS:
            return False
        return self._fits(run, replace(facts, rows=rows, validation_rows=0))

    def _facts(self, run: RunSpec, whole: RunSpec | None) -> DataFacts:
        """Return the facts of `run`, which is a sample of the `whole`, if there is one."""
        facts = self.examination.of(run)
        if whole is not None and IMPUTATIONS[whole.preprocessing.missing].keeps:
            # One of a million makes every weight NaN, and may not be in the sample.
            facts = replace(facts, invalid_inputs=max(facts.invalid_inputs, self._gaps(whole, facts.usable_columns)))
        return facts

    def _gaps(self, run: RunSpec, columns: Sequence[str]) -> float:
        """Return the share of numbers that are none, of all rows that have a target."""
        table = self.examination.preparation.table(run)
        rows = table.frame[list(run.data.targets)].notna().all(axis=1)
        numbers = [name for name in columns if table.column(name).kind in NUMERIC]
        if not numbers:
            return 0.0
        return float(np.mean([1 - np.isfinite(as_float(table.frame[name])[rows]).mean() for name in numbers]))

    def _suspect(self, found: tuple[Suspect, ...]) -> None:
        self._suspects = found

    def _fits(self, run: RunSpec, facts: DataFacts) -> bool:
        return memory_need(run, _size(run, facts)).total <= self.run_bytes

    def _train(self, runs: Sequence[RunSpec], stage: Sentence) -> list[Result]:
        self._tell(stage)
        self.trained += len(runs)
        return self._ahead(runs)

    def _tell(self, stage: Sentence) -> None:
        if self.on_progress is not None:
            suspected = (*self.known, *self._suspects)
            self.on_progress(DiagnosisProgress(self.variant, self.variants, self.trained, stage, suspected))


def _size(run: RunSpec, facts: DataFacts) -> RunSize:
    return RunSize.expected(run, facts.rows + facts.validation_rows, facts.features, facts.output_units)


def with_seeds(runs: Sequence[RunSpec]) -> list[RunSpec]:
    """Return `runs`, one program with a seed each, and as many more seeds as a proof needs at least."""
    first = runs[0].training.seed
    more = (runs[0].changed({"training.seed": seed}) for seed in itertools.count(first + len(runs)))
    extended = [*runs, *itertools.islice(more, max(0, FEWEST_SEEDS - len(runs)))]
    return [run.model_copy(update={"variant": runs[0].variant}).at(runs[0].base) for run in extended]
