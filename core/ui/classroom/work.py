"""What a learner takes home, as a value, and as a file that opens again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from core.errors import InputRefused
from core.jobs.storage.records import Experiment
from core.lessons import Lesson
from core.lessons.claims import quoted
from core.spec import plain_text
from core.spec.values import Count, Value
from core.ui.chart.variant_colours import keep_apart
from core.ui.classroom.curves import Drawing, drawing_of
from core.ui.classroom.progress import progress_of
from core.ui.lab.knobs import label_of, show_value, value_at
from core.ui.lessons import state
from core.ui.lessons.state import Visit
from core.ui.words import t, written

LARGEST_FILE: Final = 4_000_000
"""Bytes; the work of thirty lessons takes less than 2 MB."""

_Line = Annotated[str, Field(max_length=300)]
_Id = Annotated[str, Field(max_length=32, pattern=r"^[\w-]*$")]


class Part(Value):
    """An experiment of a lesson: where it is, and what its curves were."""

    experiment: _Id
    drawing: Drawing
    changed: tuple[_Line, ...] = Field((), max_length=20)
    """What was set, a line for each setting."""


class LessonWork(Value):
    """What somebody did in one lesson."""

    lesson: Annotated[str, Field(pattern=r"^(custom:[0-9a-f]{16}|[a-z][a-z0-9-]{0,60})$")]
    guess: Annotated[Count, Field(ge=0, le=9)] | None = None
    answered: bool = False
    """Whether the answer was shown."""
    runs: Part | None = None
    repair: Part | None = None
    attempt: Part | None = None
    attempts: Annotated[Count, Field(ge=0)] = 0
    solved: bool = False
    told: tuple[Annotated[str, Field(max_length=6000)], ...] = Field((), max_length=2)
    """Explanation and words of the repair, at most 5000 characters in a lesson, with the numbers, as Markdown."""


class Work(Value):
    """What somebody did in lessons."""

    version: Literal[1] = 1
    kind: Literal["loss-lab-work"] = "loss-lab-work"
    name: Annotated[str, Field(max_length=60)] = ""
    saved: Annotated[str, Field(max_length=40)]
    lessons: tuple[LessonWork, ...] = Field(max_length=60)


def work_of(
    visits: Sequence[Visit],
    name: str = "",
    attempts: Sequence[int] = (),
    solved: Sequence[bool] = (),
    seen: Mapping[str, int] | None = None,
) -> Work:
    """Return what was done in some visits; `attempts` and `solved` are what a class knows of each.

    The curves have the colours they were `seen` in (`core.ui.chart.variant_colours`).
    """
    places = dict(seen or {})
    lessons = [_lesson_work(visit, places) for visit in visits]
    if attempts:
        lessons = [
            work.model_copy(update={"attempts": tried, "solved": done})
            for work, tried, done in zip(lessons, attempts, solved, strict=True)
        ]
    return Work(
        name=plain_text(name, 60), saved=datetime.now(UTC).isoformat(timespec="minutes"), lessons=tuple(lessons)
    )


def _lesson_work(visit: Visit, places: dict[str, int]) -> LessonWork:
    lesson, seeds = visit.lesson, state.results_of(visit)
    answered = visit.ended and not visit.held
    told = [lesson.explanation] * answered
    told += [lesson.repair.words] * (answered and visit.repair is not None and state.whole(visit.repair))
    keep_apart(filter(None, (visit.runs, visit.repair, visit.attempt)), places)
    return LessonWork(
        lesson=lesson.id,
        guess=visit.guess,
        answered=answered,
        runs=_part(visit.runs, places),
        repair=_part(visit.repair, places, (t("before"), t("repaired")), repair_settings(lesson)),
        attempt=_part(visit.attempt, places, (t("my try"),), _attempt_settings(lesson, visit.attempt)),
        attempts=int(visit.attempt is not None),
        solved=progress_of(visit, seeds).solved,
        told=tuple(quoted(words, seeds, written) for words in told),
    )


def _part(
    experiment: Experiment | None, places: dict[str, int], names: Sequence[str] = (), changed: Sequence[str] = ()
) -> Part | None:
    if experiment is None or not state.whole(experiment):
        return None
    return Part(experiment=experiment.id, drawing=drawing_of(experiment, names, places), changed=tuple(changed))


def repair_settings(lesson: Lesson) -> list[str]:
    """Return what the repair of a lesson changes, a line of plain text for each setting."""
    before = lesson.variants[lesson.repair.of].model_dump(mode="json")
    return [
        f"{t(label_of(path))}: {show_value(path, value_at(before, path))} → {show_value(path, value)}"
        for path, value in lesson.repair.change.items()
    ]


def _attempt_settings(lesson: Lesson, attempt: Experiment | None) -> list[str]:
    if attempt is None:
        return []
    values = state.knob_values(lesson, attempt.runs[0].spec)
    return [f"{t(label_of(path))}: {show_value(path, value)}" for path, value in values.items()]


def to_file(work: Work) -> bytes:
    """Return the file that opens again."""
    return work.model_dump_json().encode()


def from_file(content: bytes) -> Work:
    """Return the work in a file.

    Raises
    ------
    InputRefused
        If it is no such file; nothing in it is evaluated.
    """
    if len(content) > LARGEST_FILE:
        most = LARGEST_FILE // 10**6
        raise InputRefused(t("This file is too large, allowed: at most {megabytes} MB.", megabytes=most), "file")
    try:
        values = json.loads(content)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict) or values.get("kind") != "loss-lab-work":
        raise InputRefused(t("This is no saved work of Loss Lab; choose the file that ends in .json."), "file")
    return Work.validated(values)
