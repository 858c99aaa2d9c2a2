"""The pages of docs/ that are written from the tables they describe: ``python -m benchmarks.docs`` (``make docs``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Final

from core.diagnosis.causes.catalogue import CAUSES
from core.lessons import LESSONS
from core.paths import ROOT

_CAUSES: Final = """\
# Causes of a bad loss

Written by `make docs`. Every cause the diagnosis knows, by the id it has in reports, specs of lessons and links.
Each is suspected from evidence and then tried: the change of the spec that would cure it is trained with the same
seeds. The rules are in [core/diagnosis](../core/diagnosis); how often they are right is in
[diagnosis.md](diagnosis.md).
"""


def causes_page() -> str:
    """Return docs/causes.md."""
    lessons = {lesson.cause: lesson.title for lesson in LESSONS}
    parts = [_CAUSES]
    for family, causes in groupby(CAUSES.values(), key=lambda cause: cause.family):
        rows = [f"| `{c.id}` | {c.title} | {c.about} | {lessons.get(c.id, '–')} |" for c in causes]
        table = ["| id | cause | what goes wrong | lesson |", "|---|---|---|---|", *rows]
        parts += [f"## {family.capitalize()}\n", "\n".join(table) + "\n"]
    return "\n".join(parts)


PAGES: Final[Mapping[str, Callable[[], str]]] = {"docs/causes.md": causes_page}
"""Path below the root → its text."""


def main() -> None:
    """Write every page again."""
    for path, page in PAGES.items():
        (ROOT / path).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
