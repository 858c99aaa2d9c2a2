"""How much a sign speaks for a cause: how often it was right on programs whose fault is known, not what was guessed.

The counts in weights.json are written by ``python -m benchmarks.evidence``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

A_GUESS: Final = 4
"""Programs that a guess is worth. Fewer would fit the generated programs better still, but life has other faults."""


class Seen(NamedTuple):
    """In how many programs a sign was seen that have the cause, and that have not."""

    right: int
    wrong: int


Counts = Mapping[str, Mapping[str, Seen]]
"""Cause → sign → in how many programs it was seen."""

_FILE: Final = json.loads(Path(__file__).with_name("weights.json").read_text(encoding="utf-8"))
MEASURED: Final[Counts] = {
    cause: {sign: Seen(*counts) for sign, counts in signs.items()} for cause, signs in _FILE["signs"].items()
}
PROGRAMS: Final[Mapping[str, Seen]] = {cause: Seen(*counts) for cause, counts in _FILE["programs"].items()}
"""How many programs there were with each cause, and without."""


def weight(cause: str, sign: str, guess: float, counts: Counts = MEASURED) -> float:
    """Return how likely a cause is where its sign is seen: the share of programs it was right in, from a `guess` on.

    The mean of a beta distribution, the guess its prior; of a sign that was never seen the guess is left.
    """
    right, wrong = counts.get(cause, {}).get(sign, (0, 0))
    return (A_GUESS * guess + right) / (A_GUESS + right + wrong)
