"""The report: from a spec to its verdict, its ranked causes, and what was not checked."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.data.preparation import Preparation, preparation_key
from core.data.prepare import prepare
from core.data.source import load_table
from core.diagnosis.cause import Case, Suspect, suspects
from core.diagnosis.causes import CAUSES
from core.diagnosis.facts import DataFacts, examine
from core.diagnosis.signals import Result, Signals, observe
from core.diagnosis.trials import Bench, Outcome, Runner, Trial, combine, quality, try_repairs
from core.errors import InputRefused
from core.spec import ExperimentSpec, RunSpec, load_spec

SEEDS: Final = 3
GOOD_SHARE: Final = 0.35
"""A run that reaches this share of what a simple model reaches has learnt; what is left is tuning, not a fault."""
TUNED_SHARE: Final = 0.6
"""The same for the share of what a proven repair reaches."""
CLEAR_GAIN: Final = 0.1
_NEARLY: Final = 0.8
_NO_LIMIT: Final = 0.9
_LEAST_STRENGTH: Final = 0.4
_MOST_CAUSES: Final = 6


@dataclass(frozen=True)
class Progress:
    """How far a diagnosis is: which variant of how many, how many runs it has trained, and what comes next."""

    variant: int
    variants: int
    runs: int
    stage: str


def diagnose_experiment(
    source: str | Path | Mapping[str, Any] | ExperimentSpec,
    on_progress: Callable[[Progress], None] | None,
    runner: Runner | None,
) -> dict[str, Any]:
    """Diagnose every variant; see `core.diagnosis.diagnose`."""
    spec = load_spec(source)
    train = runner or local_runner()
    groups: dict[str, list[RunSpec]] = {}
    for run in spec.runs():
        groups.setdefault(repr(run.variant), []).append(run)
    variants: list[dict[str, Any]] = []
    refusals = []
    known: dict[str, DataFacts] = {}
    for index, runs in enumerate(groups.values()):
        try:
            variants.append(diagnose_variant(runs, _reporting(train, index, len(groups), on_progress), known))
        except InputRefused as refusal:
            refusals.append(refusal)
            variants.append({"variant": runs[0].variant, "verdict": "refused", "error": str(refusal), "causes": []})
    if len(refusals) == len(groups):
        raise refusals[0]
    return {"variants": variants, "spec_hash": spec.hash()}


def local_runner() -> Runner:
    """Return the runner that trains in this process."""
    from core.training.run import failed, train_run

    preparation = Preparation()

    def train(runs: Sequence[RunSpec]) -> list[dict[str, Any]]:
        results = []
        for run in runs:
            try:
                results.append(train_run(run, preparation.of(run), probed=True))
            except InputRefused as refusal:
                results.append(failed(run, str(refusal)))
        return results

    return train


def diagnose_variant(runs: Sequence[RunSpec], runner: Runner, known: dict[str, DataFacts]) -> dict[str, Any]:
    """Return the report of one variant, given as its runs; it is trained with three seeds at least.

    `known` keeps what was found out about data, for the next variant of the same.
    """
    runs = _with_seeds(runs)
    facts = _facts(runs[0], known)
    before = runner(runs)
    case = Case(runs[0], facts, observe(before, runs[0].training.epochs))
    found = suspects(case, CAUSES.values())
    settled = [suspect for suspect in found if suspect.certain]
    target = _target(case)
    outcomes: list[Outcome] = []
    combined: Trial | None = None
    if settled or not _learnt(case, found, target):
        bench = Bench(runs, before, runner, facts.rows)
        queue = settled if settled and _explains(settled) else found
        outcomes = try_repairs(bench, case, queue, _NEARLY * target)
        if _best(outcomes) < GOOD_SHARE * target and not any(not o.trial for o in outcomes if o.suspect.certain):
            combined = combine(bench, outcomes)
    faulty = bool(settled) or _is_faulty(outcomes, before, target)
    return _report(case, faulty, outcomes, found, combined)


def _facts(run: RunSpec, known: dict[str, DataFacts]) -> DataFacts:
    key = preparation_key(run)
    if key not in known:
        table = load_table(run.data, run.base)
        known[key] = examine(run, table, prepare(run, table))
    return known[key]


def _with_seeds(runs: Sequence[RunSpec]) -> list[RunSpec]:
    first = runs[0].training.seed
    more = (runs[0].changed({"training.seed": seed}) for seed in itertools.count(first + len(runs)))
    extended = [*runs, *itertools.islice(more, max(0, SEEDS - len(runs)))]
    return [run.model_copy(update={"variant": runs[0].variant}).at(runs[0].base) for run in extended]


def _explains(settled: Sequence[Suspect]) -> bool:
    """Whether what is certain is about the data itself: no repair of the network could be judged on such data."""
    return any(suspect.cause.id in {"leakage", "no_signal", "constant_target", "invalid_values"} for suspect in settled)


def _target(case: Case) -> float:
    """Return the skill that shows that a network has learnt; what simple models reach, where that is known."""
    reachable = case.facts.reachable
    return _NO_LIMIT if reachable is None else max(reachable, 0.05)


def _learnt(case: Case, found: Sequence[Suspect], target: float) -> bool:
    """Whether every seed reached enough for the run to be called healthy without a trial."""
    signals = case.signals
    if signals.failed or signals.diverged:
        return False
    if any(s.cause.goal != "fit" and s.strength >= 0.5 for s in found):
        return False
    share = GOOD_SHARE if case.facts.skills else 1.0
    return min(signals.val_skill or signals.skill) >= share * target


def _best(outcomes: Sequence[Outcome]) -> float:
    return max((o.trial.level for o in outcomes if o.trial and o.trial.proven), default=-math.inf)


def _is_faulty(outcomes: Sequence[Outcome], before: Sequence[Result], target: float) -> bool:
    """Judge by what was proven: a run near the best that any repair reached is healthy, whatever its signals say."""
    if not outcomes:
        return False
    levels = [quality(result) for result in before]
    level, worst = statistics.median(levels), min(levels)
    proven = [o.trial for o in outcomes if o.trial and o.trial.proven]
    if any(trial.goal != "fit" and trial.gain >= CLEAR_GAIN for trial in proven):
        return True
    best = max((trial.level for trial in proven if trial.goal == "fit"), default=None)
    if level < GOOD_SHARE * target or best is None:
        return level < GOOD_SHARE * target
    return max(t.gain for t in proven) >= CLEAR_GAIN and (level < TUNED_SHARE * best or worst < 0.25 * best)


def _confidence(outcome: Outcome, best: float) -> float:
    """Weigh suspicion by proof: the share of the best gain that this repair alone brings."""
    strength, trial = outcome.suspect.strength, outcome.trial
    if trial is None:
        return strength if outcome.suspect.certain else 0.3 * strength
    weighed = strength * (0.4 + 0.6 * min(1.0, max(0.0, trial.gain / best)))
    if trial.proven:
        return weighed
    if outcome.suspect.certain:
        return 0.6 * strength
    return max(0.1 * strength, 0.5 * weighed * trial.improved / len(trial.after))


def _report(
    case: Case,
    faulty: bool,
    outcomes: Sequence[Outcome],
    found: Sequence[Suspect],
    combined: Trial | None,
) -> dict[str, Any]:
    best = max((o.trial.gain for o in outcomes if o.trial and o.trial.proven), default=1.0)
    ranked = sorted(outcomes, key=lambda o: (not o.suspect.certain, -_confidence(o, best)))
    ranked = [
        o for o in ranked if o.suspect.certain or (o.trial and o.trial.proven) or o.suspect.strength >= _LEAST_STRENGTH
    ]
    causes = (
        [_entry(rank, o, _confidence(o, best)) for rank, o in enumerate(ranked[:_MOST_CAUSES], 1)] if faulty else []
    )
    not_checked = [{"cause": c.id, "why": why} for c in CAUSES.values() if (why := c.needs(case))]
    if not case.facts.validation_rows:
        not_checked.append({"cause": "leakage", "why": "no validation rows: only single columns were checked"})
    tried = {o.suspect.cause.id for o in outcomes if o.trial}
    skipped = [s.cause.id for s in found if s.cause.id not in tried and not s.certain]
    not_checked += [{"cause": name, "why": "suspected, but not tried"} for name in skipped] if faulty else []
    return {
        "variant": case.run.variant,
        "verdict": "faulty" if faulty else "healthy",
        "skill": _skill(case.signals),
        "reachable": case.facts.reachable,
        "causes": causes,
        "combined": None if combined is None else {"fix": dict(combined.change), "trial": combined.as_dict()},
        "not_checked": not_checked,
    }


def _skill(signals: Signals) -> dict[str, float | None]:
    return {"training": signals.level, "validation": signals.val_level if signals.val_skill else None}


def _entry(rank: int, outcome: Outcome, confidence: float) -> dict[str, Any]:
    cause, trial = outcome.suspect.cause, outcome.trial
    return {
        "cause": cause.id,
        "family": cause.family,
        "rank": rank,
        "confidence": round(min(confidence, 0.99), 3),
        "about": cause.about,
        "evidence": [piece.text for piece in sorted(outcome.suspect.evidence, key=lambda e: -e.strength)],
        "fix": None if trial is None else dict(trial.change),
        "trial": None if trial is None else trial.as_dict(),
    }


def _reporting(runner: Runner, index: int, variants: int, on_progress: Callable[[Progress], None] | None) -> Runner:
    if on_progress is None:
        return runner
    trained = 0

    def train(runs: Sequence[RunSpec]) -> list[dict[str, Any]]:
        nonlocal trained
        on_progress(Progress(index, variants, trained, "the runs as they are" if trained == 0 else "repairs"))
        results = runner(runs)
        trained += len(runs)
        return results

    return train
