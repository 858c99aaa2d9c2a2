"""What a link of a chain is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.diagnosis.causes.cause import Observation
from core.diagnosis.evidence.limits import FLAT
from core.diagnosis.evidence.marks import MarkKind
from core.sentence import Sentence, said

Look = Callable[[Observation], Sentence | None]


@dataclass(frozen=True)
class Link:
    """One link of a chain.

    Attributes
    ----------
    look : callable
        Observation → a few words with the number that was measured, or None where it is not true of the run.
    mark : MarkKind or None
        The kind of mark that shows it in the curve (`evidence.marks`).
    outcome : bool
        Whether it says how the run went and not why: a chain of such links alone starts nowhere.
    """

    look: Look
    mark: MarkKind | None = None
    outcome: bool = False


def share_text(value: float) -> Sentence:
    """Return a share in words: ``83%``, or ``nothing``."""
    return said("{share:.0%}", share=value) if value >= FLAT else said("nothing")
