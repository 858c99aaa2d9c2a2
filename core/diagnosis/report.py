"""What a diagnosis found in one variant: its verdict, its ranked causes, and what was not checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.causes.cause import Observation, Suspect
from core.diagnosis.evidence.signals import explained, median_of_most
from core.diagnosis.evidence.symptoms import symptoms
from core.diagnosis.trials.trial import Outcome, Trial
from core.training.result import Result

Verdict = Literal["healthy", "faulty", "refused"]
Standing = Literal["proven", "certain", "helped", "suspected"]
"""How sure a cause is: by a trial in every seed, by the data alone, by most seeds of a trial, or by evidence only."""

_NOT_TRIED: Final = "suspected, but not tried"
_TOO_LARGE: Final = "suspected, but its repair would need more memory than a run may take"

_LEAST_STRENGTH: Final = 0.4
"""A cause that no trial confirmed is worth naming from here on."""
MOST_CAUSES: Final = 6
"""More than anybody reads."""

_HIGHEST_CONFIDENCE: Final = 0.99
_UNTRIED: Final = 0.3
"""What is left of a suspicion that no trial confirmed; the rest comes with how far the repair leads."""
_CERTAIN_WITHOUT_GAIN: Final = 0.6
"""What is left of a certain cause whose repair brought nothing: it is there, but may be harmless."""
_NOT_IN_EVERY_SEED: Final = 0.5
_LEAST_LEFT: Final = 0.1
"""What is left of a suspicion whose repair helped in no seed."""


@dataclass(frozen=True, eq=False)
class Finding:
    """One ranked cause, with its evidence and, where one was tried, the trial of its best repair."""

    suspect: Suspect
    trial: Trial | None
    confidence: float

    @property
    def standing(self) -> Standing:
        """How sure it is."""
        if self.trial is not None and self.trial.proven:
            return "proven"
        if self.suspect.certain:
            return "certain"
        return "helped" if self.trial is not None and self.trial.helped else "suspected"

    def as_dict(self, rank: int) -> dict[str, Any]:
        """Return the public form."""
        cause = self.suspect.cause
        return {
            "cause": cause.id,
            "family": cause.family,
            "rank": rank,
            "confidence": round(min(self.confidence, _HIGHEST_CONFIDENCE), 3),
            "standing": self.standing,
            "title": cause.title,
            "about": cause.about,
            "evidence": list(dict.fromkeys(piece.text for piece in self.suspect.ordered)),
            "fix": None if self.trial is None else dict(self.trial.change),
            "trial": None if self.trial is None else self.trial.as_dict(),
        }


@dataclass(frozen=True, eq=False)
class DiagnosisReport:
    """What is known of one variant at the end."""

    observed: Observation
    """The run, the facts of its data, its signals."""
    before: tuple[Result, ...]
    """The runs as they are, one per seed, with telemetry."""
    faulty: bool
    outcomes: tuple[Outcome, ...]
    """Every suspect that was considered."""
    suspects: tuple[Suspect, ...]
    """Every cause there was evidence for."""
    combined: Trial | None
    """Two changes together, where none alone was enough."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The causes, the likeliest first; none for a healthy run."""
        if not self.faulty:
            return ()
        best = max((o.trial.rise for o in self.outcomes if o.trial and o.trial.proven), default=1.0)
        findings = [Finding(o.suspect, o.trial, _confidence(o, best)) for o in self.outcomes]
        findings.sort(key=lambda f: (not f.suspect.certain, -f.confidence))
        kept = [
            f for f in findings
            if f.suspect.certain or (f.trial and f.trial.proven) or f.suspect.strength >= _LEAST_STRENGTH
        ]  # fmt: skip
        return tuple(kept[:MOST_CAUSES])

    def _not_checked(self) -> list[dict[str, str]]:
        """Return what could not be checked, each with the reason."""
        gaps = [{"cause": c.id, "why": why} for c in CAUSES.values() if (why := c.needs(self.observed))]
        if not self.observed.facts.validation_rows:
            gaps.append({"cause": "leakage", "why": "no validation rows: only single columns were checked"})
        if self.faulty:
            tried = {o.suspect.cause.id for o in self.outcomes if o.trial}
            too_large = {o.suspect.cause.id for o in self.outcomes if o.too_large}
            skipped = [s.cause.id for s in self.suspects if s.cause.id not in tried and not s.certain]
            gaps += [{"cause": name, "why": _TOO_LARGE if name in too_large else _NOT_TRIED} for name in skipped]
        return gaps

    def as_dict(self) -> dict[str, Any]:
        """Return the public form, JSON-able."""
        combined = self.combined
        rows = {"training": False, "validation": True}
        return public_variant(
            self.observed.run.variant,
            "faulty" if self.faulty else "healthy",
            explained={name: median_of_most(explained(r, held_out=h) for r in self.before) for name, h in rows.items()},
            reachable=self.observed.facts.reachable,
            symptoms=symptoms(self.observed),
            causes=[finding.as_dict(rank) for rank, finding in enumerate(self.findings, 1)],
            combined=None if combined is None else {"fix": dict(combined.change), "trial": combined.as_dict()},
            not_checked=self._not_checked(),
        )


def public_variant(variant: Mapping[str, Any], verdict: Verdict, **known: Any) -> dict[str, Any]:
    """Return the public form of one variant, JSON-able; what is not among the `known` is None or empty."""
    nothing: dict[str, Any] = {
        "error": None,
        "explained": {"training": None, "validation": None},
        "reachable": None,
        "symptoms": {},
        "causes": [],
        "combined": None,
        "not_checked": [],
    }
    return {"variant": variant, "verdict": verdict} | nothing | known


def _confidence(outcome: Outcome, best: float) -> float:
    """Weigh suspicion by proof: how far this repair alone comes towards the best that any reached."""
    strength, trial = outcome.suspect.strength, outcome.trial
    if trial is None:
        return strength if outcome.suspect.certain else _UNTRIED * strength
    share = float(np.clip(trial.rise / max(best, 1e-9), 0, 1))
    weighed = strength * (_UNTRIED + (1 - _UNTRIED) * share)
    if trial.proven:
        return weighed
    if outcome.suspect.certain:
        return _CERTAIN_WITHOUT_GAIN * strength
    return max(_LEAST_LEFT * strength, _NOT_IN_EVERY_SEED * weighed * trial.improved / len(trial.after))
