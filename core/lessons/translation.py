"""The lessons in another language: `catalogue/LANGUAGE` has a file for each of them, of its texts and nothing else.

A text or a lesson that is missing there is told in English.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from core.errors import InputRefused
from core.lessons.claims import quantities
from core.lessons.lesson import CATALOGUE, LESSONS, Lesson, Words
from core.spec.values import Value

ENGLISH: Final = "en"


class _Repair(Value):
    words: Words | None = None


class _Exercise(Value):
    task: Words | None = None
    answer: Words | None = None


class Texts(Value):
    """The texts of a lesson in one language, by the names that they have in the lesson."""

    title: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    about: Words | None = None
    question: Words | None = None
    options: tuple[Words, ...] | None = None
    look: Words | None = None
    explanation: Words | None = None
    repair: _Repair = _Repair()
    exercise: _Exercise = _Exercise()


def translated(lesson: Lesson, texts: Texts) -> Lesson:
    """Return `lesson` with its texts replaced as far as there are others.

    Raises
    ------
    InputRefused
        If a text quotes other numbers than the lesson's, which its claims would not cover, or the options are not as
        many.
    """
    said = texts.model_dump(exclude_none=True)
    parts = {name: getattr(lesson, name).model_copy(update=said.pop(name)) for name in ("repair", "exercise")}
    told = lesson.model_copy(update=said | parts)
    if len(told.options) != len(lesson.options):
        raise InputRefused(f"options: the lesson has {len(lesson.options)}.", "options")
    for (where, original), (_, text) in zip(texts_of(lesson), texts_of(told), strict=True):
        if _quoted(text) != _quoted(original):
            raise InputRefused(
                f"{where}: the lesson quotes {', '.join(sorted(_quoted(original))) or 'nothing'}.", where
            )
    return told


def texts_of(lesson: Lesson) -> Iterator[tuple[str, str]]:
    """Yield the texts of a lesson, each with its name."""
    for name in ("title", "about", "question", "look", "explanation"):
        yield name, getattr(lesson, name)
    for place, option in enumerate(lesson.options):
        yield f"options.{place}", option
    yield "repair.words", lesson.repair.words
    yield "exercise.task", lesson.exercise.task
    yield "exercise.answer", lesson.exercise.answer


def _quoted(text: str) -> set[str]:
    try:
        return {quantity.name for quantity in quantities(text)}
    except ValueError as error:
        raise InputRefused(f"{error}.") from None


def read_texts(path: Path) -> Texts:
    """Return the texts in a file.

    Raises
    ------
    InputRefused
        If it is no TOML or has something else than texts; the sentence names the file and the key.
    """
    try:
        return Texts.validated(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise InputRefused(f"{path.name}: no TOML: {error}.", path.name) from None
    except InputRefused as refusal:
        raise InputRefused(f"{path.name}: {refusal}", path.name) from None


@cache
def lessons_in(language: str) -> tuple[Lesson, ...]:
    """Return all lessons in a language, in their order, read once per process; in English they are `LESSONS` itself."""
    folder = CATALOGUE / language
    if language == ENGLISH or not folder.is_dir():
        return LESSONS
    files = [folder / path.name for path in sorted(CATALOGUE.glob("*.toml"))]
    return tuple(
        translated(lesson, read_texts(path)) if path.is_file() else lesson
        for lesson, path in zip(LESSONS, files, strict=True)
    )
