"""What a diagnosis found, as text for a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from core.columns import Columns, in_columns
from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.gain import AS_GOOD, MUCH_LOWER, times_lower

_LEGEND: Final = (
    "gain: what the fix adds to the share of the variance explained, or to the lowest recall of any class where one is "
    "missed: the median over the seeds, and the 95% interval of the mean"
)

_MANY: Final = 9
"""More causes that were not checked for one reason are counted, not named."""


def as_text(variant: Mapping[str, Any], name: str = "") -> str:
    """Return one of a report's variants in lines; `name` says which it is, where there are several."""
    verdict = f"{name}: {variant['verdict']}" if name else str(variant["verdict"])
    if variant["verdict"] == "refused":
        return f"{verdict}, {variant['error']}"
    return "\n".join([verdict, *_levels(variant), *variant["symptoms"].values(), *_causes(variant), *_rest(variant)])


def _levels(variant: Mapping[str, Any]) -> Iterator[str]:
    explained, reachable = variant["explained"], variant["reachable"]
    held_out = explained["validation"] is not None
    level = explained["validation" if held_out else "training"]
    if level is None:
        return
    models = "" if reachable is None else f"; simple models explain {_share(reachable)}"
    rows = "rows it has not seen" if held_out else "its training rows"
    yield f"It explains {_share(level)} of the variance on {rows}{models}."
    if variant["sampled"] is not None:
        fixed = variant["on_all_rows"]
        on_all = "" if fixed is None else f"; on all rows the fix explains {_share(fixed)}"
        yield f"Trials ran on {variant['sampled']:,} training rows{on_all}."
    if variant["verdict"] == "healthy":
        lower = 1.0 if reachable is None else times_lower(level, reachable)
        tuning = reachable is not None and level < reachable - AS_GOOD
        left = f", but the loss could be {round(lower)} times lower" if lower >= MUCH_LOWER else ""
        yield f"No fault was found{left or (': what is left is tuning' if tuning else '')}."


def _causes(variant: Mapping[str, Any]) -> Iterator[str]:
    causes, together = variant["causes"], variant["combined"]
    if causes:
        yield in_columns(_COLUMNS, causes)
        why = {gap["cause"]: [gap["why"]] for gap in variant["not_checked"]}
        for cause in causes:
            told = [*cause["evidence"], *why.get(cause["cause"], [])]
            yield from (f"  {cause['title']}: {text}" for text in told)
    if together:
        # Where nothing was left out, a smaller one may do.
        smallest = "necessary" in together["parts"].values()
        yield f"{'the smallest' if smallest else 'a'} set that works: {_fix(together)}: {_gain(together)}"
    if together or any(cause["trial"] for cause in causes):
        yield _LEGEND


def _rest(variant: Mapping[str, Any]) -> Iterator[str]:
    if variant["why"]:
        yield str(variant["why"])
    yield from (f"only you can know: {one['ask']} ({'; '.join(one['evidence'])})" for one in variant["questions"])
    yield from (f"harmless: {_title(one['cause'])}: {'; '.join(one['evidence'])}" for one in variant["remarks"])
    named = {cause["cause"] for cause in variant["causes"]} | {"together"}
    others = [one for one in variant["trials"] if one["cause"] not in named]
    helped = [one["cause"] for one in others if one["holds"] or one["gain"]["value"] > 0]
    in_vain = [one["cause"] for one in others if one["cause"] not in helped]
    if titles := _titles(helped):
        yield f"tried and better, but not by enough: {titles}"
    if titles := _titles(in_vain):
        yield f"tried in vain: {titles}"
    gaps: dict[str, list[str]] = {}
    for gap in variant["not_checked"]:
        if gap["cause"] not in named:
            gaps.setdefault(gap["why"], []).append(gap["cause"])
    for why, causes in gaps.items():
        yield f"not checked: {_titles(causes) if len(causes) <= _MANY else f'{len(causes)} other causes'} ({why})"


def _title(cause: str) -> str:
    return CAUSES[cause].title


def _titles(causes: Iterable[str]) -> str:
    return "; ".join(map(_title, dict.fromkeys(causes)))


def _share(value: float) -> str:
    return f"{value:.0%}" if round(value, 2) > 0 else "nothing"


def _fix(cause: Mapping[str, Any]) -> str:
    return ", ".join(f"{path} = {json.dumps(value)}" for path, value in (cause["fix"] or {}).items()) or "–"


def _gain(cause: Mapping[str, Any]) -> str:
    trial, gain = cause["trial"], cause.get("gain")
    if trial is None or gain is None:
        return "–"
    low, high = gain["low"], gain["high"]
    interval = "" if low is None or high is None else f" ({low:+.0%} … {high:+.0%})"
    told = f"{gain['value']:+.0%}{interval}"
    known = CAUSES.get(cause.get("cause", ""))
    if known is not None and known.flatters and not trial["improved"]:
        return f"{told}: the honest result"
    seeds = f"{trial['improved']} of {trial['seeds']} {'seed' if trial['seeds'] == 1 else 'seeds'}"
    if trial["improved"] and round(gain["value"], 2) == 0:
        return f"less wrong in {seeds}, but it explains no more"
    return f"{told} in {seeds}"


def _standing(cause: Mapping[str, Any]) -> str:
    return f"{cause['part']} part of the set" if _in_set(cause) else str(cause["standing"])


def _in_set(cause: Mapping[str, Any]) -> bool:
    """Whether it is cured together with others: alone its change may do nothing."""
    return cause["part"] in {"necessary", "helpful"}


_COLUMNS: Final[Columns] = {
    "": lambda cause: str(cause["rank"]),
    "cause": lambda cause: str(cause["title"]),
    "confidence": lambda cause: f"{cause['confidence']:.0%}",
    "standing": _standing,
    "gain": lambda cause: "together" if _in_set(cause) else _gain(cause),
    "fix": _fix,
}
