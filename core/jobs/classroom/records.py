"""What is handed out of a class: itself, its members, how far they have come. Values, without any secret."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """How far somebody is in a lesson, in the order a lesson has."""

    QUESTION = "question"
    RUNNING = "running"
    ANSWER = "answer"
    REPAIRED = "repaired"
    TRIED = "tried"
    SOLVED = "solved"


@dataclass(frozen=True)
class Classroom:
    """A class; `opened` and `expires` are Unix times, `held` are the lessons whose answers are held back."""

    id: str
    code: str
    lessons: tuple[str, ...]
    held: frozenset[str]
    opened: float
    expires: float


@dataclass(frozen=True)
class Progress:
    """How far a member has come in a lesson.

    Attributes
    ----------
    guess : int or None
        The position of the option that was predicted; None before that, and where the question was skipped.
    runs, repair, attempt : str or None
        The newest experiment of each part.
    attempts : int
        How many programs were tried in the exercise.
    solved : bool
        Whether one of them solved it.
    active : float
        Unix time of the last sign of life.
    """

    lesson: str
    step: Step = Step.QUESTION
    guess: int | None = None
    runs: str | None = None
    repair: str | None = None
    attempt: str | None = None
    attempts: int = 0
    solved: bool = False
    active: float = 0.0


@dataclass(frozen=True)
class Member:
    """Somebody in a class, with the progress in each lesson that was begun; `id` owns their experiments."""

    id: str
    name: str
    joined: float
    progress: dict[str, Progress]

    def in_lesson(self, lesson: str) -> Progress:
        """Return the progress in a lesson, begun or not."""
        return self.progress.get(lesson) or Progress(lesson)
