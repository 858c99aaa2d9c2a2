"""How good the diagnosis is, on programs whose cause is known: ``python -m core.diagnosis.benchmark [CASE …]``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.diagnosis import diagnose

CASES: Final = Path(__file__).parents[2] / "tests" / "cases"


@dataclass(frozen=True)
class Scored:
    """One case: what it is, what was found, and how long that took."""

    name: str
    faulty: bool
    verdict: str
    causes: tuple[str, ...]
    accepted: frozenset[str]
    fixed: bool
    seconds: float

    @property
    def rank(self) -> int | None:
        """The rank of the first cause that is accepted, from 1."""
        return next((i for i, cause in enumerate(self.causes, 1) if cause in self.accepted), None)


def score(path: Path) -> Scored:
    """Diagnose one case file."""
    case = json.loads(path.read_text(encoding="utf-8"))
    begin = time.perf_counter()
    report = diagnose(path)["variants"][0]
    trial = report["causes"][0]["trial"] if report["causes"] else None
    return Scored(
        name=case["id"],
        faulty=case["verdict"] == "faulty",
        verdict=report["verdict"],
        causes=tuple(cause["cause"] for cause in report["causes"]),
        accepted=frozenset((*case["expect"], *case["also_accept"])),
        fixed=trial is not None and trial["improved"] == trial["seeds"] >= 3,
        seconds=time.perf_counter() - begin,
    )


def summary(scored: Sequence[Scored]) -> Mapping[str, str]:
    """Return the figures over all cases, as text."""
    faulty = [s for s in scored if s.faulty]
    healthy = [s for s in scored if not s.faulty]

    def share(hits: Iterable[bool], of: Sequence[Scored]) -> str:
        number = sum(hits)
        return f"{number} of {len(of)} ({number / len(of):.0%})" if of else "–"

    return {
        "detected": share((s.verdict == "faulty" for s in faulty), faulty),
        "false alarms": share((s.verdict == "faulty" for s in healthy), healthy),
        "top 1": share((s.rank == 1 for s in faulty), faulty),
        "top 3": share(((s.rank or 9) <= 3 for s in faulty), faulty),
        "fixed in every seed": share((s.fixed for s in faulty), faulty),
        "seconds a case": f"{sum(s.seconds for s in scored) / max(1, len(scored)):.1f}",
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line a case and the figures; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m core.diagnosis.benchmark", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="names of cases; all without any")
    parser.add_argument("--folder", type=Path, default=CASES)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    paths = [p for p in sorted(chosen.folder.glob("*.json")) if not chosen.cases or p.stem in chosen.cases]
    scored = []
    for path in paths:
        one = score(path)
        scored.append(one)
        mark = "ok " if (one.rank == 1 if one.faulty else one.verdict == "healthy") else "-- "
        line = f"{mark} {one.name:<30} {one.verdict:<8} {one.seconds:5.1f} s  fixed {'yes' if one.fixed else 'no ':<4}"
        print(line, *one.causes[:4], file=sys.stderr, flush=True)
    figures: Mapping[str, Any] = summary(scored)
    print(json.dumps(figures) if chosen.json else "\n".join(f"{name:<22}{value}" for name, value in figures.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
