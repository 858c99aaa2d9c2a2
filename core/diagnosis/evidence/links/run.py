"""What happens in training: in the layers, in the curve, in what is predicted at the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.choices.activations import ACTIVATIONS
from core.diagnosis.causes.cause import Observation
from core.diagnosis.evidence import limits
from core.diagnosis.evidence.links.link import Link, share_text
from core.diagnosis.evidence.signals import times
from core.sentence import Sentence, said


def _missed(observed: Observation) -> Sentence | None:
    recall = observed.signals.recall
    if not recall or max(recall) >= limits.MISSED:
        return None
    if max(recall) < limits.FLAT:
        return said("of one class none is found")
    return said("of one class {share:.0%} are found", share=max(recall))


def _untrained(observed: Observation) -> Sentence | None:
    start = observed.signals.initial_loss
    if not start or start <= limits.EXPLODING:
        return None
    return said("untrained, the loss is {times!n} times guessing", times=times(start))


def _vanished(observed: Observation) -> Sentence | None:
    ratio = observed.signals.gradient_ratio
    if ratio is None or ratio >= limits.VANISHING:
        return None
    return said("the first layer's gradient is {ratio:.1g} of the last one's", ratio=ratio)


def _exploded(observed: Observation) -> Sentence | None:
    ratio = observed.signals.gradient_ratio
    if ratio is None or ratio <= limits.EXPLODING:
        return None
    return said("the first layer's gradient is {ratio:.0f} times the last one's", ratio=ratio)


def _saturated(observed: Observation) -> Sentence | None:
    share = observed.signals.saturated
    if share <= limits.SATURATED:
        return None
    return said("{share:.0%} of a layer's values lie on the flat ends", share=share)


def _dead(observed: Observation) -> Sentence | None:
    rectified = any(ACTIVATIONS[name].rectified for name in observed.activations)
    share = observed.signals.dead
    if not rectified or share < limits.MANY_DEAD:
        return None
    return said("{share:.0%} of a layer's ReLU units are dead", share=share)


def _penalty(observed: Observation) -> Sentence | None:
    share = observed.signals.penalty
    large = observed.run.model.l2 and share > limits.LARGE_PENALTY
    return said("{share:.0%} of the loss is the penalty", share=share) if large else None


def _stopped(observed: Observation) -> Sentence | None:
    epochs, share = observed.asked.training.epochs, observed.signals.stopped
    if share >= limits.STOPPED_EARLY:
        return None
    return said("stopped after {trained} of {epochs} epochs", trained=max(1, round(share * epochs)), epochs=epochs)


def _clipped(observed: Observation) -> Sentence | None:
    norm, share = observed.run.training.clip_norm, observed.signals.clipped
    cut = norm is not None and share >= limits.CUT_OFF
    return said("clipping at {norm:g} cuts off {share:.0%} of the gradient", norm=norm, share=share) if cut else None


def _kicked(observed: Observation) -> Sentence | None:
    kick = observed.signals.kick
    if not observed.signals.kicked:
        return None
    return said("the first epoch makes the loss {times!n} times worse", times=times(kick))


def _diverged(observed: Observation) -> Sentence | None:
    share, seeds = observed.signals.diverged, len(observed.signals.skill)
    if not share:
        return None
    if share == 1:
        return said("the loss becomes NaN in every seed")
    return said("the loss becomes NaN in {count:.0f} of {seeds} seeds", count=share * seeds, seeds=seeds)


def _jumps(observed: Observation) -> Sentence | None:
    signals = observed.signals
    if not signals.jumps:
        return None
    return said("the loss jumps by {share:.0%} from epoch to epoch", share=signals.oscillation)


def _climbs(observed: Observation) -> Sentence | None:
    if not observed.signals.climbs:
        return None
    return said("the loss climbs again by {share:.0%}", share=observed.signals.rise)


def _flat(observed: Observation) -> Sentence | None:
    value = observed.signals.constant
    if value is None or observed.signals.diverged:
        return None
    return said("the loss stands still at {value:.4g}", value=value)


def _blind(observed: Observation) -> Sentence | None:
    return said("the same answer for every row") if observed.signals.blind else None


def _guessing(observed: Observation) -> Sentence | None:
    signals = observed.signals
    known = signals.blind or signals.diverged or signals.failed
    return said("no better than guessing") if signals.stuck and not known else None


def _falling(observed: Observation) -> Sentence | None:
    signals = observed.signals
    if signals.constant is not None or signals.stands_still or not signals.still_falling:
        return None
    return said("still falling: {share:.0%} of the fall in the last fifth", share=signals.falling)


def _gap(observed: Observation) -> Sentence | None:
    signals = observed.signals
    if signals.gap <= limits.GAP:
        return None
    seen, unseen = share_text(signals.level), share_text(signals.val_level)
    return said("{seen!t} explained on training rows, {unseen!t} on others", seen=seen, unseen=unseen)


def _turned(observed: Observation) -> Sentence | None:
    rise = times(observed.signals.val_rise)
    return (
        said("the validation loss ends at {times!n} times its lowest", times=rise) if observed.signals.turned else None
    )


def _short(observed: Observation) -> Sentence | None:
    signals, reachable = observed.signals, observed.facts.reachable
    known = signals.stuck or signals.diverged or signals.gap > limits.GAP
    if reachable is None or known or signals.val_level > reachable - limits.CLEAR_GAIN:
        return None
    explains, models = share_text(signals.val_level), share_text(reachable)
    return said("it explains {share!t}, simple models {models!t}", share=explains, models=models)


RUN: Final[Mapping[str, Link]] = {
    "missed": Link(_missed),
    "untrained": Link(_untrained),
    "vanished": Link(_vanished),
    "exploded": Link(_exploded),
    "saturated": Link(_saturated),
    "dead": Link(_dead),
    "penalty": Link(_penalty),
    "stopped": Link(_stopped, mark="stopped"),
    "clipped": Link(_clipped),
    "kicked": Link(_kicked, mark="kicked"),
    "diverged": Link(_diverged, mark="diverged", outcome=True),
    "jumps": Link(_jumps, mark="jumps", outcome=True),
    "climbs": Link(_climbs, mark="climbs", outcome=True),
    "flat": Link(_flat, mark="flat", outcome=True),
    "blind": Link(_blind, outcome=True),
    "guessing": Link(_guessing, mark="flat", outcome=True),
    "falling": Link(_falling, mark="still_falling", outcome=True),
    "gap": Link(_gap),
    "turned": Link(_turned, mark="validation_rises"),
    "short": Link(_short, outcome=True),
}
"""Name → link, from the layers to the curve."""
