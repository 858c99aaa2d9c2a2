"""What is set: the network, and how its weights are searched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.choices.activations import ACTIVATIONS
from core.choices.initializers import INITIALIZERS
from core.choices.losses import LOSSES
from core.choices.optimizers import OPTIMIZERS
from core.diagnosis.causes.cause import Observation
from core.diagnosis.evidence import limits
from core.diagnosis.evidence.links.link import Link, share_text
from core.diagnosis.evidence.signals import times

_USUAL_RATE: Final = 3.0
"""A rate within this factor of the usual one is not worth a word."""


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
    return (
        f"{observed.depth} hidden layers of {observed.activations[0]}"
        if observed.depth >= limits.SEVERAL_LAYERS
        else None
    )


def _narrow(observed: Observation) -> str | None:
    if not observed.depth:
        return "no hidden layer"
    units = min(layer.units for layer in observed.run.model.hidden)
    return f"the narrowest layer has {units} unit{'s' * (units != 1)}"


def _bent(observed: Observation) -> str | None:
    skills = observed.facts.skills
    if not skills or max(skills.values()) - max(0.0, skills["linear"]) <= limits.BENT:
        return None
    return f"a line explains {share_text(skills['linear'])}, a bend {share_text(max(skills.values()))}"


def _weights(observed: Observation) -> str | None:
    hidden = observed.run.model.hidden
    chosen = (hidden[0].initializer if hidden else None) or observed.run.model.initializer
    named = {"name": chosen} if isinstance(chosen, str) else chosen
    if INITIALIZERS[str(named["name"])].spread(named, 1.0) is None:
        return None
    rest = [f"{key} {value}" for key, value in named.items() if key != "name"]
    return " ".join(["weights start from", str(named["name"]), *rest])


def _rate(observed: Observation) -> str | None:
    rate, usual = observed.run.training.learning_rate, OPTIMIZERS[observed.run.training.optimizer].usual_rate
    if 1 / _USUAL_RATE < rate / usual < _USUAL_RATE:
        return f"a rate of {rate:g}"
    usually = f"{times(rate / usual)} times" if rate > usual else f"1/{usual / rate:,.0f} of"
    return f"a rate of {rate:g}, {usually} the usual one"


def _steps(observed: Observation) -> str | None:
    steps = observed.signals.updates
    return f"{steps:.0f} steps in all" if 0 < steps < limits.ENOUGH_STEPS else None


def _batch(observed: Observation) -> str | None:
    size, rows = observed.run.training.batch_size, observed.facts.rows
    return f"batches of {min(size, rows)} of {rows:,} rows"


def _optimizer(observed: Observation) -> str | None:
    training = observed.run.training
    chosen = OPTIMIZERS[training.optimizer]
    if training.momentum >= limits.STRONG_MOMENTUM and "momentum" in chosen.takes:
        return f"momentum {training.momentum:g} makes steps {1 / max(1e-3, 1 - training.momentum):.0f} times as long"
    if chosen.shortens:
        return f"{chosen.name} shortens its steps, from a rate of {training.learning_rate:g}"
    return f"{chosen.name}: one rate of {training.learning_rate:g} for every weight" if chosen.plain else None


def _held_back(observed: Observation) -> str | None:
    model, decay = observed.run.model, observed.run.training.weight_decay
    dropout = max((layer.dropout or 0.0 for layer in model.hidden), default=0.0)
    told = [f"L2 of {model.l2:g}"] * bool(model.l2) + [f"dropout of {dropout:.0%}"] * bool(dropout)
    return " and ".join(told + [f"weight decay of {decay:g}"] * bool(decay)) or None


def _patience(observed: Observation) -> str | None:
    stopping = observed.asked.training.early_stopping
    return None if stopping is None else f"a patience of {stopping.patience} epochs"


def _schedule(observed: Observation) -> str | None:
    left, schedule = observed.signals.rate_left, observed.run.training.schedule
    little = schedule.name != "constant" and not schedule.tries and left < limits.LITTLE_LEFT
    return f"the {schedule.name} schedule leaves {left:.1%} of the rate" if little else None


SETTINGS: Final[Mapping[str, Link]] = {
    "output": Link(_output),
    "loss": Link(_loss),
    "hidden": Link(_hidden),
    "deep": Link(_deep),
    "narrow": Link(_narrow),
    "bent": Link(_bent),
    "weights": Link(_weights),
    "rate": Link(_rate),
    "steps": Link(_steps),
    "batch": Link(_batch),
    "optimizer": Link(_optimizer),
    "held_back": Link(_held_back),
    "patience": Link(_patience),
    "schedule": Link(_schedule),
}
"""Name → link."""
