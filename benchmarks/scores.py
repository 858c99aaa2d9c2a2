"""What a diagnosis has said of a program whose state is known, and the programs: case files and the generated set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.ablation import Answer
from benchmarks.faults import faulty_programs
from benchmarks.programs import LabelledProgram, healthy_programs
from core.diagnosis.confidence import Proof
from core.paths import ROOT

_TESTS: Final = ROOT / "tests"
_CASES: Final = _TESTS / "cases"
FOLDERS: Final = {"cases": _CASES, "real": _CASES / "real", "sceptic": _CASES / "sceptic"}
FILES: Final = _TESTS / "data"


@dataclass(frozen=True)
class Scored:
    """One program: what it is, what was found, and how long that took.

    Attributes
    ----------
    levels : tuple of float
        Validation skill of each seed (`core.diagnosis.trials.trial.quality`); empty for case files.
    fixed : bool
        Whether the first fix raised the skill in every seed, of three at least.
    alive : bool or None
        Whether what is proposed brings the program to life on seeds the diagnosis has not seen
        (`benchmarks.repair.works`); None where nothing is proposed.
    asked : tuple of str
        Causes it asks a person about.
    confidences : tuple of float
        Of each of `causes`.
    fixable : bool
        Whether the first cause has a fix that could raise it: there is none for targets that are noise, and without a
        leak the skill falls.
    signs : tuple of (str, str, float)
        Cause, sign and guessed strength of all evidence that was seen; of generated programs alone, as `proofs`.
    proofs : tuple of Proof
        What trials showed of each of `causes`.
    ablated : mapping
        What each of `benchmarks.ablation.ABLATIONS` says; empty where it was not asked.
    plain : float
        Seconds that plain ``model.fit`` took on the same machine for the second case of `core.bench`: `seconds` are
        to be held against on another; 0 where it was not measured.
    """

    name: str
    set: str
    cause: str
    verdict: str
    causes: tuple[str, ...]
    accepted: frozenset[str]
    fixed: bool
    fixable: bool
    seconds: float
    levels: tuple[float, ...] = ()
    alive: bool | None = None
    asked: tuple[str, ...] = ()
    confidences: tuple[float, ...] = ()
    truth: str = ""
    ablated: Mapping[str, Answer] = field(default_factory=dict)
    signs: tuple[tuple[str, str, float], ...] = ()
    proofs: tuple[Proof, ...] = ()
    plain: float = 0.0

    @property
    def faulty(self) -> bool:
        """Whether there is a fault to find."""
        return self.truth == "faulty" if self.truth else bool(self.cause)

    @property
    def rank(self) -> int | None:
        """The rank of the first cause that is accepted, from 1."""
        return next((i for i, cause in enumerate(self.causes, 1) if cause in self.accepted), None)

    @property
    def right(self) -> bool:
        """Whether the verdict and the first cause are right."""
        if self.truth == "either":
            return True
        if self.truth == "ask":
            return bool(self.accepted & {*self.causes, *self.asked})
        return self.rank == 1 if self.faulty else self.verdict == "healthy"


def programs(half: str | None = None) -> list[LabelledProgram]:
    """Return the generated set, or one half of it."""
    every = [*healthy_programs(), *faulty_programs(FILES)]
    return [program for program in every if half in {None, program.half}]


def read(path: Path) -> list[Scored]:
    """Return the scores that were written with ``--records``."""
    return [_again(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def _again(**values: Any) -> Scored:
    return Scored(
        **values
        | {name: tuple(values[name]) for name in ("causes", "levels", "asked", "confidences")}
        | {
            "accepted": frozenset(values["accepted"]),
            "signs": tuple((cause, sign, guess) for cause, sign, guess in values["signs"]),
            "proofs": tuple(Proof(*proof) for proof in values["proofs"]),
            "ablated": {name: Answer(verdict, tuple(causes)) for name, (verdict, causes) in values["ablated"].items()},
        }
    )
