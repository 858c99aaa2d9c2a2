"""The lines to paste: all that a repair can change is covered, and plain Keras does with them what the lab does."""

from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest
import sklearn.preprocessing

from core.choices.losses import LOSSES
from core.choices.optimizers import OPTIMIZERS
from core.choices.outliers import FENCE
from core.choices.scalers import SCALERS, TARGET_SCALERS
from core.data.prepare.pipeline import Clip
from core.data.prepare.prepared import prepare
from core.data.source import load_table
from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.evidence.facts import examine
from core.diagnosis.keras_code import SCALER_CLASSES, SCHEDULE_SCALES, STATEMENTS, keras_code
from core.diagnosis.trials.textbook import TEXTBOOKS, applied, steps_of
from core.spec.schedules import SCHEDULES
from core.training.model import build_callbacks, build_loss, build_model, build_optimizer
from tests.diagnosis.faulty import faulty
from tests.diagnosis.table import observation_of, run_of

CLASSES = {"task": "multiclass", "classes": ("a", "b", "c"), "output_units": 3, "loss": "categorical_crossentropy"}


class Recorded(keras.Sequential):  # type: ignore[misc]
    """A network that remembers what it was asked to fit, and is not trained."""

    def fit(self, *_arrays, **options):
        self.asked = options


def executed(code, monkeypatch, x=None, y=None):
    """Execute `code` as a program would."""
    monkeypatch.setattr(keras, "Sequential", Recorded)
    rng = np.random.default_rng(0)
    x = pd.DataFrame(rng.normal(5, 3, (40, 4)), columns=[*"abcd"]) if x is None else x
    y = rng.normal(7, 2, 40) if y is None else y
    parts = {"x_train": x.to_numpy()[:30], "x_val": x.to_numpy()[30:], "y_train": y[:30], "y_val": y[30:]}
    names = {"x": x, "y": y, **parts, "classes_train": np.arange(30) % 2, "keras": keras}
    names["model"] = Recorded([keras.Input((4,)), keras.layers.Dense(1)])
    exec(code, names)
    return names


def changes(observed):
    """All single repairs of every cause, whoever is suspected, and what all of each textbook changes."""
    for cause in CAUSES.values():
        yield from cause.repairs(observed)
    for book in (book for books in TEXTBOOKS for book in books):
        steps = steps_of(observed, book, [])
        yield from (step.change(observed.run) for step in steps)
        yield applied(observed.run, steps)


def test_every_path_that_a_repair_can_change_has_its_statement():
    seen = {path for _, observed in faulty() for change in changes(observed) for path in change}
    assert seen
    assert seen - set(STATEMENTS) == set()
    assert {"data.features", "training.early_stopping", "model.output_units"} <= seen


def test_every_repair_is_lines_that_python_reads():
    for _, observed in faulty():
        for change in changes(observed):
            if change:
                compile(keras_code(change, observed), "repair", "exec")
                assert "None" not in keras_code(change, observed)


NETWORKS = [
    {"model.layers": [32, 16]},
    {"model.activation": "elu", "model.initializer": "he_uniform"},
    {"model.layers": [8] * 12, "model.batch_normalization": True},
    {"model.layers": [8] * 12},
    {"model.layers": [{"units": 6, "activation": "tanh", "dropout": 0.25}, 4], "model.l2": 0.01},
    {"model.initializer": {"name": "random_normal", "stddev": 0.5}, "model.dropout": 0.1},
    {"model.layers": []},
]


@pytest.mark.parametrize("change", NETWORKS, ids=str)
@pytest.mark.parametrize("facts", [{}, CLASSES], ids=["numbers", "classes"])
def test_the_network_is_the_one_the_lab_trains(monkeypatch, change, facts):
    observed = observation_of(facts)
    table = {"x": [*range(30)], "y": [*"abc"] * 10 if facts else [v / 7 for v in range(30)]}
    run = observed.run.changed({**change, "data.source": {"columns": table}})
    ours = build_model(run.model, prepare(run, load_table(run.data)))
    names = executed(keras_code(change, observed), monkeypatch, x=pd.DataFrame({"x": np.arange(40.0)}))
    assert bare(names["model"]) == bare(ours)


def bare(model):
    """The configuration of all layers without their names, which Keras numbers, and seeds."""
    return [
        (type(layer).__name__, without(layer.get_config())) for layer in model.layers
    ] + [tuple(weight.shape) for weight in model.weights]  # fmt: skip


def without(config):
    if isinstance(config, dict):
        return {key: without(value) for key, value in config.items() if key not in {"name", "seed"}}
    return config


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_optimizer_and_the_loss_are_those_of_the_lab(monkeypatch, optimizer):
    observed = observation_of(training={"momentum": 0.5, "nesterov": True, "weight_decay": 0.01, "clip_norm": 2.0})
    change = {"training.optimizer": optimizer, "training.learning_rate": 0.003}
    model = executed(keras_code(change, observed), monkeypatch)["model"]
    ours = build_optimizer(observed.run.changed(change).training)
    assert without(model.optimizer.get_config()) == without(ours.get_config())
    assert model.loss == "mse"


@pytest.mark.parametrize("loss", LOSSES)
def test_keras_knows_every_loss_by_the_name_that_is_written(loss):
    assert f'loss="{loss}"' in keras_code({"model.loss": loss}, observation_of({"output_units": 1}))
    row = np.full((4, 3), 0.25, np.float32)
    target = np.zeros((4, 1), np.float32) if LOSSES[loss].sparse else row
    written = float(np.mean(keras.losses.get(loss)(target, row)))
    assert written == pytest.approx(float(build_loss(loss)(target, row)), rel=1e-5)


FITS = [
    {"training.epochs": 500},
    {"training.batch_size": 8, "training.shuffle": True},
    {"training.early_stopping": {"monitor": "val_loss", "patience": 20, "min_delta": 0.0}},
    {"training.early_stopping": None},
    {"training.schedule": {"name": "reduce_on_plateau", "patience": 3}},
]


@pytest.mark.parametrize("change", FITS, ids=str)
def test_fit_is_asked_for_what_the_lab_trains(monkeypatch, change):
    observed = observation_of(training={"early_stopping": {"patience": 2}, "shuffle": False})
    run = observed.run.changed(change)
    asked = executed(keras_code(change, observed), monkeypatch)["model"].asked
    assert (asked["epochs"], asked["batch_size"]) == (run.training.epochs, run.training.batch_size)
    assert asked.get("shuffle", True) == run.training.shuffle
    ours = {type(callback): callback for callback in build_callbacks(run)}
    assert {type(callback) for callback in asked.get("callbacks", ())} == set(ours)
    for callback in asked.get("callbacks", ()):
        for name in ("monitor", "patience", "min_delta", "restore_best_weights", "factor", "min_lr"):
            assert getattr(callback, name, None) == getattr(ours[type(callback)], name, None)


def test_another_last_layer_brings_its_loss_and_says_what_the_targets_are():
    yes_or_no = {"task": "binary", "classes": ("no", "yes"), "output_units": 2, "loss": "categorical_crossentropy"}
    observed = observation_of(yes_or_no, model={"output_units": 2})
    code = keras_code({"model.output_units": "auto"}, observed)
    assert 'loss="binary_crossentropy"' in code
    assert "# y: 0 or 1 for each row" in code
    assert "model.compile" not in keras_code({"model.activation": "tanh"}, observed)


@pytest.mark.parametrize("classes", [("a", "b"), ("a", "b", "c")], ids=len)
def test_a_loss_of_class_numbers_asks_for_class_numbers(classes):
    task = "binary" if len(classes) == 2 else "multiclass"
    observed = observation_of({**CLASSES, "task": task, "classes": classes}, model={"output_units": len(classes)})
    numbers = keras_code({"model.loss": "sparse_categorical_crossentropy"}, observed)
    assert "# y: the number of each row's class" in numbers
    assert "0/1" not in numbers
    assert "# y: a 0/1 column for each class" in keras_code({"model.loss": "categorical_crossentropy"}, observed)


def test_rare_classes_weigh_more(monkeypatch):
    observed = observation_of(CLASSES)
    change = {"training.class_weight": "balanced"}
    asked = executed(keras_code(change, observed), monkeypatch)["model"].asked
    assert len(asked["sample_weight"]) == 30


@pytest.mark.parametrize("name", [name for name, kind in SCHEDULES.items() if not kind.reacts and name != "constant"])
def test_a_schedule_that_stays_is_the_same_rate_in_each_epoch(monkeypatch, name):
    observed = observation_of(training={"schedule": name, "learning_rate": 0.5})
    asked = executed(keras_code({"training.epochs": 40}, observed), monkeypatch)["model"].asked
    schedule = observed.run.training.schedule
    rates = [asked["callbacks"][0].schedule(epoch) for epoch in range(40)]
    assert rates == pytest.approx([0.5 * schedule.scale(epoch, 40) for epoch in range(40)])
    assert name in SCHEDULE_SCALES


@pytest.mark.parametrize("name", ["step", "cosine"])
def test_a_new_rate_is_the_one_a_schedule_starts_from(monkeypatch, name):
    observed = observation_of(training={"schedule": name, "learning_rate": 0.5})
    asked = executed(keras_code({"training.learning_rate": 0.01}, observed), monkeypatch)["model"].asked
    assert asked["callbacks"][0].schedule(0) == pytest.approx(0.01)


@pytest.mark.parametrize("name", ["constant", "reduce_on_plateau"])
def test_a_new_rate_is_enough_where_no_schedule_sets_it(name):
    observed = observation_of(training={"schedule": name})
    assert "callback" not in keras_code({"training.learning_rate": 0.01}, observed)


def test_every_scaler_has_its_class():
    for name, scaler in SCALERS.items():
        made = scaler.build and type(scaler.build(10)).__name__
        assert SCALER_CLASSES.get(name) == made
        assert made is None or hasattr(sklearn.preprocessing, made)
    assert SCALER_CLASSES["standard"] == "StandardScaler"
    assert "standard" in TARGET_SCALERS


def test_inputs_and_targets_are_prepared_as_the_lab_does(monkeypatch):
    rng = np.random.default_rng(1)
    x = pd.DataFrame(rng.normal(300, 40, (40, 4)), columns=[*"abcd"])
    # One column has both: the mean of what is not missing depends on whether the outlier was cut before.
    x.iloc[3, 1], x.iloc[5, 1], x.iloc[7, 2] = np.nan, 1e6, np.nan
    observed = observation_of(preprocessing={"scaling": "none", "missing": "keep"})
    change = {"preprocessing.missing": "mean", "preprocessing.outliers": "clip", "preprocessing.scaling": "standard",
              "preprocessing.target_scaling": "standard"}  # fmt: skip
    names = executed(keras_code(change, observed), monkeypatch, x=x)
    y = rng.normal(7, 2, 40)
    # The lab on the same 30 rows to fit, the last ten held out.
    columns = {name: [None if np.isnan(v) else v for v in x[name]] for name in x} | {"y": y.tolist()}
    run = observed.run.changed({**change, "data.source": {"columns": columns}, "data.split": "in_order",
                                "data.validation_fraction": 0.25})  # fmt: skip
    ours = prepare(run, load_table(run.data))
    assert names["x_train"] == pytest.approx(ours.x, abs=1e-4)
    assert names["x_val"] == pytest.approx(ours.x_val, abs=1e-4)
    assert names["y_train"].mean() == pytest.approx(0, abs=1e-9)
    assert names["y_train"].shape == (30, 1)


@pytest.mark.filterwarnings("ignore:All-NaN slice")
def test_infinite_numbers_are_cut_by_fences_they_did_not_move(monkeypatch):
    rng = np.random.default_rng(2)
    x = pd.DataFrame(rng.normal(300, 40, (40, 4)), columns=[*"abcd"])
    x.iloc[:9, 1], x.iloc[4, 2], x.iloc[35, 2] = np.inf, -np.inf, np.inf
    x.iloc[:30, 3] = np.nan
    code = keras_code({"preprocessing.outliers": "clip"}, observation_of(preprocessing={"missing": "keep"}))
    names = executed(code, monkeypatch, x=x)
    ours = Clip(FENCE).fit(x.to_numpy()[:30])
    np.testing.assert_allclose(names["x_train"], ours.transform(x.to_numpy()[:30]))
    np.testing.assert_allclose(names["x_val"], ours.transform(x.to_numpy()[30:]))


@pytest.mark.parametrize("scaling", ["standard", "minmax"])
def test_words_stay_0_and_1_where_numbers_are_scaled(monkeypatch, scaling):
    rng = np.random.default_rng(3)
    words = {"c": [*"uvw"] * 14, "two": [*"yn"] * 21}
    columns = {"a": rng.normal(50, 9, 42).tolist(), **words, "b": rng.normal(size=42).tolist()}
    run = run_of(data={"source": {"columns": {**columns, "y": [*range(42)]}}, "target": "y", "split": "in_order"},
                 preprocessing={"encoding": "drop", "scaling": "none"})  # fmt: skip
    change = {"preprocessing.encoding": "one_hot", "data.split": "random", "preprocessing.scaling": scaling}
    table = load_table(run.data)
    observed = replace(observation_of(), run=run, facts=examine(run, table, prepare(run, table)))
    names = executed(keras_code(change, observed), monkeypatch, x=pd.DataFrame(columns), y=np.arange(42.0))
    ours = prepare(run.changed(change), table)
    assert set(np.unique(names["x_train"][:, 2:])) == {0.0, 1.0}
    assert names["x_train"] == pytest.approx(ours.x, abs=1e-5)
    assert names["x_val"] == pytest.approx(ours.x_val, abs=1e-5)


def test_columns_are_left_out_words_encoded_and_copies_kept_together(monkeypatch):
    x = pd.DataFrame({"a": [*range(20)] * 2, "b": [1] * 40, "c": [*"uv"] * 20, "d": [2] * 40})
    observed = observation_of({"word_columns": ("c",)}, preprocessing={"encoding": "ordinal"})
    change = {"data.features": ["a", "c"], "preprocessing.encoding": "one_hot", "data.split": "grouped"}
    names = executed(keras_code(change, observed), monkeypatch, x=x, y=np.arange(40))
    assert list(names["x"].columns) == ["a", "c_u", "c_v"]
    assert not set(names["x_train"][:, 0]) & set(names["x_val"][:, 0])
    random = executed(keras_code({"data.split": "random"}, observed), monkeypatch, x=x, y=np.arange(40))
    assert len(random["x_val"]) == 8


def test_a_column_of_words_that_is_left_out_is_not_encoded(monkeypatch):
    x = pd.DataFrame({"a": [*range(40)], "b": [1] * 40, "c": [*"uv"] * 20, "d": [*"wxyz"] * 10})
    observed = observation_of({"word_columns": ("c", "d")}, preprocessing={"encoding": "ordinal"})
    change = {"data.features": ["a", "b", "c"], "preprocessing.encoding": "one_hot"}
    names = executed(keras_code(change, observed), monkeypatch, x=x)
    assert list(names["x"].columns) == ["a", "b", "c_u", "c_v"]


@pytest.mark.parametrize("targets", [["p"], ["p", "q"]], ids=len)
def test_targets_of_pandas_are_split_with_their_rows(monkeypatch, targets):
    whole = pd.DataFrame({"a": [*range(22)] * 2, "p": np.arange(44.0), "q": np.arange(44.0) / 2})
    # What dropna leaves has gaps in its index.
    whole.iloc[[3, 20, 21, 40], 1] = np.nan
    left = whole.dropna()
    y = left["p"] if len(targets) == 1 else left[targets]
    names = executed(keras_code({"data.split": "grouped"}, observation_of()), monkeypatch, x=left[["a"]], y=y)
    assert not set(names["x_train"][:, 0]) & set(names["x_val"][:, 0])
    for part in ("train", "val"):
        first = names[f"y_{part}"].reshape(-1, len(targets))[:, 0]
        assert (names[f"x_{part}"][:, 0] == first % 22).all()


def test_a_name_cannot_become_code(monkeypatch):
    wild = 'a"]); raise SystemExit  #'
    observed = observation_of({"usable_columns": ("a", wild, "c")})
    code = keras_code({"data.features": ["a", "c"]}, observed)
    x = pd.DataFrame({"a": np.arange(40), wild: 0, "c": 1})
    assert list(executed(code, monkeypatch, x=x)["x"].columns) == ["a", "c"]
    assert len(code.splitlines()) == 1
