"""What is set: the network, and how its weights are searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from core.choices.activations import ACTIVATIONS
from core.choices.initializers import INITIALIZERS
from core.choices.losses import LOSSES
from core.choices.optimizers import OPTIMIZERS
from core.diagnosis.causes.cause import Observation
from core.diagnosis.evidence import limits
from core.diagnosis.evidence.links.link import Link, share_text
from core.diagnosis.evidence.signals import times
from core.sentence import Sentence, said

_USUAL_RATE: Final = 3.0
"""A rate within this factor of the usual one is not worth a word."""


def _output(observed: Observation) -> Sentence | None:
    facts, output = observed.facts, ACTIVATIONS[observed.facts.output_activation]
    (low, high), (least, most) = facts.target_range, output.bounds
    if output.over_units and facts.output_units == 1:
        return said("{name} over one output is always 1", name=output.name)
    if facts.task == "regression":
        beyond = low < least or high > most
        if beyond:
            return said(
                "{name} gives {least:g} … {most:g}, the target needs {low:.4g} … {high:.4g}",
                name=output.name,
                least=least,
                most=most,
                low=low,
                high=high,
            )
        return None if output.name == "linear" else said("a regression ends in {name}", name=output.name)
    if facts.task == "multilabel" and output.over_units:
        return said(
            "outputs of {name} sum to 1, and rows have {least} to {most} labels",
            name=output.name,
            least=facts.answers[0],
            most=facts.answers[1],
        )
    return None if output.probabilities else said("{name} gives no probabilities", name=output.name)


def _loss(observed: Observation) -> Sentence | None:
    facts, loss = observed.facts, LOSSES[observed.facts.loss]
    if loss.over_units and facts.output_units == 1:
        return said("{name} over one output is always 0", name=loss.name)
    fits = "distance" if facts.task == "regression" else "probability"
    if loss.measures == fits:
        return None
    return said(
        "{name} judges a {measure!w}, the task needs a {fits!w}", name=loss.name, measure=loss.measures, fits=fits
    )


def _hidden(observed: Observation) -> Sentence | None:
    odd = sorted({name for name in observed.activations if not ACTIVATIONS[name].usual})
    return said("hidden layers of {names}", names=", ".join(odd)) if odd else None


def _deep(observed: Observation) -> Sentence | None:
    if observed.depth < limits.SEVERAL_LAYERS:
        return None
    return said("{count:d} hidden layers of {activation}", count=observed.depth, activation=observed.activations[0])


def _narrow(observed: Observation) -> Sentence | None:
    if not observed.depth:
        return said("no hidden layer")
    units = min(layer.units for layer in observed.run.model.hidden)
    if units == 1:
        return said("the narrowest layer has 1 unit")
    return said("the narrowest layer has {units} units", units=units)


def _bent(observed: Observation) -> Sentence | None:
    skills = observed.facts.skills
    if not skills or max(skills.values()) - max(0.0, skills["linear"]) <= limits.BENT:
        return None
    line, bend = share_text(skills["linear"]), share_text(max(skills.values()))
    return said("a line explains {line!t}, a bend {bend!t}", line=line, bend=bend)


def _weights(observed: Observation) -> Sentence | None:
    hidden = observed.run.model.hidden
    chosen = (hidden[0].initializer if hidden else None) or observed.run.model.initializer
    named = {"name": chosen} if isinstance(chosen, str) else chosen
    if INITIALIZERS[str(named["name"])].spread(named, 1.0) is None:
        return None
    rest = [f"{key} {value}" for key, value in named.items() if key != "name"]
    return said("weights start from {name}", name=" ".join([str(named["name"]), *rest]))


def _rate(observed: Observation) -> Sentence | None:
    rate, usual = observed.run.training.learning_rate, OPTIMIZERS[observed.run.training.optimizer].usual_rate
    if 1 / _USUAL_RATE < rate / usual < _USUAL_RATE:
        return said("a rate of {rate:g}", rate=rate)
    if rate > usual:
        return said("a rate of {rate:g}, {times!n} times the usual one", rate=rate, times=times(rate / usual))
    return said("a rate of {rate:g}, 1/{times:,.0f} of the usual one", rate=rate, times=usual / rate)


def _steps(observed: Observation) -> Sentence | None:
    steps = observed.signals.updates
    return said("{steps:.0f} steps in all", steps=steps) if 0 < steps < limits.ENOUGH_STEPS else None


def _batch(observed: Observation) -> Sentence | None:
    size, rows = observed.run.training.batch_size, observed.facts.rows
    return said("batches of {size} of {rows:,} rows", size=min(size, rows), rows=rows)


def _optimizer(observed: Observation) -> Sentence | None:
    training = observed.run.training
    chosen = OPTIMIZERS[training.optimizer]
    if training.momentum >= limits.STRONG_MOMENTUM and "momentum" in chosen.takes:
        return said(
            "momentum {momentum:g} makes steps {times:.0f} times as long",
            momentum=training.momentum,
            times=1 / max(1e-3, 1 - training.momentum),
        )
    if chosen.shortens:
        return said("{name} shortens its steps, from a rate of {rate:g}", name=chosen.name, rate=training.learning_rate)
    if not chosen.plain:
        return None
    return said("{name}: one rate of {rate:g} for every weight", name=chosen.name, rate=training.learning_rate)


def _held_back(observed: Observation) -> Sentence | None:
    model, decay = observed.run.model, observed.run.training.weight_decay
    dropout = max((layer.dropout or 0.0 for layer in model.hidden), default=0.0)
    told = [
        *([said("L2 of {value:g}", value=model.l2)] if model.l2 else []),
        *([said("dropout of {share:.0%}", share=dropout)] if dropout else []),
        *([said("weight decay of {value:g}", value=decay)] if decay else []),
    ]
    return _and(told) if told else None


def _and(told: Sequence[Sentence]) -> Sentence:
    first, *others = told
    return said("{one!t} and {other!t}", one=first, other=_and(others)) if others else first


def _patience(observed: Observation) -> Sentence | None:
    stopping = observed.asked.training.early_stopping
    return None if stopping is None else said("a patience of {count} epochs", count=stopping.patience)


def _schedule(observed: Observation) -> Sentence | None:
    left, schedule = observed.signals.rate_left, observed.run.training.schedule
    little = schedule.name != "constant" and not schedule.tries and left < limits.LITTLE_LEFT
    if not little:
        return None
    return said("the {schedule} schedule leaves {share:.1%} of the rate", schedule=schedule.name, share=left)


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
