"""What is compiled ahead of a run: the run itself first, and nothing twice."""

from core.jobs.scheduling.foresight import likely_next
from core.spec import RunSpec, load_spec
from core.training.structure import structure_key

IRIS = {"source": "sample:iris", "target": "species"}


def models(**model):
    now, later = likely_next(spec(**model))
    assert not now.keys() & later.keys()
    return [(run["model"]["layers"], run["model"]["activation"]) for run in (now | later).values()]


def spec(vary=None, **model):
    return load_spec({"data": IRIS, "model": model, "vary": vary or {}})


def test_what_is_on_the_screen_comes_first_then_other_activations_and_one_more_layer():
    assert models(layers=[10, 5], activation="relu") == [
        ([10, 5], "relu"),
        ([10, 5], "tanh"),
        ([10, 5], "sigmoid"),
        ([10, 5, 5], "relu"),
    ]
    assert models(layers=[3], activation="gelu")[1:] == [
        ([3], "relu"),
        ([3], "tanh"),
        ([3], "sigmoid"),
        ([3, 3], "gelu"),
    ]


def test_a_network_without_layers_has_one_structure():
    assert len(models(layers=[])) == 1


def test_runs_that_share_a_structure_are_one_and_a_large_grid_is_cut():
    rates, _ = likely_next(spec(vary={"training.learning_rate": [0.1, 0.01, 0.001]}, layers=[4]))
    assert len(rates) == 1
    grid, neighbours = likely_next(spec(vary={"model.layers": [[units] for units in range(1, 21)]}))
    assert [run["model"]["layers"] for run in grid.values()] == [[1], [2], [3], [4]]
    assert len(neighbours) == 3
    assert all(key == structure_key(RunSpec.model_validate(run)) for key, run in (grid | neighbours).items())


def test_the_deepest_network_has_no_deeper_neighbour():
    deepest = next(n for n in range(1, 1000) if not deeper(n))
    assert all(len(layers) <= deepest for layers, _ in models(layers=[2] * deepest))


def deeper(count):
    from core.errors import InputRefused

    try:
        spec(layers=[2] * (count + 1))
    except InputRefused:
        return False
    return True
