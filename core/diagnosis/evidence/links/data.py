"""What the data are, and what is done to them before training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.choices.encoders import ENCODERS
from core.choices.scalers import SCALERS, TARGET_SCALERS
from core.diagnosis.causes.cause import Observation
from core.diagnosis.evidence import limits
from core.diagnosis.evidence.links.link import Link, share_text
from core.diagnosis.evidence.signals import stands_in, written
from core.sentence import Sentence, said

_MOST_NAMES: Final = 2


def _inputs(observed: Observation) -> Sentence | None:
    if SCALERS[observed.run.preprocessing.scaling].build is not None:
        return None
    (low, high), offset = observed.facts.input_spread, observed.facts.input_offset
    if high > limits.UNEQUAL * low and high > offset:
        return said("one input spreads {times:,.0f} times as far as another", times=high / low)
    return said(
        "inputs with a mean of up to {mean!n} and a spread of up to {spread!n}",
        mean=written(offset),
        spread=written(high),
    )


def _targets(observed: Observation) -> Sentence | None:
    facts = observed.facts
    if facts.task != "regression" or TARGET_SCALERS[observed.run.preprocessing.target_scaling].fit is not None:
        return None
    mean, spread = written(facts.target_mean), written(facts.target_std)
    return said("a target with mean {mean!n} and spread {spread!n}", mean=mean, spread=spread)


def _invalid(observed: Observation) -> Sentence | None:
    share = observed.facts.invalid_inputs
    return said("{share:.2%} of the inputs are NaN or infinite", share=share) if share else None


def _sentinel(observed: Observation) -> Sentence | None:
    found = next((s for s in observed.facts.sentinels if s.certain), None)
    return stands_in(found) if found else None


def _codes(observed: Observation) -> Sentence | None:
    facts, flaw = observed.facts, ENCODERS[observed.run.preprocessing.encoding].flaw
    names = ", ".join(facts.category_columns[:_MOST_NAMES])
    return said("words of {columns} {flaw!w}", columns=names, flaw=flaw) if names and flaw else None


def _leak(observed: Observation) -> Sentence | None:
    found = next((leak for leak in observed.facts.leaks if leak.certain), None)
    return said("{column} gives the answer away", column=found.column) if found else None


def _copies(observed: Observation) -> Sentence | None:
    facts = observed.facts
    apart = observed.run.data.split not in {"random", "stratified"}
    if apart or not facts.copies.share or not facts.validation_rows:
        return None
    return said("{share:.0%} of the rows have a copy, on both sides of the split", share=facts.copies.share)


def _by_heart(observed: Observation) -> Sentence | None:
    facts = observed.facts
    if facts.by_heart is None or facts.reachable is None or facts.by_heart <= max(0.0, facts.reachable):
        return None
    known, others = share_text(facts.by_heart), share_text(facts.reachable)
    return said(
        "simple models explain {known!t} of rows with a known copy, {others!t} of others", known=known, others=others
    )


def _without_leaks(observed: Observation) -> Sentence | None:
    rest = observed.facts.without_leaks
    if rest is None:
        return None
    return said("the other inputs together explain {share!t}", share=share_text(rest))


def _no_signal(observed: Observation) -> Sentence | None:
    reachable = observed.facts.reachable
    if reachable is None:
        return None
    return said("simple models explain {share!t} of rows they have not seen", share=share_text(reachable))


def _one_target(observed: Observation) -> Sentence | None:
    return said("every row has the same target") if observed.facts.constant_target else None


def _conflict(observed: Observation) -> Sentence | None:
    copies = observed.facts.copies
    if not copies.conflict:
        return None
    return said("{share:.0%} of the variance is between rows of equal inputs", share=copies.conflict)


def _rare(observed: Observation) -> Sentence | None:
    facts = observed.facts
    if not facts.class_shares or not min(facts.class_shares):
        return None
    least = min(facts.class_shares)
    name = facts.classes[facts.class_shares.index(least)]
    return said("{share:.1%} of the rows are {name}", share=least, name=name)


def _in_order(observed: Observation) -> Sentence | None:
    in_order = observed.run.data.split == "in_order" and observed.facts.validation_rows
    return said("the last rows validate") if in_order else None


def _other_targets(observed: Observation) -> Sentence | None:
    shift = observed.facts.shift
    if shift <= limits.SHIFTED:
        return None
    return said("their targets differ by {shift:.1f} standard deviations", shift=shift)


def _told_apart(observed: Observation) -> Sentence | None:
    shift = observed.facts.input_shift
    if shift <= limits.TOLD_APART:
        return None
    return said("a model tells them from the others in {share:.0%} of pairs", share=shift)


def _sorted(observed: Observation) -> Sentence | None:
    correlation = observed.facts.runs_of_target
    if observed.run.training.shuffle or correlation <= limits.SORTED:
        return None
    return said(
        "each epoch takes the rows in their order, sorted by target (correlation {correlation:.2f})",
        correlation=correlation,
    )


def _by_row(observed: Observation) -> Sentence | None:
    scaling = observed.run.preprocessing.scaling
    return said("{scaling} divides each row by its length", scaling=scaling) if SCALERS[scaling].by_row else None


def _destroyed(observed: Observation) -> Sentence | None:
    before, after = observed.facts.unscaled, observed.facts.reachable
    if before is None or after is None or before <= after:
        return None
    return said(
        "simple models explain {after!t} after it, {before!t} before",
        after=share_text(after),
        before=share_text(before),
    )


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
