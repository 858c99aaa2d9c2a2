"""A report in plain sentences: the verdict, what a trial showed, what a change is. Plain text, not Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Final

from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.causes.cause import Cause
from core.lessons import LESSONS, Lesson
from core.spec import RunSpec, plain_text
from core.ui.lab.knobs import label_of, show_value, value_at
from core.ui.text import counted, skill_text

Report = Mapping[str, Any]
Finding = Mapping[str, Any]

_MANY: Final = 4
_CLEAR: Final = 0.02
"""A gain of less is not worth a change."""
_SOMETHING: Final = 0.005
_NO_RESULT: Final = "It comes to no result"
_FAR_APART, _ALIKE = 0.3, 0.15


def cause_of(finding: Finding) -> Cause:
    """Return the catalogue's entry of a finding or suspect; one the catalogue no longer has is shown by its id."""
    known = CAUSES.get(finding["cause"])
    name = plain_text(str(finding["cause"])).replace("_", " ").capitalize()
    return known or Cause(finding["cause"], "optimisation", name, "", lambda _case: (), lambda _case: ())


def lesson_of(cause: Cause) -> Lesson | None:
    """Return the lesson that teaches a cause, if there is one."""
    return next((lesson for lesson in LESSONS if lesson.cause == cause.id), None)


def middle(values: Sequence[float | None]) -> float | None:
    """Return the median of what is known."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def measure_of(report: Report, goal: str = "fit") -> str:
    """Return the field of a curve that counts: what is explained of rows held out, where there are any.

    A fix whose goal is the recall is judged by that: less may be explained when a rare class is no longer ignored.
    """
    if goal == "recall":
        return "recall"
    return "val_explained" if report["validation_rows"] else "explained"


def rows_of(report: Report) -> str:
    """Return which rows are meant by what is explained."""
    return "rows it has not seen" if report["validation_rows"] else "its training rows"


def reached(curves: Sequence[Mapping[str, Any]], report: Report, goal: str = "fit") -> float | None:
    """Return what some runs reach: the median over their seeds; None where most came to no result."""
    field = measure_of(report, goal)
    values = [curve[field] for curve in curves]
    return middle(values) if 2 * sum(value is None for value in values) < len(values) else None


def share(value: float | None) -> str:
    """Return how much is explained in words: ``83%``, ``nothing``, ``no result``."""
    if value is None:
        return "no result"
    return f"{value:.0%}" if value >= _SOMETHING else "nothing"


def headline(report: Report) -> str:
    """Return the verdict in a few words."""
    if report["verdict"] == "healthy":
        return "This run is healthy"
    return cause_of(report["causes"][0]).title if report["causes"] else "Something holds this run back"


def verdict(report: Report) -> str:
    """Return the verdict in a sentence or two: what was reached, what can be reached, what the first fix brings."""
    level, best = reached(report["before"], report), report["reachable"]
    now = f"It explains {share(level)} of the answers in {rows_of(report)}" if level is not None else _NO_RESULT
    models = f"; simple models explain {share(best)}" if best is not None else ""
    if report["verdict"] == "healthy":
        if best is None:
            return f"{now}. There are too few rows to say what simple models would explain."
        return f"{now}{models}. What is left is tuning, not a fault."
    if not report["causes"]:
        return f"{now}{models}. No suspected cause could be confirmed."
    first = report["causes"][0]
    after = reached(first["after"], report) if helped(first, report) and first["goal"] != "recall" else None
    if after is None:
        return f"{now}{models}."
    return f"{now}. With one change it is {share(after)}: better in {_of_seeds(first)}."


def helped(finding: Finding, report: Report) -> bool:
    """Return whether the fix of a finding was clearly better in most of its seeds."""
    trial = finding["trial"]
    if trial is None or 2 * trial["improved"] <= trial["seeds"]:
        return False
    before, after = before_and_after(finding, report)
    return after is not None and (before is None or after - before >= _CLEAR)


def before_and_after(finding: Finding, report: Report) -> tuple[float | None, float | None]:
    """Return what the seeds of a trial reached as they were, and with the fix."""
    same = [curve for curve in report["before"] if curve["seed"] in seeds_of(finding)]
    return reached(same, report, finding["goal"]), reached(finding["after"], report, finding["goal"])


def standing(finding: Finding, report: Report) -> tuple[str, str]:
    """Return how sure a finding is, in a word and a colour."""
    trial = finding["trial"]
    if trial is not None and trial["seeds"] >= 3 and trial["improved"] == trial["seeds"]:
        return "proven by training", "green"
    if finding["certain"]:
        return "certain from the data", "green"
    if helped(finding, report):
        return "its fix helped", "blue"
    return "suspected", "gray"


def trial_words(finding: Finding, report: Report) -> str:
    """Return what the trial of a finding showed."""
    trial = finding["trial"]
    if trial is None:
        return "No setting of the lab can cure this." if finding["certain"] else "Its fix was not tried."
    before, after = before_and_after(finding, report)
    numbers = f"{share(before)} → {share(after)}"
    if finding["goal"] == "recall":
        told = f"Found of the class recognised least: {numbers}"
    else:
        told = f"Explained: {numbers}{_skills(finding, report)}"
    cause = CAUSES.get(finding["cause"])
    if cause is not None and cause.flatters and not trial["improved"]:
        return f"Without it the result is the true one. {told}."
    if not trial["improved"]:
        return f"Its fix did not help in {counted(trial['seeds'], 'seed')}. {told}."
    return f"Better in {_of_seeds(finding)}. {told}."


def _skills(finding: Finding, report: Report) -> str:
    """Return the skill before and after, which is the number the lab shows; nothing where there is none."""
    name = "val_skill" if report["validation_rows"] else "skill"
    before, after = (finding["trial"][f"{name}_{when}"] for when in ("before", "after"))
    return "" if before is None or after is None else f" (skill {skill_text(before)} → {skill_text(after)})"


def look_alike(finding: Finding, report: Report) -> bool:
    """Return whether the losses of a trial end alike although what the runs can do does not."""
    before, after = before_and_after(finding, report)
    if before is None or after is None or abs(after - before) < _FAR_APART:
        return False
    same = [curve for curve in report["before"] if curve["seed"] in seeds_of(finding)]
    old, new = (middle([_last_loss(curve) for curve in curves]) for curves in (same, finding["after"]))
    return bool(old and new and abs(new - old) <= _ALIKE * abs(old))


def _last_loss(curve: Mapping[str, Any]) -> float | None:
    values = curve.get("loss", {"values": ()})["values"]
    return values[-1] if values else None


def seeds_of(finding: Finding) -> set[int]:
    """Return the seeds a trial was made with."""
    return {curve["seed"] for curve in finding["after"]}


def _of_seeds(finding: Finding) -> str:
    trial = finding["trial"]
    return f"{trial['improved']} of {counted(trial['seeds'], 'seed')}"


def change_words(fix: Mapping[str, Any], run: RunSpec, report: Report) -> list[str]:
    """Return each setting a fix changes, old and new value: ``Learning rate: 1 → 0.1``."""
    # Taken from the spec itself, a change says all it means: defaults that it leaves out are filled in.
    dumped, changed = run.model_dump(mode="json"), run.changed(fix).model_dump(mode="json")
    lines = []
    for path in fix:
        old, value = value_at(dumped, path), value_at(changed, path)
        if path == "data.features" and value is not None:
            dropped = [name for name in old or report["columns"] if name not in value]
            lines.append(f"Leave out: {_listed(dropped)}")
        elif old != value:
            lines.append(f"{label_of(path)}: {show_value(path, old)} → {show_value(path, value)}")
    return lines


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(plain_text(name, 40) for name in names[:_MANY])
    return f"{shown} and {len(names) - _MANY} more" if len(names) > _MANY else shown


def variant_words(run: RunSpec) -> str:
    """Return what sets a run apart from the others of its experiment."""
    return " · ".join(f"{label_of(path)} {show_value(path, value)}" for path, value in run.variant.items())
