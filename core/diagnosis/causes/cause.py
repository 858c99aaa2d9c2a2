"""What a cause of a bad loss is: how it is suspected, which change of the spec would cure it, what proves it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from core.diagnosis.causes.weights import weight
from core.diagnosis.evidence.facts import DataFacts
from core.diagnosis.evidence.signals import Signals
from core.sentence import Sentence, said
from core.spec import RunSpec

Family = Literal["preprocessing", "architecture", "optimisation"]
Goal = Literal["fit", "validation", "recall"]
Change = Mapping[str, Any]

_BY_HEART: Final = 0.3
"""A network that reaches less on sixteen rows it was trained with alone has not learnt them."""
_NOT_BY_HEART: Final = 0.25
"""How strongly that speaks for each cause that blocks: there are several of them."""


@dataclass(frozen=True)
class Observation:
    """All that is seen of one variant before a repair is tried."""

    run: RunSpec
    facts: DataFacts
    signals: Signals
    whole: RunSpec | None = None
    """The run on the whole table, where `run` is a lighter one on a sample of it: with other numbers of epochs."""

    @property
    def asked(self) -> RunSpec:
        """The run as a person wrote it."""
        return self.whole or self.run

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
    """One reason for a suspicion; a certain one needs no training to be true."""

    strength: float
    """How much it speaks for the cause, as a guess: 0.1 a mere possibility, 0.3 a hint, 0.5 as likely as not, 0.7
    likely, 0.9 and more hardly anything else. It orders trials and causes; how sure a cause is, is measured from it on
    (`causes.weights.weight`)."""
    text: Sentence
    certain: bool = False
    sign: str = ""
    """What is seen, by a name of its own among those of the cause: how often it is right is counted by that."""


@dataclass(frozen=True)
class Question:
    """What the data cannot answer, and a person can."""

    evidence: Sentence
    ask: Sentence


@dataclass(frozen=True)
class Cause:
    """One entry of the catalogue."""

    id: str
    """A stable name (DESIGN: names of causes)."""
    family: Family
    title: str
    """The same for a person, as a heading."""
    about: str
    """What goes wrong, in plain words."""
    look: Callable[[Observation], Iterable[Evidence]]
    """Observation → evidence for this cause; nothing where it is no suspect."""
    repairs: Callable[[Observation], Iterable[Change]]
    """Observation → single changes of the spec that would cure it, the likeliest first; none where no setting can."""
    goal: Goal = "fit"
    """What a repair has to raise: ``fit`` both skills, ``validation`` the validation skill, ``recall`` the recall of
    the class that is recognised least."""
    asks: Callable[[Observation], Iterable[Question]] = lambda _observed: ()
    """Observation → what only a person can know."""
    remarks: Callable[[Observation], Iterable[Sentence]] = lambda _observed: ()
    """Observation → what is true of the program, and does no harm."""
    needs: Callable[[Observation], Sentence | None] = lambda _observed: None
    """Observation → why the cause cannot be checked here, or None."""
    blocks: bool = False
    """Whether it keeps a network from learning even a few rows by heart."""
    flatters: bool = False
    """Whether the fault makes the skill look better than it is: its repair lowers it, to what is true."""
    hopeless: bool = False
    """Whether no change of a program helps where it is certain."""
    unlearnable: bool = False
    """Whether none helps unless a network proves that it is not so."""
    asks_rates: bool = False
    """Whether a suspicion of it asks for a range test of learning rates."""
    works: str = ""
    """Why its repairs work, in one sentence; none where there is no repair."""
    links: tuple[str, ...] = ()
    """The chain from it to the curve, by the names of `evidence.links.chain`: what is set or given, what happens in the
    layers, what the curve shows."""
    told_by: str | None = None
    """Another cause that says the same fact: a page that shows both says it once."""


@dataclass(frozen=True)
class Suspect:
    """A cause with the evidence against it."""

    cause: Cause
    evidence: tuple[Evidence, ...]

    @property
    def strength(self) -> float:
        """How strong all the evidence is together, as guessed, as if each piece were independent (noisy or)."""
        return 1 - math.prod(1 - piece.strength for piece in self.evidence)

    @property
    def likely(self) -> float:
        """How likely all the evidence makes the cause together: the same with what was measured of its signs."""
        return 1 - math.prod(1 - self._weight(piece) for piece in self.evidence)

    @property
    def ordered(self) -> tuple[Evidence, ...]:
        """The evidence, the strongest first."""
        return tuple(sorted(self.evidence, key=lambda piece: -self._weight(piece)))

    def _weight(self, piece: Evidence) -> float:
        return weight(self.cause.id, piece.sign, piece.strength)

    @property
    def certain(self) -> bool:
        """Whether the evidence alone proves the cause."""
        return any(piece.certain for piece in self.evidence)


def suspects(observed: Observation, causes: Iterable[Cause]) -> tuple[Suspect, ...]:
    """Return the causes there is evidence for, the strongest first."""
    found = [Suspect(cause, _evidence(observed, cause)) for cause in causes if not cause.needs(observed)]
    return tuple(sorted((s for s in found if s.evidence), key=lambda s: (-s.certain, -s.strength)))


def _evidence(observed: Observation, cause: Cause) -> tuple[Evidence, ...]:
    evidence, few = tuple(cause.look(observed)), observed.signals.few_rows
    if evidence and cause.blocks and few is not None and few < _BY_HEART:
        text = said("it cannot even learn sixteen rows by heart ({share:.0%} explained)", share=max(0.0, few))
        evidence += (Evidence(_NOT_BY_HEART, text, sign="not_by_heart"),)
    return evidence
