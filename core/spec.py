"""What an experiment is: a frozen, validated value that names data, preprocessing, model, training and what to vary.

The spec is data. Nothing in it is evaluated or imported; every name in it is looked up in a table here, and
``tests/training`` holds those tables against Keras itself.
"""

from __future__ import annotations

import copy
import hashlib
import itertools
import json
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PrivateAttr,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

from core.errors import InputRefused

MAX_RUNS: Final = 512
MAX_SPEC_BYTES: Final = 32 * 2**20
MAX_WEIGHTS: Final = 20_000_000
"""Between the hidden layers of one network: 80 MB, and three times that again with gradients and Adam."""

Activation = Literal[
    "linear", "relu", "leaky_relu", "relu6", "elu", "selu", "celu", "gelu", "silu", "swish", "mish", "sigmoid",
    "tanh", "softplus", "softsign", "softmax", "log_softmax", "log_sigmoid", "exponential", "hard_sigmoid",
    "hard_silu", "hard_swish", "hard_tanh", "hard_shrink", "soft_shrink", "tanh_shrink", "squareplus",
    "sparse_plus", "sparse_sigmoid", "sparsemax",
]  # fmt: skip
"""Every Keras activation that keeps the width of its layer (``glu`` halves it; ``threshold`` needs numbers)."""

Loss = Literal[
    "mse", "mae", "mape", "msle", "huber", "log_cosh", "binary_crossentropy", "binary_focal_crossentropy",
    "categorical_crossentropy", "categorical_focal_crossentropy", "sparse_categorical_crossentropy", "hinge",
    "squared_hinge", "categorical_hinge", "kl_divergence", "poisson", "cosine_similarity",
]  # fmt: skip
"""Every Keras loss that is a mean over rows (``dice``, ``tversky``, ``circle`` and ``ctc`` are not)."""

LOSS_ALIASES: Final[Mapping[str, str]] = {
    "mean_squared_error": "mse", "mean_absolute_error": "mae", "mean_absolute_percentage_error": "mape",
    "mean_squared_logarithmic_error": "msle", "bce": "binary_crossentropy", "kld": "kl_divergence",
}  # fmt: skip

OptimizerName = Literal[
    "sgd", "adam", "adamw", "rmsprop", "nadam", "adagrad", "adadelta", "adamax", "adafactor", "lion", "ftrl"
]

INITIALIZERS: Final[Mapping[str, tuple[str, ...]]] = {
    "glorot_uniform": (), "glorot_normal": (), "he_uniform": (), "he_normal": (), "lecun_uniform": (),
    "lecun_normal": (), "zeros": (), "ones": (), "constant": ("value",), "identity": ("gain",),
    "orthogonal": ("gain",), "random_normal": ("mean", "stddev"), "truncated_normal": ("mean", "stddev"),
    "random_uniform": ("minval", "maxval"), "variance_scaling": ("scale", "mode", "distribution"),
}  # fmt: skip
"""Keras initializer → the parameters a spec may set."""

Scaling = Literal["none", "minmax", "standard", "robust", "maxabs", "quantile", "power", "l2"]
TargetScaling = Literal["none", "standard", "minmax", "log"]
Missing = Literal["keep", "drop_rows", "drop_columns", "mean", "median", "most_frequent", "zero", "indicator"]
Task = Literal["regression", "binary", "multiclass", "multilabel"]
Monitor = Literal["loss", "val_loss", "mae", "val_mae", "accuracy", "val_accuracy"]


def plain_text(text: str, limit: int = 120) -> str:
    """Return `text` in NFC, without control or bidirectional-override characters, cut to `limit` characters."""
    kept = (c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
    return "".join(kept)[:limit].strip()


class _Value(BaseModel):
    """A frozen value that refuses unknown keys and values of the wrong type."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool | str):
        raise ValueError("a number is needed")
    return value


Fraction = Annotated[float, BeforeValidator(_no_bool), Field(ge=0.0, lt=1.0)]
Number = Annotated[float, BeforeValidator(_no_bool)]
Count = Annotated[int, BeforeValidator(_no_bool)]

_SOURCE: Final = re.compile(r"sample:[a-z0-9_]+(\?[a-z0-9_=&.\-]*)?|file:[^\x00-\x1f]{1,1000}|dataset:[0-9a-f]{64}")
_Cell = StrictBool | StrictInt | StrictFloat | StrictStr | None


def _finite_cells(columns: dict[str, tuple[_Cell, ...]]) -> dict[str, tuple[_Cell, ...]]:
    return {
        name: tuple(None if isinstance(cell, float) and not math.isfinite(cell) else cell for cell in cells)
        for name, cells in columns.items()
    }


class InlineData(_Value):
    """A small table written into the spec itself; non-finite numbers count as missing."""

    model_config = ConfigDict(allow_inf_nan=True)

    columns: Annotated[dict[str, tuple[_Cell, ...]], AfterValidator(_finite_cells)] = Field(min_length=1)

    @field_validator("columns")
    @classmethod
    def _same_length(cls, columns: dict[str, tuple[_Cell, ...]]) -> dict[str, tuple[_Cell, ...]]:
        lengths = {name: len(cells) for name, cells in columns.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"every column needs the same number of rows, not {lengths}"[:200])
        return columns


class DataSpec(_Value):
    """Which table, which columns, which rows."""

    source: Annotated[
        Annotated[str, Tag("<name>")] | Annotated[InlineData, Tag("<inline>")],
        Discriminator(lambda value: "<name>" if isinstance(value, str) else "<inline>"),
    ] = Field(description="sample:NAME, file:PATH, dataset:SHA256 or {columns: …}")
    target: str | tuple[str, ...] = Field(description="the column to predict, or several")
    features: tuple[str, ...] | None = Field(None, description="input columns; null = every other column")
    task: Literal["auto"] | Task = "auto"
    rows: Annotated[Count, Field(ge=2, le=10_000_000)] | None = Field(
        None, description="train on a seeded sample of at most this many rows"
    )
    validation_fraction: Fraction = Field(0.2, description="share of rows held out; 0 = none")
    split: Literal["random", "stratified", "in_order"] = "random"

    @field_validator("source")
    @classmethod
    def _known_source(cls, source: str | InlineData) -> str | InlineData:
        if isinstance(source, str) and not _SOURCE.fullmatch(source):
            raise ValueError("allowed: sample:NAME, file:PATH, dataset:SHA256 or an object with columns")
        return source

    @property
    def targets(self) -> tuple[str, ...]:
        """The target columns, always as a tuple."""
        return (self.target,) if isinstance(self.target, str) else self.target


class PreprocessingSpec(_Value):
    """What happens to the table before the network sees it."""

    scaling: Scaling = "standard"
    target_scaling: TargetScaling = "none"
    missing: Missing = "median"
    encoding: Literal["one_hot", "ordinal", "drop"] = "one_hot"
    outliers: Literal["keep", "clip"] = "keep"
    fit_on: Literal["train", "all"] = Field("train", description="'all' leaks validation rows, on purpose")


def _check_initializer(value: Any) -> Any:
    """Refuse an initializer Keras does not have, or a parameter this one does not take."""
    if isinstance(value, str):
        value = {"name": value}
    if not isinstance(value, Mapping) or not isinstance(value.get("name"), str):
        raise ValueError("an initializer is a name or an object with a name")
    name = value["name"]
    if name not in INITIALIZERS:
        raise ValueError(f"allowed: {', '.join(INITIALIZERS)}")
    for key, parameter in value.items():
        if key == "name":
            continue
        if key not in INITIALIZERS[name]:
            raise ValueError(f"{name} takes {', '.join(INITIALIZERS[name]) or 'no parameters'}, not {key}"[:200])
        if key == "mode" and parameter not in {"fan_in", "fan_out", "fan_avg"}:
            raise ValueError("mode: allowed: fan_in, fan_out, fan_avg")
        if key == "distribution" and parameter not in {"truncated_normal", "untruncated_normal", "uniform"}:
            raise ValueError("distribution: allowed: truncated_normal, untruncated_normal, uniform")
        if key not in {"mode", "distribution"} and (
            isinstance(parameter, bool)
            or not isinstance(parameter, int | float)
            or not math.isfinite(parameter)
            or abs(parameter) > 1e6
        ):
            raise ValueError(f"{key} needs a number between -1000000 and 1000000")
    numbers = {k: v if isinstance(v, str) else float(v) for k, v in value.items()}
    return name if len(numbers) == 1 else numbers


Initializer = Annotated[str | dict[str, str | float], BeforeValidator(_check_initializer)]
Units = Annotated[Count, Field(ge=1, le=8192)]


class LayerSpec(_Value):
    """One hidden layer; what it leaves out comes from the model."""

    units: Units
    activation: Activation | None = None
    dropout: Fraction | None = None
    initializer: Initializer | None = None


Layer = Annotated[
    Annotated[Units, Tag("<units>")] | Annotated[LayerSpec, Tag("<layer>")],
    Discriminator(lambda v: "<layer>" if isinstance(v, Mapping | LayerSpec) else "<units>"),
]


def _loss_name(value: Any) -> Any:
    return LOSS_ALIASES.get(value, value) if isinstance(value, str) else value


class ModelSpec(_Value):
    """A stack of dense layers."""

    layers: tuple[Layer, ...] = Field((10,), max_length=100)
    activation: Activation = "relu"
    initializer: Initializer = "glorot_uniform"
    dropout: Fraction = 0.0
    batch_normalization: StrictBool = False
    l2: Annotated[Number, Field(ge=0.0, le=1e6)] = 0.0
    output_activation: Literal["auto"] | Activation = "auto"
    output_units: Literal["auto"] | Units = "auto"
    loss: Annotated[Literal["auto"] | Loss, BeforeValidator(_loss_name)] = "auto"

    @field_validator("layers")
    @classmethod
    def _fits_into_memory(cls, layers: tuple[int | LayerSpec, ...]) -> tuple[int | LayerSpec, ...]:
        units = [layer.units if isinstance(layer, LayerSpec) else layer for layer in layers]
        weights = sum(a * b for a, b in itertools.pairwise(units))
        if weights > MAX_WEIGHTS:
            raise ValueError(f"{weights:,} weights between the layers are too many, allowed: at most {MAX_WEIGHTS:,}")
        return layers

    def hidden(self) -> tuple[LayerSpec, ...]:
        """The hidden layers with every default filled in."""
        layers = (layer if isinstance(layer, LayerSpec) else LayerSpec(units=layer) for layer in self.layers)
        return tuple(
            LayerSpec(
                units=layer.units,
                activation=layer.activation or self.activation,
                dropout=self.dropout if layer.dropout is None else layer.dropout,
                initializer=layer.initializer or self.initializer,
            )
            for layer in layers
        )


class Constant(_Value):
    """The same learning rate in every epoch."""

    name: Literal["constant"]


class Cosine(_Value):
    """Half a cosine from the learning rate down to `alpha` times it (Loshchilov & Hutter 2017)."""

    name: Literal["cosine"]
    alpha: Annotated[Number, Field(ge=0, le=1)] = 0.0


class Exponential(_Value):
    """The learning rate times `decay_rate` to the power of the epoch."""

    name: Literal["exponential"]
    decay_rate: Annotated[Number, Field(gt=0, le=1)] = 0.97


class Step(_Value):
    """The learning rate times `factor` after every `every` epochs."""

    name: Literal["step"]
    factor: Annotated[Number, Field(gt=0, le=1)] = 0.5
    every: Annotated[Count, Field(ge=1)] = 10


class WarmupCosine(_Value):
    """A straight climb over `warmup_epochs`, then half a cosine down to `alpha` times the learning rate."""

    name: Literal["warmup_cosine"]
    warmup_epochs: Annotated[Count, Field(ge=1)] = 5
    alpha: Annotated[Number, Field(ge=0, le=1)] = 0.0


class ReduceOnPlateau(_Value):
    """Keras's own ``ReduceLROnPlateau``; without validation rows it watches the training loss."""

    name: Literal["reduce_on_plateau"]
    monitor: Monitor | None = None
    factor: Annotated[Number, Field(gt=0, lt=1)] = 0.1
    patience: Annotated[Count, Field(ge=0)] = 10
    min_delta: Annotated[Number, Field(ge=0)] = 1e-4
    cooldown: Annotated[Count, Field(ge=0)] = 0
    min_learning_rate: Annotated[Number, Field(ge=0)] = 0.0


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


Schedule = Annotated[
    Annotated[Constant | Cosine | Exponential | Step | WarmupCosine | ReduceOnPlateau, Field(discriminator="name")],
    BeforeValidator(_named),
]


class EarlyStopping(_Value):
    """Keras's own ``EarlyStopping``."""

    monitor: Monitor = "val_loss"
    patience: Annotated[Count, Field(ge=0)] = 10
    min_delta: Annotated[Number, Field(ge=0)] = 0.0
    restore_best_weights: StrictBool = True


class TrainingSpec(_Value):
    """How the weights are found. `momentum` and `nesterov` act on sgd, `momentum` on rmsprop too."""

    optimizer: OptimizerName = "adam"
    learning_rate: Annotated[Number, Field(ge=1e-12, le=1e6)] = 0.001
    momentum: Annotated[Number, Field(ge=0, le=1)] = 0.0
    nesterov: StrictBool = False
    weight_decay: Annotated[Number, Field(ge=0, le=1e3)] = 0.0
    clip_norm: Annotated[Number, Field(gt=0)] | None = Field(
        None, description="the norm of all gradients together is cut to this"
    )
    schedule: Schedule = Constant(name="constant")
    batch_size: Annotated[Count, Field(ge=1, le=1_000_000)] = 32
    epochs: Annotated[Count, Field(ge=1, le=100_000)] = 100
    shuffle: StrictBool = True
    early_stopping: EarlyStopping | None = None
    class_weight: Literal["balanced"] | None = None
    seed: Annotated[Count, Field(ge=0, lt=2**31)] = 0


class _Located(_Value):
    """A value that remembers the folder its ``file:`` sources are relative to; the folder is not part of it."""

    _base: Path | None = PrivateAttr(None)

    @property
    def base(self) -> Path | None:
        """The folder that ``file:`` sources are relative to, where the spec came from a file."""
        return self._base

    def at(self, base: Path | None) -> Self:
        """Return this value, its files relative to `base`."""
        located = self.model_copy()
        located._base = base  # noqa: SLF001 - a copy of this very class
        return located

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """Return this spec with `changes` made, a mapping from path (``training.learning_rate``) to value.

        Raises
        ------
        InputRefused
            If a path does not exist or a value is not allowed.
        """
        values = self.model_dump(mode="json", exclude={"variant"})
        for path, value in changes.items():
            _assign(values, path, value)
        return _validate(type(self), values).at(self._base)


class RunSpec(_Located):
    """One training: every choice made, one seed. `variant` says which choices were varied; it is only a label."""

    version: Literal[1] = 1
    data: DataSpec
    preprocessing: PreprocessingSpec = PreprocessingSpec()
    model: ModelSpec = ModelSpec()
    training: TrainingSpec = TrainingSpec()
    variant: dict[str, Any] = Field({}, repr=False)

    @model_validator(mode="after")
    def _monitors_exist(self) -> Self:
        if self.data.validation_fraction == 0:
            watched = {
                "early_stopping": self.training.early_stopping,
                "schedule": self.training.schedule,
            }
            for field, callback in watched.items():
                if (getattr(callback, "monitor", None) or "").startswith("val_"):
                    raise ValueError(
                        f"training.{field}.monitor: {callback.monitor} needs validation rows; "  # type: ignore[union-attr]
                        "allowed: data.validation_fraction above 0, or a monitor without val_"
                    )
        return self

    def canonical_json(self) -> str:
        """Return the one JSON text of this training; the variant's label is not part of it."""
        return _canonical(self.model_dump(mode="json", exclude={"variant"}))

    def hash(self) -> str:
        """Return the SHA-256 of the canonical JSON, in hexadecimal."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()


class ExperimentSpec(_Located):
    """A grid of trainings: the four sections, the values to `vary`, and how many `seeds` each combination gets."""

    version: Literal[1] = 1
    title: Annotated[str, AfterValidator(plain_text)] = ""
    data: DataSpec
    preprocessing: PreprocessingSpec = PreprocessingSpec()
    model: ModelSpec = ModelSpec()
    training: TrainingSpec = TrainingSpec()
    vary: dict[str, tuple[Any, ...]] = {}
    seeds: Annotated[Count, Field(ge=1, le=100)] = 1

    _runs: tuple[RunSpec, ...] = PrivateAttr(())

    @model_validator(mode="after")
    def _every_run_is_valid(self) -> Self:
        count = self.seeds * math.prod(len(values) for values in self.vary.values())
        if count > MAX_RUNS:
            raise ValueError(f"vary: {count} runs are too many, allowed: at most {MAX_RUNS}")
        for path, values in self.vary.items():
            if not values:
                raise ValueError(f"vary.{path}: no values, allowed: a list of at least one")
        self._runs = tuple(self._expand())
        # What was varied is kept as the validated run holds it: 1 becomes 1.0 where the field is a number.
        for path in self.vary:
            seen = {_canonical(run.variant[path]): run.variant[path] for run in self._runs}
            self.vary[path] = tuple(seen.values())
        return self

    def _expand(self) -> Iterator[RunSpec]:
        base: dict[str, Any] = {name: getattr(self, name) for name in _SECTIONS}
        varied = {path.partition(".")[0] for path in self.vary} | {"training"}
        dumped = {name: base[name].model_dump(mode="json") for name in varied if name in base}
        seen: set[str] = set()
        for combination in itertools.product(*self.vary.values()):
            for offset in range(self.seeds):
                values = base | copy.deepcopy(dumped)
                values["training"]["seed"] += offset
                for path, value in zip(self.vary, combination, strict=True):
                    try:
                        _assign(values, path, value, "vary.")
                    except InputRefused as refusal:
                        raise ValueError(str(refusal)) from None
                run = _validate(RunSpec, values, inside="vary")
                label = {path: _lookup(run, path) for path in self.vary}
                run = run.model_copy(update={"variant": label})
                if run.hash() not in seen:
                    seen.add(run.hash())
                    yield run

    def runs(self) -> tuple[RunSpec, ...]:
        """Return one `RunSpec` per distinct combination and seed; equal combinations count once."""
        return tuple(run.at(self._base) for run in self._runs)

    def canonical_json(self) -> str:
        """Return the one JSON text of this experiment: sorted keys, every default written out."""
        return _canonical(self.model_dump(mode="json"))

    def hash(self) -> str:
        """Return the SHA-256 of the canonical JSON, in hexadecimal."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()


def load_spec(source: str | Path | Mapping[str, Any] | ExperimentSpec) -> ExperimentSpec:
    """Return a validated experiment from a path to a JSON file, a mapping, or an experiment itself.

    A case file (``{"id": …, "spec": {…}}``) is read as its spec. ``file:`` sources are relative to the spec's
    folder, or to the working directory where the spec came as a mapping.

    Raises
    ------
    InputRefused
        With the path into the spec, the value and what is allowed, in one sentence.
    """
    if isinstance(source, ExperimentSpec):
        return source
    if isinstance(source, Mapping):
        return _validate(ExperimentSpec, source)
    if not isinstance(source, str | Path):
        raise InputRefused(f"spec: {_shown(source)} is refused; allowed: an object or the path of a JSON file.", "spec")
    path = Path(source)
    try:
        if path.stat().st_size > MAX_SPEC_BYTES:
            raise InputRefused(f"{path.name}: a spec may have at most {MAX_SPEC_BYTES // 2**20} MB.", path.name)
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputRefused(f"{path.name}: cannot be read ({error.strerror}).", path.name) from None
    except UnicodeDecodeError:
        raise InputRefused(f"{path.name}: is not UTF-8 text.", path.name) from None
    except (json.JSONDecodeError, RecursionError) as error:
        line = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InputRefused(f"{path.name}: is not JSON{line}.", path.name) from None
    if isinstance(values, dict) and "spec" in values and "data" not in values:
        values = values["spec"]
    return _validate(ExperimentSpec, values).at(path.resolve().parent)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


_SECTIONS: Final[Mapping[str, type[BaseModel]]] = {
    "data": DataSpec, "preprocessing": PreprocessingSpec, "model": ModelSpec, "training": TrainingSpec
}  # fmt: skip


def _assign(values: dict[str, Any], path: str, value: Any, prefix: str = "") -> None:
    """Set ``section.field`` (or a key inside such a field) of a dumped spec."""
    section, _, rest = path.partition(".")
    field, *inner = rest.split(".")
    if section not in _SECTIONS or field not in _SECTIONS[section].model_fields:
        fields = ", ".join(_SECTIONS[section].model_fields) if section in _SECTIONS else ""
        allowed = f"{section}. followed by one of {fields}" if fields else "data., preprocessing., model. or training."
        raise InputRefused(f"{prefix}{plain_text(path, 60)}: there is no such setting, allowed: {allowed}.", path[:60])
    place, key = values[section], field
    for name in inner:
        if not isinstance(place.get(key), dict):
            place[key] = {}
        place, key = place[key], name
    place[key] = value


def _lookup(run: RunSpec, path: str) -> Any:
    section, field, *inner = path.split(".")
    value = getattr(run, section).model_dump(mode="json", include={field})[field]
    for name in inner:
        value = value[name]
    return value


_T = TypeVar("_T", bound=BaseModel)


def _validate(kind: type[_T], values: Any, inside: str = "") -> _T:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        refusal = _refusal(error)
        if inside:
            # Raised inside a validator of the experiment, where only a ValueError is carried outwards.
            raise ValueError(str(refusal)) from None
        raise refusal from None


def _refusal(error: ValidationError) -> InputRefused:
    """Turn pydantic's first complaint into one sentence: path, value, what is allowed."""
    first = error.errors(include_url=False)[0]
    names = [str(part) for part in first["loc"] if not str(part).startswith(("<", "literal[", "function-"))]
    # Members of a plain union appear in the path by type name; the person's path has no such step.
    names = [name for i, name in enumerate(names) if name not in _UNION_STEPS and names[i - 1 : i] != ["schedule"]]
    where = plain_text(".".join(names), 120)
    context = first.get("ctx", {})
    match first["type"]:
        case "missing":
            return InputRefused(f"{where}: is missing.", where)
        case "extra_forbidden":
            return InputRefused(f"{where}: there is no such setting.", where)
        case "value_error":
            message = str(context.get("error", first["msg"])).rstrip(".")
            if not where:
                return InputRefused(f"{message}.", message.partition(":")[0])
            return InputRefused(f"{where}: {_shown(first['input'])} is refused; {message}.", where)
        case "literal_error" | "union_tag_invalid":
            allowed = context.get("expected") or context.get("expected_tags", "")
            value = first["input"].get("name") if isinstance(first["input"], dict) else first["input"]
            return InputRefused(f"{where}: {_shown(value)} is not allowed; allowed: {_listed(str(allowed))}.", where)
    # A field that takes several types complains once per type; the useful complaint is that of the last.
    same = [e for e in error.errors(include_url=False) if e["loc"][: len(names)] == first["loc"][: len(names)]]
    allowed = same[-1]["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    for pydantics, ours in _PLAIN_WORDS:
        allowed = re.sub(pydantics, ours, allowed)
    return InputRefused(f"{where or 'spec'}: {_shown(first['input'])} is refused; allowed: {allowed}.", where)


_PLAIN_WORDS: Final = (
    (r"a valid (dictionary|dict).*", "an object"),
    (r"a valid (tuple|list).*", "a list"),
    (r"a valid integer.*", "a whole number"),
    (r"greater than or equal to", "at least"),
    (r"less than or equal to", "at most"),
    (r"\w+ should have at least 1 item.*", "at least one"),
    (r"\w+ should have at most (\d+) items.*", r"at most \1"),
)
_UNION_STEPS: Final = frozenset({"str", "int", "float", "bool", "int-constraint", "tuple[str, ...]", "EarlyStopping"})


def _listed(text: str) -> str:
    return text.replace("'", "").replace(" or ", ", ")


def _shown(value: Any) -> str:
    if isinstance(value, Mapping | list | tuple):
        return "an object" if isinstance(value, Mapping) else "a list"
    return plain_text(json.dumps(value, ensure_ascii=False, default=str), 60)
