"""The links of the chain from a cause to its curve: what was measured in this run, each in a few words.

A cause names its links in order; one that is not true here, or was not measured, is left out of its chain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from core.choices.activations import ACTIVATIONS
from core.choices.encoders import ENCODERS
from core.choices.initializers import INITIALIZERS
from core.choices.losses import LOSSES
from core.choices.optimizers import OPTIMIZERS
from core.choices.scalers import SCALERS, TARGET_SCALERS
from core.diagnosis.causes.cause import Observation
from core.diagnosis.evidence import limits
from core.diagnosis.evidence.marks import MarkKind
from core.diagnosis.evidence.signals import times

Look = Callable[[Observation], str | None]

_USUAL_RATE: Final = 3.0
"""A rate within this factor of the usual one is not worth a word."""
_FEW_STEPS: Final = 1000
_HEAVY_MOMENTUM: Final = 0.8
_HALF: Final = 0.5
_TOLD_APART: Final = 0.75
_MOST_NAMES: Final = 2


@dataclass(frozen=True)
class Link:
    """One link of a chain.

    Attributes
    ----------
    look : callable
        Observation → a few words with the number that was measured, or None where it is not true of the run.
    mark : MarkKind or None
        The kind of mark that shows it in the curve (`evidence.marks`).
    outcome : bool
        Whether it says how the run went and not why: a chain of such links alone starts nowhere.
    """

    look: Look
    mark: MarkKind | None = None
    outcome: bool = False


class Said(NamedTuple):
    """A link that is true of a run."""

    words: str
    mark: MarkKind | None


def chain(observed: Observation, names: Sequence[str]) -> tuple[Said, ...]:
    """Return those of the links called `names` that are true here, in their order; none where only one is."""
    found = [(words, LINKS[name]) for name in names if (words := LINKS[name].look(observed))]
    if len(found) < 2 or all(link.outcome for _, link in found):
        return ()
    return tuple(Said(words, link.mark) for words, link in found)


def _share(value: float) -> str:
    return f"{value:.0%}" if value >= limits.FLAT else "nothing"


def _inputs(observed: Observation) -> str | None:
    if SCALERS[observed.run.preprocessing.scaling].build is not None:
        return None
    (low, high), offset = observed.facts.input_spread, observed.facts.input_offset
    if high > limits.EXPLODING * low and high > offset:
        return f"one input spreads {high / low:,.0f} times as far as another"
    return f"inputs with a mean of up to {offset:.3g} and a spread of up to {high:.3g}"


def _targets(observed: Observation) -> str | None:
    facts = observed.facts
    if facts.task != "regression" or TARGET_SCALERS[observed.run.preprocessing.target_scaling].fit is not None:
        return None
    return f"a target with mean {facts.target_mean:.3g} and spread {facts.target_std:.3g}"


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
    known, others = _share(facts.by_heart), _share(facts.reachable)
    return f"simple models explain {known} of rows with a known copy, {others} of others"


def _without_leaks(observed: Observation) -> str | None:
    rest = observed.facts.without_leaks
    return None if rest is None else f"the other inputs together explain {_share(rest)}"


def _no_signal(observed: Observation) -> str | None:
    reachable = observed.facts.reachable
    return None if reachable is None else f"simple models explain {_share(reachable)} of rows they have not seen"


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


def _missed(observed: Observation) -> str | None:
    recall = observed.signals.recall
    if not recall or max(recall) >= _HALF:
        return None
    found = f"{max(recall):.0%} are" if max(recall) >= limits.FLAT else "none is"
    return f"of one class {found} found"


def _in_order(observed: Observation) -> str | None:
    in_order = observed.run.data.split == "in_order" and observed.facts.validation_rows
    return "the last rows validate" if in_order else None


def _other_targets(observed: Observation) -> str | None:
    shift = observed.facts.shift
    return f"their targets differ by {shift:.1f} standard deviations" if shift > _HALF else None


def _told_apart(observed: Observation) -> str | None:
    shift = observed.facts.input_shift
    return f"a model tells them from the others in {shift:.0%} of pairs" if shift > _TOLD_APART else None


def _sorted(observed: Observation) -> str | None:
    correlation = observed.facts.runs_of_target
    if observed.run.training.shuffle or correlation <= _HALF:
        return None
    return f"each epoch takes the rows in their order, sorted by target (correlation {correlation:.2f})"


def _by_row(observed: Observation) -> str | None:
    scaling = observed.run.preprocessing.scaling
    return f"{scaling} divides each row by its length" if SCALERS[scaling].by_row else None


def _destroyed(observed: Observation) -> str | None:
    before, after = observed.facts.unscaled, observed.facts.reachable
    if before is None or after is None or before <= after:
        return None
    return f"simple models explain {_share(after)} after it, {_share(before)} before"


def _output(observed: Observation) -> str | None:
    facts, output = observed.facts, ACTIVATIONS[observed.facts.output_activation]
    (low, high), (least, most) = facts.target_range, output.bounds
    if output.over_units and facts.output_units == 1:
        return f"{output.name} over one output is always 1"
    if facts.task == "regression":
        beyond = low < least or high > most
        if beyond:
            return f"{output.name} gives {least:g} … {most:g}, the target needs {low:.4g} … {high:.4g}"
        return None if output.name == "linear" else f"a regression ends in {output.name}"
    if facts.task == "multilabel" and output.over_units:
        return f"outputs of {output.name} sum to 1, and rows have {facts.answers[0]} to {facts.answers[1]} labels"
    return None if output.probabilities else f"{output.name} gives no probabilities"


def _loss(observed: Observation) -> str | None:
    facts, loss = observed.facts, LOSSES[observed.facts.loss]
    if loss.over_units and facts.output_units == 1:
        return f"{loss.name} over one output is always 0"
    fits = "distance" if facts.task == "regression" else "probability"
    return None if loss.measures == fits else f"{loss.name} judges a {loss.measures}, the task needs a {fits}"


def _hidden(observed: Observation) -> str | None:
    odd = sorted({name for name in observed.activations if not ACTIVATIONS[name].usual})
    return f"hidden layers of {', '.join(odd)}" if odd else None


def _deep(observed: Observation) -> str | None:
    return f"{observed.depth} hidden layers of {observed.activations[0]}" if observed.depth > 2 else None


def _narrow(observed: Observation) -> str | None:
    if not observed.depth:
        return "no hidden layer"
    units = min(layer.units for layer in observed.run.model.hidden)
    return f"the narrowest layer has {units} unit{'s' * (units != 1)}"


def _bent(observed: Observation) -> str | None:
    skills = observed.facts.skills
    if not skills or max(skills.values()) - max(0.0, skills["linear"]) <= limits.CLEAR_GAIN:
        return None
    return f"a line explains {_share(skills['linear'])}, a bend {_share(max(skills.values()))}"


def _weights(observed: Observation) -> str | None:
    hidden = observed.run.model.hidden
    chosen = (hidden[0].initializer if hidden else None) or observed.run.model.initializer
    named = {"name": chosen} if isinstance(chosen, str) else chosen
    if INITIALIZERS[str(named["name"])].spread(named, 1.0) is None:
        return None
    rest = [f"{key} {value}" for key, value in named.items() if key != "name"]
    return " ".join(["weights start from", str(named["name"]), *rest])


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


def _rate(observed: Observation) -> str | None:
    rate, usual = observed.run.training.learning_rate, OPTIMIZERS[observed.run.training.optimizer].usual_rate
    if 1 / _USUAL_RATE < rate / usual < _USUAL_RATE:
        return f"a rate of {rate:g}"
    usually = f"{times(rate / usual)} times" if rate > usual else f"1/{usual / rate:,.0f} of"
    return f"a rate of {rate:g}, {usually} the usual one"


def _steps(observed: Observation) -> str | None:
    steps = observed.signals.updates
    return f"{steps:.0f} steps in all" if 0 < steps < _FEW_STEPS else None


def _batch(observed: Observation) -> str | None:
    size, rows = observed.run.training.batch_size, observed.facts.rows
    return f"batches of {min(size, rows)} of {rows:,} rows"


def _optimizer(observed: Observation) -> str | None:
    training = observed.run.training
    chosen = OPTIMIZERS[training.optimizer]
    if training.momentum >= _HEAVY_MOMENTUM and "momentum" in chosen.takes:
        return f"momentum {training.momentum:g} makes steps {1 / max(1e-3, 1 - training.momentum):.0f} times as long"
    if chosen.shortens:
        return f"{chosen.name} shortens its steps, from a rate of {training.learning_rate:g}"
    return f"{chosen.name}: one rate of {training.learning_rate:g} for every weight" if chosen.plain else None


def _held_back(observed: Observation) -> str | None:
    model, decay = observed.run.model, observed.run.training.weight_decay
    dropout = max((layer.dropout or 0.0 for layer in model.hidden), default=0.0)
    told = [f"L2 of {model.l2:g}"] * bool(model.l2) + [f"dropout of {dropout:.0%}"] * bool(dropout)
    return " and ".join(told + [f"weight decay of {decay:g}"] * bool(decay)) or None


def _penalty(observed: Observation) -> str | None:
    share = observed.signals.penalty
    return f"{share:.0%} of the loss is the penalty" if observed.run.model.l2 and share > limits.GAP else None


def _patience(observed: Observation) -> str | None:
    stopping = observed.run.training.early_stopping
    return None if stopping is None else f"a patience of {stopping.patience} epochs"


def _stopped(observed: Observation) -> str | None:
    epochs, share = observed.run.training.epochs, observed.signals.stopped
    return f"stopped after {max(1, round(share * epochs))} of {epochs} epochs" if share < limits.STOPPED_EARLY else None


def _schedule(observed: Observation) -> str | None:
    left, name = observed.signals.rate_left, observed.run.training.schedule.name
    return f"the {name} schedule leaves {left:.1%} of the rate" if name != "constant" and left < _HALF else None


def _clipped(observed: Observation) -> str | None:
    norm, share = observed.run.training.clip_norm, observed.signals.clipped
    return f"clipping at {norm:g} cuts off {share:.0%} of the gradient" if norm is not None and share > _HALF else None


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
    if signals.constant is not None or not signals.still_falling:
        return None
    return f"still falling: {signals.falling:.0%} of the fall in the last fifth"


def _gap(observed: Observation) -> str | None:
    signals = observed.signals
    if signals.gap <= limits.GAP:
        return None
    return f"{_share(signals.level)} explained on training rows, {_share(signals.val_level)} on others"


def _turned(observed: Observation) -> str | None:
    rise = times(observed.signals.val_rise)
    return f"the validation loss ends at {rise} times its lowest" if observed.signals.turned else None


def _short(observed: Observation) -> str | None:
    signals, reachable = observed.signals, observed.facts.reachable
    said = signals.stuck or signals.diverged or signals.gap > limits.GAP
    if reachable is None or said or signals.val_level > reachable - limits.CLEAR_GAIN:
        return None
    return f"it explains {_share(signals.val_level)}, simple models {_share(reachable)}"


LINKS: Final[Mapping[str, Link]] = {
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
    "missed": Link(_missed),
    "in_order": Link(_in_order),
    "other_targets": Link(_other_targets),
    "told_apart": Link(_told_apart),
    "sorted": Link(_sorted),
    "by_row": Link(_by_row),
    "destroyed": Link(_destroyed),
    "output": Link(_output),
    "loss": Link(_loss),
    "hidden": Link(_hidden),
    "deep": Link(_deep),
    "narrow": Link(_narrow),
    "bent": Link(_bent),
    "weights": Link(_weights),
    "untrained": Link(_untrained),
    "vanished": Link(_vanished),
    "exploded": Link(_exploded),
    "saturated": Link(_saturated),
    "dead": Link(_dead),
    "rate": Link(_rate),
    "steps": Link(_steps),
    "batch": Link(_batch),
    "optimizer": Link(_optimizer),
    "held_back": Link(_held_back),
    "penalty": Link(_penalty),
    "patience": Link(_patience),
    "stopped": Link(_stopped, mark="stopped"),
    "schedule": Link(_schedule),
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
"""From what was set and what the data are, over what happens in the layers, to what the curve shows."""
