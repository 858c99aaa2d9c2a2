"""Faults to put into a good program, one entry each: what the benchmark asks the diagnosis to find again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from benchmarks.programs import DATA_SETS, LabelledProgram, changed, plain_program
from core.data.source import load_table
from core.spec import load_spec

Edit = Callable[[pd.DataFrame, str, np.random.Generator], pd.DataFrame]


@dataclass(frozen=True)
class Fault:
    """One way to spoil a program.

    Attributes
    ----------
    cause : str
        What it is an example of.
    name : str
    data_sets : tuple of str
        Where it does harm.
    changes : mapping
        Changes of the spec by path.
    edit : callable or None
        Table, target and random numbers → the spoilt table.
    also : tuple of str
        Causes that name the same fault.
    harms : bool
        As `LabelledProgram.harms`.
    """

    cause: str
    name: str
    data_sets: tuple[str, ...]
    changes: Mapping[str, Any]
    edit: Edit | None = None
    also: tuple[str, ...] = ()
    harms: bool = True


def faulty_programs(files: Path) -> Iterator[LabelledProgram]:
    """Yield every fault in every data set it is meant for; `files` is the folder of the ``file:`` sources."""
    for fault in FAULTS:
        for name in fault.data_sets:
            base = plain_program(name)
            spec = changed(base.spec, fault.changes)
            if fault.edit is not None:
                spec["data"] = _edited(spec["data"], fault.edit, files)
            yield LabelledProgram(
                f"{name} / {fault.name}", name, spec, fault.cause, frozenset(fault.also), base.id, fault.harms
            )


def _edited(data: Mapping[str, Any], edit: Edit, files: Path) -> dict[str, Any]:
    run = load_spec({"data": data}).runs()[0]
    frame = load_table(run.data, files).frame
    if run.data.features is not None:
        frame = frame[[*run.data.features, *run.data.targets]]
    rng = np.random.Generator(np.random.Philox(7))
    spoilt = edit(frame.copy(), run.data.targets[0], rng)
    columns = {str(name): [_cell(value) for value in spoilt[name]] for name in spoilt}
    return {**data, "source": {"columns": columns}, "features": None}


def _cell(value: Any) -> Any:
    if value is None or value is pd.NA or value != value:
        return None
    return value.item() if isinstance(value, np.generic) else value


def _inputs(frame: pd.DataFrame, target: str) -> list[str]:
    return [str(name) for name in frame if name != target and pd.api.types.is_numeric_dtype(frame[name])]


def _stretched(frame: pd.DataFrame, target: str, _rng: np.random.Generator) -> pd.DataFrame:
    for i, name in enumerate(_inputs(frame, target)):
        frame[name] = frame[name] * (1000.0 if i % 2 == 0 else 1.0) + 300.0
    return frame


def _shrunk(frame: pd.DataFrame, target: str, _rng: np.random.Generator) -> pd.DataFrame:
    for name in _inputs(frame, target):
        frame[name] = frame[name] / 2000
    return frame


def _large_target(frame: pd.DataFrame, target: str, _rng: np.random.Generator) -> pd.DataFrame:
    frame[target] = frame[target] * 500 + 20_000
    return frame


def _holes(frame: pd.DataFrame, target: str, rng: np.random.Generator) -> pd.DataFrame:
    for name in _inputs(frame, target)[:2]:
        frame[name] = frame[name].astype(float).mask(rng.random(len(frame)) < 0.05)
    return frame


def _stand_ins(value: float) -> Edit:
    def edit(frame: pd.DataFrame, target: str, rng: np.random.Generator) -> pd.DataFrame:
        for name in _inputs(frame, target)[:2]:
            frame[name] = frame[name].astype(float).mask(rng.random(len(frame)) < 0.06, value)
        return frame

    return edit


def _copied_noise(frame: pd.DataFrame, target: str, rng: np.random.Generator) -> pd.DataFrame:
    """Keep a fifth of the rows, each five times, with answers that mean nothing."""
    few = frame.sample(max(40, len(frame) // 5), random_state=7)
    few = few.assign(**{target: rng.permutation(few[target].to_numpy())})
    return pd.concat([few] * 5, ignore_index=True).sample(frac=1, random_state=7, ignore_index=True)


def _answered_twice(frame: pd.DataFrame, target: str, rng: np.random.Generator) -> pd.DataFrame:
    """Give each row a second time, with the answer of another."""
    other = frame.assign(**{target: rng.permutation(frame[target].to_numpy())})
    return pd.concat([frame, other], ignore_index=True).sample(frac=1, random_state=7, ignore_index=True)


def _named_groups(frame: pd.DataFrame, target: str, _rng: np.random.Generator) -> pd.DataFrame:
    """Hide the best four inputs behind names whose alphabetical order means nothing."""
    names = np.array(["kiwi", "apple", "plum", "fig", "pear", "lime", "date", "mango", "grape", "melon"])
    best = sorted(_inputs(frame, target), key=lambda name: -abs(_correlation(frame[name], frame[target])))[:4]
    for name in best:
        whole = frame[name].fillna(frame[name].median())
        rank = pd.qcut(whole.rank(method="first"), len(names), labels=False)
        frame[name] = names[rank.to_numpy()]
    return frame


def _correlation(a: Any, b: Any) -> float:
    codes = b if pd.api.types.is_numeric_dtype(b) else pd.Series(pd.factorize(b)[0])
    return float(np.corrcoef(np.asarray(a, float), np.asarray(codes, float))[0, 1])


def _target_column(frame: pd.DataFrame, target: str, _rng: np.random.Generator) -> pd.DataFrame:
    truth = frame[target]
    given = truth * 3 + 1 if pd.api.types.is_numeric_dtype(truth) else truth.map(lambda text: f"group {text}")
    frame.insert(0, "checked later", given)
    return frame


def _shuffled_targets(frame: pd.DataFrame, target: str, rng: np.random.Generator) -> pd.DataFrame:
    frame[target] = frame[target].to_numpy()[rng.permutation(len(frame))]
    return frame


def _one_target(frame: pd.DataFrame, target: str, _rng: np.random.Generator) -> pd.DataFrame:
    frame[target] = 3.0
    return frame


def _rare_class(frame: pd.DataFrame, target: str, rng: np.random.Generator) -> pd.DataFrame:
    """Keep two classes, one row in sixteen of the second, and blur the inputs: always predicting the first pays."""
    names = sorted(frame[target].unique())[:2]
    rare = frame[frame[target] == names[1]]
    frame = pd.concat([frame[frame[target] == names[0]], rare.iloc[: max(12, len(rare) // 16)]])
    for name in _inputs(frame, target):
        frame[name] = frame[name] + rng.normal(0, frame[name].std(), len(frame))
    return frame.sample(frac=1, random_state=3, ignore_index=True)


def _sorted_rows(frame: pd.DataFrame, target: str, _rng: np.random.Generator) -> pd.DataFrame:
    return frame.sort_values(target, kind="stable", ignore_index=True)


def _few_noisy_rows(frame: pd.DataFrame, _target: str, _rng: np.random.Generator) -> pd.DataFrame:
    return frame.sample(n=70, random_state=5, ignore_index=True)


_CLASSES: Final = ("iris", "moons", "xor", "circles", "spiral", "digits", "wine", "breast_cancer", "penguins")


def _deep(units: int, count: int) -> Sequence[int]:
    return [units] * count


FAULTS: Final = (
    Fault("inputs_unscaled", "raw inputs", ("wine", "mpg", "breast_cancer"),
          {"preprocessing.scaling": "none"}, also=()),
    Fault("inputs_unscaled", "stretched inputs", ("moons", "friedman", "circles", "parabola"),
          {"preprocessing.scaling": "none", "training.learning_rate": 0.001}, _stretched),
    Fault("inputs_unscaled", "tiny inputs", ("xor", "iris", "spiral"),
          {"preprocessing.scaling": "none", "training.learning_rate": 0.003}, _shrunk,
          also=("learning_rate_too_low", "too_few_updates")),
    Fault("target_unscaled", "large target", ("friedman", "mpg", "parabola", "line", "diabetes"),
          {"preprocessing.target_scaling": "none"}, _large_target,
          also=("learning_rate_too_low", "too_few_updates")),
    Fault("invalid_values", "NaN among the inputs", ("iris", "friedman", "wine", "mpg"),
          {"preprocessing.missing": "keep"}, _holes),
    Fault("invalid_values", "-999 for missing", ("friedman", "diabetes", "circles"), {}, _stand_ins(-999.0),
          also=("inputs_unscaled",)),
    Fault("invalid_values", "9999 for missing", ("moons", "parabola"), {}, _stand_ins(9999.0),
          also=("inputs_unscaled",)),
    Fault("unsuitable_encoding", "names numbered", ("friedman", "iris", "mpg", "wine"),
          {"preprocessing.encoding": "ordinal"}, _named_groups),
    Fault("unsuitable_encoding", "names left out", ("friedman", "mpg", "diabetes"),
          {"preprocessing.encoding": "drop"}, _named_groups),
    Fault("leakage", "a column gives the target away",
          ("friedman", "titanic", "diabetes", "wine quality", "breast_cancer"), {}, _target_column, harms=False),
    Fault("leakage", "noise, each row five times", ("friedman", "breast_cancer", "diabetes", "wine"),
          {"model.layers": [64, 64], "training.epochs": 300}, _copied_noise, also=("no_signal", "overfitting"),
          harms=False),
    Fault("conflicting_labels", "each row twice, answered differently", ("friedman", "breast_cancer", "mpg", "wine"),
          {}, _answered_twice, also=("no_signal",), harms=False),
    Fault("scaling_unsuitable", "rows divided by their length", ("blobs", "line", "circles", "parabola"),
          {"preprocessing.scaling": "l2"}),
    Fault("no_signal", "targets shuffled", ("iris", "friedman", "breast_cancer", "wine", "mpg", "circles"),
          {}, _shuffled_targets, also=("overfitting",)),
    Fault("constant_target", "one target value", ("line", "parabola", "friedman"), {}, _one_target, harms=False),
    Fault("class_imbalance", "a rare class", ("moons", "blobs", "penguins"),
          {"training.learning_rate": 0.001, "training.epochs": 60}, _rare_class,
          also=("learning_rate_too_low", "too_few_updates"), harms=False),
    Fault("unshuffled_data", "sorted, last rows validate", ("iris", "wine", "penguins", "mpg", "friedman"),
          {"data.split": "in_order", "data.validation_fraction": 0.34}, _sorted_rows),
    Fault("unshuffled_data", "sorted batches", ("breast_cancer", "digits", "wine"),
          {"training.shuffle": False, "training.optimizer": "sgd", "training.learning_rate": 0.1,
           "training.epochs": 15}, _sorted_rows,
          also=("learning_rate_too_high", "optimizer_unsuitable", "too_few_updates")),
    Fault("output_activation_mismatch", "sigmoid for numbers", ("line", "friedman", "mpg", "parabola"),
          {"model.output_activation": "sigmoid"}, also=("target_unscaled",)),
    Fault("output_activation_mismatch", "ReLU for numbers of both signs", ("sine", "diabetes", "wine quality"),
          {"model.output_activation": "relu"}, also=("dying_relu",)),
    Fault("output_activation_mismatch", "softmax on one unit", ("moons", "xor", "circles", "titanic"),
          {"model.output_activation": "softmax", "model.output_units": 1, "model.loss": "binary_crossentropy"}),
    Fault("loss_mismatch", "cross-entropy for numbers", ("friedman", "line", "mpg", "parabola"),
          {"model.loss": "binary_crossentropy"}, also=("output_activation_mismatch",)),
    Fault("loss_mismatch", "categorical loss on one unit", ("moons", "circles", "titanic"),
          {"model.loss": "categorical_crossentropy"}, also=("output_activation_mismatch",)),
    Fault("loss_mismatch", "relative errors of numbers around zero", ("sine", "diabetes", "friedman"),
          {"model.loss": "mape"}),
    Fault("hidden_activation_unsuitable", "linear layers", ("xor", "moons", "circles", "parabola", "spiral"),
          {"model.activation": "linear"}, also=("capacity_too_small",)),
    Fault("hidden_activation_unsuitable", "exponential layers", ("friedman", "digits", "sine"),
          {"model.activation": "exponential", "model.layers": _deep(16, 3)},
          also=("exploding_gradients", "learning_rate_too_high")),
    Fault("vanishing_gradients", "ten sigmoid layers", ("moons", "iris", "circles", "digits", "friedman"),
          {"model.activation": "sigmoid", "model.layers": _deep(8, 10), "training.learning_rate": 0.001},
          also=("hidden_activation_unsuitable", "poor_initialization")),
    Fault("exploding_gradients", "large first weights, eight layers", ("iris", "friedman", "circles", "mpg"),
          {"model.layers": _deep(16, 8), "model.initializer": {"name": "random_normal", "stddev": 1.5},
           "training.optimizer": "sgd", "training.learning_rate": 0.01},
          also=("poor_initialization", "learning_rate_too_high")),
    Fault("dying_relu", "twenty-five narrow ReLU layers", ("moons", "blobs", "circles", "mpg"),
          {"model.layers": _deep(3, 25), "training.learning_rate": 0.001, "training.epochs": 100},
          also=("vanishing_gradients", "hidden_activation_unsuitable", "poor_initialization", "capacity_too_small")),
    Fault("poor_initialization", "zeros", ("moons", "iris", "spiral", "friedman", "digits"),
          {"model.initializer": "zeros", "model.layers": _deep(16, 2)}),
    Fault("poor_initialization", "tiny first weights, six layers", ("xor", "iris", "circles", "digits"),
          {"model.initializer": {"name": "random_normal", "stddev": 0.01}, "model.layers": _deep(16, 6),
           "training.epochs": 60, "training.learning_rate": 0.001},
          also=("vanishing_gradients", "dying_relu")),
    Fault("capacity_too_small", "no hidden layer", ("xor", "moons", "circles", "spiral", "parabola"),
          {"model.layers": []}),
    Fault("capacity_too_small", "two units", ("sine", "digits", "spiral", "friedman"), {"model.layers": [2]}),
    Fault("overfitting", "few rows, many units, many epochs", ("friedman", "diabetes", "titanic", "wine quality"),
          {"model.layers": [256, 256], "training.epochs": 400}, _few_noisy_rows),
    Fault("learning_rate_too_high", "Adam at 3", ("iris", "friedman", "circles", "digits", "titanic", "sine"),
          {"training.learning_rate": 3.0}, also=("dying_relu",)),
    Fault("learning_rate_too_high", "plain descent at 20", ("moons", "mpg", "wine", "line"),
          {"training.optimizer": "sgd", "training.learning_rate": 20.0},
          also=("dying_relu", "exploding_gradients", "optimizer_unsuitable")),
    Fault("learning_rate_too_low", "Adam at 0.00001", ("iris", "friedman", "circles", "digits", "moons", "mpg"),
          {"training.learning_rate": 1e-5}, also=("too_few_updates",)),
    Fault("learning_rate_too_low", "plain descent at 0.0001", ("sine", "wine", "breast_cancer", "parabola"),
          {"training.optimizer": "sgd", "training.learning_rate": 1e-4},
          also=("too_few_updates", "optimizer_unsuitable")),
    Fault("too_few_updates", "three epochs", ("moons", "friedman", "circles", "penguins", "mpg"),
          {"training.epochs": 3, "training.learning_rate": 0.001},
          also=("learning_rate_too_low", "batch_size_unsuitable")),
    Fault("batch_size_unsuitable", "all rows in a batch", ("friedman", "digits", "moons", "wine"),
          {"training.batch_size": 1000, "training.epochs": 12, "training.learning_rate": 0.003},
          also=("too_few_updates", "learning_rate_too_low")),
    Fault("optimizer_unsuitable", "momentum 0.99", ("friedman", "iris", "mpg", "wine"),
          {"training.optimizer": "sgd", "training.momentum": 0.995, "training.learning_rate": 0.3},
          also=("learning_rate_too_high", "dying_relu")),
    Fault("optimizer_unsuitable", "Adadelta as Keras sets it", ("moons", "friedman", "circles", "digits"),
          {"training.optimizer": "adadelta", "training.learning_rate": 0.001},
          also=("learning_rate_too_low", "too_few_updates")),
    Fault("regularization_too_strong", "L2 of 1", ("friedman", "iris", "mpg", "circles", "digits"), {"model.l2": 1.0}),
    Fault("regularization_too_strong", "nine in ten dropped", ("moons", "friedman", "circles", "digits"),
          {"model.dropout": 0.9}),
    Fault("regularization_too_strong", "weight decay", ("iris", "sine", "spiral", "mpg"),
          {"training.optimizer": "adamw", "training.weight_decay": 20.0}),
    Fault("schedule_unsuitable", "a tenth after each epoch", ("friedman", "moons", "circles", "mpg", "iris", "wine"),
          {"training.schedule": {"name": "exponential", "decay_rate": 0.1}},
          also=("learning_rate_too_low", "too_few_updates")),
    Fault("clipping_too_strong", "clipped to next to nothing", ("friedman", "iris", "mpg", "wine", "digits"),
          {"training.optimizer": "sgd", "training.learning_rate": 0.05, "training.clip_norm": 0.0005},
          also=("learning_rate_too_low", "too_few_updates", "optimizer_unsuitable")),
    Fault("early_stopping_too_eager", "no patience", ("friedman", "moons", "circles", "mpg", "digits"),
          {"training.learning_rate": 0.001, "training.early_stopping":
           {"monitor": "val_loss", "patience": 1, "min_delta": 0.05, "restore_best_weights": True}},
          also=("learning_rate_too_low", "too_few_updates")),
)  # fmt: skip
"""At least two data sets of each half for every cause; what turns out harmless in a data set is left out there."""

if unknown := {name for fault in FAULTS for name in fault.data_sets} - set(DATA_SETS):
    raise ValueError(f"no such data sets: {sorted(unknown)}")
