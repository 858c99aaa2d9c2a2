"""Causes in the network: its layers, activations, initial weights, and the output that has to fit the task."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from core.choices.activations import ACTIVATIONS
from core.choices.initializers import INITIALIZERS
from core.choices.losses import LOSSES
from core.diagnosis.causes.cause import Cause, Change, Evidence, Observation
from core.diagnosis.evidence.facts import DataFacts
from core.diagnosis.evidence.limits import (
    BENT,
    ENORMOUS_GRADIENT,
    EXPLODING,
    GAP,
    MANY_DEAD,
    SATURATED,
    SEVERAL_LAYERS,
    VANISHING,
)
from core.diagnosis.evidence.signals import times
from core.sentence import Sentence, said
from core.spec import InitializerSpec, LayerSpec, ModelSpec

_CONVENTIONAL: Final = {"binary": {"sigmoid"}, "multilabel": {"sigmoid"}, "multiclass": {"softmax"}}
_DEEP: Final = 10
"""So many hidden layers are never needed for data in a table."""
_ENOUGH_LAYERS: Final = 3
"""For data in a table; what so many layers cannot, more hardly can."""


def hidden_change(model: ModelSpec, key: str, value: Any) -> dict[str, Any]:
    """Return the change that gives every hidden layer `value`, also those that name their own."""
    change: dict[str, Any] = {f"model.{key}": value}
    layers = [plain_layer(layer) for layer in model.layers]
    if any(isinstance(layer, dict) and key in layer for layer in layers):
        change["model.layers"] = [
            {k: v for k, v in layer.items() if k != key} if isinstance(layer, dict) else layer for layer in layers
        ]
    return change


def conventional_output(facts: DataFacts) -> bool:
    """Whether the output layer is what the task asks for: its activation, and as many units as there are answers."""
    name = facts.output_activation
    if facts.task == "regression":
        low, high = facts.target_range
        least, most = ACTIVATIONS[name].bounds
        return name == "linear" or (least <= low and high <= most and ACTIVATIONS[name].flat_beyond is not None)
    if facts.task == "multiclass":
        return name == "softmax" and facts.output_units >= len(facts.classes)
    return name == "sigmoid" or (facts.task == "binary" and name == "softmax" and facts.output_units > 1)


def _output_activation(observed: Observation) -> Iterator[Evidence]:
    facts = observed.facts
    name, low, high = facts.output_activation, *facts.target_range
    least, most = ACTIVATIONS[name].bounds
    if ACTIVATIONS[name].over_units and facts.output_units == 1:
        yield Evidence(
            0.99,
            said("{name} over a single output is always 1, whatever the inputs", name=name),
            certain=True,
            sign="always_one",
        )
    elif facts.task == "regression" and (low < least or high > most):
        text = said(
            "{name} gives {least:g} … {most:g} and the target goes from {low:.4g} to {high:.4g}",
            name=name,
            least=least,
            most=most,
            low=low,
            high=high,
        )
        yield Evidence(0.97, text, certain=True, sign="out_of_reach")
    elif facts.task == "regression" and name != "linear" and not conventional_output(facts):
        yield Evidence(0.3, said("a regression ends in {name}", name=name), sign="odd_for_numbers")
    elif facts.task == "multilabel" and ACTIVATIONS[name].over_units and facts.answers != (1, 1):
        least, most = facts.answers
        text = said(
            "the outputs of {name} sum to 1, and rows have {least} to {most} true labels",
            name=name,
            least=least,
            most=most,
        )
        yield Evidence(0.97, text, certain=True, sign="sums_to_one")
    elif facts.task != "regression":
        allowed = _CONVENTIONAL[facts.task] | ({"softmax"} if facts.output_units > 1 else set())
        if name not in allowed and LOSSES[facts.loss].measures != "margin":
            text = said("a {task!w} task ends in {name}, which gives no probabilities", task=facts.task, name=name)
            yield Evidence(0.7, text, sign="no_probabilities")
        elif facts.task == "multiclass" and facts.output_units == 1:
            text = said("one output for {count} classes", count=len(facts.classes))
            yield Evidence(0.95, text, certain=True, sign="one_output")


def _output_repairs(observed: Observation) -> Iterator[Change]:
    if observed.facts.task == "multiclass" and observed.facts.output_units == 1:
        yield {"model.output_activation": "auto", "model.output_units": "auto"}
    else:
        yield {"model.output_activation": "auto"}


def _loss_mismatch(observed: Observation) -> Iterator[Evidence]:
    facts, loss = observed.facts, LOSSES[observed.facts.loss]
    measures = loss.measures
    if facts.task == "regression":
        if measures == "relative distance":
            yield Evidence(
                0.5,
                said("{loss} counts errors relative to targets, which are near or below zero here", loss=facts.loss),
                sign="relative_errors",
            )
        elif measures == "probability" and _is_share(facts):
            return
        elif measures != "distance":
            yield Evidence(
                0.9,
                said("{loss} does not measure how far a number is off", loss=facts.loss),
                certain=measures != "rate",
                sign="no_distance",
            )
    elif loss.over_units and facts.output_units == 1:
        text = said("{loss} over a single output is always 0", loss=facts.loss)
        yield Evidence(0.97, text, certain=True, sign="always_zero")
    elif measures == "margin" and ACTIVATIONS[facts.output_activation].probabilities:
        yield Evidence(0.5, said("{loss} on probabilities", loss=facts.loss), sign="margin_of_probabilities")
    elif measures not in {"probability", "margin"}:
        text = said(
            "{loss} behind a {activation} is flat where the prediction is most wrong",
            loss=facts.loss,
            activation=facts.output_activation,
        )
        yield Evidence(0.6, text, sign="flat_where_wrong")
    if observed.signals.failed and facts.loss != "mse":
        yield Evidence(
            0.6, said("Keras cannot compare these outputs with these targets by this loss"), sign="refused_by_keras"
        )


def _is_share(facts: DataFacts) -> bool:
    """Whether targets and outputs lie between 0 and 1, so that a cross-entropy is least at the target's mean.

    Papke & Wooldridge (1996), "Econometric methods for fractional response variables".
    """
    low, high = facts.target_range
    return facts.task == "regression" and low >= 0 and high <= 1 and ACTIVATIONS[facts.output_activation].probabilities


def _proper_loss(observed: Observation) -> Iterator[Sentence]:
    facts = observed.facts
    if LOSSES[facts.loss].measures == "probability" and _is_share(facts):
        yield said(
            "{loss} on a share between 0 and 1 is a proper loss: it is least where the mean is predicted",
            loss=facts.loss,
        )
    elif facts.class_shares and LOSSES[facts.loss].measures == "distance":
        yield said(
            "{loss} on a label can be learnt, but its gradient is least where an answer is most wrong: a cross-entropy "
            "is the usual loss",
            loss=facts.loss,
        )


_NOT_LINEAR: Final = 0.9
"""A relation of which a linear model finds less than this share of what the best simple model finds is bent."""


def _hidden_activation(observed: Observation) -> Iterator[Evidence]:
    odd = sorted({name for name in observed.activations if not ACTIVATIONS[name].usual})
    if odd == ["linear"]:
        skills = observed.facts.skills
        if skills and skills["linear"] < _NOT_LINEAR * max(skills.values()):
            text = said("linear hidden layers make a linear model, and the relation is not linear")
            yield Evidence(0.9, text, sign="linear_and_bent")
        elif not skills:
            yield Evidence(0.6, said("linear hidden layers make a linear model"), sign="linear")
    elif odd:
        text = said("{names} is not a usual activation of hidden layers", names=", ".join(odd))
        yield Evidence(0.75, text, sign="unusual")
    if observed.signals.saturated > SATURATED:
        text = said("{share:.0%} of a hidden layer's values lie on the flat ends", share=observed.signals.saturated)
        yield Evidence(0.4, text, sign="saturated")


def _other_activations(observed: Observation, *names: str) -> Iterator[Change]:
    for name in names:
        if set(observed.activations) != {name} and observed.depth:
            yield hidden_change(observed.run.model, "activation", name)


def _fewer_layers(observed: Observation) -> Iterator[Change]:
    if observed.depth >= _DEEP:
        yield {"model.layers": [plain_layer(layer) for layer in observed.run.model.layers[:_ENOUGH_LAYERS]]}


def plain_layer(layer: int | LayerSpec) -> Any:
    """Return a layer as JSON has it, without what it leaves to the model."""
    return layer if isinstance(layer, int) else layer.model_dump(exclude_none=True)


_VANISHED: Final = 1e-3
"""The first layer's gradient as a share of the last one's, far below `VANISHING`."""
_WHOLE_LAYER_DEAD: Final = 0.9
"""Share of dead units that stops a gradient by itself: it has died, not vanished."""


def _vanishing(observed: Observation) -> Iterator[Evidence]:
    if observed.depth < SEVERAL_LAYERS:
        return
    dead = observed.signals.dead > _WHOLE_LAYER_DEAD
    ratio = observed.signals.gradient_ratio
    if ratio is not None and ratio < VANISHING:
        text = said("the first layer's gradient is {ratio:.1g} of the last one's", ratio=ratio)
        strength = (0.85 if ratio < _VANISHED else 0.5) * (0.5 if dead else 1)
        yield Evidence(strength, text, sign="gradient_of_a_dead_layer" if dead else "small_gradient")
    flat = sum(ACTIVATIONS[name].flat_beyond is not None for name in observed.activations)
    if flat >= SEVERAL_LAYERS and observed.signals.stuck:
        text = said(
            "{count} layers of {activation} each shrink the gradient", count=flat, activation=observed.activations[0]
        )
        yield Evidence(0.5, text, sign="flat_layers")


def _vanishing_repairs(observed: Observation) -> Iterator[Change]:
    yield from _other_activations(observed, "tanh", "elu")
    yield from _fewer_layers(observed)
    if not observed.run.model.batch_normalization:
        yield {"model.batch_normalization": True}


_ENORMOUS_LOSS: Final = 1e3
"""Loss of the untrained network in multiples of the baseline's; Glorot's weights give about 1."""


def _exploding(observed: Observation) -> Iterator[Evidence]:
    signals = observed.signals
    enormous = signals.initial_loss is None or signals.initial_loss > _ENORMOUS_LOSS
    if observed.depth >= 2 and signals.diverged and enormous:
        text = said("the outputs of the untrained network are infinite or enormous already")
        yield Evidence(0.9, text, sign="enormous_from_the_start")
    ratio = signals.gradient_ratio
    if ratio is not None and ratio > EXPLODING and observed.depth >= SEVERAL_LAYERS:
        text = said("the first layer's gradient is {ratio:.0f} times the last one's", ratio=ratio)
        yield Evidence(0.6, text, sign="large_ratio")
    if signals.gradient is not None and signals.gradient > ENORMOUS_GRADIENT and observed.depth >= 2:
        yield Evidence(0.3, said("gradient norms reach {norm:.1g}", norm=signals.gradient), sign="large_gradient")


def _exploding_repairs(observed: Observation) -> Iterator[Change]:
    yield from _other_activations(observed, "tanh")
    if not observed.run.model.batch_normalization:
        yield {"model.batch_normalization": True}
    yield {"training.clip_norm": 1.0}


def _rectified(observed: Observation) -> bool:
    return any(ACTIVATIONS[name].rectified for name in observed.activations)


def _dying_relu(observed: Observation) -> Iterator[Evidence]:
    signals = observed.signals
    if not _rectified(observed) or signals.dead < MANY_DEAD:
        return
    # Units that one enormous step killed are that step's victims.
    victims = 0.4 if signals.kicked else 1.0
    text = said("{share:.0%} of a layer's units are 0 for every row", share=signals.dead)
    yield Evidence(0.9 * signals.dead * victims, text, sign="killed_units" if signals.kicked else "dead_units")


def _dying_repairs(observed: Observation) -> Iterator[Change]:
    # ELU passes a gradient wherever it stands (Clevert et al. 2016).
    yield from _other_activations(observed, "elu", "leaky_relu", "tanh")
    # The deeper and narrower, the likelier a layer is dead from the start (Lu et al. 2020).
    yield from _fewer_layers(observed)
    if not observed.run.model.batch_normalization:
        yield {"model.batch_normalization": True}


def _spread(initializer: InitializerSpec, fan_in: int, fan_out: int) -> float | None:
    """Return the standard deviation of initial weights, relative to Glorot & Bengio's (2010); None if as they say."""
    named: Mapping[str, Any] = {"name": initializer} if isinstance(initializer, str) else initializer
    usual = math.sqrt(2 / (fan_in + fan_out))
    return INITIALIZERS[named["name"]].spread(named, usual)


_LOST, _AMPLIFIED = 0.05, 20
"""What all layers together pass on of the signal's spread: a factor of twenty up or down is made up for by training."""


def _poor_initialization(observed: Observation) -> Iterator[Evidence]:
    hidden = observed.run.model.hidden
    widths = [observed.facts.features, *(layer.units for layer in hidden), observed.facts.output_units]
    initializers = [layer.initializer or "glorot_uniform" for layer in hidden] + [observed.run.model.initializer]
    found = [_spread(start, *widths[i : i + 2]) for i, start in enumerate(initializers)]
    spreads = [spread for spread in found if spread is not None]
    if not spreads or not hidden:
        return
    if min(spreads[: len(hidden)]) == 0:
        yield Evidence(0.97, said("all units of a layer start equal, and so they stay"), sign="equal_start")
        return
    # Layers multiply: what each takes from the signal, all together take to the power of their number.
    scale = math.prod(spreads)
    if not _LOST <= scale <= _AMPLIFIED:
        strength = min(0.95, 0.2 + 0.25 * abs(math.log10(scale)))
        text = said("initial weights pass on {scale:.1g} of the signal (Glorot's keep it as it is)", scale=scale)
        yield Evidence(strength, text, sign="signal_lost")


def _init_repairs(observed: Observation) -> Iterator[Change]:
    for name in ("he_uniform", "glorot_uniform") if _rectified(observed) else ("glorot_uniform",):
        yield hidden_change(observed.run.model, "initializer", name)


_NARROW, _VERY_NARROW = 8, 2
"""Units of a layer; one of more is not what keeps a table's relation from being learnt."""
_SHORT_OF_IT: Final = 0.75
"""A network that reaches this share of what simple models reach has units enough."""
_WIDE: Final = 32
"""Units a repair gives to a layer at least."""


def _capacity(observed: Observation) -> Iterator[Evidence]:
    facts, signals = observed.facts, observed.signals
    narrowest = min((layer.units for layer in observed.run.model.hidden), default=0)
    if narrowest > _NARROW or signals.diverged or signals.still_falling:
        return
    what = said("there is no hidden layer")
    if observed.depth:
        what = said("the narrowest hidden layer has {units} units", units=narrowest)
    skills = facts.skills
    if skills:
        bent = max(skills.values()) - max(skills["linear"], 0.0)
        if bent > BENT and signals.level < _SHORT_OF_IT * max(skills.values()):
            wide = narrowest if observed.depth <= _ENOUGH_LAYERS else _NARROW
            text = said("{what!t}, and the relation bends", what=what)
            if observed.depth:
                yield Evidence(max(0.2, 0.7 - 0.07 * wide), text, sign="narrow_and_bent")
            else:
                yield Evidence(0.85, text, sign="no_layer_and_bent")
    elif not observed.depth or narrowest <= _VERY_NARROW:
        yield Evidence(0.4, what, sign="narrow")


def _capacity_repairs(observed: Observation) -> Iterator[Change]:
    wider = [
        max(_WIDE, 4 * layer) if isinstance(layer, int) else layer | {"units": max(_WIDE, 4 * layer["units"])}
        for layer in map(plain_layer, observed.run.model.layers)
    ]
    yield {"model.layers": wider or [_WIDE]}


def _overfitting(observed: Observation) -> Iterator[Evidence]:
    signals = observed.signals
    if signals.gap > GAP and signals.turned:
        trained = signals.stopped * observed.run.training.epochs
        lowest = max(1, round(signals.best_at * trained))
        explained = said(
            "{seen:.0%} of the variance is explained on training rows, {unseen:.0%} on validation rows",
            seen=signals.level,
            unseen=max(0.0, signals.val_level),
        )
        best = said(
            "the validation loss was lowest at epoch {epoch} of {epochs:.0f} and {times!n} times that at the end",
            epoch=lowest,
            epochs=trained,
            times=times(signals.val_rise),
        )
        yield Evidence(min(0.9, 0.3 + signals.gap), explained, sign="gap")
        yield Evidence(min(0.7, 0.3 * signals.val_rise), best, sign="turned")


def _overfitting_repairs(observed: Observation) -> Iterator[Change]:
    if observed.run.training.early_stopping is None:
        yield {"training.early_stopping": {"monitor": "val_loss", "patience": 10, "restore_best_weights": True}}
    yield {"model.l2": max(0.01, 10 * observed.run.model.l2)}
    if not observed.run.model.dropout:
        yield {"model.dropout": 0.3}


CAUSES: Final = (
    Cause("output_activation_mismatch", "architecture", "The output activation does not fit",
          "The output layer cannot produce the values of the target.",
          _output_activation, _output_repairs, blocks=True,
          works="Where the last layer's range covers the target, every answer can be reached and has a gradient.",
          links=("output", "untrained", "blind", "flat", "guessing", "diverged", "short")),
    Cause("loss_mismatch", "architecture", "The loss does not fit the task",
          "The loss measures something other than what the task needs.",
          _loss_mismatch, lambda _observed: ({"model.loss": "auto"},), remarks=_proper_loss,
          works="The task's own loss is least at the answer wanted, and its gradient grows with the error.",
          links=("loss", "blind", "flat", "guessing", "jumps", "falling", "short")),
    Cause("hidden_activation_unsuitable", "architecture", "The hidden activation is unsuitable",
          "The activation is linear, or so steep or flat that layers of it hardly learn.",
          _hidden_activation, lambda observed: _other_activations(observed, "relu", "tanh"), blocks=True,
          works="ReLU and tanh bend, so layers can make curves, and their slope near 1 passes the gradient on.",
          links=("hidden", "bent", "untrained", "exploded", "vanished", "saturated", "kicked", "diverged", "blind",
                 "flat", "guessing", "short")),
    Cause("vanishing_gradients", "architecture", "Gradients vanish",
          "On the way back through the layers the gradient shrinks to nothing: the first layers stand still.",
          _vanishing, _vanishing_repairs, blocks=True,
          works="A gradient is a product with a factor per layer: slopes near 1, or fewer layers, keep it up.",
          links=("deep", "vanished", "saturated", "blind", "flat", "guessing", "falling", "short")),
    Cause("exploding_gradients", "architecture", "Gradients explode",
          "From layer to layer values or gradients grow until they overflow.",
          _exploding, _exploding_repairs, blocks=True,
          works="A gradient is a product with a factor per layer: bounded or normalised layers keep it down.",
          links=("deep", "untrained", "exploded", "kicked", "diverged", "jumps", "climbs", "flat", "short")),
    Cause("dying_relu", "architecture", "ReLU units have died",
          "Units are 0 for every row, get no gradient, and never come back.",
          _dying_relu, _dying_repairs, blocks=True,
          works="With a slope below zero, normalised inputs or fewer layers, a unit keeps a gradient to come back by.",
          links=("deep", "kicked", "dead", "vanished", "blind", "flat", "guessing", "short")),
    Cause("poor_initialization", "architecture", "Poor initial weights",
          "The initial weights are equal, or so small or large that no signal passes.",
          _poor_initialization, _init_repairs, blocks=True,
          works="Random weights fitted to a layer's width break the symmetry and pass signals on at their size.",
          links=("weights", "untrained", "vanished", "exploded", "kicked", "diverged", "blind", "flat", "guessing",
                 "short")),
    Cause("capacity_too_small", "architecture", "The network is too small",
          "The network has too few units to fit the data.",
          _capacity, _capacity_repairs,
          works="More units add up more bends, and enough of them follow any smooth relation.",
          links=("narrow", "bent", "dead", "flat", "guessing", "short")),
    Cause("overfitting", "architecture", "The network overfits",
          "The network learns the training rows by heart and gets worse on others.",
          _overfitting, _overfitting_repairs, goal="validation",
          needs=lambda observed: None if observed.facts.validation_rows else said("no validation rows"),
          works="An early stop, a penalty or dropout keeps the weights from following chance in the training rows.",
          links=("gap", "turned")),
)  # fmt: skip
