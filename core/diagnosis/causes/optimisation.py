"""Causes in how the weights are searched: steps too long, too short, too few, or held back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from core.diagnosis.causes.cause import Case, Cause, Change, Evidence

USUAL_RATE: Final[Mapping[str, float]] = {
    "sgd": 0.01, "adam": 0.001, "adamw": 0.001, "rmsprop": 0.001, "nadam": 0.001, "adagrad": 0.01, "adadelta": 1.0,
    "adamax": 0.001, "adafactor": 0.001, "lion": 0.0003, "ftrl": 0.01,
}  # fmt: skip
_UNIT_STEPS: Final = frozenset({"adam", "adamw", "nadam", "rmsprop", "adamax", "lion"})
"""Optimizers whose step moves a weight by about the learning rate, whatever the gradient's size."""
_SLOW: Final = frozenset({"adadelta", "adagrad", "ftrl"})


def _too_high(case: Case) -> Iterator[Evidence]:
    signals, training = case.signals, case.run.training
    if signals.diverged and signals.initial_loss is not None and not case.facts.invalid_inputs:
        yield Evidence(0.55, f"the loss overflowed in {signals.diverged:.0%} of the seeds")
    if signals.kick > 3:
        yield Evidence(
            min(0.9, 0.5 + signals.kick / 100), f"the first epoch made the loss {signals.kick:.2g} times worse"
        )
    if signals.oscillation > 0.04:
        yield Evidence(0.6, f"the loss jumps by {signals.oscillation:.0%} of its level from epoch to epoch")
    if signals.rise > 0.1:
        yield Evidence(0.3, "the loss climbed again after its minimum")
    yield from _range_evidence(case, higher=False)
    times = training.learning_rate / USUAL_RATE[training.optimizer]
    if times >= 30:
        yield Evidence(
            0.5, f"a rate of {training.learning_rate:g} is {times:.0f} times what is usual for this optimizer"
        )
    elif not signals.falling and not signals.diverged:
        yield Evidence(0.1, "longer steps can miss what shorter ones find")


def _of_the_range(case: Case, *, higher: bool) -> list[tuple[float, float]]:
    """Return the rates of the range test on one side of the present one, with what they reach, the best first."""
    rate = case.run.training.learning_rate
    side = [(other, level) for other, level in case.signals.rates.items() if (other > rate) is higher]
    return sorted(side, key=lambda pair: -pair[1])


def _range_evidence(case: Case, *, higher: bool) -> Iterator[Evidence]:
    side, rates = _of_the_range(case, higher=higher), case.signals.rates
    if side and side[0][1] > case.signals.worst + 0.1 and side[0][1] == max(rates.values()):
        others = f"of {len(rates) + 1} rates from {min(rates):g} to {max(rates):g}"
        yield Evidence(0.35, f"{others}, {side[0][0]:g} does best: it explains {side[0][1]:.0%}")


def _lower_rates(case: Case) -> Iterator[Change]:
    rate, usual = case.run.training.learning_rate, USUAL_RATE[case.run.training.optimizer]
    tested = [other for other, _ in _of_the_range(case, higher=False)]
    untested = sorted({rate / 10, rate / 100, *([usual] if usual < rate / 10 else [])}, reverse=True)
    for lower in dict.fromkeys(float(f"{other:.6g}") for other in (*tested, *untested)):
        yield {"training.learning_rate": lower}


def _too_low(case: Case) -> Iterator[Evidence]:
    signals, training = case.signals, case.run.training
    if signals.diverged or signals.kick > 3:
        return
    if signals.falling > 0.03:
        yield Evidence(0.45, f"{signals.falling:.0%} of the loss's fall came in the last fifth of the epochs")
    yield from _range_evidence(case, higher=True)
    reach = training.learning_rate * signals.updates
    if training.optimizer in _UNIT_STEPS and reach < 1.5:
        yield Evidence(
            0.5, f"{signals.updates:.0f} steps of {training.learning_rate:g} move a weight by {reach:.2g} at most"
        )
    if training.learning_rate < USUAL_RATE[training.optimizer] / 5:
        yield Evidence(0.5, f"a rate of {training.learning_rate:g} is far below what is usual for this optimizer")
    elif training.optimizer == "sgd" and training.learning_rate < 0.1 and signals.level < 0.1:
        yield Evidence(0.2, "plain gradient descent with a small rate creeps over flat ground")


def _higher_rates(case: Case) -> Iterator[Change]:
    rate = case.run.training.learning_rate
    tested = [other for other, _ in _of_the_range(case, higher=True)]
    for higher in dict.fromkeys(
        float(f"{other:.6g}") for other in (*tested, min(10 * rate, 10.0), min(100 * rate, 10.0))
    ):
        yield {"training.learning_rate": higher}


def _too_few(case: Case) -> Iterator[Evidence]:
    signals = case.signals
    if signals.diverged or signals.stopped < 1:
        return
    if signals.updates < 300:
        yield Evidence(0.7 if signals.updates < 60 else 0.55, f"only {signals.updates:.0f} steps were taken")
    elif signals.updates < 1000 and signals.falling > 0.03:
        yield Evidence(0.3, f"only {signals.updates:.0f} steps were taken")
    if signals.falling > 0.1:
        yield Evidence(0.3, "the loss was still falling at the end")


def _more_updates(case: Case) -> Iterator[Change]:
    # Enough for steps of the usual size to move a weight by about one.
    times = max(5, min(100, round(1000 / max(1.0, case.signals.updates))))
    yield {"training.epochs": min(100_000, case.run.training.epochs * times)}


def _batch_size(case: Case) -> Iterator[Evidence]:
    size, rows = case.run.training.batch_size, case.facts.rows
    if size <= 4 and rows >= 32 and case.signals.oscillation > 0.03:
        yield Evidence(0.4, f"steps are taken after {size} rows, each pulling its own way")
    if min(size, rows) > 128 and rows <= 8 * size and not case.signals.diverged:
        yield Evidence(0.3, f"batches of {min(size, rows)} rows leave {-(-rows // size)} steps an epoch")


def _optimizer(case: Case) -> Iterator[Evidence]:
    training, signals = case.run.training, case.signals
    if training.optimizer in _SLOW and training.learning_rate < 0.1:
        yield Evidence(
            0.6, f"{training.optimizer} shortens its steps as it goes; from {training.learning_rate:g} too far"
        )
    if training.momentum >= 0.95:
        yield Evidence(
            0.7, f"momentum {training.momentum:g} adds up some {1 / max(1e-3, 1 - training.momentum):.0f} steps"
        )
    elif training.momentum >= 0.8 and signals.oscillation > 0.04:
        yield Evidence(0.3, f"momentum {training.momentum:g} multiplies the step")
    if training.optimizer == "sgd" and signals.level < 0.1 and not signals.diverged and signals.kick < 3:
        yield Evidence(0.25, "plain gradient descent takes the same rate for every weight")


def _optimizer_repairs(case: Case) -> Iterator[Change]:
    training = case.run.training
    if training.momentum >= 0.8:
        yield {"training.momentum": 0.0}
    if training.optimizer != "adam":
        yield {"training.optimizer": "adam"}


def _regularization(case: Case) -> Iterator[Evidence]:
    model, training, signals = case.run.model, case.run.training, case.signals
    if model.l2 and signals.penalty > 0.3:
        yield Evidence(min(0.9, 0.4 + signals.penalty), f"{signals.penalty:.0%} of the loss is the weights' penalty")
    if model.l2 >= 0.05:
        yield Evidence(0.5, f"L2 of {model.l2:g} is far above the usual 0.0001 … 0.01")
    spread = signals.output_std
    if model.l2 >= 0.01 and spread is not None and spread < 0.02 * case.facts.target_std:
        yield Evidence(0.3, "the network answers almost the same to every row")
    dropout = max((layer.dropout or 0.0 for layer in model.hidden), default=0.0)
    if dropout >= 0.5:
        yield Evidence(0.3 if dropout < 0.7 else 0.8, f"dropout hides {dropout:.0%} of a layer at every step")
    if training.weight_decay >= 0.05:
        yield Evidence(0.6, f"weight decay of {training.weight_decay:g} pulls every weight to zero")


def _regularization_repairs(case: Case) -> Iterator[Change]:
    model = case.run.model
    if model.l2:
        yield {"model.l2": 0.0}
    if any(layer.dropout for layer in model.hidden):
        from core.diagnosis.causes.architecture import hidden_change

        yield hidden_change(model, "dropout", 0.0)
    if case.run.training.weight_decay:
        yield {"training.weight_decay": 0.0}


def _early_stopping(case: Case) -> Iterator[Evidence]:
    stopping, signals = case.run.training.early_stopping, case.signals
    if stopping is None or signals.stopped >= 0.8:
        return
    text = f"training ended after {signals.stopped:.0%} of the epochs, with a patience of {stopping.patience}"
    yield Evidence(0.8 if stopping.patience <= 3 or stopping.min_delta > 0 else 0.3, text)


def _patience(case: Case) -> Iterator[Change]:
    stopping = case.run.training.early_stopping
    if stopping is not None:
        calmer: dict[str, Any] = stopping.model_dump(mode="json")
        yield {"training.early_stopping": calmer | {"patience": max(20, 10 * stopping.patience), "min_delta": 0.0}}
        yield {"training.early_stopping": None}


CAUSES: Final = (
    Cause("learning_rate_too_high", "optimisation", "The learning rate is too high",
          "Each step overshoots: the loss jumps, climbs or overflows.",
          _too_high, _lower_rates),
    Cause("learning_rate_too_low", "optimisation", "The learning rate is too low",
          "The steps are too short to arrive in the epochs there are.",
          _too_low, _higher_rates),
    Cause("too_few_updates", "optimisation", "Too few training steps",
          "Training ends before the weights have moved as far as they must.",
          _too_few, _more_updates),
    Cause("batch_size_unsuitable", "optimisation", "The batch size does not suit",
          "Batches are so small that steps contradict each other, or so large that there are few.",
          _batch_size, lambda _case: ({"training.batch_size": 32},)),
    Cause("optimizer_unsuitable", "optimisation", "The optimizer does not suit",
          "The optimizer, or its momentum, does not suit this ground.",
          _optimizer, _optimizer_repairs),
    Cause("regularization_too_strong", "optimisation", "Regularisation is too strong",
          "Penalties or dropout outweigh the data: the best weights are those that say nothing.",
          _regularization, _regularization_repairs, blocks=True),
    Cause("early_stopping_too_eager", "optimisation", "Early stopping came too early",
          "Training was stopped at a pause, not at the end of progress.",
          _early_stopping, _patience),
)  # fmt: skip
