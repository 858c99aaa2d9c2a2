"""Numbers of runs by short names (``A.loss.first``), texts that quote them, and claims about them.

A, B, … are the variants of a lesson in the order of its grid, R is the repaired program, X that of an exercise. A name
goes on with what is read of the run, and of a curve also where: in the first epoch, at its least, or, without a word,
in the last epoch. Nothing is evaluated: a claim is two such numbers, a factor each, and what lies between them.
"""

from __future__ import annotations

import math
import operator
import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.sentence import said
from core.training.result import Result

REPAIRED, TRIED = "R", "X"
"""The letters of the repaired program, and of that of an exercise."""

Runs = Mapping[str, Result]
"""One run for each letter, all of the same seed."""

CURVES: Final = ("loss", "val_loss", "accuracy", "val_accuracy", "mae", "val_mae")
_OF_RUN: Final[Mapping[str, Callable[[Result], float | None]]] = {
    "skill": lambda result: result.skill,
    "val_skill": lambda result: result.val_skill,
    "recall": lambda result: result.least_recall,
    "baseline": lambda result: (result.baseline or {}).get("loss"),
    "val_baseline": lambda result: (result.baseline or {}).get("val_loss"),
    "epochs": lambda result: float(result.epochs),
    "updates": lambda result: result.telemetry.get("updates"),
    "diverged": lambda result: float(result.state == "diverged"),
}
_NAMES: Final[Mapping[str, str]] = {
    "loss": "loss", "val_loss": "loss on the rows held out",
    "accuracy": "accuracy", "val_accuracy": "accuracy on the rows held out",
    "mae": "mean absolute error", "val_mae": "mean absolute error on the rows held out",
    "skill": "skill on the training rows", "val_skill": "skill on the rows held out",
    "recall": "recall of the class that is recognised least",
    "baseline": "baseline", "val_baseline": "baseline on the rows held out",
    "epochs": "number of epochs", "updates": "number of steps", "diverged": "divergence",
}  # fmt: skip
COMPARISONS: Final = {"<": "below", ">": "above", "<=": "at most", ">=": "at least", "=": "equal to"}
"""What may lie between the two sides of a claim, in words."""
_WHOSE: Final = {TRIED: "the {quantity}", REPAIRED: "the {quantity} of the repaired run"}
_OF_A_RUN: Final = "the {quantity} of run {letter}"
_TIMES: Final = "{factor} times {quantity}"
_DIVERGES: Final = {True: "the run diverges", False: "the run does not diverge"}
_SENTENCES: Final = {sign: f"{{left}} is {word} {{right}}" for sign, word in COMPARISONS.items()}
_OPERATORS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge, "=": operator.eq,
}  # fmt: skip

_SHARES: Final = frozenset({"accuracy", "val_accuracy", "recall"})
_SKILLS: Final = frozenset({"skill", "val_skill"})
_SMALLEST, _LARGEST = 1e-6, 1e10
"""Smaller and larger numbers are written with a power of ten."""
_RAISED: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

Say = Callable[..., str]
"""Returns a message in the reader's language, with values in place of its ``{names}``."""
Write = Callable[[str], str]
"""Returns a number that is written as in English as the reader's language writes it."""


def english(message: str, /, **values: str) -> str:
    """Return `message` as it is, with `values` in place of its ``{names}``."""
    return message.format(**values)


_NAME: Final = r"[A-Z]\.[a-z_]+(?:\.[a-z]+)?"
_NUMBER: Final = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
_SIDE: Final = rf"(?:(?:({_NUMBER})\s*\*\s*)?({_NAME})|({_NUMBER}))"
_CLAIM: Final = re.compile(rf"\s*{_SIDE}\s*(<=|>=|<|>|=)\s*{_SIDE}\s*")
_QUOTED: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Quantity:
    """A number of one run."""

    letter: str
    what: str
    where: str = ""

    @classmethod
    def named(cls, text: str) -> Quantity:
        """Return the number called `text`.

        Raises
        ------
        ValueError
            If there is none of that name; it says what is allowed.
        """
        letter, _, rest = text.partition(".")
        what, _, where = rest.partition(".")
        if not re.fullmatch(_NAME, text) or what not in (*CURVES, *_OF_RUN):
            allowed = ", ".join((*CURVES, *_OF_RUN))
            raise ValueError(
                said(
                    "{name!r} is no number of a run; allowed: a letter and one of {allowed}", name=text, allowed=allowed
                )
            )
        if where not in ("", *(("first", "least") if what in CURVES else ())):
            raise ValueError(
                said(
                    "{name!r} ends in {where!r}; allowed: of a curve first, least or nothing; of the rest nothing",
                    name=text,
                    where=where,
                )
            )
        return cls(letter, what, where)

    @property
    def name(self) -> str:
        """What `named` takes."""
        return ".".join(filter(None, (self.letter, self.what, self.where)))

    @property
    def is_curve(self) -> bool:
        """Whether it is read off a curve."""
        return self.what in CURVES

    @property
    def title(self) -> str:
        """What it is, of whichever run: ``First loss``."""
        return self.titled()

    def titled(self, say: Say = english) -> str:
        """Return its title in the language of `say`."""
        named = say(self.named_as)
        return named[:1].upper() + named[1:]

    @property
    def named_as(self) -> str:
        """What it is called in a sentence; a message."""
        where = {"first": "first ", "least": "least "}.get(self.where, "")
        return f"{where}{_NAMES[self.what]}"

    def words(self, say: Say = english) -> str:
        """Return what it is, of which run."""
        named = say(self.named_as)
        return say(_WHOSE.get(self.letter, _OF_A_RUN), quantity=named, letter=self.letter)

    def of(self, runs: Runs) -> float | None:
        """Return it; None where it is not there, or no finite number."""
        result = runs.get(self.letter)
        if result is None:
            return None
        if not self.is_curve:
            return _OF_RUN[self.what](result)
        curve = result.history.get(self.what, ())
        if self.where == "least":
            return min((value for value in curve if value is not None), default=None)
        return (curve[0] if self.where == "first" else curve[-1]) if curve else None


@dataclass(frozen=True)
class _Side:
    factor: float
    quantity: Quantity | None = None

    def words(self, say: Say, write: Write) -> str:
        factor = write(number_text(self.factor))
        if self.quantity is None:
            return factor
        named = self.quantity.words(say)
        return named if self.factor == 1 else say(_TIMES, factor=factor, quantity=named)

    def of(self, runs: Runs) -> float | None:
        if self.quantity is None:
            return self.factor
        value = self.quantity.of(runs)
        return None if value is None else self.factor * value


@dataclass(frozen=True)
class Claim:
    """That one number of the runs is less than, more than or equal to another."""

    text: str
    left: _Side
    operator: str
    right: _Side

    @classmethod
    def read(cls, text: str) -> Claim:
        """Return what `text` claims.

        Raises
        ------
        ValueError
            If it is no claim; it says why, and what is allowed.
        """
        found = _CLAIM.fullmatch(text)
        if found is None:
            raise ValueError(
                said(
                    "{text!r} is no claim; allowed: two numbers such as 10 * A.loss or 0.5, and < > <= >= or =",
                    text=text,
                )
            )
        left, right = found.groups()[:3], found.groups()[4:]
        return cls(text, _side(*left), found.group(4), _side(*right))

    @property
    def letters(self) -> set[str]:
        """Which runs it is about."""
        return {side.quantity.letter for side in (self.left, self.right) if side.quantity}

    def words(self, say: Say = english, write: Write = str) -> str:
        """Return it as a person says it: ``the skill on the rows held out is above 0.9``."""
        if self.left.quantity is not None and self.left.quantity.what == "diverged" and self.operator == "=":
            return say(_DIVERGES[bool(self.right.factor)])
        limit = self.right.words(say, write)
        if self.right.quantity is None and self.left.quantity is not None and self.left.quantity.what in _SHARES:
            limit = f"{write(f'{100 * self.right.factor:.3g}')} %"
        return say(_SENTENCES[self.operator], left=self.left.words(say, write), right=limit)

    def holds(self, runs: Runs) -> bool:
        """Whether it is true of `runs`; it is not where a number is missing."""
        left, right = self.left.of(runs), self.right.of(runs)
        return left is not None and right is not None and _OPERATORS[self.operator](left, right)


def _side(factor: str | None, name: str | None, number: str | None) -> _Side:
    if not math.isfinite(float(factor or number or 0)):
        raise ValueError(said("{number} is too large a number; allowed: up to 1e308", number=factor or number))
    return _Side(float(factor or 1), Quantity.named(name)) if name else _Side(float(number or 0))


def quantities(text: str) -> list[Quantity]:
    """Return the numbers that `text` quotes in braces.

    Raises
    ------
    ValueError
        If one of them is none.
    """
    return [Quantity.named(name) for name in _QUOTED.findall(text)]


def quoted(text: str, seeds: Sequence[Runs], write: Write = str) -> str:
    """Return `text` with each ``{A.loss}`` replaced by that number of these runs: the median over their seeds."""

    def number(found: re.Match[str]) -> str:
        quantity = Quantity.named(found.group(1))
        values = [quantity.of(runs) for runs in seeds]
        known = [value for value in values if value is not None]
        if 2 * len(known) <= len(values):
            return "NaN"
        return write(value_text(quantity.what, statistics.median(known)))

    return _QUOTED.sub(number, text)


def value_text(what: str, value: float) -> str:
    """Return a number of a run as its kind is read: shares in percent, skills as the chart's table has them."""
    if what in _SHARES:
        return f"{100 * value:.0f} %"
    if what in _SKILLS and abs(value) < 100:
        return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")
    return number_text(value)


def number_text(value: float) -> str:
    """Return a number as a person reads it, in two to three digits: ``471,000``, ``8.41``, ``0.693``, ``−0.18``."""
    value = float(f"{value:.3g}") + 0.0  # no −0
    size = abs(value)
    if size >= _LARGEST or 0 < size < _SMALLEST:
        digits, _, power = f"{value:.1e}".partition("e")
        text = f"{digits} × 10{str(int(power)).translate(_RAISED)}"
    elif size >= 1000:
        text = f"{value:,.0f}"
    elif size >= 0.1 or value == 0:
        text = f"{value:.3g}"
    else:
        text = f"{value:.{1 - math.floor(math.log10(size))}f}"
    return text.replace("-", "−")


MESSAGES: Final = frozenset(
    {Quantity("", what, where).named_as for what in CURVES for where in ("", "first", "least")}
    | {_NAMES[what] for what in _OF_RUN}
    | {*_WHOSE.values(), _OF_A_RUN, _TIMES, *_DIVERGES.values(), *_SENTENCES.values(), *COMPARISONS.values()}
)
"""All that claims say of numbers, to be translated."""
