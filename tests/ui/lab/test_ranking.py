"""Settings ranked by skill over their seeds."""

import json
from datetime import UTC, datetime

import pytest

from core.diagnosis.evidence.limits import FEWEST_SEEDS
from core.jobs.storage.records import Experiment, Run, State
from core.spec import load_spec
from core.ui.lab.ranking import compare, in_short, rank, ranking_chart, verdict

COLOURS = [f"#00000{i}" for i in range(8)]


def experiment(skills, path="preprocessing.scaling", *, validation=0.2, states=None, seeds=3):
    """An experiment whose runs ended with `skills` {value: (one a seed)}; None = diverged."""
    spec = load_spec(
        {
            "data": {"source": "sample:iris", "target": "species", "validation_fraction": validation},
            "vary": {path: list(skills)},
            "seeds": seeds,
        }
    )
    specs = spec.runs()
    outcomes = [skill for several in skills.values() for skill in several]
    runs = []
    for index, (run, skill) in enumerate(zip(specs, outcomes, strict=True)):
        state = (states or {}).get(index, State.DIVERGED if skill is None else State.DONE)
        final = {"skill": 0.99 if validation else skill, "val_skill": skill if validation else None}
        runs.append(
            Run(
                id=index, index=index, variant=run.variant, seed=run.training.seed, state=state, attempt=1, epoch=1,
                epochs=1, seconds=0.1, error=None, diverged_at=None, final=final, specs=specs,
            )
        )  # fmt: skip
    return Experiment("x", "", datetime.now(UTC), spec, tuple(runs))


CLEAR = {"none": (0.1, 0.2, 0.15), "standard": (0.5, 0.6, 0.55), "minmax": (0.4, 0.5, 0.45)}


def test_the_best_median_comes_first():
    ranking = rank(experiment(CLEAR))
    assert ranking is not None
    assert [row.label for row in ranking.rows] == ["standard", "min-max", "unscaled"]
    assert ranking.rows[0].median == 0.55
    assert ranking.measure == "validation skill"


def test_training_skill_does_not_pass_for_validation_skill():
    ranking = rank(experiment(CLEAR, validation=0))
    assert ranking is not None
    assert ranking.measure == "training skill"
    assert "training skill" in json.dumps(ranking_chart(ranking, COLOURS))


def test_a_setting_that_mostly_diverges_is_last_however_good_its_one_seed():
    ranking = rank(experiment(CLEAR | {"standard": (None, 0.99, None)}))
    assert ranking is not None
    assert [row.label for row in ranking.rows] == ["min-max", "unscaled", "standard"]
    figure = json.dumps(ranking_chart(ranking, COLOURS))
    assert "2 of 3 without result" in figure
    assert "Infinity" not in figure


def test_a_winner_in_every_seed_is_told_apart_from_luck():
    clear, close = rank(experiment(CLEAR)), rank(experiment(CLEAR | {"minmax": (0.51, 0.52, 0.53)}))
    assert clear is not None
    assert close is not None
    assert "beats every other setting in each of 3 seeds" in verdict(clear)
    assert "luck" not in verdict(clear)
    assert "not ahead of “min-max”" in verdict(close)
    assert "unscaled" not in verdict(close)


def test_too_few_seeds_never_decide():
    ranking = rank(experiment({value: skills[:2] for value, skills in CLEAR.items()}, seeds=FEWEST_SEEDS - 1))
    assert ranking is not None
    assert "may be luck" in verdict(ranking)


def test_nothing_that_came_to_a_result_is_said():
    ranking = rank(experiment(dict.fromkeys(CLEAR, (None,) * 3)))
    assert ranking is not None
    assert verdict(ranking) == "No setting came to a result."


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING])
def test_an_unfinished_experiment_is_not_ranked(state):
    assert rank(experiment(CLEAR, states={4: state})) is None


def test_two_values_or_two_settings_are_not_ranked():
    assert rank(experiment({"none": (0.1,) * 3, "standard": (0.2,) * 3})) is None
    grid = load_spec(
        {
            "data": {"source": "sample:iris", "target": "species"},
            "vary": {"preprocessing.scaling": ["none", "standard"], "training.learning_rate": [0.1, 0.2]},
        }
    )
    assert rank(Experiment("x", "", datetime.now(UTC), grid, ())) is None


def test_cancelled_runs_do_not_count():
    ranking = rank(experiment(CLEAR, states={3: State.CANCELLED}))
    assert ranking is not None
    assert list(ranking.rows[0].seeds.values()) == [0.6, 0.55]


def test_colours_are_those_of_the_loss_chart():
    ranking = rank(experiment(CLEAR))
    assert ranking is not None
    bars = {trace["name"]: trace["marker"]["color"] for trace in ranking_chart(ranking, COLOURS)["data"][2::3]}
    assert bars == {"unscaled": COLOURS[0], "standard": COLOURS[1], "min-max": COLOURS[2]}


def test_a_hopeless_skill_does_not_squeeze_the_others():
    ranking = rank(experiment(CLEAR | {"none": (-1e9, -3.0, -2.0)}))
    assert ranking is not None
    figure = ranking_chart(ranking, COLOURS)
    assert figure["layout"]["xaxis"]["range"][0] > -0.7
    assert all(x >= -0.5 for trace in figure["data"] for x in trace["x"])
    assert "down to below −99" in figure["layout"]["annotations"][0]["text"]


def test_labels_are_text_for_plotly():
    ranking = rank(experiment({("<b>a</b>",): (0.1,) * 3, ("b",): (0.2,) * 3, ("c",): (0.3,) * 3}, "data.features"))
    assert ranking is not None
    assert "<b>a" not in json.dumps(ranking_chart(ranking, COLOURS))


def test_more_values_than_colours_are_grey_even_if_one_of_them_was_cancelled():
    rates = {10.0**-power: (0.1 * power,) * 3 for power in range(9)}
    ranking = rank(experiment(rates, "training.learning_rate", states=dict.fromkeys(range(3), State.CANCELLED)))
    assert ranking is not None
    assert len(ranking.rows) == len(COLOURS)
    colours = {trace["line"]["color"] for trace in ranking_chart(ranking, COLOURS)["data"] if trace["mode"] == "lines"}
    assert colours == {"#808080"}


def test_two_variants_are_judged_seed_by_seed():
    words = in_short(experiment({"none": (0.1, 0.2, 0.3), "standard": (0.3, 0.5, 0.51)}))
    assert words == (
        "“standard” beats “unscaled” in 3 of 3 seeds: validation skill 0.50 against 0.20, median gap per seed 0.21."
    )


def test_two_variants_that_take_turns_may_differ_by_luck():
    words = in_short(experiment({"none": (0.6, 0.2, 0.3), "standard": (0.3, 0.5, 0.51)}, validation=0))
    assert "in 2 of 3 seeds: training skill 0.50 against 0.30" in words
    assert words.endswith("Not in every seed: that may be luck.")


def test_a_variant_that_diverged_loses_the_seed_and_has_no_gap():
    words = in_short(experiment({"none": (None, None, None), "standard": (0.3, 0.5, 0.51)}))
    assert words.endswith("in 3 of 3 seeds: validation skill 0.50 against no result.")
    assert "inf" not in words
    once = in_short(experiment({"none": (None, 0.1, 0.1), "standard": (0.3, 0.5, 0.51)}))
    assert once.endswith("median gap per seed 0.41.")


FIVE = {"none": (0.1, 0.2, 0.1, 0.2, 0.1), "standard": (0.5, 0.6, 0.7, 0.6, 0.5), "minmax": (0.3,) * 5}


def test_seeds_that_were_cancelled_on_either_side_do_not_count_as_won():
    one_left = rank(experiment(FIVE, states=dict.fromkeys(range(11, 15), State.CANCELLED), seeds=5))
    assert one_left is not None
    assert "seeds in common that may be luck" in verdict(one_left)
    assert "beats" not in verdict(one_left)
    three_left = rank(experiment(FIVE, states=dict.fromkeys((13, 14), State.CANCELLED), seeds=5))
    assert three_left is not None
    assert "beats every other setting in each seed they have in common" in verdict(three_left)
    assert "5" not in verdict(three_left).replace("0.5", "")


def test_two_variants_with_one_seed_in_common_may_differ_by_luck():
    pair = {name: FIVE[name] for name in ("none", "standard")}
    words = in_short(experiment(pair, states=dict.fromkeys(range(1, 5), State.CANCELLED), seeds=5))
    assert "beats “unscaled” in 1 of 1 seeds" in words
    assert words.endswith("With so few seeds in common that may be luck.")
    none = in_short(experiment(pair, states=dict.fromkeys((0, 1, 2, 8, 9), State.CANCELLED), seeds=5))
    assert none.startswith("Undecided:")
    assert "the same" not in none


def test_a_higher_median_that_loses_most_seeds_is_not_ahead():
    pair = {"none": (0.1, 0.2, 0.5, 0.6, 0.7), "standard": (0.49, 0.48, 0.47, 0.71, 0.8)}
    words = in_short(experiment(pair, seeds=5))
    assert words == (
        "Undecided: “unscaled” has the higher median validation skill, 0.50 against 0.49, but beats “standard” in 1 of "
        "5 common seeds only."
    )


def test_equal_variants_are_called_equal():
    words = in_short(experiment({"none": (0.5,) * 3, "standard": (0.5,) * 3}))
    assert words == "“unscaled” and “standard” end with the same validation skill, 0.50."


def test_one_seed_decides_nothing_between_two_variants():
    assert "luck" in in_short(experiment({"none": (0.1,), "standard": (0.9,)}, seeds=1))


def test_what_is_ranked_is_not_said_again_nor_what_has_not_finished_or_has_no_rival():
    assert in_short(experiment(CLEAR)) == ""
    assert in_short(experiment({"none": (0.1,) * 3})) == ""
    pair = {"none": (0.1,) * 3, "standard": (0.2,) * 3}
    assert in_short(experiment(pair, states={1: State.RUNNING})) == ""
    assert in_short(experiment(pair, states=dict.fromkeys(range(3), State.CANCELLED))) == ""


def test_a_clear_winner_says_by_how_much_it_is_ahead_of_the_next():
    ranking = rank(experiment(CLEAR))
    assert ranking is not None
    assert verdict(ranking).endswith("in each of 3 seeds, the next, “min-max”, by 0.10 (median).")


def test_variants_that_are_compared_are_called_as_in_the_chart():
    comparison = compare(experiment({"none": (0.1,) * 3, "standard": (0.2,) * 3}))
    assert comparison is not None
    assert [row.label for row in comparison.rows] == ["standard", "unscaled"]
    assert comparison.path == ""
