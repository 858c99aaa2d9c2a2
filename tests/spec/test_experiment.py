"""The spec: what loads, what is refused and how it is said, what a grid expands to."""

import json
from pathlib import Path

import pytest

from core.choices.activations import ACTIVATIONS
from core.choices.losses import LOSSES
from core.errors import InputRefused
from core.spec import MAX_RUNS, load_spec

CASES = sorted((Path(__file__).parents[1] / "cases").glob("*.json"))
IRIS = {"data": {"source": "sample:iris", "target": "species"}}


def iris(**sections):
    return json.loads(json.dumps(IRIS | sections))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_case_loads_and_survives_a_round_trip(path):
    spec = load_spec(path)
    again = load_spec(json.loads(spec.canonical_json()))
    assert len(spec.runs()) == 1
    assert again == spec.at(None)
    assert again.hash() == spec.hash()


def test_all_cases_are_here():
    assert len(CASES) == 25


def test_a_source_and_a_target_are_a_spec():
    run = load_spec(IRIS).runs()[0]
    assert (run.preprocessing.scaling, run.model.layers, run.training.optimizer) == ("standard", (10,), "adam")
    assert run.variant == {}


def test_vary_makes_one_run_per_combination_and_seed():
    spec = load_spec(iris(vary={"training.learning_rate": [0.1, 1], "model.layers": [[4], []]}, seeds=2))
    runs = spec.runs()
    assert [run.training.seed for run in runs[:2]] == [0, 1]
    assert len(runs) == 8
    assert runs[-1].variant == {"training.learning_rate": 1.0, "model.layers": []}
    assert runs[-1].model.layers == ()


def test_equal_combinations_run_once():
    spec = load_spec(iris(vary={"training.learning_rate": [1, 1.0, 0.1]}))
    assert [run.training.learning_rate for run in spec.runs()] == [1.0, 0.1]
    assert spec.vary == {"training.learning_rate": (1.0, 0.1)}


def test_the_hash_follows_the_meaning_not_the_spelling():
    short = load_spec(IRIS)
    long = load_spec(iris(training={"learning_rate": 1e-3, "epochs": 100}, model={"layers": [10]}))
    assert short.hash() == long.hash()
    assert short.hash() != load_spec(iris(training={"epochs": 101})).hash()


def test_the_label_of_a_variant_is_no_part_of_the_training():
    varied = load_spec(iris(vary={"training.learning_rate": [0.5]})).runs()[0]
    plain = load_spec(iris(training={"learning_rate": 0.5})).runs()[0]
    assert varied.hash() == plain.hash()
    assert varied.variant != plain.variant


def test_a_fix_is_a_change_of_the_spec():
    run = load_spec(IRIS).runs()[0]
    fixed = run.changed({"training.learning_rate": 0.5, "training.early_stopping.patience": 3})
    assert fixed.training.learning_rate == 0.5
    assert fixed.training.early_stopping is not None
    assert fixed.training.early_stopping.patience == 3
    assert run.training.learning_rate == 0.001


def test_long_names_of_losses_mean_the_short_ones():
    assert load_spec(iris(model={"loss": "mean_squared_error"})).model.loss == "mse"


def test_titles_keep_no_control_or_direction_characters():
    assert load_spec(iris(title="a\u202eb\n<b>\x00")).title == "ab<b>"


REFUSED = {
    "unknown section": ({"foo": 1}, "foo", "no such setting"),
    "unknown setting": ({"training": {"lr": 1}}, "training.lr", "no such setting"),
    "wrong type": ({"training": {"learning_rate": "fast"}}, "training.learning_rate", "number"),
    "boolean for a number": ({"training": {"epochs": True}}, "training.epochs", "number"),
    "not a number": ({"training": {"learning_rate": float("nan")}}, "training.learning_rate", "finite"),
    "rate of zero": ({"training": {"learning_rate": 0}}, "training.learning_rate", "at least"),
    "rate beyond float32": ({"training": {"learning_rate": 1e300}}, "training.learning_rate", "at most"),
    "no epochs": ({"training": {"epochs": 0}}, "training.epochs", "at least 1"),
    "a billion epochs": ({"training": {"epochs": 10**9}}, "training.epochs", "at most"),
    "half an epoch": ({"training": {"epochs": 1.5}}, "training.epochs", "whole number"),
    "a million units": ({"model": {"layers": [10**6]}}, "model.layers.0", "at most"),
    "a thousand layers": ({"model": {"layers": [1] * 1000}}, "model.layers", "at most 100"),
    "more weights than memory": ({"model": {"layers": [8192] * 3}}, "model.layers", "at most 20,000,000"),
    "unknown optimizer": ({"training": {"optimizer": "sgdx"}}, "training.optimizer", "adam"),
    "unknown task": (
        {"data": {"source": "sample:iris", "target": "species", "task": "ranking"}},
        "data.task",
        "allowed: auto, regression, binary, multiclass, multilabel.",
    ),
    "unknown loss": ({"model": {"loss": "generalised"}}, "model.loss", f"allowed: auto, {', '.join(LOSSES)}."),
    "a number as loss": (
        {"model": {"loss": 3}},
        "model.loss",
        f"3 is not allowed; allowed: auto, {', '.join(LOSSES)}.",
    ),
    "unknown output activation": (
        {"model": {"output_activation": "softmix"}},
        "model.output_activation",
        f"allowed: auto, {', '.join(ACTIVATIONS)}.",
    ),
    "no outputs": ({"model": {"output_units": 0}}, "model.output_units", "auto or at least 1."),
    "outputs in words": ({"model": {"output_units": "two"}}, "model.output_units", "auto or a number."),
    "a number as target": ({"data": {"source": "sample:iris", "target": 3}}, "data.target", "allowed: text or a list."),
    "unknown schedule": ({"training": {"schedule": "cosin"}}, "training.schedule", "cosine"),
    "unknown schedule parameter": (
        {"training": {"schedule": {"name": "step", "evry": 1}}},
        "training.schedule.evry",
        "no such",
    ),
    "unknown initializer": ({"model": {"initializer": "he"}}, "model.initializer", "he_normal"),
    "foreign initializer parameter": (
        {"model": {"initializer": {"name": "zeros", "seed": 1}}},
        "model.initializer",
        "no parameters",
    ),
    "a web address as source": ({"data": {"source": "http://x/y.csv", "target": "y"}}, "data.source", "sample:NAME"),
    "columns of different length": (
        {"data": {"source": {"columns": {"x": [1], "y": [1, 2]}}, "target": "y"}},
        "data.source.columns",
        "same number of rows",
    ),
    "no target": ({"data": {"source": "sample:iris"}}, "data.target", "missing"),
    "unknown path to vary": ({"vary": {"training.lr": [1]}}, "vary.training.lr", "learning_rate"),
    "nothing to vary": ({"vary": {"training.epochs": []}}, "vary.training.epochs", "at least one"),
    "a bad value to vary": ({"vary": {"training.epochs": [1, "x"]}}, "training.epochs", "number"),
    "too many runs": ({"vary": {"training.seed": list(range(MAX_RUNS + 1))}}, "vary", "at most 512"),
    "another version": ({"version": 2}, "version", "allowed: 1"),
    "a monitor without rows": (
        {
            "data": {"source": "sample:iris", "target": "species", "validation_fraction": 0},
            "training": {"early_stopping": {}},
        },
        "training.early_stopping.monitor",
        "validation",
    ),
}


@pytest.mark.parametrize(("change", "where", "allowed"), REFUSED.values(), ids=REFUSED)
def test_a_bad_value_is_refused_in_one_sentence(change, where, allowed):
    with pytest.raises(InputRefused) as refused:
        load_spec(iris(**change))
    sentence = str(refused.value)
    assert refused.value.where == where
    assert allowed in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "pydantic" not in sentence.lower()


@pytest.mark.parametrize("value", [[], None, 5, b"{}"])
def test_what_is_no_spec_is_refused(value):
    with pytest.raises(InputRefused):
        load_spec(value)


def test_a_file_that_is_not_json_is_refused_with_its_line(tmp_path):
    path = tmp_path / "broken.json"
    path.write_text('{"data":\n nonsense}')
    with pytest.raises(InputRefused, match=r"broken\.json: is not JSON at line 2"):
        load_spec(path)


def test_a_missing_file_is_refused_without_its_folder(tmp_path):
    with pytest.raises(InputRefused) as refused:
        load_spec(tmp_path / "nowhere.json")
    assert str(tmp_path) not in str(refused.value)


def test_files_are_found_beside_their_spec():
    spec = load_spec(Path(__file__).parents[1] / "cases" / "nan-input.json")
    assert spec.runs()[0].base == (Path(__file__).parents[1] / "cases").resolve()
    assert "cases" not in spec.canonical_json()


def test_a_spec_cannot_be_changed():
    run = load_spec(IRIS).runs()[0]
    with pytest.raises(ValueError, match="frozen"):
        run.training.epochs = 5  # type: ignore[misc]
