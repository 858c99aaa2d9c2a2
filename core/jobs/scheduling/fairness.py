"""Whose run is next: of those who wait, who trains least just now, and then who has used least lately.

Whoever is new is next as soon as a slot is free, however much others have queued: a thousand runs of theirs delay the
first of another by one run at most. It is a decision without store or clock, as `core.jobs.scheduling.choice`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

HALF_LIFE_SECONDS: Final = 600.0
"""After so long what somebody has used counts half."""
PASSED_SECONDS: Final = 30.0
"""Whoever trains nothing and was passed over for so long is next, however many newcomers there are."""
_FORGOTTEN_SECONDS: Final = 0.01


@dataclass
class Fairness:
    """Remembers who works where, and the seconds each has used."""

    _working: dict[str, str] = field(default_factory=dict)
    _used: dict[str, float] = field(default_factory=dict)
    _looked: float = 0.0
    _passed: dict[str, float] = field(default_factory=dict)
    """Since when each of those who wait has had no turn."""

    def gave(self, slot: str, who: str) -> None:
        """Note that a slot works for `who` from now on."""
        self._working[slot] = who
        self._passed.pop(who, None)

    def look(self, busy: Collection[str], now: float) -> None:
        """Count the time since the last look for those whose slots are still `busy`; `now` is of a steady clock."""
        passed = now - self._looked if self._looked else 0.0
        self._looked = now
        for who in self._working.values():
            self._used[who] = self._used.get(who, 0.0) + passed
        kept = 0.5 ** (passed / HALF_LIFE_SECONDS)
        self._used = {who: used * kept for who, used in self._used.items() if used * kept > _FORGOTTEN_SECONDS}
        self._working = {slot: who for slot, who in self._working.items() if slot in busy}

    def order(self, waiting: Iterable[str]) -> list[str]:
        """Return those who wait in the order of their turns; among equals they stay as they came."""
        active = Counter(self._working.values())
        self._passed = {who: self._passed.get(who, self._looked) for who in waiting}

        def turn(who: str) -> tuple[bool, int, float]:
            overdue = not active[who] and self._looked - self._passed[who] > PASSED_SECONDS
            return not overdue, active[who], self._used.get(who, 0.0)

        return sorted(self._passed, key=turn)
