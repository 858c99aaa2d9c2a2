"""Causes in the network: its layers, activations, first weights, and the end that has to fit the task."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from core.choices.activations import ACTIVATIONS
from core.choices.initializers import INITIALIZERS
from core.choices.losses import LOSSES
from core.diagnosis.causes.cause import Case, Cause, Change, Evidence
from core.spec import InitializerSpec, LayerSpec, ModelSpec

_CONVENTIONAL: Final = {"binary": {"sigmoid"}, "multilabel": {"sigmoid"}, "multiclass": {"softmax"}}
_DEEP: Final = 10
_ENOUGH_LAYERS: Final = 3
"""For data in a table; what so many layers cannot, more hardly can."""


def hidden_change(model: ModelSpec, key: str, value: Any) -> dict[str, Any]:
    """Return the change that gives every hidden layer `value`, also those that name their own."""
    change: dict[str, Any] = {f"model.{key}": value}
    layers = [_plain(layer) for layer in model.layers]
    if any(isinstance(layer, dict) and key in layer for layer in layers):
        change["model.layers"] = [
            {k: v for k, v in layer.items() if k != key} if isinstance(layer, dict) else layer for layer in layers
        ]
    return change


def _output_activation(case: Case) -> Iterator[Evidence]:
    facts = case.facts
    name, low, high = facts.output_activation, *facts.target_range
    least, most = ACTIVATIONS[name].bounds
    if ACTIVATIONS[name].over_units and facts.output_units == 1:
        yield Evidence(0.99, f"{name} over a single output is always 1, whatever the inputs", certain=True)
    elif facts.task == "regression" and (low < least or high > most):
        text = f"{name} gives {least:g} … {most:g} and the target goes from {low:.4g} to {high:.4g}"
        yield Evidence(0.97, text, certain=True)
    elif facts.task == "regression" and name != "linear":
        yield Evidence(0.3, f"a regression ends in {name}")
    elif facts.task != "regression":
        allowed = _CONVENTIONAL[facts.task] | ({"softmax"} if facts.output_units > 1 else set())
        if name not in allowed and LOSSES[facts.loss].measures != "margin":
            yield Evidence(0.7, f"a {facts.task} task ends in {name}, which gives no probabilities")
        elif facts.task == "multiclass" and facts.output_units == 1:
            yield Evidence(0.95, f"one output for {len(facts.classes)} classes", certain=True)


def _output_repairs(case: Case) -> Iterator[Change]:
    if case.facts.task == "multiclass" and case.facts.output_units == 1:
        yield {"model.output_activation": "auto", "model.output_units": "auto"}
    else:
        yield {"model.output_activation": "auto"}


def _loss_mismatch(case: Case) -> Iterator[Evidence]:
    facts = case.facts
    measures = LOSSES[facts.loss].measures
    if facts.task == "regression":
        if measures == "relative distance":
            yield Evidence(0.5, f"{facts.loss} counts errors relative to targets, which are near or below zero here")
        elif measures != "distance":
            yield Evidence(0.9, f"{facts.loss} does not measure how far a number is off", certain=measures != "rate")
    elif facts.loss == "categorical_crossentropy" and facts.output_units == 1:
        yield Evidence(0.97, "categorical cross-entropy over one output is always 0", certain=True)
    elif measures == "margin" and facts.output_activation in {"sigmoid", "softmax"}:
        yield Evidence(0.5, f"{facts.loss} on probabilities")
    elif measures not in {"probability", "margin"}:
        yield Evidence(0.6, f"{facts.loss} behind a {facts.output_activation} is flat where the answer is most wrong")
    if case.signals.failed and facts.loss != "mse":
        yield Evidence(0.6, "Keras cannot compare these outputs with these targets by this loss")


def _hidden_activation(case: Case) -> Iterator[Evidence]:
    odd = sorted({name for name in case.activations if not ACTIVATIONS[name].usual})
    if odd == ["linear"]:
        skills = case.facts.skills
        if skills and skills["linear"] < 0.7 * max(skills.values()):
            yield Evidence(0.9, "linear hidden layers make a linear model, and the relation is not linear")
        elif not skills:
            yield Evidence(0.6, "linear hidden layers make a linear model")
    elif odd:
        yield Evidence(0.75, f"{', '.join(odd)} is no usual activation of hidden layers")
    if case.signals.saturated > 0.6:
        yield Evidence(0.4, f"{case.signals.saturated:.0%} of a hidden layer's values lie on the flat ends")


def _activation_repairs(case: Case) -> Iterator[Change]:
    for name in ("relu", "tanh"):
        if set(case.activations) != {name} and case.depth:
            yield hidden_change(case.run.model, "activation", name)


def _fewer_layers(case: Case) -> Iterator[Change]:
    if case.depth >= _DEEP:
        yield {"model.layers": [_plain(layer) for layer in case.run.model.layers[:_ENOUGH_LAYERS]]}


def _plain(layer: int | LayerSpec) -> Any:
    return layer if isinstance(layer, int) else layer.model_dump(exclude_none=True)


def _vanishing(case: Case) -> Iterator[Evidence]:
    if case.depth < 3:
        return
    dead = case.signals.dead > 0.9
    ratio = case.signals.gradient_ratio
    if ratio is not None and ratio < 1e-2:
        text = f"the first layer's gradient is {ratio:.1g} of the last one's"
        yield Evidence((0.85 if ratio < 1e-3 else 0.5) * (0.5 if dead else 1), text)
    flat = sum(ACTIVATIONS[name].flat_beyond is not None for name in case.activations)
    if flat >= 3 and case.signals.stuck:
        yield Evidence(0.5, f"{flat} layers of {case.activations[0]} each shrink the gradient")


def _vanishing_repairs(case: Case) -> Iterator[Change]:
    for name in ("tanh", "elu"):
        if set(case.activations) != {name}:
            yield hidden_change(case.run.model, "activation", name)
    yield from _fewer_layers(case)
    if not case.run.model.batch_normalization:
        yield {"model.batch_normalization": True}


def _exploding(case: Case) -> Iterator[Evidence]:
    signals = case.signals
    if case.depth >= 2 and signals.diverged and (signals.initial_loss is None or signals.initial_loss > 1e3):
        yield Evidence(0.9, "the outputs of the untrained network are infinite or enormous already")
    ratio = signals.gradient_ratio
    if ratio is not None and ratio > 70 and case.depth >= 3:
        yield Evidence(0.6, f"the first layer's gradient is {ratio:.0f} times the last one's")
    if signals.gradient is not None and signals.gradient > 1e4 and case.depth >= 2:
        yield Evidence(0.3, f"gradient norms reach {signals.gradient:.1g}")


def _exploding_repairs(case: Case) -> Iterator[Change]:
    if set(case.activations) - {"tanh"}:
        yield hidden_change(case.run.model, "activation", "tanh")
    if not case.run.model.batch_normalization:
        yield {"model.batch_normalization": True}
    yield {"training.clip_norm": 1.0}


def _rectified(case: Case) -> bool:
    return any(ACTIVATIONS[name].rectified for name in case.activations)


def _dying_relu(case: Case) -> Iterator[Evidence]:
    signals = case.signals
    if not _rectified(case) or signals.dead < 0.5:
        return
    # Units that one enormous step killed are that step's victims.
    victims = 0.4 if signals.kick > 3 else 1.0
    yield Evidence(0.9 * signals.dead * victims, f"{signals.dead:.0%} of a layer's units answer 0 to every row")


def _dying_repairs(case: Case) -> Iterator[Change]:
    # ELU passes a gradient wherever it stands (Clevert et al. 2016).
    for name in ("elu", "leaky_relu", "tanh"):
        yield hidden_change(case.run.model, "activation", name)
    # The deeper and narrower, the likelier a layer is dead from the start (Lu et al. 2020).
    yield from _fewer_layers(case)
    if not case.run.model.batch_normalization:
        yield {"model.batch_normalization": True}


def _spread(initializer: InitializerSpec, fan_in: int, fan_out: int) -> float | None:
    """Return the standard deviation of first weights, relative to Glorot & Bengio's (2010); None if as they say."""
    named: Mapping[str, Any] = {"name": initializer} if isinstance(initializer, str) else initializer
    usual = math.sqrt(2 / (fan_in + fan_out))
    return INITIALIZERS[named["name"]].spread(named, usual)


def _poor_initialization(case: Case) -> Iterator[Evidence]:
    hidden = case.run.model.hidden
    widths = [case.facts.features, *(layer.units for layer in hidden), case.facts.output_units]
    initializers = [layer.initializer or "glorot_uniform" for layer in hidden] + [case.run.model.initializer]
    found = [_spread(start, *widths[i : i + 2]) for i, start in enumerate(initializers)]
    spreads = [spread for spread in found if spread is not None]
    if not spreads or not hidden:
        return
    if min(spreads[: len(hidden)]) == 0:
        yield Evidence(0.97, "all units of a layer start equal, and so they stay")
        return
    # Layers multiply: what each takes from the signal, all together take to the power of their number.
    scale = math.prod(spreads)
    if scale < 0.05 or scale > 20:
        strength = min(0.95, 0.2 + 0.25 * abs(math.log10(scale)))
        text = f"first weights pass on {scale:.1g} of the signal (Glorot's keep it as it is)"
        yield Evidence(strength, text)


def _init_repairs(case: Case) -> Iterator[Change]:
    for name in ("he_uniform", "glorot_uniform") if _rectified(case) else ("glorot_uniform",):
        yield hidden_change(case.run.model, "initializer", name)


def _capacity(case: Case) -> Iterator[Evidence]:
    facts, signals = case.facts, case.signals
    narrowest = min((layer.units for layer in case.run.model.hidden), default=0)
    if narrowest > 8 or signals.diverged or signals.falling > 0.05:
        return
    what = f"the narrowest hidden layer has {narrowest} units" if case.depth else "there is no hidden layer"
    skills = facts.skills
    if skills:
        bent = max(skills.values()) - max(skills["linear"], 0.0)
        if bent > 0.1 and signals.level < 0.75 * max(skills.values()):
            wide = narrowest if case.depth <= 3 else 8
            yield Evidence(0.85 if not case.depth else max(0.2, 0.7 - 0.07 * wide), f"{what}, and the relation bends")
    elif not case.depth or narrowest <= 2:
        yield Evidence(0.4, what)


def _capacity_repairs(case: Case) -> Iterator[Change]:
    layers = [_plain(layer) for layer in case.run.model.layers]
    if not layers:
        yield {"model.layers": [32]}
        return
    yield {
        "model.layers": [
            max(32, 4 * layer) if isinstance(layer, int) else layer | {"units": max(32, 4 * layer["units"])}
            for layer in layers
        ]
    }


def _overfitting(case: Case) -> Iterator[Evidence]:
    signals = case.signals
    held_out = signals.val_level
    gap = signals.level - held_out
    if gap > 0.2 and signals.val_rise > 1.1 and signals.best_at < 0.9:
        best = f"lowest after {signals.best_at:.0%} of the epochs and {signals.val_rise:.2g} times that at the end"
        yield Evidence(
            min(0.9, 0.3 + gap),
            f"{signals.level:.0%} of the training rows' answers are explained, {max(0.0, held_out):.0%} of others'",
        )
        yield Evidence(min(0.7, 0.3 * signals.val_rise), f"the validation loss was {best}")


def _overfitting_repairs(case: Case) -> Iterator[Change]:
    if case.run.training.early_stopping is None:
        yield {"training.early_stopping": {"monitor": "val_loss", "patience": 10, "restore_best_weights": True}}
    yield {"model.l2": max(0.01, 10 * case.run.model.l2)}
    if not case.run.model.dropout:
        yield {"model.dropout": 0.3}


CAUSES: Final = (
    Cause("output_activation_mismatch", "architecture", "The output activation does not fit",
          "The last layer cannot give the answers that are asked for.",
          _output_activation, _output_repairs, blocks=True),
    Cause("loss_mismatch", "architecture", "The loss does not fit the task",
          "The loss measures something else than the task needs.",
          _loss_mismatch, lambda _case: ({"model.loss": "auto"},)),
    Cause("hidden_activation_unsuitable", "architecture", "The hidden activation does not suit",
          "The hidden layers bend too little, or too wildly, to learn.",
          _hidden_activation, _activation_repairs, blocks=True),
    Cause("vanishing_gradients", "architecture", "Gradients vanish",
          "On the way back through the layers the gradient shrinks to nothing: the first layers stand still.",
          _vanishing, _vanishing_repairs, blocks=True),
    Cause("exploding_gradients", "architecture", "Gradients explode",
          "From layer to layer values or gradients grow until they overflow.",
          _exploding, _exploding_repairs, blocks=True),
    Cause("dying_relu", "architecture", "ReLU units have died",
          "Units answer 0 to every row, get no gradient, and never come back.",
          _dying_relu, _dying_repairs, blocks=True),
    Cause("poor_initialization", "architecture", "Poor first weights",
          "The first weights are equal, too small or too large for a signal to pass.",
          _poor_initialization, _init_repairs, blocks=True),
    Cause("capacity_too_small", "architecture", "The network is too small",
          "The network has too few units to bend to the data.",
          _capacity, _capacity_repairs),
    Cause("overfitting", "architecture", "The network overfits",
          "The network learns the training rows by heart and gets worse on others.",
          _overfitting, _overfitting_repairs, goal="validation",
          needs=lambda case: None if case.facts.validation_rows else "no validation rows"),
)  # fmt: skip
