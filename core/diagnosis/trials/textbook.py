"""What a textbook would do instead: each setting in which a program differs, with the cause it would cure.

All of it together is a repair for programs with several faults, of which no single change proves anything; what of it
is needed is found by leaving out (`core.diagnosis.trials.smallest`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.choices.encoders import ENCODERS
from core.choices.losses import LOSSES
from core.choices.optimizers import OPTIMIZERS
from core.choices.scalers import SCALERS, TARGET_SCALERS
from core.diagnosis.causes.architecture import conventional_output, hidden_change, plain_layer
from core.diagnosis.causes.cause import Change, Observation
from core.spec import RunSpec

_DEEPEST, _LAYERS = 5, 2
"""More hidden layers than the first are cut to the second: what two wide layers cannot, more hardly can in a table."""
_NARROW, _WIDE = 16, 32
_USUAL_BATCHES, _BATCH = (8, 128), 32
_USUAL_SPREADS, _USUAL_OFFSET = (0.3, 3.0), 1.5
_PLAIN_RATE, _HEAVY_RATE = 0.1, 0.02
"""Of gradient descent on scaled inputs, and of the same with momentum, which multiplies the step."""
_HEAVY: Final = 0.5
_NEAR: Final = 3.0
"""A rate within this factor of the textbook's is left as it is."""
_STRONG_L2, _STRONG_DROPOUT, _STRONG_DECAY = 1e-3, 0.25, 0.01
_RELU_LIKE: Final = frozenset({"relu", "leaky_relu", "elu", "selu", "gelu", "silu", "swish", "mish", "celu", "tanh"})
_RECTIFIERS: Final = ("he_uniform", "he_normal")


@dataclass(frozen=True)
class Textbook:
    """One way to train that any textbook allows."""

    activation: str
    adaptive_rate: float
    """Of Adam and its kin."""
    updates: int
    """At least so many, if the program takes less than half of them."""


TEXTBOOKS: Final = (
    (Textbook("relu", 0.003, 2000), Textbook("relu", 0.001, 300), Textbook("relu", 0.003, 300)),
    (Textbook("elu", 0.01, 2000),),
)
"""The first is right for most tables; the short ones beside it are for those that are learnt by heart soon, and cost
little, as they differ in numbers alone. The last is for small networks, which want long steps, where those fail."""


@dataclass(frozen=True)
class Step:
    """One setting of the textbook."""

    cause: str
    """What it would cure."""
    change: Callable[[RunSpec], Change]
    """The run as it is by now → what to change in it."""


def steps_of(observed: Observation, textbook: Textbook, suspected: Sequence[str]) -> tuple[Step, ...]:
    """Return the settings in which the program differs from `textbook`, in the order in which they are applied.

    Parameters
    ----------
    suspected : sequence of str
        Ids of causes, the likeliest first: where a setting could cure several, it counts for the first of them.
    """

    def first_of(*causes: str) -> str:
        return next((cause for cause in suspected if cause in causes), causes[0])

    return (
        *_data(observed),
        *_output(observed),
        *_network(observed, textbook, first_of),
        *_optimisation(observed, textbook),
    )


def applied(run: RunSpec, steps: Sequence[Step]) -> dict[str, Any]:
    """Return what all `steps` together change in `run`, by path."""
    change: dict[str, Any] = {}
    for step in steps:
        change |= step.change(run.changed(change))
    before, after = (one.model_dump(mode="json", exclude={"data": {"source"}}) for one in (run, run.changed(change)))
    return {path: value for path, value in change.items() if _at(before, path) != _at(after, path)}


def _at(dumped: Mapping[str, Any], path: str) -> Any:
    section, _, name = path.partition(".")
    return dumped[section][name]


def _set(cause: str, change: Change) -> Step:
    return Step(cause, lambda _run: change)


def _data(observed: Observation) -> Iterator[Step]:
    facts, run = observed.facts, observed.run
    preprocessing = run.preprocessing
    if facts.invalid_inputs:
        yield _set("invalid_values", {"preprocessing.missing": "median"})
    if any(sentinel.certain for sentinel in facts.sentinels) or facts.lone_values:
        yield _set("invalid_values", {"preprocessing.outliers": "clip"})
    if facts.category_columns and ENCODERS[preprocessing.encoding].flaw:
        yield _set("unsuitable_encoding", {"preprocessing.encoding": "one_hot"})
    (low, high), offset = facts.input_spread, facts.input_offset
    usual = _USUAL_SPREADS[0] <= low and high <= _USUAL_SPREADS[1] and offset <= _USUAL_OFFSET
    if SCALERS[preprocessing.scaling].build is None:
        if not usual:
            yield _set("inputs_unscaled", {"preprocessing.scaling": "standard"})
    elif SCALERS[preprocessing.scaling].by_row:
        yield _set("scaling_unsuitable", {"preprocessing.scaling": "standard"})
    if facts.task == "regression" and TARGET_SCALERS[preprocessing.target_scaling].fit is None:
        size = max(abs(facts.target_mean), facts.target_std)
        if size > _USUAL_SPREADS[1] or facts.target_std < _USUAL_SPREADS[0]:
            yield _set("target_unscaled", {"preprocessing.target_scaling": "standard"})
    if not run.training.shuffle:
        yield _set("unshuffled_data", {"training.shuffle": True})


def _output(observed: Observation) -> Iterator[Step]:
    facts, loss = observed.facts, LOSSES[observed.facts.loss]
    if not conventional_output(facts):
        units = {} if facts.output_units == _answers(observed) else {"model.output_units": "auto"}
        yield _set("output_activation_mismatch", {"model.output_activation": "auto"} | units)
    if facts.task == "regression":
        fits = loss.measures == "distance"
    else:
        several = facts.task == "multiclass"
        fits = loss.measures == "probability" and (loss.over_units or loss.sparse) == several
    if not fits:
        yield _set("loss_mismatch", {"model.loss": "auto"})


def _answers(observed: Observation) -> int:
    """Return how many outputs the task asks for."""
    task = observed.facts.task
    if task == "multiclass":
        return len(observed.facts.classes)
    return 1 if task == "binary" else len(set(observed.run.data.targets))


def _network(observed: Observation, textbook: Textbook, first_of: Callable[..., str]) -> Iterator[Step]:
    model, training = observed.run.model, observed.run.training
    hidden = model.hidden
    if any(layer.activation not in _RELU_LIKE or (layer.activation != textbook.activation) for layer in hidden):
        cause = first_of("hidden_activation_unsuitable", "dying_relu", "vanishing_gradients", "exploding_gradients")
        yield Step(cause, lambda run: hidden_change(run.model, "activation", textbook.activation))
    if any((layer.initializer or "glorot_uniform") not in _RECTIFIERS for layer in hidden) and hidden:
        yield Step("poor_initialization", lambda run: hidden_change(run.model, "initializer", _RECTIFIERS[0]))
    if model.l2 >= _STRONG_L2:
        yield _set("regularization_too_strong", {"model.l2": 0.0})
    if any((layer.dropout or 0) >= _STRONG_DROPOUT for layer in hidden):
        yield Step("regularization_too_strong", lambda run: hidden_change(run.model, "dropout", 0.0))
    if training.weight_decay >= _STRONG_DECAY:
        yield _set("regularization_too_strong", {"training.weight_decay": 0.0})
    if len(hidden) > _DEEPEST:
        cause = first_of("vanishing_gradients", "exploding_gradients", "dying_relu", "poor_initialization")
        yield Step(cause, lambda run: {"model.layers": [plain_layer(layer) for layer in run.model.layers[:_LAYERS]]})
    if not hidden or min(layer.units for layer in hidden) < _NARROW:
        yield Step("capacity_too_small", _widened)


def _widened(run: RunSpec) -> Change:
    layers = [plain_layer(layer) for layer in run.model.layers]
    wide = [
        layer | {"units": max(_WIDE, layer["units"])} if isinstance(layer, dict) else max(_WIDE, layer)
        for layer in layers
    ]
    return {"model.layers": wide or [_WIDE]}


def _optimisation(observed: Observation, textbook: Textbook) -> Iterator[Step]:
    training, facts = observed.run.training, observed.facts
    least, most = _USUAL_BATCHES
    if min(training.batch_size, facts.rows) > most or training.batch_size < least <= facts.rows:
        yield _set("batch_size_unsuitable", {"training.batch_size": _BATCH})
    optimizer = OPTIMIZERS[training.optimizer]
    if not optimizer.unit_steps:
        change = {"training.optimizer": "adam", "training.momentum": 0.0, "training.nesterov": False}
        yield _set("optimizer_unsuitable", change)
    wanted = _rate(observed.run, textbook)
    if not 1 / _NEAR <= training.learning_rate / wanted <= _NEAR or not optimizer.unit_steps:
        high = training.learning_rate > wanted
        cause = "learning_rate_too_high" if high else "learning_rate_too_low"
        yield Step(cause, lambda run: {"training.learning_rate": _rate(run, textbook)})
    if training.schedule.name != "constant":
        yield _set("schedule_unsuitable", {"training.schedule": "constant"})
    if training.clip_norm is not None:
        yield _set("clipping_too_strong", {"training.clip_norm": None})
    if training.early_stopping is not None:
        yield _set("early_stopping_too_eager", {"training.early_stopping": None})
    if observed.signals.updates < textbook.updates / 2:
        yield Step("too_few_updates", lambda run: {"training.epochs": _epochs(run, facts.rows, textbook.updates)})


def _rate(run: RunSpec, textbook: Textbook) -> float:
    training = run.training
    if OPTIMIZERS[training.optimizer].unit_steps:
        return textbook.adaptive_rate
    if OPTIMIZERS[training.optimizer].plain:
        return _HEAVY_RATE if training.momentum > _HEAVY else _PLAIN_RATE
    return max(_PLAIN_RATE, OPTIMIZERS[training.optimizer].usual_rate)


def _epochs(run: RunSpec, rows: int, updates: int) -> int:
    return max(run.training.epochs, math.ceil(updates / -(-rows // min(run.training.batch_size, rows))))
