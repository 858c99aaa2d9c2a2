"""What is written down of a report: its public form and the curves a page draws, thinned to what can be seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from core.diagnosis.evidence.signals import explained, median_of_most, telling
from core.diagnosis.report import DiagnosisReport
from core.diagnosis.trials.trial import Trial, quality
from core.jobs.storage.history import thinned
from core.training.result import Result

WrittenReport = Mapping[str, Any]
"""What `written` returns, as it is read again."""
WrittenFinding = Mapping[str, Any]
"""One of its causes, or its ``combined``."""
WrittenCurve = Mapping[str, Any]
"""One run of its ``before`` or ``after``: skills, and its losses as ``{"epochs", "values"}``."""

FORMAT: Final = 6
"""Of what is written down; a page does not read another one. 1 did not say how sure a cause is, 2 what runs reach, 3
had no questions, no remarks and no sets of changes, 4 no chain from a cause to its curve and no cost of a repair."""

MOST_POINTS: Final = 240
"""Of one curve of a trial: a card is at most some 600 pixels wide."""

_LAYER_NUMBERS: Final = ("gradient_norm", "update_ratio", "dead", "saturated")
_DIGITS: Final = 4


_REACHED: Final[Mapping[str, Callable[[Result], float | None]]] = {
    "explained": lambda result: explained(result, held_out=result.validated),
    "recall": lambda result: result.least_recall,
}


def written(report: DiagnosisReport, seconds: float = 0.0) -> dict[str, Any]:
    """Return the public form of `report`, which took so many `seconds`, with what the page draws beside it, JSON-able.

    Returns
    -------
    dict
        ``DiagnosisReport.as_dict()`` and, in it, ``before``: a curve per seed of the runs as they are, the fresh seeds
        of the winner among them; of each cause
        and of ``combined`` its ``goal``, ``after``: a curve per seed of its trial, and ``reached``: what those seeds
        reached as they were and with the fix; ``layers``: the seed of the run that went worst, what was measured in its
        layers, and what of it is ``telling``; ``models``: the skill of each simple model; ``columns``: the inputs that
        can be used; ``seconds``: what it took; ``format``: `FORMAT`.
    """
    public = report.as_dict()
    # Fresh seeds are trained without a look into the layers.
    worst = min(report.before, key=quality)
    for cause, finding in zip(public["causes"], report.findings, strict=True):
        suspect = finding.suspect
        tried = None if finding.trial is None else report.judged(finding.trial)
        cause.update(certain=suspect.certain, goal=suspect.cause.goal, **_trial(tried))
    if report.combined is not None:
        public["combined"] |= {"goal": report.combined.goal, **_trial(report.judged(report.combined))}
    facts = report.observed.facts
    return public | {
        "format": FORMAT,
        "seconds": round(seconds, 1),
        "before": [_curve(result) for result in (*report.before, *report.treatment.placebo)],
        "layers": {"seed": worst.seed, "telling": telling(worst), **_layers(worst)},
        "models": {name: round(skill, _DIGITS) for name, skill in facts.skills.items()},
        "columns": list(facts.usable_columns),
        "validation_rows": facts.validation_rows,
    }


def _trial(trial: Trial | None) -> dict[str, Any]:
    if trial is None:
        return {"after": [], "reached": {}}
    return {
        "after": [_curve(result) for result in trial.after],
        "reached": {
            name: [median_of_most(map(measure, results)) for results in (trial.before, trial.after)]
            for name, measure in _REACHED.items()
        },
    }


def _curve(result: Result) -> dict[str, Any]:
    return {
        "seed": result.seed,
        "state": result.state,
        "diverged_at": result.diverged_at,
        "baseline": result.baseline,
        "initial_loss": result.telemetry.get("initial_loss"),
        "skill": result.skill,
        "val_skill": result.val_skill,
        "explained": explained(result, held_out=False),
        "val_explained": explained(result, held_out=True),
        "recall": result.least_recall,
        **{name: thinned(result.history[name], MOST_POINTS) for name in ("loss", "val_loss") if name in result.history},
    }


def _layers(result: Result) -> dict[str, Any]:
    telemetry: Mapping[str, Any] = result.telemetry
    return {
        "epochs": list(telemetry.get("epochs", ())),
        "layers": [
            {"name": layer["name"], **{what: _rounded(layer[what]) for what in _LAYER_NUMBERS}}
            for layer in telemetry.get("layers", ())
        ],
    }


def _rounded(values: Sequence[float | None]) -> list[float | None]:
    return [None if value is None else float(f"{value:.{_DIGITS}g}") for value in values]
