"""What a diagnosis found in one variant: its verdict, its ranked causes, and what was not checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np

from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.causes.cause import Change, Observation, Suspect
from core.diagnosis.confidence import MEASURED, Proof, in_order
from core.diagnosis.cost import cost_of
from core.diagnosis.evidence.limits import LEARNT_LITTLE
from core.diagnosis.evidence.links.chain import chain
from core.diagnosis.evidence.signals import explained, median_of_most
from core.diagnosis.evidence.symptoms import symptoms
from core.diagnosis.gain import gain_of
from core.diagnosis.judgement import Judgement, Verdict, flattered, has_learnt
from core.diagnosis.keras_code import keras_code
from core.diagnosis.trials.treatment import Treatment
from core.diagnosis.trials.trial import Outcome, Trial
from core.sentence import said
from core.training.result import Result
from core.training.structure import updates

Standing = Literal["proven", "certain", "helped", "suspected"]
"""How sure a cause is: by a trial in every seed that the fault had not spared, its own or that of a set which falls
short without it; by the data alone; by most seeds of a trial; or by evidence only."""
Part = Literal["sufficient", "necessary", "helpful"] | None
"""What a cause has to do with the repair: enough alone; without it the set falls short of what it gains; a part of a
set that was not tried without it."""

NOT_TRIED: Final = said("suspected, but not tried")
_TOO_LARGE: Final = said("suspected, but its repair would need more memory than a run may take")

_LEAST_STRENGTH: Final = 0.4
"""A cause that no trial confirmed is worth naming from here on."""
MOST_CAUSES: Final = 6
"""More than anybody reads."""

_UNTRIED: Final = 0.3
"""What is left of a suspicion that no trial confirmed; the rest comes with how far the repair leads."""
_CERTAIN_WITHOUT_GAIN: Final = 0.6
"""What is left of a certain cause whose repair brought nothing: it is there, but may be harmless."""
_NOT_IN_EVERY_SEED: Final = 0.5
_IN_THE_SET: Final = 0.5
"""What is certain of a cause whose repair is enough, or without whose repair the others fail; the rest comes with the
suspicion."""
_FITTED_ON_TRAINING_ROWS: Final = {"preprocessing.fit_on": "train"}
_THE_SAME: Final = 0.02
"""Share of variance by which results may differ and be called the same."""
_LEAST_LEFT: Final = 0.1
"""What is left of a suspicion whose repair helped in no seed."""


@dataclass(frozen=True, eq=False)
class Finding:
    """One ranked cause, with its evidence and, where one was tried, the trial of its best repair."""

    suspect: Suspect
    trial: Trial | None
    confidence: float
    part: Part = None
    proof: Proof | None = None
    """What the confidence was made of, beside the suspicion; None where nothing could be tried."""
    share: Change | None = None
    """What it changes of a set, where that was not tried alone."""

    @property
    def fix(self) -> Change | None:
        """What it is advised to change: of a set its share."""
        return next((change for change in (self.share, self.trial and self.trial.change) if change), None)

    @property
    def score(self) -> float:
        """How far up it is named among the causes; the confidence is how sure it is, as measured."""
        return self.confidence if self.proof is None else self.proof.score(self.suspect.strength)

    @property
    def matters(self) -> bool:
        """Whether it is worth naming: certain, proven, part of the repair, or a strong suspicion."""
        proven = self.trial is not None and self.trial.holds
        return self.suspect.certain or proven or self.part is not None or self.suspect.strength >= _LEAST_STRENGTH

    @property
    def standing(self) -> Standing:
        """How sure it is."""
        trial = self.trial
        # From worse than guessing to guessing is no repair.
        repairs = trial is not None and (trial.goal != "fit" or trial.level > 0)
        in_every = trial is not None and repairs and (trial.proven or (trial.holds and self.part == "sufficient"))
        if in_every or self.part == "necessary" or flattered(Outcome(self.suspect, trial)):
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
            "confidence": round(self.confidence, 3),
            "standing": self.standing,
            "part": self.part,
            "title": cause.title,
            "about": cause.about,
            "evidence": list(dict.fromkeys(piece.text for piece in self.suspect.ordered)),
            "fix": None if self.fix is None else dict(self.fix),
            "trial": None if self.trial is None else self.trial.as_dict(),
        }


@dataclass(frozen=True, eq=False)
class DiagnosisReport:
    """What is known of one variant at the end."""

    treatment: Treatment
    """The run, the facts of its data, its signals; suspects, and what was tried."""
    before: tuple[Result, ...]
    """The runs as they are, one per seed, with telemetry."""
    judgement: Judgement
    sampled: int | None = None
    """Training rows of the sample that all trials ran on; None where they ran on the whole table."""
    on_all_rows: float | None = None
    """What the winner then explained of all rows, trained once."""

    @property
    def observed(self) -> Observation:
        """The run, the facts of its data, its signals."""
        return self.treatment.observed

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Every suspect that was considered."""
        return self.treatment.outcomes

    @property
    def combined(self) -> Trial | None:
        """Several changes together, where none alone was enough."""
        return self.treatment.combined

    @property
    def faulty(self) -> bool:
        """Whether harm was shown, or the program cannot be right."""
        return self.judgement.verdict == "faulty"

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """The causes, the likeliest first; none for a healthy run."""
        if not self.faulty:
            return ()
        best = max((o.trial.rise for o in self.outcomes if o.trial and o.trial.holds), default=1.0)
        findings = []
        for outcome in self.outcomes:
            proof = self._proof(outcome, best)
            sure = MEASURED.confidence(proof.score(outcome.suspect.likely))
            share, trial = self._share(outcome), outcome.trial
            if share is not None and trial is not None and dict(trial.change) != share:
                trial = None  # Of another change than that of the set; the table of all trials tells it.
            findings.append(Finding(outcome.suspect, trial, sure, self._part(outcome), proof, share))
        # What flatters a loss is not what makes it bad.
        hides = not has_learnt(self.observed)
        findings.sort(
            key=lambda f: (
                not (f.suspect.certain and self._counts(f)),
                hides and f.suspect.cause.flatters,
                f.part != "sufficient",
                self.combined is not None and f.part is None,
                -f.score,
            )
        )
        kept = [f for f in findings if f.matters]
        # The order says something, too: a cause and one that is surer and stands below it share their mean.
        sure_of = in_order([finding.confidence for finding in kept])
        ranked = [replace(finding, confidence=sure) for finding, sure in zip(kept, sure_of, strict=True)]
        return tuple(ranked[:MOST_CAUSES])

    def _counts(self, finding: Finding) -> bool:
        """Whether nothing is known against it: its own repair brings nothing where another one does."""
        trial, winner = finding.trial, self.treatment.winner
        if trial is None or winner is None or finding.part is not None or finding.suspect.cause.flatters:
            return True
        return trial.holds and trial.level >= LEARNT_LITTLE

    def _not_checked(self) -> list[dict[str, str]]:
        """Return what could not be checked, each with the reason."""
        gaps: list[dict[str, str]] = [
            {"cause": c.id, "why": why} for c in CAUSES.values() if (why := c.needs(self.observed))
        ]
        if not self.observed.facts.validation_rows:
            gaps.append({"cause": "leakage", "why": said("no validation rows: only single columns were checked")})
        if self.judgement.verdict != "healthy":
            tried = {o.suspect.cause.id for o in self.outcomes if o.trial or self._part(o)}
            too_large = {o.suspect.cause.id for o in self.outcomes if o.too_large}
            skipped = [s.cause.id for s in self.treatment.suspects if s.cause.id not in tried and not s.certain]
            gaps += [{"cause": name, "why": _TOO_LARGE if name in too_large else NOT_TRIED} for name in skipped]
        return gaps

    def _part(self, outcome: Outcome) -> Part:
        winner, chosen = self.treatment.winner, self.treatment.chosen
        if winner is None:
            return None
        if chosen is None and self.combined is not None:
            return "helpful" if outcome.suspect.cause.id in self._combines(self.combined) else None
        if chosen is not None and self.combined is not None:
            steps = zip(chosen.steps, chosen.needed, strict=True)
            needed = [need for step, need in steps if step.cause == outcome.suspect.cause.id]
            return ("necessary" if any(needed) else "helpful") if needed else None
        return "sufficient" if outcome.trial is not None and outcome.trial.change == winner.change else None

    def _share(self, outcome: Outcome) -> dict[str, Any] | None:
        """Return what a cause changes of the smallest set; None where it is no part of one."""
        chosen, combined, cause = self.treatment.chosen, self.combined, outcome.suspect.cause.id
        if chosen is None or combined is None or self._part(outcome) is None:
            return None
        paths = {path for step in chosen.steps if step.cause == cause for path in step.change(self.observed.run)}
        share = {path: value for path, value in combined.change.items() if path in paths}
        return {**self.treatment.without, **share} if share else None

    def _proof(self, outcome: Outcome, best: float) -> Proof:
        """Return what was shown of a cause: a part of the repair by that, others by how far their own comes alone."""
        alone = Proof(0.0, 1.0 if flattered(outcome) else _left(outcome, best))
        part = self._part(outcome)
        if part is None:
            return alone
        together = Proof(_UNTRIED if part == "helpful" else _IN_THE_SET, 1 - _IN_THE_SET)
        return max(alone, together, key=lambda proof: proof.score(outcome.suspect.strength))

    def _questions(self) -> list[dict[str, Any]]:
        suspected = {suspect.cause.id for suspect in self.treatment.suspects}
        return [
            {"cause": cause.id, "evidence": [question.evidence], "ask": question.ask}
            for cause in CAUSES.values()
            # That there is nothing to learn is no question any more once a network has learnt.
            if not cause.unlearnable or cause.id in suspected
            for question in cause.asks(self.observed)
        ]

    def _remarks(self) -> list[dict[str, Any]]:
        named = {finding.suspect.cause.id for finding in self.findings}
        remarks = [
            {"cause": cause.id, "evidence": [text]}
            for cause in CAUSES.values()
            if cause.id not in named
            for text in cause.remarks(self.observed)
        ]
        for outcome in self.outcomes:
            trial = outcome.trial
            if trial is not None and trial.change == _FITTED_ON_TRAINING_ROWS and abs(trial.rise) <= _THE_SAME:
                text = said(
                    "the scaling was fitted on all rows; fitted on the training rows alone the result is the same"
                )
                remarks.append({"cause": outcome.suspect.cause.id, "evidence": [text]})
        return remarks

    def _trials(self) -> list[dict[str, Any]]:
        """Return every cause that was tried, with what its best change gained in each seed; what failed among them."""
        tried = [(o.suspect.cause.id, o.trial) for o in self.outcomes if o.trial is not None]
        tried += [("together", self.combined)] if self.combined is not None else []
        return [
            {
                "cause": cause,
                "fix": dict(trial.change),
                "goal": trial.goal,
                "gains": [round(gain, 4) for gain in judged.gains],
                "gain": gain_of(judged).as_dict(),
                "proven": trial.proven,
                "holds": trial.holds,
                "fresh": judged.before[0].seed in self._fresh,
            }
            for cause, trial in tried
            for judged in [self.judged(trial)]
        ]

    def _combined(self) -> dict[str, Any] | None:
        trial, chosen = self.combined, self.treatment.chosen
        if trial is None or not self.faulty:
            return None
        causes = [step.cause for step in chosen.steps] if chosen else self._combines(trial)
        parts = {name: part for o in self.outcomes if (part := self._part(o)) and (name := o.suspect.cause.id)}
        return {
            "fix": dict(trial.change),
            "causes": list(dict.fromkeys(causes)),
            "parts": parts,
            **self._told(trial.change, trial),
        }

    def _combines(self, combined: Trial) -> list[str]:
        """Return the causes whose own changes a set is made of."""
        tried = [(o.suspect.cause.id, o.trial) for o in self.outcomes if o.trial is not None]
        return [name for name, trial in tried if trial.change.items() <= combined.change.items()]

    def _cause(self, rank: int, finding: Finding) -> dict[str, Any]:
        """Return the public form of one cause, with its chain to the curve and what is told of its repair."""
        links = chain(self.observed, finding.suspect.cause.links)
        return finding.as_dict(rank) | {
            "chain": [{"words": link.words, "mark": link.mark} for link in links],
            **self._told(finding.fix, finding.trial),
        }

    def _told(self, change: Change | None, trial: Trial | None) -> dict[str, Any]:
        """Return what a change is in Keras and, where it was tried, what it gains and costs."""
        keras = keras_code(change, replace(self.observed, run=self.observed.asked)) if change else ""
        if trial is None:
            return {"trial": None, "gain": None, "cost": None, "keras": keras}
        shown = {"helped": trial.helped, "proven": trial.proven}
        trial = self.judged(trial)
        run, rows = self.observed.run, self.observed.facts.rows
        # Of a sample, the change is written for all rows.
        planned = (updates(run, rows), updates(run.changed(trial.change), rows)) if self.sampled is None else None
        # Fresh seeds alone were trained as those with the repair.
        alike = trial.before == self.treatment.placebo[: len(trial.before)]
        return {
            "trial": trial.as_dict() | shown,
            "gain": gain_of(trial).as_dict(),
            "cost": cost_of(trial, planned, alike=alike).as_dict(),
            "keras": keras,
        }

    def judged(self, trial: Trial) -> Trial:
        """Return the part of a trial with seeds that took no part in the search; all of it where there is none.

        What was chosen because of some seeds gains more with them than it will with others.
        """
        pairs = [(a, b) for a, b in zip(trial.before, trial.after, strict=True) if a.seed in self._fresh]
        return replace(trial, before=tuple(a for a, _ in pairs), after=tuple(b for _, b in pairs)) if pairs else trial

    @property
    def _fresh(self) -> set[int]:
        """The seeds that took no part in the search."""
        return {result.seed for result in self.treatment.placebo}

    def as_dict(self) -> dict[str, Any]:
        """Return the public form, JSON-able."""
        rows = {"training": False, "validation": True}
        unchanged = self.before if self.treatment.apart else (*self.before, *self.treatment.placebo)
        return public_variant(
            self.observed.run.variant,
            self.judgement.verdict,
            why=self.judgement.why,
            spent=self.treatment.spent,
            sampled=self.sampled,
            on_all_rows=self.on_all_rows,
            explained={name: median_of_most(explained(r, held_out=h) for r in unchanged) for name, h in rows.items()},
            # With the copy of the target anything would be in reach.
            reachable=self.observed.facts.without_leaks if self.treatment.apart else self.observed.facts.reachable,
            symptoms=symptoms(self.observed),
            causes=[self._cause(rank, finding) for rank, finding in enumerate(self.findings, 1)],
            combined=self._combined(),
            questions=self._questions(),
            remarks=self._remarks(),
            trials=self._trials(),
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
        "why": None,
        "spent": False,
        "sampled": None,
        "on_all_rows": None,
        "questions": [],
        "remarks": [],
        "trials": [],
        "not_checked": [],
    }
    return {"variant": variant, "verdict": verdict} | nothing | known


def _left(outcome: Outcome, best: float) -> float:
    """Return what is left of a suspicion: how far this repair alone comes towards the best that any reached."""
    certain, trial = outcome.suspect.certain, outcome.trial
    if trial is None:
        return 1.0 if certain else _UNTRIED
    share = float(np.clip(trial.rise / max(best, 1e-9), 0, 1))
    left = _UNTRIED + (1 - _UNTRIED) * share
    if trial.holds:
        return left
    if certain:
        return _CERTAIN_WITHOUT_GAIN
    return max(_LEAST_LEFT, _NOT_IN_EVERY_SEED * left * trial.improved / len(trial.after))
