"""The compiled epoch against plain ``model.fit``: the same weights, the same order of rows, the same history."""

from pathlib import Path

import numpy as np
import pytest

from core.bench import plain_history
from core.data.prepare.prepared import prepare
from core.data.source import load_table
from core.spec import load_spec
from core.training import structure
from core.training.epochs import Program, forget_programs
from core.training.run import compile_run, train_run

TITANIC = {"source": f"file:{Path(__file__).parent.parent / 'data' / 'titanic.csv'}", "target": "survived"}
FOUR_ROWS = {
    "source": {"columns": {"x": [1000, 2000, 3000, 4000], "y": [1, 2, 3, 4]}},
    "target": "y",
    "validation_fraction": 0,
}
LABELS = {"source": "sample:noise_labels", "target": "label"}
TARGETS = {"source": "sample:noise_targets", "target": "y"}
IRIS = {"source": "sample:iris", "target": "species"}
FEW = {"epochs": 10}

HISTORIES = {
    "example 1, raw": {"data": FOUR_ROWS, "preprocessing": {"scaling": "none"}, "training": FEW},
    "example 1, scaled": {"data": FOUR_ROWS, "preprocessing": {"scaling": "minmax"}, "training": FEW},
    "example 2, sigmoid": {"data": LABELS, "model": {"activation": "sigmoid"}, "training": FEW},
    "example 2, relu": {"data": LABELS, "training": FEW},
    "example 3, low": {"data": TARGETS, "training": {"learning_rate": 0.0001, **FEW}},
    "example 3, high": {"data": TARGETS, "training": {"learning_rate": 0.1, **FEW}},
    "iris": {"data": IRIS, "training": FEW},
    "titanic": {"data": TITANIC, "training": FEW},
    "dropout": {"data": TITANIC, "model": {"layers": [16, 16], "dropout": 0.3}, "training": FEW},
    "batch normalisation": {"data": IRIS, "model": {"batch_normalization": True}, "training": FEW},
    "l2, momentum, nesterov": {
        "data": TARGETS,
        "model": {"l2": 0.01},
        "training": {"optimizer": "sgd", "momentum": 0.9, "nesterov": True, "learning_rate": 0.05, **FEW},
    },
    "rmsprop, clipped, decayed": {
        "data": TARGETS,
        "training": {"optimizer": "rmsprop", "momentum": 0.5, "clip_norm": 0.1, "weight_decay": 0.01, **FEW},
    },
    "a schedule": {
        "data": IRIS,
        "training": {"learning_rate": 0.05, "schedule": {"name": "warmup_cosine", "warmup_epochs": 4}, **FEW},
    },
    "balanced classes": {"data": TITANIC, "training": {"class_weight": "balanced", **FEW}},
    "sparse labels": {"data": IRIS, "model": {"loss": "sparse_categorical_crossentropy"}, "training": FEW},
    "several targets": {"data": {**IRIS, "target": ["sepal length", "sepal width"]}, "training": FEW},
    "many equal layers": {
        "data": TITANIC,
        "model": {"layers": [6] * 5, "dropout": 0.1, "l2": 0.01, "activation": "tanh"},
        "training": {"optimizer": "adamw", "weight_decay": 0.01, "clip_norm": 1.0, **FEW},
    },
    "many equal layers, batch normalisation": {
        "data": IRIS,
        "model": {"layers": [6] * 5, "batch_normalization": True},
        # Steps of one size whatever the gradient would make a rounding of it large.
        "training": {"optimizer": "sgd", "momentum": 0.9, "learning_rate": 0.01, **FEW},
    },
    "many equal layers, each for itself": {
        "data": TARGETS,
        "model": {"layers": [6] * 5},
        "training": {"optimizer": "adafactor", **FEW},
    },
    "a row of equal layers": {
        "data": TARGETS,
        "model": {"layers": [4] * 12, "l2": 0.01, "activation": "tanh"},
        "training": FEW,
    },
    "unshuffled": {"data": IRIS, "training": {"shuffle": False, **FEW}},
    "batch beyond the rows": {"data": FOUR_ROWS, "training": {"batch_size": 1000, **FEW}},
    "batch of one": {"data": FOUR_ROWS, "training": {"batch_size": 1, **FEW}},
}


def both(sections, compiler="graph", should_stop=lambda run, prepared: False):
    run = load_spec(sections).runs()[0]
    prepared = prepare(run, load_table(run.data))
    if compiler == "xla":
        compile_run(run, prepared, wait=True)
    result = train_run(run, prepared, should_stop=lambda: should_stop(run, prepared))
    return result, plain_history(run, prepared)


def same(result, plain):
    assert set(plain) == set(result.history) - {"learning_rate"}
    for name, values in plain.items():
        np.testing.assert_allclose(result.history[name], values, rtol=1e-5, atol=1e-7, err_msg=name)


@pytest.fixture
def nothing_compiled():
    forget_programs()


LONG = {"many equal layers", "many equal layers, batch normalisation", "many equal layers, each for itself"}
"""Those that take Keras several seconds; one like them is among the rest."""


@pytest.mark.parametrize(
    "sections",
    [
        pytest.param(sections, id=name, marks=[pytest.mark.slow] if name in LONG else [])
        for name, sections in HISTORIES.items()
    ],
)
def test_the_history_is_that_of_model_fit(sections, nothing_compiled, monkeypatch):
    monkeypatch.setattr(Program, "deserves_xla", lambda *_: False)
    result, plain = both(sections)
    assert result.telemetry["compiler"] == "graph"
    same(result, plain)


COMPILED = [
    "example 1, raw",
    "dropout",
    "batch normalisation",
    "a schedule",
    "balanced classes",
    "l2, momentum, nesterov",
    "several targets",
    "many equal layers",
    "many equal layers, batch normalisation",
    "a row of equal layers",
]


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPILED)
def test_xla_gives_the_same_history(name, nothing_compiled):
    result, plain = both(HISTORIES[name], "xla")
    assert result.telemetry["compiler"] == "xla"
    same(result, plain)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dropout", "a schedule", "balanced classes", "several targets", "many equal layers"])
def test_so_does_a_run_that_xla_takes_over_half_way(name, nothing_compiled, monkeypatch):
    monkeypatch.setattr(structure, "_MOST_EPOCHS_PER_CALL", 2)
    calls = []

    def compile_after_two_calls(run, prepared):
        calls.append(1)
        if len(calls) == 3:
            compile_run(run, prepared, wait=True)
        return False

    result, plain = both(HISTORIES[name], should_stop=compile_after_two_calls)
    assert result.telemetry["compiler"] == "graph then xla"
    assert len(calls) >= 4
    same(result, plain)


def test_a_cached_structure_forgets_the_run_before(nothing_compiled):
    first, _ = both(HISTORIES["dropout"])
    other, _ = both(HISTORIES["dropout"] | {"training": {"seed": 7, "learning_rate": 0.1, **FEW}})
    again, _ = both(HISTORIES["dropout"])
    # Not to the last digit: XLA may have taken over meanwhile.
    np.testing.assert_allclose(again.history["loss"], first.history["loss"], rtol=1e-5)
    assert not np.allclose(other.history["loss"], first.history["loss"], rtol=1e-2)
