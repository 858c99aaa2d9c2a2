"""The pages of docs/ that are written from the tables they describe: ``python -m benchmarks.docs`` (``make docs``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Final

from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.causes.weights import A_GUESS, MEASURED, PROGRAMS, Seen
from core.diagnosis.evidence.signals import times
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


_EVIDENCE: Final = """\
# What evidence is worth

Written by `make docs` from what `python -m benchmarks.evidence` counted: in how many programs of the calibration half a
sign was seen, with the cause it speaks for and without, grey zone included; nothing is left out, and a fault that does
no harm is none. *Times as often* compares the two shares: it does not depend on how frequent a cause is among the
programs.

How likely a cause is where its sign is seen does depend on that, and is taken from the counts as they are. Of the {all}
programs two in five have a fault that does harm: nearer to the programs somebody asks about than to all there are. A
guess made beforehand counts as much as {guess} programs, so that a sign seen in few of them keeps most of its guess,
and one that is not in the table all of it. A smaller number would fit data sets that were left out still better; but
all have the same kinds of fault, and life has more.

The counts say how sure a named cause is. In which order repairs are tried and causes are named is left to the guesses:
with the counts instead a little less was found.
"""


def evidence_page() -> str:
    """Return docs/evidence.md."""
    rows = [
        f"| `{cause}` | {sign.replace('_', ' ')} | {seen.right} of {PROGRAMS[cause].right} "
        f"| {seen.wrong} of {PROGRAMS[cause].wrong} | {_times_as_often(seen, PROGRAMS[cause])} |"
        for cause, signs in MEASURED.items()
        for sign, seen in signs.items()
    ]
    table = ["| cause | sign | seen with it | seen without | times as often |", "|---|---|---|---|---|", *rows]
    return _EVIDENCE.format(guess=A_GUESS, all=sum(PROGRAMS["leakage"])) + "\n" + "\n".join(table) + "\n"


def _times_as_often(seen: Seen, programs: Seen) -> str:
    if not programs.right:
        return "–"
    if not seen.wrong:
        return "never without it"
    return times((seen.right / programs.right) / (seen.wrong / programs.wrong))


PAGES: Final[Mapping[str, Callable[[], str]]] = {"docs/causes.md": causes_page, "docs/evidence.md": evidence_page}
"""Path below the root → its text."""


def main() -> None:
    """Write every page again."""
    for path, page in PAGES.items():
        (ROOT / path).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
