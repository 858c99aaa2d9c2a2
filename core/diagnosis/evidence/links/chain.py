"""The chain from a cause to its curve.

A cause names its links in order; one that is not true here, or was not measured, is left out of its chain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from core.choices.choice import by_name
from core.diagnosis.causes.cause import Observation
from core.diagnosis.evidence.links.data import DATA
from core.diagnosis.evidence.links.link import Link
from core.diagnosis.evidence.links.run import RUN
from core.diagnosis.evidence.links.settings import SETTINGS
from core.diagnosis.evidence.marks import MarkKind
from core.sentence import Sentence

LINKS: Final[Mapping[str, Link]] = by_name((*DATA.items(), *SETTINGS.items(), *RUN.items()))
"""Every link by the name a cause has for it."""


class Said(NamedTuple):
    """A link that is true of a run."""

    words: Sentence
    mark: MarkKind | None


def chain(observed: Observation, names: Sequence[str]) -> tuple[Said, ...]:
    """Return those of the links called `names` that are true here, in their order; none where only one is."""
    found = [(words, LINKS[name]) for name in names if (words := LINKS[name].look(observed))]
    if len(found) < 2 or all(link.outcome for _, link in found):
        return ()
    return tuple(Said(words, link.mark) for words, link in found)
