"""What the data are, and what is done to them before training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.choices.encoders import ENCODERS
from core.choices.scalers import SCALERS, TARGET_SCALERS
from core.diagnosis.causes.cause import Observation
from core.diagnosis.evidence import limits
from core.diagnosis.evidence.links.link import Link, share_text
from core.diagnosis.evidence.signals import written

_MOST_NAMES: Final = 2


def _inputs(observed: Observation) -> str | None:
    if SCALERS[observed.run.preprocessing.scaling].build is not None:
        return None
    (low, high), offset = observed.facts.input_spread, observed.facts.input_offset
    if high > limits.UNEQUAL * low and high > offset:
        return f"one input spreads {high / low:,.0f} times as far as another"
    return f"inputs with a mean of up to {written(offset)} and a spread of up to {written(high)}"


def _targets(observed: Observation) -> str | None:
    facts = observed.facts
    if facts.task != "regression" or TARGET_SCALERS[observed.run.preprocessing.target_scaling].fit is not None:
        return None
    return f"a target with mean {written(facts.target_mean)} and spread {written(facts.target_std)}"


def _invalid(observed: Observation) -> str | None:
    share = observed.facts.invalid_inputs
    return f"{share:.2%} of the inputs are NaN or infinite" if share else None


def _sentinel(observed: Observation) -> str | None:
    found = next((s for s in observed.facts.sentinels if s.certain), None)
    return f"{found.column} is {found.value:g} in {found.count} rows" if found else None


def _codes(observed: Observation) -> str | None:
    facts, flaw = observed.facts, ENCODERS[observed.run.preprocessing.encoding].flaw
    names = ", ".join(facts.category_columns[:_MOST_NAMES])
    return f"words of {names} {flaw}" if names and flaw else None


def _leak(observed: Observation) -> str | None:
    found = next((leak for leak in observed.facts.leaks if leak.certain), None)
    return f"{found.column} gives the answer away" if found else None


def _copies(observed: Observation) -> str | None:
    facts = observed.facts
    apart = observed.run.data.split not in {"random", "stratified"}
    if apart or not facts.copies.share or not facts.validation_rows:
        return None
    return f"{facts.copies.share:.0%} of the rows have a copy, on both sides of the split"


def _by_heart(observed: Observation) -> str | None:
    facts = observed.facts
    if facts.by_heart is None or facts.reachable is None or facts.by_heart <= max(0.0, facts.reachable):
        return None
    known, others = share_text(facts.by_heart), share_text(facts.reachable)
    return f"simple models explain {known} of rows with a known copy, {others} of others"


def _without_leaks(observed: Observation) -> str | None:
    rest = observed.facts.without_leaks
    return None if rest is None else f"the other inputs together explain {share_text(rest)}"


def _no_signal(observed: Observation) -> str | None:
    reachable = observed.facts.reachable
    return None if reachable is None else f"simple models explain {share_text(reachable)} of rows they have not seen"


def _one_target(observed: Observation) -> str | None:
    return "every row has the same target" if observed.facts.constant_target else None


def _conflict(observed: Observation) -> str | None:
    copies = observed.facts.copies
    return f"{copies.conflict:.0%} of the variance is between rows of equal inputs" if copies.conflict else None


def _rare(observed: Observation) -> str | None:
    facts = observed.facts
    if not facts.class_shares or not min(facts.class_shares):
        return None
    least = min(facts.class_shares)
    return f"{least:.1%} of the rows are {facts.classes[facts.class_shares.index(least)]}"


def _in_order(observed: Observation) -> str | None:
    in_order = observed.run.data.split == "in_order" and observed.facts.validation_rows
    return "the last rows validate" if in_order else None


def _other_targets(observed: Observation) -> str | None:
    shift = observed.facts.shift
    return f"their targets differ by {shift:.1f} standard deviations" if shift > limits.SHIFTED else None


def _told_apart(observed: Observation) -> str | None:
    shift = observed.facts.input_shift
    return f"a model tells them from the others in {shift:.0%} of pairs" if shift > limits.TOLD_APART else None


def _sorted(observed: Observation) -> str | None:
    correlation = observed.facts.runs_of_target
    if observed.run.training.shuffle or correlation <= limits.SORTED:
        return None
    return f"each epoch takes the rows in their order, sorted by target (correlation {correlation:.2f})"


def _by_row(observed: Observation) -> str | None:
    scaling = observed.run.preprocessing.scaling
    return f"{scaling} divides each row by its length" if SCALERS[scaling].by_row else None


def _destroyed(observed: Observation) -> str | None:
    before, after = observed.facts.unscaled, observed.facts.reachable
    if before is None or after is None or before <= after:
        return None
    return f"simple models explain {share_text(after)} after it, {share_text(before)} before"


DATA: Final[Mapping[str, Link]] = {
    "inputs": Link(_inputs),
    "targets": Link(_targets),
    "invalid": Link(_invalid),
    "sentinel": Link(_sentinel),
    "codes": Link(_codes),
    "leak": Link(_leak),
    "copies": Link(_copies),
    "by_heart": Link(_by_heart),
    "without_leaks": Link(_without_leaks),
    "no_signal": Link(_no_signal),
    "one_target": Link(_one_target),
    "conflict": Link(_conflict),
    "rare": Link(_rare),
    "in_order": Link(_in_order),
    "other_targets": Link(_other_targets),
    "told_apart": Link(_told_apart),
    "sorted": Link(_sorted),
    "by_row": Link(_by_row),
    "destroyed": Link(_destroyed),
}
"""Name → link."""
