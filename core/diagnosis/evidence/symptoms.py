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

_EQUAL: Final = 0.01
"""How near a loss comes to a well-known constant, relative to it: dropout and penalties are added to it."""
_GOOD: Final = 0.5
"""A skill of less does not go with a loss of 0."""
_MUCH_CLIPPED: Final = 0.5
"""Where more than half of the gradient is cut off, clipping sets the step, not the learning rate."""


def _non_finite(observed: Observation) -> Iterator[str]:
    share, seeds = observed.signals.diverged, len(observed.signals.skill)
    if share:
        which = "every seed" if share == 1 else f"{share * seeds:.0f} of {seeds} seeds"
        yield f"The loss became NaN or infinite in {which}."


def _refused(observed: Observation) -> Iterator[str]:
    if said := observed.signals.failed:
        yield f"Keras refused to train it: {said}"


def _first_steps(observed: Observation) -> Iterator[str]:
    if observed.signals.kicked:
        yield f"The first epoch made the loss {times(observed.signals.kick)} times worse than it was untrained."


def _rising(observed: Observation) -> Iterator[str]:
    if observed.signals.climbs:
        yield f"The loss climbed again by {observed.signals.rise:.0%} of its first value."


def _jumping(observed: Observation) -> Iterator[str]:
    if observed.signals.jumps:
        yield f"The loss jumps by {observed.signals.oscillation:.0%} of its level from epoch to epoch."


def _constant(observed: Observation) -> Iterator[str]:
    value = observed.signals.constant
    if value is not None:
        yield f"The loss stands still at {value:.4g}{_meaning(observed, value)}."


def _meaning(observed: Observation, value: float) -> str:
    """Say what a loss that never moves is equal to, where it is one of the well-known constants."""
    facts = observed.facts
    classes = len(facts.class_shares)
    known: dict[float, str] = {}
    if classes:
        known[math.log(classes)] = f"ln {classes}, the loss of giving every class the same probability"
        entropy = -sum(share * math.log(share) for share in facts.class_shares if share > 0)
        known[entropy] = "the loss of always predicting how frequent each class is"
        for name, share in zip(facts.classes, facts.class_shares, strict=True):
            known[-math.log(KERAS_EPSILON) * (1 - share)] = f"the loss of predicting {name} every time with certainty"
    elif facts.loss == "mse" and facts.target_std:
        known[facts.target_std**2] = "the variance of the target, the loss of always predicting its mean"
        known[facts.target_std**2 + facts.target_mean**2] = "the loss of always predicting 0"
        known[facts.target_std**2 + (1 - facts.target_mean) ** 2] = "the loss of always predicting 1"
    if value == 0 and observed.signals.level < _GOOD:
        return ", although the predictions are wrong: this loss cannot see them"
    return next((f" = {what}" for at, what in known.items() if math.isclose(at, value, rel_tol=_EQUAL)), "")


def _guessing(observed: Observation) -> Iterator[str]:
    signals = observed.signals
    if signals.constant is None and signals.stuck and not signals.diverged and not signals.failed:
        yield "After training it is no better than guessing."


def _blind(observed: Observation) -> Iterator[str]:
    if observed.signals.blind:
        yield "It predicts the same for every row: the inputs play no part."


def _still_falling(observed: Observation) -> Iterator[str]:
    signals = observed.signals
    if signals.still_falling and not signals.stands_still and signals.constant is None:
        yield f"The loss was still falling: {signals.falling:.0%} of its fall came in the last fifth of the epochs."


def _gap(observed: Observation) -> Iterator[str]:
    signals = observed.signals
    if signals.gap > GAP:
        told, held_out = f"{signals.level:.0%}", f"{max(0.0, signals.val_level):.0%}"
        yield f"It explains {told} of the variance on the training rows, but {held_out} on the validation rows."


def _flattered(observed: Observation) -> Iterator[str]:
    signals, facts = observed.signals, observed.facts
    fell = signals.initial_loss is not None and signals.constant is None and signals.stuck and not signals.diverged
    if fell and facts.output_units == 1 and ACTIVATIONS[facts.output_activation].over_units:
        yield "The loss falls while every prediction stays the same: it is computed before the last activation."


def _clipped(observed: Observation) -> Iterator[str]:
    share = observed.signals.clipped
    if share > _MUCH_CLIPPED:
        yield f"Clipping cuts off {share:.0%} of the gradient."


def _warned(observed: Observation) -> Iterator[str]:
    for text in observed.signals.warnings[:1]:
        yield f"Keras warned: {text.split('. ')[0].rstrip('.')}."


SYMPTOMS: Final[Mapping[str, Callable[[Observation], Iterator[str]]]] = {
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


def symptoms(observed: Observation) -> dict[str, str]:
    """Return the symptoms of `observed`: id → one sentence."""
    return {name: text for name, look in SYMPTOMS.items() if (text := next(look(observed), None))}
