"""What can be seen to be wrong before anybody says why: one sentence per symptom, with its number."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from core.choices.activations import ACTIVATIONS
from core.choices.losses import KERAS_EPSILON
from core.diagnosis.causes.cause import Observation
from core.diagnosis.evidence.limits import GAP
from core.diagnosis.evidence.signals import times
from core.sentence import Sentence, said

_EQUAL: Final = 0.01
"""How near a loss comes to a well-known constant, relative to it: dropout and penalties are added to it."""
_GOOD: Final = 0.5
"""A skill of less does not go with a loss of 0."""
_MUCH_CLIPPED: Final = 0.5
"""Where more than half of the gradient is cut off, clipping sets the step, not the learning rate."""


def _non_finite(observed: Observation) -> Iterator[Sentence]:
    share, seeds = observed.signals.diverged, len(observed.signals.skill)
    if share:
        if share == 1:
            yield said("The loss became NaN or infinite in every seed.")
        else:
            yield said(
                "The loss became NaN or infinite in {count:.0f} of {seeds} seeds.", count=share * seeds, seeds=seeds
            )


def _refused(observed: Observation) -> Iterator[Sentence]:
    if reason := observed.signals.failed:
        yield said("Keras refused to train it: {reason!t}", reason=reason)


def _first_steps(observed: Observation) -> Iterator[Sentence]:
    if observed.signals.kicked:
        kick = times(observed.signals.kick)
        yield said("The first epoch made the loss {times!n} times worse than it was untrained.", times=kick)


def _rising(observed: Observation) -> Iterator[Sentence]:
    if observed.signals.climbs:
        yield said("The loss climbed again by {share:.0%} of its first value.", share=observed.signals.rise)


def _jumping(observed: Observation) -> Iterator[Sentence]:
    if observed.signals.jumps:
        share = observed.signals.oscillation
        yield said("The loss jumps by {share:.0%} of its level from epoch to epoch.", share=share)


def _constant(observed: Observation) -> Iterator[Sentence]:
    value = observed.signals.constant
    if value is not None:
        if value == 0 and observed.signals.level < _GOOD:
            yield said(
                "The loss stands still at {value:.4g}, although the predictions are wrong: this loss cannot see them.",
                value=value,
            )
        elif meaning := _meaning(observed, value):
            yield said("The loss stands still at {value:.4g} = {meaning!t}.", value=value, meaning=meaning)
        else:
            yield said("The loss stands still at {value:.4g}.", value=value)


def _meaning(observed: Observation, value: float) -> Sentence | None:
    """Say what a loss that never moves is equal to, where it is one of the well-known constants."""
    facts = observed.facts
    classes = len(facts.class_shares)
    known: dict[float, Sentence] = {}
    if classes:
        known[math.log(classes)] = said(
            "ln {classes}, the loss of giving every class the same probability", classes=classes
        )
        entropy = -sum(share * math.log(share) for share in facts.class_shares if share > 0)
        known[entropy] = said("the loss of always predicting how frequent each class is")
        for name, share in zip(facts.classes, facts.class_shares, strict=True):
            told = said("the loss of predicting {name} every time with certainty", name=name)
            known[-math.log(KERAS_EPSILON) * (1 - share)] = told
    elif facts.loss == "mse" and facts.target_std:
        known[facts.target_std**2] = said("the variance of the target, the loss of always predicting its mean")
        known[facts.target_std**2 + facts.target_mean**2] = said("the loss of always predicting 0")
        known[facts.target_std**2 + (1 - facts.target_mean) ** 2] = said("the loss of always predicting 1")
    return next((what for at, what in known.items() if math.isclose(at, value, rel_tol=_EQUAL)), None)


def _guessing(observed: Observation) -> Iterator[Sentence]:
    signals = observed.signals
    if signals.constant is None and signals.stuck and not signals.diverged and not signals.failed:
        yield said("After training it is no better than guessing.")


def _blind(observed: Observation) -> Iterator[Sentence]:
    if observed.signals.blind:
        yield said("It predicts the same for every row: the inputs play no part.")


def _still_falling(observed: Observation) -> Iterator[Sentence]:
    signals = observed.signals
    if signals.still_falling and not signals.stands_still and signals.constant is None:
        yield said(
            "The loss was still falling: {share:.0%} of its fall came in the last fifth of the epochs.",
            share=signals.falling,
        )


def _gap(observed: Observation) -> Iterator[Sentence]:
    signals = observed.signals
    if signals.gap > GAP:
        yield said(
            "It explains {seen:.0%} of the variance on the training rows, but {unseen:.0%} on the validation rows.",
            seen=signals.level,
            unseen=max(0.0, signals.val_level),
        )


def _flattered(observed: Observation) -> Iterator[Sentence]:
    signals, facts = observed.signals, observed.facts
    fell = signals.initial_loss is not None and signals.constant is None and signals.stuck and not signals.diverged
    if fell and facts.output_units == 1 and ACTIVATIONS[facts.output_activation].over_units:
        yield said("The loss falls while every prediction stays the same: it is computed before the last activation.")


def _clipped(observed: Observation) -> Iterator[Sentence]:
    share = observed.signals.clipped
    if share > _MUCH_CLIPPED:
        yield said("Clipping cuts off {share:.0%} of the gradient.", share=share)


def _warned(observed: Observation) -> Iterator[Sentence]:
    for text in observed.signals.warnings[:1]:
        yield said("Keras warned: {text}.", text=text.split(". ")[0].rstrip("."))


SYMPTOMS: Final[Mapping[str, Callable[[Observation], Iterator[Sentence]]]] = {
    "non_finite": _non_finite,
    "refused": _refused,
    "first_steps_harm": _first_steps,
    "rising": _rising,
    "jumping": _jumping,
    "constant": _constant,
    "guessing": _guessing,
    "blind": _blind,
    "still_falling": _still_falling,
    "gap": _gap,
    "flattered": _flattered,
    "clipped": _clipped,
    "warned": _warned,
}


def symptoms(observed: Observation) -> dict[str, Sentence]:
    """Return the symptoms of `observed`: id → one sentence."""
    return {name: text for name, look in SYMPTOMS.items() if (text := next(look(observed), None))}
