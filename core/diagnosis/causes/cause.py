"""What a cause of a bad loss is: how it is suspected, which change of the spec would cure it, what proves it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from core.diagnosis.evidence.facts import DataFacts
from core.diagnosis.evidence.signals import Signals
from core.spec import RunSpec

Family = Literal["preprocessing", "architecture", "optimisation"]
Goal = Literal["fit", "validation", "recall"]
Change = Mapping[str, Any]

_BY_HEART: Final = 0.3
"""A network that reaches less on sixteen rows it was trained with alone has not learnt them."""


@dataclass(frozen=True)
class Case:
    """All that is known of one variant before a repair is tried."""

    run: RunSpec
    facts: DataFacts
    signals: Signals

    @property
    def depth(self) -> int:
        """Number of hidden layers."""
        return len(self.run.model.layers)

    @property
    def activations(self) -> tuple[str, ...]:
        """The activation of each hidden layer."""
        return tuple(str(layer.activation) for layer in self.run.model.hidden)


@dataclass(frozen=True)
class Evidence:
    """One reason for a suspicion, `strength` from 0 to 1; a certain one needs no training to be true."""

    strength: float
    text: str
    certain: bool = False


@dataclass(frozen=True)
class Cause:
    """One entry of the catalogue.

    Attributes
    ----------
    id, family : str
        Stable names (DESIGN: names of causes).
    title : str
        The same for a person, as a heading.
    about : str
        What goes wrong, in plain words.
    look : callable
        Case → evidence for this cause; nothing where it is no suspect.
    repairs : callable
        Case → single changes of the spec that would cure it, the likeliest first; none where no setting can.
    goal : str
        What a repair has to raise: ``fit`` both skills, ``validation`` the validation skill, ``recall`` the recall of
        the class that is recognised least.
    needs : callable
        Case → why the cause cannot be checked here, or None.
    blocks : bool
        Whether it keeps a network from learning even a few rows by heart.
    flatters : bool
        Whether the fault makes the skill look better than it is: its repair lowers it, to what is true.
    """

    id: str
    family: Family
    title: str
    about: str
    look: Callable[[Case], Iterable[Evidence]]
    repairs: Callable[[Case], Iterable[Change]]
    goal: Goal = "fit"
    needs: Callable[[Case], str | None] = lambda _case: None
    blocks: bool = False
    flatters: bool = False


@dataclass(frozen=True)
class Suspect:
    """A cause with the evidence against it."""

    cause: Cause
    evidence: tuple[Evidence, ...]

    @property
    def strength(self) -> float:
        """How strong all the evidence is together, as if each piece were independent (noisy or)."""
        return 1 - math.prod(1 - piece.strength for piece in self.evidence)

    @property
    def ordered(self) -> tuple[Evidence, ...]:
        """The evidence, the strongest first."""
        return tuple(sorted(self.evidence, key=lambda piece: -piece.strength))

    @property
    def certain(self) -> bool:
        """Whether the evidence alone proves the cause."""
        return any(piece.certain for piece in self.evidence)


def suspects(case: Case, causes: Iterable[Cause]) -> tuple[Suspect, ...]:
    """Return the causes there is evidence for, the strongest first."""
    found: Iterator[Suspect] = (Suspect(cause, _evidence(case, cause)) for cause in causes if not cause.needs(case))
    return tuple(sorted((s for s in found if s.evidence), key=lambda s: (-s.certain, -s.strength)))


def _evidence(case: Case, cause: Cause) -> tuple[Evidence, ...]:
    evidence, few = tuple(cause.look(case)), case.signals.few_rows
    if evidence and cause.blocks and few is not None and few < _BY_HEART:
        evidence += (Evidence(0.25, f"it cannot even learn sixteen rows by heart ({max(0.0, few):.0%} explained)"),)
    return evidence
