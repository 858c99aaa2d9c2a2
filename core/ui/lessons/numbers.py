"""The numbers that a lesson's words speak of, run beside run: what is quoted stands in a table, too."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.lessons import Lesson
from core.lessons.claims import REPAIRED, TRIED, Claim, Quantity, Runs, quantities, value_text
from core.ui.lab.knobs import knob_at, label_of, show_values
from core.ui.words import later, t, written

_NAMES = {REPAIRED: later("Repaired"), TRIED: later("Your try")}
_BESIDE = (("loss", "baseline"), ("val_loss", "val_baseline"))
"""A loss means little without that of always giving the same answer."""


def run_names(lesson: Lesson) -> dict[str, str]:
    """Return what each run of a lesson is called: its letter and what differs, ``A · unscaled``."""
    varied = {path: _told(path, values) for path, values in _values(lesson).items()}
    differing = zip(*varied.values(), strict=True)
    shown = {letter: " · ".join((letter, *words)) for letter, words in zip(lesson.variants, differing, strict=True)}
    return shown | {letter: t(name) for letter, name in _NAMES.items()}


def _values(lesson: Lesson) -> dict[str, list[Any]]:
    """Return what is varied, by path: one value for each variant."""
    runs = list(lesson.variants.values())
    return {path: [run.variant[path] for run in runs] for path in runs[0].variant}


def _told(path: str, values: list[Any]) -> list[str]:
    """Return values in words that need no heading: a number, *on* and *off* say nothing without their setting."""
    knob = knob_at(path)
    bare = knob is not None and knob.path == path and (knob.typed or "off" in knob.choices)
    return [f"{t(label_of(path))} {text}" if bare else text for text in show_values(path, values)]


def spoken_of(lesson: Lesson) -> list[Quantity]:
    """Return the numbers that the texts and claims of a lesson speak of, of whichever run, in their order."""
    claims = [*lesson.claimed, *lesson.repair.claimed, *lesson.exercise.claimed]
    quoted = quantities("".join((lesson.explanation, lesson.repair.words, lesson.exercise.answer)))
    told = [replace(quantity, letter="") for quantity in (*quoted, *_of_claims(claims))]
    told += [Quantity("", beside) for what, beside in _BESIDE if what in {quantity.what for quantity in told}]
    return [quantity for quantity in dict.fromkeys(told) if quantity.what != "diverged"]


def _of_claims(claims: Sequence[Claim]) -> list[Quantity]:
    return [side.quantity for claim in claims for side in (claim.left, claim.right) if side.quantity]


def numbers_table(lesson: Lesson, seeds: Sequence[Runs]) -> dict[str, list[str]]:
    """Return the table by columns: what it is, then for each run the median over `seeds` and from least to greatest.

    A row of which no run has a number is left out.
    """
    names = run_names(lesson)
    letters = [letter for letter in names if any(letter in runs for runs in seeds)]
    rows = [
        (quantity, [_cell(replace(quantity, letter=letter), seeds) for letter in letters])
        for quantity in spoken_of(lesson)
    ]
    rows = [(quantity, cells) for quantity, cells in rows if any(cells)]
    columns: Mapping[str, list[str]] = {"": [quantity.titled(t) for quantity, _ in rows]}
    return dict(
        itertools.chain(
            columns.items(),
            ((names[letter], [cells[place] for _, cells in rows]) for place, letter in enumerate(letters)),
        )
    )


def _cell(quantity: Quantity, seeds: Sequence[Runs]) -> str:
    """Return ``0.693 (0.61 … 0.72)``; nothing where the runs have no such number, *NaN* where most diverged."""
    runs = [one[quantity.letter] for one in seeds if quantity.letter in one]
    values = [value for one in seeds if (value := quantity.of(one)) is not None]
    if 2 * len(values) <= len(runs):
        diverged = any(run.state == "diverged" and quantity.what in run.history for run in runs)
        return "NaN" if diverged and quantity.is_curve else ""
    low, middle, high = (
        written(value_text(quantity.what, value)) for value in (min(values), statistics.median(values), max(values))
    )
    return middle if low == high else f"{middle} ({low} … {high})"
