"""What the chart calls variants, and which colours they have."""

import json
from datetime import UTC, datetime
from secrets import token_hex

from core.jobs.storage.records import Experiment, Run, State
from core.plot import COLOURS
from core.spec import load_spec
from core.ui.chart.live import live_data
from core.ui.chart.names import distinct
from core.ui.chart.variant_colours import keep_apart, places_of

SCALING, RATE, LAYERS = "preprocessing.scaling", "training.learning_rate", "model.layers"


def experiment(vary, seeds=1, scaling="standard", **training):
    """An experiment that waits."""
    spec = load_spec(
        {
            "data": {"source": "sample:iris", "target": "species"},
            "preprocessing": {"scaling": scaling},
            "training": training,
            "vary": vary,
            "seeds": seeds,
        }
    )
    runs = tuple(
        Run(
            id=index, index=index, variant=run.variant, seed=run.training.seed, state=State.QUEUED, attempt=0, epoch=0,
            epochs=run.training.epochs, seconds=None, error=None, diverged_at=None, final=None, specs=spec.runs(),
        )
        for index, run in enumerate(spec.runs())
    )  # fmt: skip
    return Experiment(token_hex(8), "", datetime.now(UTC), spec, runs)


def test_only_what_differs_is_in_names():
    data = live_data(experiment({SCALING: ["none", "standard"], RATE: [0.1]}))
    assert data["settings"] == ["Scaling"]
    assert data["groups"] == ["unscaled", "standard"]
    assert [run["values"] for run in data["runs"]] == [["unscaled"], ["standard"]]
    assert live_data(experiment({}))["groups"] == ["this setting"]


def test_words_stand_alone_and_numbers_do_not():
    data = live_data(experiment({SCALING: ["minmax", "standard"], RATE: [0.1, 1e-5]}))
    assert data["groups"][0] == "min-max · learning rate 0.1"
    assert data["names"][0] == "min-max · 0.1"


def test_long_names_lose_their_settings_at_the_ends_of_curves():
    data = live_data(experiment({SCALING: ["none", "standard"], "model.batch_normalization": [False, True]}))
    assert data["groups"][1] == "unscaled · batch normalisation on"
    assert data["names"][1] == "unscaled · on"


def test_two_equal_names_are_numbered():
    assert distinct(["a", "b", "a", "a"]) == ["a", "b", "a (2)", "a (3)"]


def test_every_setting_is_told_once_for_all_runs():
    data = live_data(experiment({SCALING: ["none", "standard"]}, seeds=3, epochs=7))
    shared = dict(map(tuple, data["shared"]))
    assert (shared["Epochs"], shared["Learning rate"]) == ("7", "0.001")
    assert not {"Scaling", "First seed", "Seeds"} & set(shared)
    assert len(json.dumps(data["shared"])) < 3000


def test_a_value_that_is_added_recolours_nothing():
    known: dict[str, int] = {}
    two = {SCALING: ["none", "standard"], RATE: [0.001, 0.1]}
    assert places_of(experiment(two), known) == [0, 1, 2, 3]
    three = {SCALING: ["none", "standard"], RATE: [0.001, 0.01, 0.1]}
    assert places_of(experiment(three), known) == [0, 4, 1, 2, 5, 3]
    assert places_of(experiment({SCALING: ["standard"], RATE: [0.1, 0.001]}), known) == [3, 2]


def test_a_variant_is_recognised_when_more_begins_to_vary_and_when_something_changes_for_all():
    known: dict[str, int] = {}
    assert places_of(experiment({SCALING: ["standard", "none"]}), known) == [0, 1]
    assert places_of(experiment({SCALING: ["none", "standard"], LAYERS: [[10], [4]]}), known)[::2] == [1, 0]
    assert places_of(experiment({SCALING: ["none", "standard"]}, epochs=7), known) == [1, 0]


def test_no_two_variants_share_a_colour():
    known: dict[str, int] = {}
    places_of(experiment({SCALING: ["none"]}), known)
    places_of(experiment({SCALING: ["standard"]}), known)
    assert sorted(places_of(experiment({SCALING: ["none", "standard"]}), known)) == [0, 1]


def test_what_is_told_about_together_shares_no_colour_and_a_program_keeps_its_own():
    lesson, repair = experiment({SCALING: ["none", "minmax"]}), experiment({RATE: [0.001, 0.1]}, scaling="minmax")
    for known in ({}, dict.fromkeys([json.dumps({RATE: 0.1})], 0)):  # 0.1 was seen elsewhere, in the colour of unscaled
        keep_apart([lesson, repair], known)
        assert places_of(lesson, known) == [0, 1]
        assert places_of(repair, known) == [1, 2]
    for many in (lesson, experiment({RATE: [0.002 * (i + 1) for i in range(len(COLOURS))]})):
        keep_apart([many], known)  # with more variants than colours
        assert len(set(places_of(many, known))) == len({json.dumps(run.variant) for run in many.runs})


def test_a_shape_goes_with_each_colour():
    data = live_data(experiment({SCALING: ["none", "standard"]}), colours=[COLOURS[2], COLOURS[0]])
    assert data["places"] == [2, 0]


def test_more_variants_than_colours_have_no_place_and_take_none():
    known: dict[str, int] = {}
    many = experiment({RATE: [0.001 * (i + 1) for i in range(len(COLOURS) + 1)]})
    assert places_of(many, known) == []
    assert known == {}


def test_an_experiment_that_is_opened_again_has_the_colours_it_had():
    known: dict[str, int] = {}
    shown = [experiment({RATE: rates}) for rates in ([0.1, 0.01], [0.01, 0.001], [0.001, 0.1])]
    before = [places_of(one, known) for one in shown]
    assert len({tuple(places) for places in before}) > 1
    for _ in range(2):
        assert [places_of(one, known) for one in shown] == before
    assert [places_of(one, {}) for one in reversed(shown)] == before[::-1], (
        "after a reload, and for whoever has the link"
    )


def test_every_session_starts_with_the_same_colours():
    both = experiment({SCALING: ["none", "standard"]})
    assert places_of(both, {}) == places_of(both, {}) == [0, 1]
