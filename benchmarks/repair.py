"""Whether a proposed repair brings a program to life, on seeds the diagnosis has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from core.data.prepare.cache import Preparation
from core.spec import RunSpec
from core.training.crew import train_here
from core.training.result import Result

ALIVE: Final = 0.2
"""Skill that each seed has to gain, counted from 0 at least."""
_FRESH: Final = range(1000, 1003)
"""Seeds that no diagnosis of the benchmark trains."""


def proposed(report: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the change a person is advised to make: all of the smallest set, or the first cause's; None without."""
    if report["combined"]:
        return dict(report["combined"]["fix"])
    return next((cause["fix"] for cause in report["causes"] if cause["fix"]), None)


def works(run: RunSpec, fix: Mapping[str, Any], seeds: Sequence[int] = _FRESH) -> bool:
    """Whether every fresh seed gains `ALIVE` skill by `fix`, on validation rows where there are any."""
    preparation = Preparation()
    pairs = [
        (train_here(one, preparation, probed=False), train_here(one.changed(fix), preparation, probed=False))
        for one in (run.changed({"training.seed": seed}) for seed in seeds)
    ]
    return all(_skill(after) - max(0.0, _skill(before)) >= ALIVE for before, after in pairs)


def _skill(result: Result) -> float:
    skill = result.val_skill if result.validated else result.skill
    return -1.0 if skill is None else skill
