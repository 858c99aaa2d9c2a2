"""The knobs say every setting they claim to, and never lose one they cannot say."""

from collections.abc import Mapping
from typing import Any

import pytest

from core.choices.activations import ACTIVATIONS
from core.choices.encoders import ENCODERS
from core.choices.imputation import IMPUTATIONS
from core.choices.initializers import INITIALIZERS
from core.choices.losses import LOSSES
from core.choices.optimizers import OPTIMIZERS
from core.choices.outliers import OUTLIERS
from core.choices.scalers import SCALERS, TARGET_SCALERS
from core.errors import InputRefused
from core.lessons.glossary import GLOSSARY
from core.spec import load_spec
from core.spec.schedules import SCHEDULES
from core.ui.lab.knobs import (
    KNOBS,
    WORDS,
    in_words,
    knob_at,
    knobs_for,
    label_of,
    show_value,
    show_values,
    spec_of,
    values_of,
)
from core.ui.words import spoken_in

BASE = {"data": {"source": "sample:iris", "target": "species"}}


def test_choices_that_are_words_are_said_in_the_readers_language_and_what_is_typed_as_it_is_typed():
    assert {knob.say(token) for knob in KNOBS if not knob.typed for token in knob.choices} >= set(WORDS)
    with spoken_in("de"):
        assert show_value("preprocessing.scaling", "none") == "unskaliert"
        assert show_value("model.batch_normalization", True) == "an"
        assert show_value("model.layers", []) == "none"
        assert show_value("training.optimizer", "adam") == "Adam"


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.path)
def test_every_choice_of_a_knob_comes_back_from_the_spec_it_makes(knob):
    for token in knob.choices:
        spec = spec_of(load_spec(BASE), {knob.path: [token]})
        assert values_of(spec)[knob.path] == [token]
        assert not spec.vary


@pytest.mark.parametrize("knob", [knob for knob in KNOBS if not knob.single], ids=lambda knob: knob.path)
def test_two_values_of_a_knob_vary_that_setting_and_no_other(knob):
    two = list(knob.choices[:2])
    spec = spec_of(load_spec(BASE), {knob.path: two})
    assert list(spec.vary) == [knob.path]
    assert values_of(spec)[knob.path] == two
    assert spec_of(spec, values_of(spec)) == spec


def test_what_tries_rates_is_no_choice_of_the_schedule():
    knob = knob_at("training.schedule")
    assert knob is not None
    assert "cosine" in knob.choices
    assert "range_test" not in knob.choices


def lines(hint):
    return [line for line in hint.splitlines() if line.startswith("- ")]


TABLES: dict[str, Mapping[str, Any]] = {
    "model.activation": ACTIVATIONS, "model.output_activation": ACTIVATIONS, "model.loss": LOSSES,
    "model.initializer": INITIALIZERS, "training.optimizer": OPTIMIZERS,
    "training.schedule": {name: kind for name, kind in SCHEDULES.items() if not kind.tries},
    "preprocessing.scaling": SCALERS, "preprocessing.target_scaling": TARGET_SCALERS,
    "preprocessing.missing": IMPUTATIONS, "preprocessing.encoding": ENCODERS, "preprocessing.outliers": OUTLIERS,
}  # fmt: skip


@pytest.mark.parametrize("knob", [knob for knob in KNOBS if knob.path in TABLES], ids=lambda knob: knob.path)
def test_every_choice_of_a_table_is_explained_once_chosen_and_the_usual_ones_before(knob):
    table = TABLES[knob.path]
    for name in set(knob.choices) - {"auto"}:
        about = getattr(table[name], "help", table[name].__doc__)
        called = name if knob.say(name) == name else f"{knob.say(name)} (`{name}`)"
        assert f"- {called}: {about}" in lines(knob.hint([name]))
    assert lines(knob.hint([]))[0].startswith(f"- {knob.say(next(iter(table)))}")
    offered = {name for name, entry in table.items() if getattr(entry, "offered", True)}
    assert set(knob.choices) - {"auto"} == offered


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.path)
def test_a_tooltip_has_no_more_lines_than_fit(knob):
    for chosen in ([], [knob.choices[-1]], knob.choices):
        hint = knob.hint(chosen)
        assert hint.startswith(f"{knob.help}\n")
        assert hint.endswith(f"\nIn a spec `{knob.path}`; empty means {knob.say(knob.default)}.")
        assert len(lines(hint)) <= 8
    assert ("more, explained here once chosen" in knob.hint([])) == (len(knob.meanings) > 8)


def test_a_label_that_is_a_word_of_the_glossary_is_explained_by_it():
    by_label = {knob.label: knob.hint([]) for knob in KNOBS}
    assert f"\n**learning rate**: {GLOSSARY['learning rate']}\n" in by_label["Learning rate"]
    assert "**" not in by_label["Scaling"]


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.path)
def test_an_empty_knob_is_the_default(knob):
    changed = spec_of(load_spec(BASE), {knob.path: [knob.choices[-1]]})
    assert spec_of(changed, {knob.path: []}) == load_spec(BASE)
    assert knob.default in knob.choices or knob.typed


@pytest.mark.parametrize(
    "section",
    [
        {"model": {"layers": [{"units": 8, "dropout": 0.5}]}},
        {"model": {"initializer": {"name": "random_uniform", "minval": -0.05, "maxval": 0.05}}},
        {"training": {"schedule": {"name": "step", "factor": 0.1, "every": 7}}},
        {"training": {"early_stopping": {"monitor": "loss", "patience": 3}}},
        {"vary": {"model.layers": [[8], [{"units": 8, "activation": "tanh"}]]}},
        {"vary": {"training.early_stopping.patience": [1, 5]}},
        {"vary": {"data.target": ["species", "petal length"]}},
    ],
)
def test_what_no_knob_can_say_stays_when_another_knob_turns(section):
    base = load_spec(BASE | section)
    turned = spec_of(base, values_of(base) | {"training.learning_rate": ["0.5"]})
    assert turned.training.learning_rate == 0.5
    assert turned.vary == base.vary
    assert turned.model == base.model
    assert (turned.training.schedule, turned.training.early_stopping) == (
        base.training.schedule,
        base.training.early_stopping,
    )


@pytest.mark.parametrize(
    ("path", "token"),
    [
        ("training.learning_rate", "fast"),
        ("model.layers", "16; 16"),
        ("training.batch_size", "1.5"),
        ("preprocessing.scaling", "<b>"),
        ("training.optimizer", "__import__"),
    ],
)
def test_a_typed_value_that_means_nothing_is_refused_in_one_sentence(path, token):
    with pytest.raises(InputRefused) as refusal:
        spec_of(load_spec(BASE), {path: [token]})
    assert label_of(path) in str(refusal.value)
    assert "Traceback" not in str(refusal.value)


def test_typed_values_may_be_written_the_usual_ways():
    typed = {"training.learning_rate": ["1e-4", "0,5"], "model.layers": ["16,16", "none"]}
    spec = spec_of(load_spec(BASE), typed)
    assert spec.vary == {"training.learning_rate": (1e-4, 0.5), "model.layers": ([16, 16], [])}


def test_the_same_value_chosen_twice_is_one_run():
    spec = spec_of(load_spec(BASE), {"training.learning_rate": ["0.1", "1e-1", "0.1"]})
    assert len(spec.runs()) == 1


def test_target_scaling_is_offered_for_numbers_only():
    assert "preprocessing.target_scaling" in {knob.path for knob in knobs_for("regression")}
    assert "preprocessing.target_scaling" not in {knob.path for knob in knobs_for("binary")}


def test_values_are_shown_in_words():
    assert show_value("model.layers", [16, 16]) == "16, 16"
    assert show_value("data.features", ["load", "speed"]) == "load, speed"
    assert show_value("data.source", "sample:flats?noise=3&missing=0.01") == "Flats: noise 3, 1 % of cells empty"
    assert show_value("data.source", "sample:xor") == "XOR"
    assert show_value("model.layers", []) == "none"
    assert show_value("model.layers", [8, *[16] * 30, 4]) == "8, 16 × 30, 4"
    assert show_value("training.schedule", {"name": "step", "factor": 0.1, "every": 7}) == "step, factor 0.1, every 7"
    assert show_value("training.early_stopping", None) == "off"
    assert show_value("data.target", "a\u202eb") == "ab"


def test_a_refusal_names_the_knob_and_not_the_path():
    with pytest.raises(InputRefused) as refused:
        load_spec(
            BASE | {"data": BASE["data"] | {"validation_fraction": 0}, "training": {"early_stopping": {"patience": 5}}}
        )
    said = in_words(refused.value)
    assert said.startswith("Early stopping: val_loss needs validation rows; allowed: Validation share above 0")
    assert "training." not in said


def test_a_refusal_of_no_knob_keeps_its_words():
    assert in_words(InputRefused("my.csv: data.target is empty.", "my.csv")) == "my.csv: data.target is empty."
    assert in_words(InputRefused("vary: 600 runs are too many, allowed: at most 512.")).startswith("600 runs")


@pytest.mark.parametrize("path", ["model.layers", "model.layers.1"])
def test_what_is_inside_a_setting_belongs_to_its_knob(path):
    knob = knob_at(path)
    assert knob is not None
    assert knob.label == "Hidden layers"


@pytest.mark.parametrize("path", ["", "model", "data.target", "training.epochs_more"])
def test_other_places_have_no_knob(path):
    assert knob_at(path) is None


def test_many_equal_layers_can_be_typed_as_they_are_shown():
    layers = knob_at("model.layers")
    assert layers is not None
    assert layers.read("16 × 20") == layers.read("16*20") == [16] * 20
    assert layers.read("8, 16×3, 4") == [8, 16, 16, 16, 4]
    for nonsense in ("16 ×", "× 3", "16 × a", "16 × 2 × 2"):
        with pytest.raises(InputRefused):
            layers.read(nonsense)
    assert len(layers.read("16 × 9999999999")) == 101


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (
            ["sample:loans?n=2000&defaults=0.5", "sample:loans?n=2000&defaults=0.03"],
            ["50 % not paid back", "3 % not paid back"],
        ),
        (["sample:flats?missing=0.01", "sample:flats"], ["1 % of cells empty", "Flats"]),
        (["sample:line?n=1000", "sample:sine?n=1000"], ["Line: 1,000 rows", "Sine: 1,000 rows"]),
        (["sample:iris", {"columns": {"x": [1]}}], None),
    ],
)
def test_of_samples_of_one_kind_only_what_sets_them_apart_is_said(values, shown):
    assert show_values("data.source", values) == (shown or [show_value("data.source", value) for value in values])
