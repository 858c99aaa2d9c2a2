"""From what a class knows of a member's lesson to the address that shows it."""

from __future__ import annotations

from core.jobs.classroom.records import Progress, Step
from core.ui.classroom.seat import ME
from core.ui.lessons import state


def lesson_address(lesson: str, progress: Progress | None = None, secret: str = "") -> dict[str, str]:
    """Return the address of a lesson as far as somebody has come, and of a member where there is their `secret`."""
    known = {ME: secret, state.LESSON: lesson}
    if progress is not None and progress.step != Step.QUESTION:
        guess = state.SKIPPED if progress.guess is None else str(progress.guess)
        known |= {
            state.GUESS: guess,
            state.RUNS: progress.runs or "",
            state.REPAIR: progress.repair or "",
            state.TRY: progress.attempt or "",
        }
    return {name: value for name, value in known.items() if value}
