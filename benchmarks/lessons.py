"""Whether the lessons say what is true: every claim over five seeds (``python -m benchmarks.lessons [NAME …]``).

``--write`` writes what was checked into docs/lessons.md, cause × lesson × seeds; ``--numbers`` prints what each claim
compares.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Final

from core.data.prepare.cache import Preparation
from core.diagnosis.causes.catalogue import CAUSES
from core.lessons import LESSONS, Lesson
from core.lessons.claims import REPAIRED, TRIED, Claim, Runs
from core.paths import ROOT
from core.training.crew import Crew

SEEDS: Final = 5

_DOCS: Final = ROOT / "docs" / "lessons.md"
_PART: Final = re.compile(r"^(## (\d+)\. .*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)

_PAGE: Final = """\
# What the lessons claim

Written by `python -m benchmarks.lessons --write`. Every lesson says what its curves show, what its repair brings and
what counts as a solved exercise, as comparisons of numbers of its runs. Each is trained with {seeds} seeds, the
lesson's own and the next, and holds in as many as the table says. The solution of an exercise has to solve it in every
seed, and the untouched program in none.

A, B, … are the variants of a lesson in the order of its file, R the repaired program, X that of the exercise, and in an
answer that whose settings stand behind the claim. A curve's number is that of the last epoch unless `first` or `least`
says otherwise.
"""


@dataclass(frozen=True)
class Checked:
    """One claim and the seeds it was tried with."""

    lesson: Lesson
    part: str
    """lesson, repair, exercise, answer, or untouched: then it must not hold."""
    claim: str
    held: tuple[bool, ...]
    numbers: tuple[str, ...]
    """What was compared, for each seed."""

    @property
    def fine(self) -> bool:
        """Whether it is as it should be in every seed."""
        return not any(self.held) if self.part == "untouched" else all(self.held)


def check(lesson: Lesson, crew: Crew, seeds: int = SEEDS) -> Iterator[Checked]:
    """Train everything that `lesson` speaks of with each seed and yield what became of its claims."""
    start = lesson.exercise.of
    programs = dict(lesson.variants) | {REPAIRED: lesson.repaired, TRIED: lesson.solved}
    programs |= {f"{TRIED}{place}": program for place, program in enumerate(lesson.examples)}
    results = iter(crew([run for program in programs.values() for run in lesson.with_seeds(program, seeds)]))
    by_letter = {letter: list(islice(results, seeds)) for letter in programs}
    runs = [{letter: every[seed] for letter, every in by_letter.items()} for seed in range(seeds)]
    parts = {"lesson": lesson.claimed, "repair": lesson.repair.claimed, "exercise": lesson.exercise.claimed}
    for part, claims in parts.items():
        for claim in claims:
            yield Checked(lesson, part, claim.text, tuple(map(claim.holds, runs)), _numbers(claim, runs))
    for place, example in enumerate(lesson.exercise.examples):
        tried = [{**letters, TRIED: letters[f"{TRIED}{place}"]} for letters in runs]
        turned = ", ".join(f"{path} = {value}" for path, value in example.change.items())
        for claim in example.claimed:
            held, numbers = tuple(map(claim.holds, tried)), _numbers(claim, tried)
            yield Checked(lesson, "answer", f"{claim.text} where {turned}", held, numbers)
    untouched = [{**letters, TRIED: letters[start]} for letters in runs]
    every = tuple(all(claim.holds(letters) for claim in lesson.exercise.claimed) for letters in untouched)
    yield Checked(lesson, "untouched", " and ".join(lesson.exercise.claims), every, ())


def _numbers(claim: Claim, runs: Sequence[Runs]) -> tuple[str, ...]:
    sides = (claim.left, claim.right)
    return tuple(
        " | ".join("–" if (v := side.of(letters)) is None else f"{v:.4g}" for side in sides) for letters in runs
    )


def lessons_page(checked: Sequence[Checked], before: str = "") -> str:
    """Return docs/lessons.md; lessons that were not checked keep the part they have in the page as it was `before`."""
    parts = {int(found[2]): found[1].strip() for found in _PART.finditer(before)}
    for lesson, claims in groupby(checked, key=lambda one: one.lesson):
        number = LESSONS.index(lesson) + 1
        rows = [f"| {one.part} | `{one.claim}` | {sum(one.held)} of {len(one.held)} |" for one in claims]
        head = f"## {number}. {lesson.title}: {CAUSES[lesson.cause].title}"
        parts[number] = "\n".join((f"{head}\n", "| of | claim | holds in |", "|---|---|---|", *rows))
    return "\n\n".join((_PAGE.format(seeds=SEEDS).strip(), *(parts[number] for number in sorted(parts)))) + "\n"


def main() -> None:
    """Check lessons and say what does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lessons", description=__doc__)
    parser.add_argument("names", nargs="*", help="ids of lessons; all without one")
    parser.add_argument("--numbers", action="store_true", help="print what each claim compares")
    parser.add_argument("--write", action="store_true", help="write what was checked into docs/lessons.md")
    asked = parser.parse_args()
    checked: list[Checked] = []
    with Crew(Preparation(), helpers=0) as crew:
        for lesson in LESSONS:
            if asked.names and lesson.id not in asked.names:
                continue
            for one in check(lesson, crew):
                checked.append(one)
                if asked.numbers or not one.fine:
                    told = f"{lesson.id} {one.part}: {one.claim}: {sum(one.held)} of {len(one.held)}"
                    print("ok" if one.fine else "NO", told, *one.numbers, sep="\n     ")
    wrong = [one for one in checked if not one.fine]
    print(
        f"{len(checked) - len(wrong)} of {len(checked)} claims of {len({c.lesson.id for c in checked})} lessons hold."
    )
    if asked.write:
        _DOCS.write_text(lessons_page(checked, _DOCS.read_text(encoding="utf-8")), encoding="utf-8")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
