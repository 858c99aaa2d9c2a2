"""Lessons that teachers wrote: kept by their content in the data folder, so that a link leads to one."""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from core.errors import InputRefused, WorkFailed
from core.lessons.lesson import Lesson, lesson_of
from core.sentence import said
from core.settings import private_folder
from core.spec import named_tables

PREFIX: Final = "custom:"
"""How the id of such a lesson begins; the start of the SHA-256 of its text follows."""
MOST_BYTES: Final = 200_000
_MOST_LESSONS: Final = 500
_DIGITS: Final = 16


class Shelf:
    """The lessons in one folder; when there are too many, those go that nobody has opened for longest.

    Parameters
    ----------
    folder : Path
        Made with the first lesson.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> Lesson:
        """Keep a lesson's file and return the lesson; the same once more is the same lesson.

        Raises
        ------
        InputRefused
            If it is too large or no lesson; one sentence says why.
        WorkFailed
            If it cannot be written just now.
        """
        if len(content) > MOST_BYTES:
            raise InputRefused(said("The file is too large for a lesson; allowed: {most} kB.", most=MOST_BYTES // 1000))
        name = hashlib.sha256(content).hexdigest()[:_DIGITS]
        lesson = _lesson(content, name)
        private_folder(self._folder)
        path = self._folder / f"{name}.toml"
        beside = path.with_suffix(".new")
        try:
            beside.write_bytes(content)
            beside.replace(path)
        except OSError as error:
            raise WorkFailed(said("The lesson could not be kept ({reason}).", reason=error.strerror)) from error
        for old in sorted(self._folder.glob("*.toml"), key=_opened)[:-_MOST_LESSONS]:
            old.unlink(missing_ok=True)
        return lesson

    def lesson(self, identity: str) -> Lesson:
        """Return the lesson of an id.

        Raises
        ------
        InputRefused
            If it is not here.
        """
        name = identity.removeprefix(PREFIX)
        path = self._folder / f"{name}.toml"
        if not re.fullmatch(rf"[0-9a-f]{{{_DIGITS}}}", name) or not path.is_file():
            raise InputRefused(said("This lesson is not here; ask for its file, and open that."))
        lesson = _lesson(path.read_bytes(), name)
        with suppress(OSError):  # a folder that cannot be written, or another process that has just cleared it
            os.utime(path)
        return lesson

    def tables(self) -> set[str]:
        """Return the SHA-256 of each uploaded table that a lesson here learns from."""
        named = set[str]()
        for path in self._folder.glob("*.toml"):
            with suppress(OSError):  # another process has just cleared it
                named |= named_tables(path.read_text("utf-8"))
        return named


def _opened(path: Path) -> float:
    """Return when a lesson was opened last; what another process has just removed is the oldest."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _lesson(content: bytes, name: str) -> Lesson:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise InputRefused(said("The file is no text in UTF-8.")) from None
    try:
        lesson = lesson_of(text, f"{PREFIX}{name}")
    except InputRefused as refusal:
        raise InputRefused(said("The file is no lesson: {refusal!t}", refusal=refusal), refusal.where) from None
    sources: list[Any] = [run.data.source for run in (*lesson.variants.values(), lesson.repaired, lesson.solved)]
    for turned in (lesson.exercise.knobs, *(example.change for example in lesson.exercise.examples)):
        offered = turned.get("data.source", ())
        sources += offered if isinstance(offered, list | tuple) else [offered]
    for source in sources:
        if isinstance(source, str) and source.startswith("file:"):
            raise InputRefused(
                said("The file is no lesson for others: its table is a file of its author's."), "data.source"
            )
    return lesson
