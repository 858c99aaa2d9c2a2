"""Training programs whose state is known: good ones on every data set, and the same with one fault put in.

What the benchmark measures the diagnosis with. Data sets are split in two halves: thresholds are chosen looking at the
first alone, figures are given for both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np

Half = Literal["calibration", "report"]
Sections = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class LabelledProgram:
    """A training program whose state is known.

    Attributes
    ----------
    id : str
        ``DATA SET / what is special``.
    data_set : str
    spec : mapping
        What `core.load_spec` takes.
    cause : str or None
        The fault that was put in; None for a healthy program.
    also_accept : frozenset of str
        Other names for the same fault: causes whose single repair undoes it as well.
    base : str
        The healthy program it was made from.
    harms : bool
        Whether the fault has to show in the skill; what is learnt from a leak only looks good.
    """

    id: str
    data_set: str
    spec: Mapping[str, Any]
    cause: str | None = None
    also_accept: frozenset[str] = frozenset()
    base: str = ""
    harms: bool = True

    @property
    def half(self) -> Half:
        """Which half of the data sets it belongs to."""
        return "calibration" if DATA_SETS[self.data_set].calibration else "report"


@dataclass(frozen=True)
class DataSet:
    """Data, and what any good program on it needs.

    Attributes
    ----------
    data, needs : mapping
        Section ``data`` of the spec; changes by path.
    epochs : int
    calibration : bool
        Which half.
    layers : tuple of int
        Enough for it.
    """

    data: Mapping[str, Any]
    epochs: int
    calibration: bool
    layers: tuple[int, ...] = (16,)
    needs: Mapping[str, Any] = field(default_factory=dict)


_NUMBERS: Final = {"preprocessing.target_scaling": "standard"}
_TITANIC: Final = ["pclass", "sex", "age", "sibsp", "parch", "fare", "embarked"]
_MPG: Final = ["cylinders", "displacement", "horsepower", "weight", "acceleration", "model_year", "origin"]


def _drawn(seed: int, rows: int = 400) -> Any:
    return np.random.Generator(np.random.Philox(seed)).normal(size=(rows, 4))


def _several_numbers() -> dict[str, Any]:
    x = _drawn(1)
    y = {"sum": x[:, 0] + x[:, 1], "product": x[:, 2] * x[:, 3]}
    columns = {f"x{i}": column.round(4).tolist() for i, column in enumerate(x.T)}
    return {"source": {"columns": columns | {k: v.round(4).tolist() for k, v in y.items()}}, "target": list(y)}


def _several_labels() -> dict[str, Any]:
    x = _drawn(2)
    y = {"high": x[:, 0] > 0.3, "far": np.hypot(x[:, 1], x[:, 2]) > 1.2}
    columns = {f"x{i}": column.round(4).tolist() for i, column in enumerate(x.T)}
    return {
        "source": {"columns": columns | {k: v.astype(int).tolist() for k, v in y.items()}},
        "target": list(y),
        "task": "multilabel",
    }


DATA_SETS: Final[Mapping[str, DataSet]] = {
    "iris": DataSet({"source": "sample:iris", "target": "species"}, 100, True),
    "breast_cancer": DataSet({"source": "sample:breast_cancer", "target": "diagnosis"}, 40, True),
    "moons": DataSet({"source": "sample:moons", "target": "label"}, 150, True),
    "xor": DataSet({"source": "sample:xor", "target": "label"}, 150, True),
    "blobs": DataSet({"source": "sample:blobs?noise=2", "target": "label"}, 60, True),
    "line": DataSet({"source": "sample:line", "target": "y"}, 100, True),
    "sine": DataSet({"source": "sample:sine", "target": "y"}, 400, True, (32, 32)),
    "friedman": DataSet({"source": "sample:friedman", "target": "y"}, 150, True, (32,), _NUMBERS),
    "titanic": DataSet(
        {"source": "file:titanic.csv", "target": "survived", "features": _TITANIC}, 40, True
    ),
    "wine": DataSet({"source": "sample:wine", "target": "cultivar"}, 60, False),
    "circles": DataSet({"source": "sample:circles", "target": "label"}, 150, False),
    "spiral": DataSet({"source": "sample:spiral", "target": "label"}, 400, False, (32, 32)),
    "parabola": DataSet({"source": "sample:parabola", "target": "y"}, 200, False),
    "diabetes": DataSet({"source": "sample:diabetes", "target": "progression"}, 30, False, (16,), _NUMBERS),
    "digits": DataSet(
        {"source": "sample:digits?n=800", "target": "digit"}, 40, False, (32,), {"preprocessing.scaling": "minmax"}
    ),
    "penguins": DataSet({"source": "file:penguins.csv", "target": "species"}, 50, False),
    "mpg": DataSet({"source": "file:mpg.csv", "target": "mpg", "features": _MPG}, 100, False, (16,), _NUMBERS),
    "several numbers": DataSet(_several_numbers(), 150, False, (32,), _NUMBERS),
    "several labels": DataSet(_several_labels(), 100, False, (32,)),
    "50 000 rows": DataSet({"source": "sample:friedman?n=50000", "target": "y"}, 4, False, (32,), _NUMBERS),
    "wine quality": DataSet(
        {"source": "file:winequality-white.csv", "target": "column 12", "task": "regression"}, 40, False, (16,),
        _NUMBERS,
    ),
}  # fmt: skip

RECIPES: Final[Mapping[str, Mapping[str, Any]]] = {
    "adam relu": {"training.learning_rate": 0.01},
    "adam tanh": {"model.activation": "tanh", "training.learning_rate": 0.01},
    "sgd momentum": {
        "training.optimizer": "sgd", "training.learning_rate": 0.05, "training.momentum": 0.9, "training.batch_size": 16
    },
    "rmsprop": {"training.optimizer": "rmsprop", "training.learning_rate": 0.005},
    "nadam elu": {"training.optimizer": "nadam", "training.learning_rate": 0.005, "model.activation": "elu"},
    "cosine, decayed": {
        "training.optimizer": "adamw", "training.learning_rate": 0.01, "training.schedule": "cosine",
        "training.weight_decay": 0.001, "model.initializer": "he_normal",
    },
    "adam, large batches": {"training.learning_rate": 0.02, "training.batch_size": 64},
    "small steps, many": {"training.learning_rate": 0.003, "training.batch_size": 8},
    "deeper": {"training.learning_rate": 0.005, "deeper": True},
    "a fifth dropped": {"training.learning_rate": 0.01, "model.dropout": 0.2, "model.layers": [32, 32]},
    "light L2": {"training.learning_rate": 0.01, "model.l2": 0.0005},
    "batch normalised": {"training.learning_rate": 0.01, "model.batch_normalization": True, "model.layers": [32]},
    "rate falls": {
        "training.learning_rate": 0.02, "training.schedule": {"name": "exponential", "decay_rate": 0.98}
    },
    "without validation": {"training.learning_rate": 0.01, "data.validation_fraction": 0},
    "scaled on all rows": {"training.learning_rate": 0.01, "preprocessing.fit_on": "all"},
    "stopped early": {
        "training.learning_rate": 0.01,
        "training.early_stopping": {"monitor": "val_loss", "patience": 20, "restore_best_weights": True},
    },
}  # fmt: skip
"""Ways to train that any textbook allows."""


def changed(spec: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return `spec` with values set by path."""
    result = {section: dict(values) for section, values in spec.items()}
    for path, value in changes.items():
        section, _, name = path.partition(".")
        result.setdefault(section, {})[name] = value
    return result


def healthy_programs() -> Iterator[LabelledProgram]:
    """Yield every recipe on every data set."""
    for name, data_set in DATA_SETS.items():
        for recipe, changes in RECIPES.items():
            own = {path: value for path, value in changes.items() if path != "deeper"}
            layers = [*data_set.layers, data_set.layers[-1]] if "deeper" in changes else list(data_set.layers)
            spec = changed(
                {"data": dict(data_set.data)},
                {"training.epochs": data_set.epochs, "model.layers": layers, **data_set.needs, **own},
            )
            yield LabelledProgram(f"{name} / {recipe}", name, spec)


def plain_program(data_set: str) -> LabelledProgram:
    """Return the program faults are put into."""
    return next(p for p in healthy_programs() if p.id == f"{data_set} / adam relu")
