"""The lines of a plain Keras program that make a change: whole statements, ready to paste.

They are written for a program with a table of inputs ``x`` and targets ``y``, split into ``x_train``, ``y_train``,
``x_val`` and ``y_val``. ``tests/diagnosis`` executes them beside the lab's own network.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from core.choices.encoders import ENCODERS
from core.choices.imputation import IMPUTATIONS
from core.choices.initializers import INITIALIZERS
from core.choices.losses import LOSSES
from core.choices.optimizers import OPTIMIZERS
from core.choices.outliers import OUTLIERS
from core.data.prepare.targets import Outputs, resolve_outputs
from core.diagnosis.causes.cause import Change, Observation
from core.diagnosis.evidence.facts import DataFacts
from core.spec import InitializerSpec, LayerSpec, RunSpec, Task

_WIDTH: Final = 80
"""Letters of a line; a longer call gets a line for each argument."""
_MANY_EQUAL: Final = 4
"""So many equal layers are written as a loop."""


@dataclass(frozen=True)
class Program:
    """A program with a change made, as far as its lines depend on it."""

    run: RunSpec
    facts: DataFacts
    changed: frozenset[str]
    """The paths that differ from the program as it was."""

    @property
    def outputs(self) -> Outputs:
        """The last layer and the loss, every ``auto`` resolved."""
        data, facts = self.run.data, self.facts
        return resolve_outputs(self.run.model, cast("Task", facts.task), len(data.targets), len(facts.classes))

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the parts of the table: training rows and, if there are any, validation rows."""
        return ("train", "val") if self.run.data.validation_fraction else ("train",)

    def kept(self, columns: Sequence[str]) -> list[str]:
        """Return those of `columns` that are not left out."""
        features = self.run.data.features
        return [name for name in columns if features is None or name in features]


def keras_code(change: Change, observed: Observation) -> str:
    """Return the statements that make `change` in a Keras program, in the order a program has them."""
    program = Program(observed.run.changed(change), observed.facts, frozenset(change))
    paths = set(change)
    if program.outputs != Program(observed.run, observed.facts, frozenset()).outputs:
        paths.add("model.loss")  # Another last layer may ask for another loss, and for other targets.
    if "training.learning_rate" in paths and program.run.training.schedule.name in SCHEDULE_SCALES:
        paths.add("training.schedule")  # It sets the rate of each epoch itself: the old one would stay.
    statements = dict.fromkeys(STATEMENTS[path] for path in STATEMENTS if path in paths)
    written = [list(write(program)) for write in statements]
    asked = {line for lines in written for line in lines if line.startswith(("import ", "from "))}
    imports = sorted(asked, key=lambda line: (line.startswith("from"), line))
    blocks = ["\n".join(line for line in lines if line not in imports) for lines in written]
    if any(" keras." in block or "=keras." in block for block in blocks):
        imports = ["import keras", *imports]
    return "\n\n".join(filter(None, ["\n".join(imports), *blocks]))


def _features(program: Program) -> Iterator[str]:
    kept, usable = program.run.data.features or (), program.facts.usable_columns
    dropped = [name for name in usable if name not in kept]
    if len(dropped) < len(kept):
        yield f"x = x.drop(columns={_value(dropped)})"
    else:
        yield f"x = x[{_value(kept)}]"


def _encoding(program: Program) -> Iterator[str]:
    words = program.kept(program.facts.word_columns)
    if words and ENCODERS[program.run.preprocessing.encoding].labels:
        yield "import pandas as pd"
        yield _call("x = pd.get_dummies", "x", columns=_value(words), dtype="float")


def _split(program: Program) -> Iterator[str]:
    data, seed = program.run.data, program.run.training.seed
    if not data.validation_fraction:
        return
    if data.split == "grouped":
        yield "import numpy as np"
        yield "import pandas as pd"
        yield "from sklearn.model_selection import GroupShuffleSplit"
        yield "rows = pd.DataFrame(x)"
        yield "copies = rows.groupby(list(rows), dropna=False).ngroup()"
        yield f"parts = GroupShuffleSplit(1, test_size={data.validation_fraction}, random_state={seed})"
        yield "train, val = next(parts.split(rows, groups=copies))"
        yield "x_train, x_val = rows.iloc[train].to_numpy(), rows.iloc[val].to_numpy()"
        yield "y = np.asarray(y)"
        yield "y_train, y_val = y[train], y[val]"
        return
    how = {"stratified": {"stratify": "y"}, "in_order": {"shuffle": "False"}}.get(data.split, {})
    order = {} if data.split == "in_order" else {"random_state": str(seed)}
    yield "from sklearn.model_selection import train_test_split"
    call = "x_train, x_val, y_train, y_val = train_test_split"
    yield _call(call, "x", "y", test_size=str(data.validation_fraction), **how, **order)


def _infinite(program: Program) -> Iterator[str]:
    if not IMPUTATIONS[program.run.preprocessing.missing].keeps:
        for part in program.parts:
            yield f"x_{part} = np.where(np.isfinite(x_{part}), x_{part}, np.nan)"


def _outliers(program: Program) -> Iterator[str]:
    fence = OUTLIERS[program.run.preprocessing.outliers].fence
    if fence is None:
        return
    yield "import numpy as np"
    yield from _infinite(program)
    yield "known = np.where(np.isfinite(x_train), x_train, np.nan)"
    yield "low, high = np.nan_to_num(np.nanquantile(known, [0.25, 0.75], axis=0))"
    yield f"reach = np.where(high > low, {fence:g} * (high - low), np.inf)"
    for part in program.parts:
        yield f"x_{part} = np.clip(x_{part}, low - reach, high + reach)"


def _missing(program: Program) -> Iterator[str]:
    imputation = IMPUTATIONS[program.run.preprocessing.missing]
    if imputation.build is None:
        return
    strategy = {"zero": "constant", "indicator": "median"}.get(imputation.name, imputation.name)
    yield "import numpy as np"
    yield "from sklearn.impute import SimpleImputer"
    yield from _infinite(program)
    yield _call("imputer = SimpleImputer", strategy=_value(strategy)) + ".fit(x_train)"
    yield from _each(program, "x", "imputer")


SCALER_CLASSES: Final[Mapping[str, str]] = {
    "minmax": "MinMaxScaler", "standard": "StandardScaler", "robust": "RobustScaler", "maxabs": "MaxAbsScaler",
    "quantile": "QuantileTransformer", "power": "PowerTransformer", "l2": "Normalizer",
}  # fmt: skip
"""Name of a scaling → the class in ``sklearn.preprocessing``."""


def _scaling(program: Program) -> Iterator[str]:
    name = SCALER_CLASSES.get(program.run.preprocessing.scaling)
    if name is None:
        return
    yield f"from sklearn.preprocessing import {name}"
    scaler = f"{name}()"
    if program.kept(program.facts.word_columns) and ENCODERS[program.run.preprocessing.encoding].labels:
        # The 0/1 columns of words stay as they are, as in the lab.
        yield "from sklearn.compose import ColumnTransformer"
        yield f"numbers = x.columns.isin({_value(program.kept(program.facts.number_columns))})"
        scaler = _call("ColumnTransformer", f'[("numbers", {scaler}, numbers)]', remainder='"passthrough"')
    # Fitted on the training rows alone, whatever was fitted on before: that is the repair.
    yield f"scaler = {scaler}.fit(x_train)"
    yield from _each(program, "x", "scaler")


def _target_scaling(program: Program) -> Iterator[str]:
    name = SCALER_CLASSES.get(program.run.preprocessing.target_scaling)
    if name is None:
        return
    columns = f"(-1, {len(program.run.data.targets)})"
    yield "import numpy as np"
    yield f"from sklearn.preprocessing import {name}"
    for part in program.parts:
        yield f"y_{part} = np.reshape(y_{part}, {columns})"
    yield f"target_scaler = {name}().fit(y_train)"
    yield from _each(program, "y", "target_scaler")
    yield "# predictions in the target's own unit: target_scaler.inverse_transform(model.predict(x_train))"


def _each(program: Program, what: str, step: str) -> Iterator[str]:
    for part in program.parts:
        yield f"{what}_{part} = {step}.transform({what}_{part})"


def _network(program: Program) -> Iterator[str]:
    model, outputs = program.run.model, program.outputs
    regularizer = {"kernel_regularizer": f"keras.regularizers.L2({model.l2})"} if model.l2 else {}
    layers = [_hidden(program, layer, regularizer) for layer in model.hidden]
    start = _initializer(model.initializer)
    last = _call(
        "keras.layers.Dense", str(outputs.units), activation=_value(outputs.activation), **start, **regularizer
    )
    stack = ["keras.Input((x_train.shape[1],))"]
    for lines, group in itertools.groupby(layers):
        count = len(list(group))
        if count < _MANY_EQUAL:
            stack += lines * count
        elif len(lines) == 1:
            stack.append(f"*({lines[0]} for _ in range({count}))")
        else:
            stack.append(f"*(layer for _ in range({count}) for layer in ({', '.join(lines)}))")
    yield "model = keras.Sequential(["
    for line in (*stack, last):
        yield textwrap.indent(f"{line},", "    ")
    yield "])"


def _hidden(program: Program, layer: LayerSpec, regularizer: Mapping[str, str]) -> tuple[str, ...]:
    """Return the Keras layers of one hidden layer, as ``core.training`` builds them."""
    normalized = program.run.model.batch_normalization
    activation = _value(layer.activation)
    first = {"use_bias": "False"} if normalized else {"activation": activation}
    start = _initializer(layer.initializer or program.run.model.initializer)
    lines = [_call("keras.layers.Dense", str(layer.units), **first, **start, **regularizer)]
    if normalized:
        lines += ["keras.layers.BatchNormalization()", f"keras.layers.Activation({activation})"]
    if layer.dropout:
        lines.append(f"keras.layers.Dropout({layer.dropout})")
    return tuple(lines)


def _initializer(chosen: InitializerSpec) -> dict[str, str]:
    if chosen == "glorot_uniform":  # Keras's default
        return {}
    if isinstance(chosen, str):
        return {"kernel_initializer": _value(chosen)}
    options = {name: _value(value) for name, value in chosen.items() if name != "name"}
    return {"kernel_initializer": _call(f"keras.initializers.{INITIALIZERS[str(chosen['name'])].keras}", **options)}


_TARGETS: Final[Mapping[str, str]] = {
    "binary": "# y: 0 or 1 for each row",
    "multiclass": "# y: a 0/1 column for each class, as keras.utils.to_categorical makes them",
    "multilabel": "# y: a 0/1 column for each label",
}
_CLASS_NUMBERS: Final = "# y: the number of each row's class, an integer from 0"
_ANSWERS: Final = frozenset({"model.loss", "model.output_activation", "model.output_units"})


def _compile(program: Program) -> Iterator[str]:
    training, outputs = program.run.training, program.outputs
    chosen = OPTIMIZERS[training.optimizer]
    decay = training.weight_decay or chosen.no_decay
    options = {"learning_rate": training.learning_rate, "global_clipnorm": training.clip_norm, "weight_decay": decay}
    options |= {name: getattr(training, name) or None for name in chosen.takes}
    told = {name: _value(value) for name, value in options.items() if value is not None}
    if program.changed & _ANSWERS and program.facts.task in _TARGETS:
        several = program.facts.task == "binary" and outputs.units > 1
        usual = _TARGETS["multiclass" if several else program.facts.task]
        yield _CLASS_NUMBERS if LOSSES[outputs.loss].sparse else usual
    optimizer = _call(f"keras.optimizers.{chosen.keras}", **told)
    yield _call("model.compile", optimizer=optimizer, loss=_value(outputs.loss))


SCHEDULE_SCALES: Final[Mapping[str, str]] = {
    "cosine": "{alpha} + (1 - {alpha}) / 2 * (1 + math.cos(math.pi * epoch / {epochs}))",
    "exponential": "{decay_rate} ** epoch",
    "step": "{factor} ** (epoch // {every})",
    "warmup_cosine": (
        "(epoch + 1) / {warmup_epochs} if epoch < {warmup_epochs} else {alpha} + (1 - {alpha}) / 2 * "
        "(1 + math.cos(math.pi * (epoch - {warmup_epochs}) / max(1, {epochs} - {warmup_epochs})))"
    ),
    "range_test": "{times} ** (epoch / max(1, {epochs} - 1))",
}
"""Name of a schedule → the learning rate of an epoch, relative to the one that was set, as Python."""


def _fit(program: Program) -> Iterator[str]:
    run, training = program.run, program.run.training
    wanted = [
        training.schedule.callback("val_loss" if run.data.validation_fraction else "loss"),
        None if training.early_stopping is None else training.early_stopping.callback(),
    ]
    callbacks: list[str] = []
    for name, settings in filter(None, wanted):
        callbacks.append(f"callback_{len(callbacks) + 1}")
        told = {key: _value(value) for key, value in settings.items()}
        yield _call(f"{callbacks[-1]} = keras.callbacks.{name}", **told)
    if scale := SCHEDULE_SCALES.get(training.schedule.name):
        relative = scale.format(epochs=training.epochs, **training.schedule.model_dump())
        callbacks.append(f"callback_{len(callbacks) + 1}")
        yield "import math"
        rate = f"lambda epoch: {training.learning_rate} * ({relative})"
        yield _call(f"{callbacks[-1]} = keras.callbacks.LearningRateScheduler", rate)
    weights = {}
    if training.class_weight:
        yield "from sklearn.utils.class_weight import compute_sample_weight"
        yield "# classes_train: the class of each training row"
        yield "weights = compute_sample_weight('balanced', classes_train)"
        weights = {"sample_weight": "weights"}
    options = {
        **({"validation_data": "(x_val, y_val)"} if run.data.validation_fraction else {}),
        "batch_size": str(training.batch_size),
        "epochs": str(training.epochs),
        **({} if training.shuffle else {"shuffle": "False"}),
        **weights,
        **({"callbacks": f"[{', '.join(callbacks)}]"} if callbacks else {}),
    }
    yield _call("model.fit", "x_train", "y_train", **options)


Write = Callable[[Program], Iterator[str]]

STATEMENTS: Final[Mapping[str, Write]] = {
    "data.features": _features,
    "preprocessing.encoding": _encoding,
    "data.split": _split,
    "preprocessing.outliers": _outliers,
    "preprocessing.missing": _missing,
    "preprocessing.scaling": _scaling,
    "preprocessing.fit_on": _scaling,
    "preprocessing.target_scaling": _target_scaling,
    "model.layers": _network,
    "model.activation": _network,
    "model.initializer": _network,
    "model.dropout": _network,
    "model.batch_normalization": _network,
    "model.l2": _network,
    "model.output_activation": _network,
    "model.output_units": _network,
    "model.loss": _compile,
    "training.optimizer": _compile,
    "training.learning_rate": _compile,
    "training.momentum": _compile,
    "training.nesterov": _compile,
    "training.weight_decay": _compile,
    "training.clip_norm": _compile,
    "training.batch_size": _fit,
    "training.epochs": _fit,
    "training.shuffle": _fit,
    "training.schedule": _fit,
    "training.early_stopping": _fit,
    "training.class_weight": _fit,
}
"""Path of the spec → what writes the statement it is in, in the order of a program."""


def _call(name: str, *arguments: str, **options: str) -> str:
    """Return a call of `name`, over several lines where one would be too long."""
    every = [*arguments, *(f"{key}={value}" for key, value in options.items())]
    line = f"{name}({', '.join(every)})"
    if len(line) <= _WIDTH or len(every) < 2:
        return line
    return "\n".join([f"{name}(", *(f"    {argument}," for argument in every), ")"])


def _value(value: Any) -> str:
    """Return a value as Python has it; texts in double quotes where they need no other."""
    if isinstance(value, str):
        literal = repr(value)
        return f'"{literal[1:-1]}"' if literal[0] == "'" and '"' not in literal and "\\'" not in literal else literal
    if isinstance(value, Sequence):
        return f"[{', '.join(map(_value, value))}]"
    return repr(value)
