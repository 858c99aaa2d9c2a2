"""Causes in how the weights are searched: steps too long, too short, too few, or held back."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from core.choices.optimizers import OPTIMIZERS
from core.diagnosis.causes.architecture import hidden_change
from core.diagnosis.causes.cause import Cause, Change, Evidence, Observation
from core.diagnosis.evidence.limits import (
    CLEAR_GAIN,
    CUT_OFF,
    ENOUGH_STEPS,
    HIGHEST_RATE,
    LARGE_PENALTY,
    LITTLE_LEFT,
    STOPPED_EARLY,
    STRONG_MOMENTUM,
)
from core.diagnosis.evidence.signals import times
from core.sentence import said

_FAR_ABOVE: Final = 30
"""Times the usual rate. Keras's defaults suit most problems within a factor of ten."""
_FAR_BELOW: Final = 1 / 5
"""Of the usual rate. Lower ones are common where epochs are many, so the limit is not as far off as the upper one."""


def _too_high(observed: Observation) -> Iterator[Evidence]:
    signals, training = observed.signals, observed.run.training
    if signals.diverged and signals.initial_loss is not None and not observed.facts.invalid_inputs:
        yield Evidence(
            0.55, said("the loss overflowed in {share:.0%} of the seeds", share=signals.diverged), sign="overflowed"
        )
    if signals.kicked:
        strength = min(0.9, 0.5 + signals.kick / 100)
        yield Evidence(
            strength,
            said("the first epoch made the loss {times!n} times worse", times=times(signals.kick)),
            sign="kicked",
        )
    if signals.jumps:
        text = said("the loss jumps by {share:.0%} of its level from epoch to epoch", share=signals.oscillation)
        yield Evidence(0.6, text, sign="jumps")
    if signals.climbs:
        yield Evidence(0.3, said("the loss climbed again after its minimum"), sign="climbs")
    yield from _range_evidence(observed, higher=False)
    above = training.learning_rate / _usual_rate(observed)
    if above >= _FAR_ABOVE:
        text = said(
            "a rate of {rate:g} is {times!n} times the usual one of this optimizer",
            rate=training.learning_rate,
            times=times(above),
        )
        yield Evidence(0.5, text, sign="far_above_usual")
    elif not signals.falling and not signals.diverged:
        yield Evidence(0.1, said("longer steps can miss what shorter ones find"), sign="at_rest")


def _usual_rate(observed: Observation) -> float:
    return OPTIMIZERS[observed.run.training.optimizer].usual_rate


def _of_the_range(observed: Observation, *, higher: bool) -> list[tuple[float, float]]:
    """Return the rates of the range test on one side of the present one, with what they reach, the best first."""
    rate = observed.run.training.learning_rate
    side = [(other, level) for other, level in observed.signals.rates.items() if (other > rate) is higher]
    return sorted(side, key=lambda pair: -pair[1])


def _range_evidence(observed: Observation, *, higher: bool) -> Iterator[Evidence]:
    side, rates = _of_the_range(observed, higher=higher), observed.signals.rates
    if side and side[0][1] > observed.signals.worst + CLEAR_GAIN and side[0][1] == max(rates.values()):
        text = said(
            "of {count} rates from {low:g} to {high:g}, tried with one seed, "
            "{best:g} does best: it explains {share:.0%}",
            count=len(rates) + 1,
            low=min(rates),
            high=max(rates),
            best=side[0][0],
            share=side[0][1],
        )
        yield Evidence(0.35, text, sign="another_rate_does_best")


def _lower_rates(observed: Observation) -> Iterator[Change]:
    rate, usual = observed.run.training.learning_rate, _usual_rate(observed)
    tested = [other for other, _ in _of_the_range(observed, higher=False)]
    untested = sorted({rate / 10, rate / 100, *([usual] if usual < rate / 10 else [])}, reverse=True)
    yield from _rates(*tested, *untested)


def _rates(*rates: float) -> Iterator[Change]:
    for rate in dict.fromkeys(float(f"{rate:.6g}") for rate in rates):
        yield {"training.learning_rate": rate}


_ABOUT_ONE: Final = 1.5
"""How far weights have to come: they start below 1 and end at about 1 where inputs are scaled."""
_SMALL_IF_PLAIN: Final = 0.1
"""What plain gradient descent needs on scaled inputs where the loss is flat."""


def _too_low(observed: Observation) -> Iterator[Evidence]:
    signals, training = observed.signals, observed.run.training
    if signals.diverged or signals.kicked:
        return
    if signals.unfinished:
        text = said("{share:.0%} of the loss's fall came in the last fifth of the epochs", share=signals.falling)
        yield Evidence(0.45, text, sign="unfinished")
    yield from _range_evidence(observed, higher=True)
    rate = training.learning_rate * signals.rate_left
    reach = rate * signals.updates
    if OPTIMIZERS[training.optimizer].unit_steps and reach < _ABOUT_ONE:
        text = said(
            "{steps:.0f} steps of {rate:.3g} move a weight by {reach:.2g} at most",
            steps=signals.updates,
            rate=rate,
            reach=reach,
        )
        yield Evidence(0.5, text, sign="short_reach")
    if rate < _FAR_BELOW * _usual_rate(observed):
        text = (
            said("a rate of {rate:.3g} is far below the usual one of this optimizer", rate=rate)
            if signals.rate_left == 1
            else said("a mean rate of {rate:.3g} is far below the usual one of this optimizer", rate=rate)
        )
        yield Evidence(0.5, text, sign="far_below_usual")
    elif OPTIMIZERS[training.optimizer].plain and rate < _SMALL_IF_PLAIN and signals.learnt_little:
        text = said("plain gradient descent with a small rate creeps where the loss is flat")
        yield Evidence(0.2, text, sign="plain_and_slow")


def _higher_rates(observed: Observation) -> Iterator[Change]:
    rate = observed.run.training.learning_rate
    tested = [other for other, _ in _of_the_range(observed, higher=True)]
    yield from _rates(*tested, min(10 * rate, HIGHEST_RATE), min(100 * rate, HIGHEST_RATE))


_FEW_STEPS, _VERY_FEW_STEPS = 300, 60
"""Nine of ten healthy programs take more than the first; none as few as the second."""
_LONGER: Final = (5, 100)
"""A repair trains at least so many times as long, and at most."""
_MOST_EPOCHS: Final = 100_000


def _too_few(observed: Observation) -> Iterator[Evidence]:
    signals = observed.signals
    if signals.diverged or signals.stopped < 1:
        return
    text = said("only {steps:.0f} steps were taken", steps=signals.updates)
    if signals.updates < _VERY_FEW_STEPS:
        yield Evidence(0.7, text, sign="very_few_steps")
    elif signals.updates < _FEW_STEPS:
        yield Evidence(0.55, text, sign="few_steps")
    elif signals.updates < ENOUGH_STEPS and signals.unfinished:
        yield Evidence(0.3, text, sign="steps_may_lack")
    if signals.still_falling:
        falls = said("the loss was still falling at the end")
        little = said("what little the loss fell, it fell to the end")
        yield Evidence(0.3, little if signals.stands_still else falls, sign="still_falling")


def _more_updates(observed: Observation) -> Iterator[Change]:
    least, most = _LONGER
    longer = max(least, min(most, round(ENOUGH_STEPS / max(1, observed.signals.updates))))
    yield {"training.epochs": min(_MOST_EPOCHS, observed.run.training.epochs * longer)}


_FEW_ROWS_A_STEP: Final = 4
"""A gradient of so few rows is mostly noise: its error falls with the root of their number."""
_LARGE_BATCH: Final = 128
"""Larger ones than the usual 32 to 128 save time, but not where they leave few steps."""
_FEW_BATCHES: Final = 8
_USUAL_BATCH: Final = 32
"""Keras's default, and the size Masters & Luschi (2018) advise."""


def _batch_size(observed: Observation) -> Iterator[Evidence]:
    size, rows = observed.run.training.batch_size, observed.facts.rows
    if size <= _FEW_ROWS_A_STEP and rows >= _USUAL_BATCH and observed.signals.jumps:
        yield Evidence(0.4, said("batches of {size}: every step goes its own way", size=size), sign="tiny_batches")
    if min(size, rows) > _LARGE_BATCH and rows <= _FEW_BATCHES * size and not observed.signals.diverged:
        text = said(
            "batches of {size} rows leave few steps per epoch ({steps})", size=min(size, rows), steps=-(-rows // size)
        )
        yield Evidence(0.3, text, sign="few_batches")


_RATE_THAT_SHORTENS: Final = 0.1
"""An optimizer whose steps shrink needs to start from at least this: Adadelta's paper has 1, Adagrad's 0.1 and more."""
_HEAVY: Final = 0.95
"""Momentum that multiplies a steady step by 20."""


def _optimizer(observed: Observation) -> Iterator[Evidence]:
    training, signals = observed.run.training, observed.signals
    name, rate, momentum = training.optimizer, training.learning_rate, training.momentum
    optimizer = OPTIMIZERS[name]
    if optimizer.shortens and rate < _RATE_THAT_SHORTENS:
        yield Evidence(
            0.6,
            said(
                "{name} shortens its steps as it goes; a rate of {rate:g} is too low to start from",
                name=name,
                rate=rate,
            ),
            sign="shortens_steps",
        )
    if momentum >= _HEAVY:
        text = said(
            "momentum {momentum:g} adds up about {steps:.0f} steps",
            momentum=momentum,
            steps=1 / max(1e-3, 1 - momentum),
        )
        yield Evidence(0.7, text, sign="heavy_momentum")
    elif momentum >= STRONG_MOMENTUM and signals.jumps:
        yield Evidence(
            0.3, said("momentum {momentum:g} multiplies the step", momentum=momentum), sign="momentum_and_jumps"
        )
    if optimizer.plain and signals.learnt_little and not signals.diverged and not signals.kicked:
        yield Evidence(0.25, said("plain gradient descent uses the same rate for every weight"), sign="plain_and_stuck")


def _optimizer_repairs(observed: Observation) -> Iterator[Change]:
    training = observed.run.training
    if training.momentum >= STRONG_MOMENTUM:
        yield {"training.momentum": 0.0}
    if training.optimizer != "adam":
        yield {"training.optimizer": "adam"}


_LARGE_L2, _SUSPICIOUS_L2 = 0.05, 0.01
"""Usual is 0.0001 … 0.01."""
_ALIKE: Final = 0.02
"""Predictions that spread less than this share of the target's spread are one prediction."""
_MUCH_DROPOUT, _MOST_DROPOUT = 0.5, 0.7
"""0.5 is what Srivastava et al. (2014) use in wide layers, more is hardly ever."""
_LARGE_DECAY: Final = 0.05
"""AdamW's default is 0.004 in Keras, 0.01 in its paper's code."""


def _regularization(observed: Observation) -> Iterator[Evidence]:
    model, training, signals = observed.run.model, observed.run.training, observed.signals
    if model.l2 and signals.penalty > LARGE_PENALTY:
        yield Evidence(
            min(0.9, 0.4 + signals.penalty),
            said("{share:.0%} of the loss is the weights' penalty", share=signals.penalty),
            sign="penalty_weighs",
        )
    if model.l2 >= _LARGE_L2:
        yield Evidence(
            0.5,
            said("L2 of {value:g} is far above the usual {low:.4f} … {high:g}", value=model.l2, low=0.0001, high=0.01),
            sign="large_l2",
        )
    spread = signals.output_std
    if model.l2 >= _SUSPICIOUS_L2 and spread is not None and spread < _ALIKE * observed.facts.target_std:
        yield Evidence(0.3, said("the network predicts almost the same for every row"), sign="predicts_alike")
    dropout = max((layer.dropout or 0.0 for layer in model.hidden), default=0.0)
    text = said("dropout switches off {share:.0%} of a layer at every step", share=dropout)
    if dropout >= _MOST_DROPOUT:
        yield Evidence(0.8, text, sign="most_dropped")
    elif dropout >= _MUCH_DROPOUT:
        yield Evidence(0.3, text, sign="much_dropped")
    if training.weight_decay >= _LARGE_DECAY:
        text = said("weight decay of {value:g} pulls every weight to zero", value=training.weight_decay)
        yield Evidence(0.6, text, sign="large_decay")


def _regularization_repairs(observed: Observation) -> Iterator[Change]:
    model = observed.run.model
    if model.l2:
        yield {"model.l2": 0.0}
    if any(layer.dropout for layer in model.hidden):
        yield hidden_change(model, "dropout", 0.0)
    if observed.run.training.weight_decay:
        yield {"training.weight_decay": 0.0}


_IMPATIENT, _PATIENT = 3, 20
"""A validation loss often pauses for more epochs than the first, rarely for more than the second."""


def _early_stopping(observed: Observation) -> Iterator[Evidence]:
    stopping, signals = observed.asked.training.early_stopping, observed.signals
    if stopping is None or signals.stopped >= STOPPED_EARLY:
        return
    epochs = observed.asked.training.epochs
    trained = max(1, round(signals.stopped * epochs))
    text = said(
        "training ended after {trained:d} of {epochs:d} epochs, with a patience of {patience:d}",
        trained=trained,
        epochs=epochs,
        patience=stopping.patience,
    )
    if stopping.patience <= _IMPATIENT or stopping.min_delta > 0:
        yield Evidence(0.8, text, sign="no_patience")
    else:
        yield Evidence(0.3, text, sign="stopped_early")


def _patience(observed: Observation) -> Iterator[Change]:
    stopping = observed.run.training.early_stopping
    if stopping is not None:
        calmer = {"patience": max(_PATIENT, 10 * stopping.patience), "min_delta": 0.0}
        yield {"training.early_stopping": stopping.model_dump(mode="json") | calmer}
        yield {"training.early_stopping": None}


def _schedule(observed: Observation) -> Iterator[Evidence]:
    signals, schedule = observed.signals, observed.run.training.schedule
    if schedule.name != "constant" and not schedule.tries and signals.rate_left < LITTLE_LEFT and not signals.diverged:
        text = said(
            "the {schedule} schedule leaves {share:.1%} of the learning rate, on average",
            schedule=schedule.name,
            share=signals.rate_left,
        )
        yield Evidence(
            min(0.95, 0.6 + 0.1 * math.log10(1 / max(signals.rate_left, 1e-9))), text, sign="rate_taken_away"
        )


_MOSTLY: Final = 0.8
"""Share of the gradient that clipping cuts off."""


def _clipping(observed: Observation) -> Iterator[Evidence]:
    signals, norm = observed.signals, observed.run.training.clip_norm
    if norm is None or signals.clipped < CUT_OFF:
        return
    text = said("clipping at {norm:g} cuts off {share:.0%} of the gradient", norm=norm, share=signals.clipped)
    if signals.clipped > _MOSTLY and (signals.unfinished or signals.learnt_little):
        yield Evidence(0.7, text, sign="cut_off_too_much")
    else:
        yield Evidence(0.3, text, sign="cut_off")


def _clipping_repairs(observed: Observation) -> Iterator[Change]:
    norm = observed.run.training.clip_norm
    if norm is not None:
        yield {"training.clip_norm": None}
        yield {"training.clip_norm": min(100 * norm, 1e6)}


CAUSES: Final = (
    Cause("learning_rate_too_high", "optimisation", "The learning rate is too high",
          "Each step overshoots: the loss jumps, climbs or overflows.",
          _too_high, _lower_rates, asks_rates=True,
          works="A step lowers the loss only if it is short for the loss's curvature; a lower rate makes it so.",
          links=("rate", "kicked", "saturated", "dead", "diverged", "jumps", "climbs", "blind", "flat", "guessing",
                 "short")),
    Cause("learning_rate_too_low", "optimisation", "The learning rate is too low",
          "The steps are too short to arrive in the epochs there are.",
          _too_low, _higher_rates, asks_rates=True,
          works="A higher rate goes as far in fewer steps, while it stays below where steps overshoot.",
          links=("rate", "steps", "flat", "guessing", "falling", "short")),
    Cause("too_few_updates", "optimisation", "Too few training steps",
          "Training ends before the weights have moved as far as they must.",
          _too_few, _more_updates,
          works="A step moves the weights only so far; more of them let the loss come to rest.",
          links=("steps", "falling", "guessing", "short")),
    Cause("batch_size_unsuitable", "optimisation", "The batch size is unsuitable",
          "Batches are so small that steps contradict each other, or so large that there are few.",
          _batch_size, lambda _observed: ({"training.batch_size": _USUAL_BATCH},),
          works="About 32 rows average out much of a gradient's noise and leave many steps in an epoch.",
          links=("batch", "steps", "jumps", "falling", "guessing", "short")),
    Cause("optimizer_unsuitable", "optimisation", "The optimizer is unsuitable",
          "The optimizer or its momentum does not suit this loss: steps get too short or too long.",
          _optimizer, _optimizer_repairs,
          works="Adam divides steps by the gradient's running size; without much momentum they do not pile up.",
          links=("optimizer", "kicked", "diverged", "jumps", "climbs", "blind", "flat", "guessing", "falling",
                 "short")),
    Cause("regularization_too_strong", "optimisation", "Regularisation is too strong",
          "Penalties or dropout outweigh the data: the best weights are those that ignore the inputs.",
          _regularization, _regularization_repairs, blocks=True,
          works="With less held back, the minimum of the loss is set by the data again.",
          links=("held_back", "penalty", "blind", "flat", "guessing", "short")),
    Cause("early_stopping_too_eager", "optimisation", "Early stopping came too early",
          "Training was stopped at a pause, not at the end of progress.",
          _early_stopping, _patience,
          works="Losses pause and go on falling; a longer patience outlasts the pause.",
          links=("patience", "stopped", "guessing", "short")),
    Cause("schedule_unsuitable", "optimisation", "The schedule does not suit the training",
          "The schedule takes the learning rate away before the weights have arrived.",
          _schedule, lambda _observed: ({"training.schedule": "constant"},),
          works="A constant rate keeps the steps long until the end of training.",
          links=("schedule", "blind", "flat", "guessing", "falling", "short")),
    Cause("clipping_too_strong", "optimisation", "Clipping is too strong",
          "Gradients are cut so short that the steps no longer follow the loss.",
          _clipping, _clipping_repairs,
          works="Uncut, or cut more loosely, steps are as long as the loss is steep.",
          links=("clipped", "falling", "flat", "guessing", "short")),
)  # fmt: skip
