"""The knobs of the lab, a table, and from chosen tokens to a spec and back.

Every knob but the seeds takes one value or several; several values mean that this setting is varied.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from core.choices.activations import ACTIVATIONS
from core.choices.choice import Choice, by_name
from core.choices.encoders import ENCODERS
from core.choices.imputation import IMPUTATIONS
from core.choices.initializers import INITIALIZERS
from core.choices.losses import LOSSES
from core.choices.optimizers import OPTIMIZERS
from core.choices.outliers import OUTLIERS
from core.choices.scalers import SCALERS, TARGET_SCALERS
from core.data.samples import sample_title, sample_words
from core.errors import InputRefused
from core.lessons.glossary import GLOSSARY
from core.spec import ExperimentSpec, load_spec, plain_text
from core.spec.schedules import SCHEDULES, Schedule
from core.ui.lab.tokens import (
    COUNT,
    LAYERS,
    NAME,
    NUMBER,
    OPTIONAL_COUNT,
    OPTIONAL_NAME,
    OPTIONAL_NUMBER,
    PATIENCE,
    SCHEDULE,
    SWITCH,
    Notation,
)
from core.ui.sentences import translated
from core.ui.text import counted
from core.ui.words import inside, later, t

DATA: Final = later("Data preprocessing")
ARCHITECTURE: Final = later("Architecture")
OPTIMISATION: Final = later("Optimisation")
GROUPS: Final = (DATA, ARCHITECTURE, OPTIMISATION)
_CLASSES: Final = frozenset({"binary", "multiclass"})
_NUMBERS: Final = frozenset({"regression"})
_MANY_COLUMNS: Final = 3
"""More are counted: a list that is cut hides what sets it apart from another."""
_MOST_MEANINGS: Final = 8
"""Lines on choices in a tooltip; with more it would have to be scrolled."""


@dataclass(frozen=True)
class Knob:
    """One setting a person can change.

    Attributes
    ----------
    path : str
        Where it sits in the spec.
    choices : tuple of str
        Tokens on offer; `typed` knobs take others too.
    more : bool
        Less used: shown under "More".
    single : bool
        A whole number that is not varied: the seeds.
    tasks : frozenset of str
        Shown for these tasks only; empty = all.
    meanings : mapping
        Choice → what it does, where the help does not say it.
    words : mapping
        Choice → what a person calls it.
    """

    path: str
    group: str
    label: str
    help: str
    choices: tuple[str, ...]
    notation: Notation = NAME
    typed: bool = False
    more: bool = False
    single: bool = False
    tasks: frozenset[str] = frozenset()
    meanings: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)

    def read(self, token: str) -> Any:
        """Return the value a token stands for.

        Raises
        ------
        InputRefused
            If it stands for none; the sentence names the knob and what to type.
        """
        shown = plain_text(token, 40)
        if not self.typed and token not in self.choices:
            sentence = t("{knob}: {value} is not one of the choices.", knob=t(self.label), value=shown)
            raise InputRefused(sentence, self.path)
        try:
            return self.notation.read(token)
        except (ValueError, KeyError, OverflowError):
            told = {"knob": t(self.label), "value": shown, "example": t(self.notation.example)}
            sentence = t("{knob}: {value} is not understood; type {example}.", **told)
            raise InputRefused(sentence, self.path) from None

    def say(self, token: str) -> str:
        """Return what a person calls a token, the same in the lab, in lessons, tables and charts.

        What is typed is called as it is typed, in every language.
        """
        word = self.words.get(token, token)
        return word if self.typed else t(word)

    @property
    def default(self) -> str:
        """The token of the spec's own default."""
        return self.notation.show(value_at(DEFAULTS, self.path))

    def hint(self, chosen: Sequence[str]) -> str:
        """Return the help, what the glossary says of it and what the choices do, as Markdown.

        Of many choices those that are chosen and the first of the table.
        """
        told = [token for token in dict.fromkeys((*chosen, *self.meanings)) if token in self.meanings]
        if many := len(told) > _MOST_MEANINGS:
            del told[_MOST_MEANINGS - 1 :]
        lines = [f"- {self._named(token)}: {t(meaning)}" for token, meaning in self.meanings.items() if token in told]
        lines += [f"- {t('{count} more, explained here once chosen', count=len(self.meanings) - len(told))}"] * many
        word = next((word for word in GLOSSARY if word.lower() == self.label.lower()), "")
        explained = ("", f"**{inside(t(self.label))}**: {t(GLOSSARY[word])}", "") if word else ()
        about = (t(self.help), *explained, *(("", *lines, "") if lines else ()))
        usual = t("In a spec `{path}`; empty means {value}.", path=self.path, value=self.say(self.default))
        return "\n".join((*about, usual))

    def _named(self, token: str) -> str:
        return token if self.say(token) == token else f"{self.say(token)} (`{token}`)"


def _knob(
    path: str,
    label: str,
    help: str,  # noqa: A002
    choices: Sequence[str] | Mapping[str, Choice | type[Schedule]],
    first: Sequence[str] = (),
    **options: Any,
) -> Knob:
    """Return a knob with the `first` choices, which its help explains, and those of a list or a table."""
    entries = choices if isinstance(choices, Mapping) else {}
    meanings = {name: _meaning(entry) for name, entry in entries.items()}
    words = {name: name.replace("_", " ") for name in choices if "_" in name}
    words |= {name: entry.label for name, entry in entries.items() if isinstance(entry, Choice)}
    section = path.partition(".")[0]
    group = {"model": ARCHITECTURE, "training": OPTIMISATION, "seeds": OPTIMISATION}.get(section, DATA)
    return Knob(path, group, label, help, (*first, *choices), meanings=meanings, words=words, **options)


def _meaning(entry: Choice | type[Schedule]) -> str:
    return entry.help if isinstance(entry, Choice) else str(entry.__doc__)


FIRST: Final = load_spec({"data": {"source": "sample:iris", "target": "species"}})
"""What the lab starts with: iris and every default."""
DEFAULTS: Final = FIRST.model_dump(mode="json")

KNOBS: Final[tuple[Knob, ...]] = (
    _knob("preprocessing.scaling", "Scaling", "Brings inputs to a similar range.",
          SCALERS),
    _knob("preprocessing.target_scaling", "Target scaling", "Brings the target to a small range.",
          TARGET_SCALERS, tasks=_NUMBERS),
    _knob("preprocessing.missing", "Missing values", "What stands in for an empty cell.",
          IMPUTATIONS),
    _knob("preprocessing.encoding", "Encoding", "What becomes of words.",
          ENCODERS),
    _knob("data.validation_fraction", "Validation share", "Share of rows held out to check what was learnt.",
          ("0", "0.1", "0.2", "0.3", "0.5"), notation=NUMBER, typed=True, more=True),
    _knob("data.split", "Split", "Rows held out: random, equal class shares, copies kept together, or the last.",
          ("random", "stratified", "grouped", "in_order"), more=True),
    _knob("data.rows", "Rows", "Train on a random sample of at most this many rows.",
          ("all", "50", "100", "1000"), notation=OPTIONAL_COUNT, typed=True, more=True),
    _knob("preprocessing.outliers", "Outliers", "What is done with extreme values.",
          OUTLIERS, more=True),
    _knob("preprocessing.fit_on", "Fit preprocessing on", "Training rows only; 'all' leaks validation rows.",
          ("train", "all"), more=True),
    _knob("model.layers", "Hidden layers", "Units per layer: 16, 16 is two layers; none is a linear model.",
          ("none", "10", "16, 16", "32, 32", "64, 64, 64"), notation=LAYERS, typed=True),
    _knob("model.activation", "Activation", "The function that lets a hidden layer bend its straight line.",
          ACTIVATIONS),
    _knob("model.dropout", "Dropout", "Share of units switched off at random in each training step.",
          ("0", "0.1", "0.2", "0.5"), notation=NUMBER, typed=True),
    _knob("model.batch_normalization", "Batch normalisation", "Standardises what flows between layers, batch by batch.",
          ("off", "on"), notation=SWITCH),
    _knob("model.initializer", "Initialisation", "The weights before the first step.",
          {name: entry for name, entry in INITIALIZERS.items() if entry.offered}, more=True),
    _knob("model.l2", "L2 penalty", "Adds the squared weights times this to the loss.",
          ("0", "0.0001", "0.001", "0.01", "0.1"), notation=NUMBER, typed=True, more=True),
    _knob("model.output_activation", "Output activation", "auto: linear, sigmoid or softmax, by task.",
          ACTIVATIONS, ("auto",), more=True),
    _knob("model.loss", "Loss", "auto: mean squared error for numbers, cross-entropy for classes.",
          LOSSES, ("auto",), more=True),
    _knob("training.optimizer", "Optimizer", "The rule that turns gradients into steps.",
          OPTIMIZERS),
    _knob("training.learning_rate", "Learning rate", "Length of a step: too high jumps or diverges, too low crawls.",
          ("0.0001", "0.001", "0.01", "0.1", "1"), notation=NUMBER, typed=True),
    _knob("training.batch_size", "Batch size", "Rows per step; small batches step often and noisily.",
          ("1", "8", "32", "128", "1024"), notation=COUNT, typed=True),
    _knob("training.epochs", "Epochs", "How often every row is seen.",
          ("10", "30", "100", "300", "1000"), notation=COUNT, typed=True),
    _knob("seeds", "Seeds", "How many times each setting is trained, with other random weights: luck or effect?",
          ("1", "3", "5", "10"), notation=COUNT, typed=True, single=True),
    _knob("training.schedule", "Schedule", "How the learning rate changes over the epochs.",
          {name: kind for name, kind in SCHEDULES.items() if not kind.tries}, notation=SCHEDULE, more=True),
    _knob("training.momentum", "Momentum", "How much of the last step is kept; for sgd and rmsprop.",
          ("0", "0.5", "0.9", "0.99"), notation=NUMBER, typed=True, more=True),
    _knob("training.nesterov", "Nesterov", "Looks ahead along the momentum; for sgd.",
          ("off", "on"), notation=SWITCH, more=True),
    _knob("training.weight_decay", "Weight decay", "Shrinks every weight a little in each step.",
          ("0", "0.0001", "0.001", "0.01"), notation=NUMBER, typed=True, more=True),
    _knob("training.clip_norm", "Gradient clipping", "Cuts the norm of all gradients together to this.",
          ("off", "0.1", "1", "10"), notation=OPTIONAL_NUMBER, typed=True, more=True),
    _knob("training.early_stopping", "Early stopping", "Stops after this many epochs without a better validation loss.",
          ("off", "5", "10", "30"), notation=PATIENCE, typed=True, more=True),
    _knob("training.shuffle", "Shuffle", "A new order of rows in every epoch.",
          ("on", "off"), notation=SWITCH, more=True),
    _knob("training.class_weight", "Class weights", "Balanced: rare classes count as much as frequent ones.",
          ("off", "balanced"), notation=OPTIONAL_NAME, more=True, tasks=_CLASSES),
    _knob("training.seed", "First seed", "The number all randomness starts from.",
          ("0", "1", "2", "3"), notation=COUNT, typed=True, more=True),
)  # fmt: skip

BY_PATH: Final[Mapping[str, Knob]] = by_name((knob.path, knob) for knob in KNOBS)


def knobs_for(task: str) -> tuple[Knob, ...]:
    """Return the knobs that mean something for a task."""
    return tuple(knob for knob in KNOBS if not knob.tasks or task in knob.tasks)


def knob_at(path: str) -> Knob | None:
    """Return the knob of a setting, or of the one that a path such as ``model.layers.1`` is inside."""
    return next((knob for knob in KNOBS if f"{path}.".startswith(f"{knob.path}.")), None)


def label_of(path: str) -> str:
    """Return the label of a setting, whether it has a knob or not: a message for `t`."""
    if path in BY_PATH:
        return BY_PATH[path].label
    return _LABELS.get(path, path.rpartition(".")[2].replace("_", " ").capitalize())


_LABELS: Final[Mapping[str, str]] = {
    "data.source": later("Table"),
    "data.features": later("Inputs"),
    "training.schedule.decay_rate": later("Factor per epoch"),
    "training.early_stopping.monitor": later("Early stopping watches"),
    "training.early_stopping.min_delta": later("Smallest progress"),
}
"""What a person calls a setting that has no knob, where that is not the end of its path."""
WORDS: Final = (
    "unscaled", "min-max", "largest = 1", "rows of length 1", "quantile", "power", "keep", "drop rows", "drop columns",
    "mean", "median", "most frequent", "zero", "indicator", "one-hot", "drop", "random", "stratified", "grouped",
    "in order", "clip", "train", "all", "off", "on", "balanced", "zeros", "ones", "uniform", "truncated normal",
    "squared error", "absolute error", "percentage error", "squared log error", "binary cross-entropy", "cross-entropy",
    "constant", "cosine", "step", "warmup cosine", "reduce on plateau",
)  # fmt: skip
"""Choices that are called by words; the rest have names, which are the same in every language."""
_MONITORS: Final[Mapping[str, str]] = {
    "val_loss": later("validation loss"), "val_accuracy": later("validation accuracy"),
}  # fmt: skip
_PARAMETERS: Final[Mapping[str, str]] = {
    "stddev": later("standard deviation"), "minval": later("from"), "maxval": later("to"),
    "decay_rate": later("factor"),
}  # fmt: skip
"""What a person calls a parameter of an initializer or a schedule."""
_PATH: Final = re.compile(r"\b(?:data|preprocessing|model|training)(?:\.\w+)+")


def in_words(refusal: InputRefused) -> str:
    """Return the sentence of a refusal with the labels of the knobs in place of their paths into the spec."""

    def named(path: re.Match[str]) -> str:
        knob = knob_at(path[0])
        return t(knob.label) if knob else path[0]

    return _PATH.sub(named, translated(str(refusal))).removeprefix("vary: ")


_MANY_EQUAL: Final = 5


def show_value(path: str, value: Any) -> str:
    """Return a value in words, as short as its knob says it."""
    if path == "model.layers" and value and isinstance(value, Sequence):
        groups = [(name, len(list(group))) for name, group in itertools.groupby(map(_show_layer, value))]
        return plain_text(", ".join(text for group in groups for text in _show_equal(*group)), 60)
    token = BY_PATH[path].notation.show(value) if path in BY_PATH else ""
    if token:
        return plain_text(BY_PATH[path].say(token), 60)
    if path == "data.source" and isinstance(value, str) and value.startswith("sample:"):
        return plain_text(": ".join(filter(None, (sample_title(value), ", ".join(sample_words(value))))), 60)
    if path.endswith(".monitor") and value in _MONITORS:
        return t(_MONITORS[value])
    if path == "data.features" and value is None:
        return t("all columns")
    if path == "data.features" and len(value) > _MANY_COLUMNS:
        return counted(len(value), "column")
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return plain_text(", ".join(value), 60)
    if isinstance(value, Mapping) and "name" in value:
        name = BY_PATH[path].say(str(value["name"])) if path in BY_PATH else str(value["name"])
        rest = [f"{t(_PARAMETERS.get(key, key))} {item}" for key, item in value.items() if key != "name"]
        return plain_text(", ".join((name, *rest)), 60)
    return plain_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), 60)


def show_values(path: str, values: Sequence[Any]) -> list[str]:
    """Return several values of a setting in words; of samples of one kind only what sets them apart."""
    samples = path == "data.source" and all(isinstance(value, str) and value.startswith("sample:") for value in values)
    if not samples or len(set(map(sample_title, values))) > 1:
        return [show_value(path, value) for value in values]
    told = [sample_words(value) for value in values]
    shared = set(told[0]).intersection(*told)
    apart = [", ".join(word for word in words if word not in shared) for words in told]
    return [plain_text(words or sample_title(value), 60) for words, value in zip(apart, values, strict=True)]


def _show_equal(layer: str, count: int) -> list[str]:
    """Return equal layers one by one, or as ``16 × 20`` where they are many."""
    return [layer] * count if count < _MANY_EQUAL else [f"{layer} × {count}"]


def _show_layer(layer: int | Mapping[str, Any]) -> str:
    """Return a hidden layer with what it sets itself: ``16``, ``8 (tanh, dropout 0.5)``."""
    if isinstance(layer, int):
        return str(layer)
    own = {name: value for name, value in layer.items() if name != "units" and value is not None}
    words = [
        f"dropout {value:g}" if name == "dropout" else show_value(f"model.{name}", value) for name, value in own.items()
    ]
    return f"{layer['units']} ({', '.join(words)})" if words else str(layer["units"])


def value_at(spec: Mapping[str, Any], path: str) -> Any:
    """Return the value at a dotted path of a dumped spec."""
    place: Any = spec
    for name in path.split("."):
        place = place[name]
    return place


def values_of(spec: ExperimentSpec) -> dict[str, list[str]]:
    """Return the tokens of every knob; none for a knob whose setting no token can say."""
    dumped = spec.model_dump(mode="json")
    values = {}
    for knob in KNOBS:
        tokens = [knob.notation.show(value) for value in dumped["vary"].get(knob.path, [value_at(dumped, knob.path)])]
        fits = all(token and (knob.typed or token in knob.choices) for token in tokens)
        values[knob.path] = tokens if fits else []
    return values


def spec_of(base: ExperimentSpec, values: Mapping[str, Sequence[str]]) -> ExperimentSpec:
    """Return `base` with every knob in `values`, path → tokens, set; one token sets a value, several vary it.

    An empty choice is the default, except where `base` holds something no token can say: that stays, as does
    everything else that is chosen as it was.

    Raises
    ------
    InputRefused
        If a token is not understood or the spec refuses the result.
    """
    spec = base.model_dump(mode="json")
    before = values_of(base)
    for knob in KNOBS:
        tokens = list(dict.fromkeys(values.get(knob.path, ())))
        if knob.path not in values or tokens == before[knob.path]:
            continue
        chosen = [knob.read(token) for token in tokens] or [value_at(DEFAULTS, knob.path)]
        section, _, field = knob.path.rpartition(".")
        (value_at(spec, section) if section else spec)[field] = chosen[0]
        if len(chosen) > 1 and not knob.single:
            spec["vary"][knob.path] = chosen
        else:
            spec["vary"].pop(knob.path, None)
    return load_spec(spec)
