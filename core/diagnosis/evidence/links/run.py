"""What happens in training: in the layers, in the curve, in what is predicted at the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.choices.activations import ACTIVATIONS
from core.diagnosis.causes.cause import Observation
from core.diagnosis.evidence import limits
from core.diagnosis.evidence.links.link import Link, share_text
from core.diagnosis.evidence.signals import times


def _missed(observed: Observation) -> str | None:
    recall = observed.signals.recall
    if not recall or max(recall) >= limits.MISSED:
        return None
    found = f"{max(recall):.0%} are" if max(recall) >= limits.FLAT else "none is"
    return f"of one class {found} found"


def _untrained(observed: Observation) -> str | None:
    start = observed.signals.initial_loss
    return f"untrained, the loss is {times(start)} times guessing" if start and start > limits.EXPLODING else None


def _vanished(observed: Observation) -> str | None:
    ratio = observed.signals.gradient_ratio
    if ratio is None or ratio >= limits.VANISHING:
        return None
    return f"the first layer's gradient is {ratio:.1g} of the last one's"


def _exploded(observed: Observation) -> str | None:
    ratio = observed.signals.gradient_ratio
    if ratio is None or ratio <= limits.EXPLODING:
        return None
    return f"the first layer's gradient is {ratio:.0f} times the last one's"


def _saturated(observed: Observation) -> str | None:
    share = observed.signals.saturated
    return f"{share:.0%} of a layer's values lie on the flat ends" if share > limits.SATURATED else None


def _dead(observed: Observation) -> str | None:
    rectified = any(ACTIVATIONS[name].rectified for name in observed.activations)
    share = observed.signals.dead
    return f"{share:.0%} of a layer's ReLU units are dead" if rectified and share >= limits.MANY_DEAD else None


def _penalty(observed: Observation) -> str | None:
    share = observed.signals.penalty
    large = observed.run.model.l2 and share > limits.LARGE_PENALTY
    return f"{share:.0%} of the loss is the penalty" if large else None


def _stopped(observed: Observation) -> str | None:
    epochs, share = observed.asked.training.epochs, observed.signals.stopped
    return f"stopped after {max(1, round(share * epochs))} of {epochs} epochs" if share < limits.STOPPED_EARLY else None


def _clipped(observed: Observation) -> str | None:
    norm, share = observed.run.training.clip_norm, observed.signals.clipped
    cut = norm is not None and share >= limits.CUT_OFF
    return f"clipping at {norm:g} cuts off {share:.0%} of the gradient" if cut else None


def _kicked(observed: Observation) -> str | None:
    kick = observed.signals.kick
    return f"the first epoch makes the loss {times(kick)} times worse" if observed.signals.kicked else None


def _diverged(observed: Observation) -> str | None:
    share, seeds = observed.signals.diverged, len(observed.signals.skill)
    if not share:
        return None
    return f"the loss becomes NaN in {'every seed' if share == 1 else f'{share * seeds:.0f} of {seeds} seeds'}"


def _jumps(observed: Observation) -> str | None:
    signals = observed.signals
    return f"the loss jumps by {signals.oscillation:.0%} from epoch to epoch" if signals.jumps else None


def _climbs(observed: Observation) -> str | None:
    return f"the loss climbs again by {observed.signals.rise:.0%}" if observed.signals.climbs else None


def _flat(observed: Observation) -> str | None:
    value = observed.signals.constant
    return None if value is None or observed.signals.diverged else f"the loss stands still at {value:.4g}"


def _blind(observed: Observation) -> str | None:
    return "the same answer for every row" if observed.signals.blind else None


def _guessing(observed: Observation) -> str | None:
    signals = observed.signals
    known = signals.blind or signals.diverged or signals.failed
    return "no better than guessing" if signals.stuck and not known else None


def _falling(observed: Observation) -> str | None:
    signals = observed.signals
    if signals.constant is not None or signals.stands_still or not signals.still_falling:
        return None
    return f"still falling: {signals.falling:.0%} of the fall in the last fifth"


def _gap(observed: Observation) -> str | None:
    signals = observed.signals
    if signals.gap <= limits.GAP:
        return None
    return f"{share_text(signals.level)} explained on training rows, {share_text(signals.val_level)} on others"


def _turned(observed: Observation) -> str | None:
    rise = times(observed.signals.val_rise)
    return f"the validation loss ends at {rise} times its lowest" if observed.signals.turned else None


def _short(observed: Observation) -> str | None:
    signals, reachable = observed.signals, observed.facts.reachable
    said = signals.stuck or signals.diverged or signals.gap > limits.GAP
    if reachable is None or said or signals.val_level > reachable - limits.CLEAR_GAIN:
        return None
    return f"it explains {share_text(signals.val_level)}, simple models {share_text(reachable)}"


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
