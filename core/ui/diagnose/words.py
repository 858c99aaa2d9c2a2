"""A report in plain sentences: the verdict, what a trial showed, what a change is. Plain text, not Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.causes.cause import Cause
from core.diagnosis.evidence.marks import Mark
from core.diagnosis.gain import AS_GOOD, MUCH_LOWER, times_lower
from core.diagnosis.report import Standing
from core.jobs.diagnosers.written_report import WrittenCurve, WrittenFinding, WrittenReport
from core.lessons import Lesson, lessons_in
from core.spec import RunSpec, plain_text
from core.ui.lab.knobs import label_of, show_value, value_at
from core.ui.sentences import translated
from core.ui.text import counted, skill_text
from core.ui.words import language, later, number, t

STANDINGS: Final[Mapping[Standing, tuple[str, str]]] = {
    "proven": (later("proven by training"), "green"),
    "certain": (later("certain from the data"), "green"),
    "helped": (later("its fix helped"), "blue"),
    "suspected": (later("suspected"), "gray"),
}
"""How sure a cause is, in words and a colour."""
_PART: Final = (later("part of the fix"), "green")
"""Alone it may not be enough: what is proven is the set."""
GAIN: Final = later(
    "The median over the seeds with the change less the median without it, and the 95 % interval of the mean "
    "difference, each seed against itself (Student's t). Of three seeds such an interval is wide."
)
"""What the number of a repair is."""

_NUMBERS: Final = (
    later("no"), later("one"), later("two"), later("three"), later("four"), later("five"), later("six"),
    later("seven"), later("eight"), later("nine"),
)  # fmt: skip

_MANY: Final = 4
"""Columns that are named one by one; a line has room for no more."""
_SOMETHING: Final = 0.005
"""What rounds to 0 % is nothing."""


def cause_of(finding: WrittenFinding) -> Cause:
    """Return the catalogue's entry of a finding or suspect; one the catalogue no longer has is shown by its id."""
    known = CAUSES.get(finding["cause"])
    name = plain_text(str(finding["cause"])).replace("_", " ").capitalize()
    return known or Cause(finding["cause"], "optimisation", name, "", lambda _observed: (), lambda _observed: ())


def in_set(finding: WrittenFinding) -> bool:
    """Return whether a cause is cured together with others."""
    return finding["part"] in {"necessary", "helpful"}


def badge(finding: WrittenFinding) -> tuple[str, str]:
    """Return how sure a cause is, in words and a colour; of a set of changes, that it is a part of it."""
    return _PART if in_set(finding) else STANDINGS[finding["standing"]]


def lesson_of(cause: Cause) -> Lesson | None:
    """Return the lesson that teaches a cause, if there is one."""
    return next((lesson for lesson in lessons_in(language()) if lesson.cause == cause.id), None)


def rows_of(report: WrittenReport) -> str:
    """Return which rows are meant by what is explained."""
    return t("rows it has not seen") if report["validation_rows"] else t("its training rows")


def explained_by(report: WrittenReport) -> float | None:
    """Return what the run explains: of rows held out, where there are any."""
    level: float | None = report["explained"]["validation" if report["validation_rows"] else "training"]
    return level


def share(value: float | None) -> str:
    """Return how much is explained in words: ``83%``, ``nothing``, ``no result``."""
    if value is None:
        return t("no result")
    return number(value, ".0%") if value >= _SOMETHING else t("nothing")


def headline(report: WrittenReport) -> str:
    """Return the verdict in a few words."""
    if report["verdict"] == "healthy":
        return t("This run is healthy")
    if report["verdict"] == "undecided":
        return t("Not decided")
    if not report["causes"]:
        return t("Something holds this run back")
    first = report["causes"][0]
    title = t(cause_of(first).title)
    alone = _enough_alone(report)
    if len(alone) > 1 and first in alone:
        told = {"causes": " · ".join(t(cause_of(finding).title) for finding in alone)}
        return t("Either of two: {causes}", **told) if len(alone) == 2 else t("Any of several: {causes}", **told)
    return title if first["standing"] in {"proven", "certain"} else t("Suspected: {cause}", cause=title)


def _enough_alone(report: WrittenReport) -> list[WrittenFinding]:
    """Return the causes whose own fix is proven to be enough; of several with one and the same fix, the first."""
    found: list[WrittenFinding] = []
    for finding in once(report):
        proven = finding["standing"] == "proven" and helped(finding) and not in_set(finding)
        if proven and all(finding["fix"] != other["fix"] for other in found):
            found.append(finding)
    return found


def verdict(report: WrittenReport) -> str:
    """Return the verdict in a sentence or two: what was reached, what can be reached, what the first fix brings."""
    level, best, sampled = explained_by(report), report["reachable"], _sampled(report)
    now = t("It comes to no result")
    if level is not None:
        now = t("It explains {share} of the variance on {rows}", share=share(level), rows=rows_of(report))
    models = t("; simple models explain {share}", share=share(best)) if best is not None else ""
    if report["verdict"] == "healthy":
        if best is None:
            return f"{now}. {t('There are too few rows to say what simple models would explain.')}"
        return f"{now}{models}{sampled}. {_possible(level, best)}"
    if report["verdict"] == "undecided":
        return f"{now}{models}{sampled}. {translated(report['why'])}"
    if not report["causes"]:
        return f"{now}{models}. {t('No suspected cause could be confirmed.')}"
    now += sampled
    together = report["combined"]
    if together is not None and helped(together):
        told = {"share": share(together["reached"]["explained"][1]), "seeds": _of_seeds(together)}
        changes = number_of_changes(together)
        return f"{now}. {t('With {number} changes it is {share}: better in {seeds}.', number=changes, **told)}"
    first = report["causes"][0]
    after = first["reached"]["explained"][1] if helped(first) and first["goal"] != "recall" else None
    if after is None:
        return f"{now}{models}."
    told = {"share": share(after), "seeds": _of_seeds(first)}
    return f"{now}. {t('With one change it is {share}: better in {seeds}.', **told)}"


def symptoms_of(report: WrittenReport, marks: Iterable[Mark]) -> list[str]:
    """Return the symptoms of a report, but for what the curve on the page, which has these `marks`, denies."""
    denied = _denied(marks)
    return [text for name, text in report["symptoms"].items() if name not in denied]


def chain_of(finding: WrittenFinding, marks: Iterable[Mark]) -> list[Mapping[str, Any]]:
    """Return the links from a cause to the curve, but for what the curve on the page denies; one alone is no chain."""
    denied = _denied(marks)
    links = [link for link in finding["chain"] if link["mark"] not in denied]
    return links if len(links) > 1 else []


def _denied(marks: Iterable[Mark]) -> set[str]:
    """Return what a report may say of its own seeds, on a sample of the rows too, and not beside these `marks`."""
    return {"still_falling"} if any(mark.kind == "flat" for mark in marks) else set()


def open_question(report: WrittenReport) -> bool:
    """Return whether nothing is proven, and there was not the time to try all that might be."""
    first = report["causes"][0]["standing"] if report["causes"] else "suspected"
    return bool(report["spent"]) and report["verdict"] != "healthy" and first in {"suspected", "helped"}


def _sampled(report: WrittenReport) -> str:
    """Return which rows the trials ran on, and what the first fix then did on all; nothing for a small table."""
    if report["sampled"] is None:
        return ""
    level = report["on_all_rows"]
    on_all = "" if level is None else t("; on all rows the fix explains {share}", share=share(level))
    return f" ({t('trials ran on {rows} training rows', rows=report['sampled'])}{on_all})"


def _possible(level: float | None, best: float) -> str:
    """Return how much lower the loss of a healthy run could be, where much."""
    lower = 1.0 if level is None else times_lower(level, best)
    if level is not None and level >= best - AS_GOOD and lower < MUCH_LOWER:
        return t("No fault was found: simple models find little or nothing more in these columns.")
    if lower < MUCH_LOWER:
        return t("No fault was found: what is left is tuning.")
    return t("No fault was found, but the loss could be {times} times lower.", times=round(lower))


def number_of_changes(finding: WrittenFinding) -> str:
    """Return how many settings a fix changes, in words as far as these go."""
    count = len(finding["fix"])
    return t(_NUMBERS[count]) if count < len(_NUMBERS) else str(count)


def parts(report: WrittenReport) -> list[str]:
    """Return what each cause of a set has to do with its success, a line each."""
    told = {
        "necessary": t("without it, the repaired program fails again"),
        "helpful": t("not tried without it"),
    }
    known = report["combined"]["parts"]
    return [f"{t(cause_of({'cause': name}).title)}: {told.get(known.get(name), told['helpful'])}."
            for name in report["combined"]["causes"]]  # fmt: skip


def curves_of(finding: WrittenFinding, report: WrittenReport) -> tuple[list[WrittenCurve], list[WrittenCurve]]:
    """Return the curves of a trial's seeds as they were, and with the fix."""
    seeds = {curve["seed"] for curve in finding["after"]}
    return [curve for curve in report["before"] if curve["seed"] in seeds], finding["after"]


def helped(finding: WrittenFinding) -> bool:
    """Return whether a fix was tried and helped."""
    return bool(finding["trial"] and finding["trial"]["helped"])


def trial_words(finding: WrittenFinding) -> str:
    """Return what the trial of a finding showed."""
    trial = finding["trial"]
    if trial is None and finding.get("part"):
        return t("It was tried as a part of the changes together.")
    if trial is None:
        return t("No setting of the lab can cure this.") if finding["certain"] else t("Its fix was not tried.")
    if finding["goal"] == "recall":  # less may be explained when a rare class is no longer ignored
        told = t(
            "Lowest recall of any class: {change}, {gain}.", change=_change(finding, "recall"), gain=gain_words(finding)
        )
    else:
        told = t("Explained: {change}, {gain}.", change=_change(finding, "explained"), gain=gain_words(finding))
    cause = CAUSES.get(finding.get("cause", ""))
    if cause is not None and cause.flatters and not trial["improved"]:
        return f"{t('Without it, the result is the honest one.')} {told}"
    if not trial["helped"] and finding.get("part"):
        return f"{t('Alone it is not enough.')} {told}"
    if not trial["improved"]:
        return f"{t('Its fix did not help in {seeds}.', seeds=counted(trial['seeds'], 'seed'))} {told}"
    if all((level or 0.0) < _SOMETHING for level in finding["reached"]["explained"]) and finding["goal"] != "recall":
        return t("Less wrong in {seeds}, but it still explains nothing.", seeds=_of_seeds(finding))
    return f"{t('Better in {seeds}.', seeds=_of_seeds(finding))} {told}"


def _change(finding: WrittenFinding, what: str) -> str:
    return " → ".join(map(share, finding["reached"][what]))


def gain_words(tried: WrittenFinding) -> str:
    """Return what a repair gains, with its interval where several seeds were trained: ``+42% (−3% … +88%)``."""
    value, *ends = (tried["gain"][name] for name in ("value", "low", "high"))
    told = [_signed(end) for end in ends if end is not None]
    # One that is a point when rounded says no more than the number.
    return f"{_signed(value)} ({_TO.join(told)})" if len({_signed(value), *told}) > 1 else _signed(value)


_TO: Final = "\N{NO-BREAK SPACE}…\N{NO-BREAK SPACE}"


def _signed(value: float) -> str:
    return number(value, "+.0%") if abs(value) >= _SOMETHING else number(0, ".0%")


def skills(finding: WrittenFinding, report: WrittenReport) -> str:
    """Return the skill before and after, which is the number the lab shows; nothing where there is none."""
    name = "val_skill" if report["validation_rows"] else "skill"
    before, after = (finding["trial"][f"{name}_{when}"] for when in ("before", "after"))
    return "" if before is None or after is None else _skill_change(before, after)


def _skill_change(before: float, after: float) -> str:
    return t("Skill: {before} → {after}.", before=skill_text(before), after=skill_text(after))


_COSTS: Final = {"steps": later("{times} × the steps"), "weights": later("{times} × the weights")}
_LIKE: Final = 0.1
"""A cost that differs by less is none."""


def cost_words(finding: WrittenFinding) -> str:
    """Return in a sentence what a repair costs, in steps and weights, as far as these are known."""
    cost = finding["cost"]
    if cost is None:
        return ""
    times = {name: after / before for name in _COSTS if (pair := cost[name]) and all(pair)
             for before, after in [pair]}  # fmt: skip
    more = [f"{t(_COSTS[name], times=_times(value))}{_seconds(cost) * (name == 'steps')}"
            for name, value in times.items() if value > 1 + _LIKE]  # fmt: skip
    price = _price(finding)
    if more or price:
        return t("It costs {price}.", price=_and(more + price))
    less = [t(_COSTS[name], times=_times(value)) for name, value in times.items() if value < 1 - _LIKE]
    known = t("It costs nothing") if len(times) == len(_COSTS) else ""
    enough = t("{less} will do", less=_and(less)) if less else ""
    told = ": ".join(filter(None, (known, enough)))
    return told and f"{told}."


def _times(value: float) -> str:
    return number(value, ".0f" if value >= 10 else ".2g")


def _and(told: Sequence[str]) -> str:
    return t(" and ").join(told)


def _seconds(cost: Mapping[str, Any]) -> str:
    if cost["seconds"] is None:
        return ""
    before, after = cost["seconds"]
    return f" ({t('about {after} s instead of {before}', after=number(after, '.2g'), before=number(before, '.2g'))})"


def _price(finding: WrittenFinding) -> list[str]:
    """Return what the recall of a rare class costs of what is explained."""
    if finding["goal"] != "recall":
        return []
    before, after = (max(0.0, value or 0.0) for value in finding["reached"]["explained"])
    lost = number(before - after, ".0%")
    return [t("{share} of what is explained", share=lost)] if before - after >= _SOMETHING else []


def flattered(finding: WrittenFinding, report: WrittenReport) -> bool:
    """Return whether the losses of a trial may look alike although the predictions do not."""
    return "flattered" in report["symptoms"] and "model.output_activation" in finding["fix"]


def _of_seeds(finding: WrittenFinding) -> str:
    trial = finding["trial"]
    return t("{count} of {seeds}", count=trial["improved"], seeds=counted(trial["seeds"], "seed"))


def change_words(fix: Mapping[str, Any], run: RunSpec, report: WrittenReport) -> list[str]:
    """Return each setting a fix changes, old and new value: ``Learning rate: 1 → 0.1``."""
    # Taken from the spec itself, a change says all it means: defaults that it leaves out are filled in.
    dumped, changed = run.model_dump(mode="json"), run.changed(fix).model_dump(mode="json")
    lines = []
    for path in fix:
        old, value = value_at(dumped, path), value_at(changed, path)
        if path == "data.features" and value is not None:
            dropped = [plain_text(name, 40) for name in old or report["columns"] if name not in value]
            names = ", ".join(dropped[:_MANY])
            if len(dropped) > _MANY:
                names = t("{names} and {count} more", names=names, count=len(dropped) - _MANY)
            lines.append(t("Leave out: {columns}", columns=names))
        elif old != value:
            lines.append(f"{t(label_of(path))}: {show_value(path, old)} → {show_value(path, value)}")
    return lines


def trial_rows(run: RunSpec, report: WrittenReport) -> list[dict[str, str]]:
    """Return a line for each trial, what matters most first: cause, gain, what it showed, change, seeds."""
    return [
        {
            later("Cause"): t("Several together") if trial["cause"] == "together" else t(cause_of(trial).title),
            later("Gain"): gain_words(trial),
            later("Shows"): _shows(trial, report),
            later("Change"): "; ".join(change_words(trial["fix"], run, report)),
            later("Seeds"): t("{count} fresh", count=seeds) if trial["fresh"] else str(seeds),
        }
        for trial in report["trials"]
        for seeds in [len(trial["gains"])]
    ]


_PAID: Final = {
    "fit": later("ruled out: costs too much on training rows"),
    "recall": later("ruled out: costs too much of what is explained"),
}
"""What a change is judged by besides the number that is shown as its gain, where that rises."""


def _shows(trial: Mapping[str, Any], report: WrittenReport) -> str:
    if trial["cause"] in ((report["combined"] or {}).get("parts") or {}):
        return t("not enough alone")
    if trial["holds"]:
        return t("works")
    if max(trial["gains"]) > 0:
        return t("not enough")
    paid = _PAID.get(trial["goal"]) if trial["gain"]["value"] > 0 else None
    return t(paid) if paid else t("ruled out")


def once(report: WrittenReport) -> list[WrittenFinding]:
    """Return the causes without those whose one fact another of them tells."""
    named = {finding["cause"] for finding in report["causes"]}
    return [finding for finding in report["causes"] if cause_of(finding).told_by not in named]


def lines_of(entries: Sequence[Mapping[str, Any]], key: Callable[[Mapping[str, Any]], str]) -> dict[str, list[str]]:
    """Return the evidence of entries that say the same under one key, each piece once."""
    lines: dict[str, list[str]] = {}
    for entry in entries:
        told = lines.setdefault(key(entry), [])
        told += [text for text in map(translated, entry["evidence"]) if text not in told]
    return lines


def variant_words(run: RunSpec) -> str:
    """Return what sets a run apart from the others of its experiment."""
    return " · ".join(f"{t(label_of(path))} {show_value(path, value)}" for path, value in run.variant.items())
