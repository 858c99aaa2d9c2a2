from core.data.prepare.cache import Preparation
from core.spec import load_spec

RUN = load_spec({"data": {"source": "sample:iris", "target": "species"}}).runs()[0]


def test_runs_that_differ_only_in_training_share_their_arrays():
    preparation = Preparation()
    first = preparation.of(RUN)
    assert preparation.of(RUN.changed({"training.learning_rate": 0.5, "model.layers": [3]})) is first
    assert preparation.of(RUN.changed({"training.seed": 1})) is not first
    assert preparation.of(RUN.changed({"preprocessing.scaling": "none"})) is not first


def test_only_the_newest_arrays_are_kept():
    preparation = Preparation()
    first = preparation.of(RUN)
    for seed in range(1, 9):
        preparation.of(RUN.changed({"training.seed": seed}))
    assert preparation.of(RUN) is not first
