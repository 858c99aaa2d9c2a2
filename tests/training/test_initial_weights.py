"""The weights a run starts with are those of a newly built model."""

import keras
import numpy as np
import pytest

from core.choices.initializers import INITIALIZERS
from core.data.prepare.prepared import prepare
from core.data.source import load_table
from core.spec import load_spec
from core.training.initial_weights import drawn_variables, initial_weights, initializer
from core.training.model import build_model

IRIS = {"data": {"source": "sample:iris", "target": "species"}}


def model_of(model, seed=3):
    run = load_spec(IRIS | {"model": model, "training": {"seed": seed}}).runs()[0]
    keras.utils.set_random_seed(seed)
    return run.model, build_model(run.model, prepare(run, load_table(run.data)))


MODELS = {
    "plain": {"layers": [5, 4]},
    "no hidden layer": {"layers": []},
    "dropout": {"layers": [5, {"units": 4, "dropout": 0.5}], "dropout": 0.1},
    "batch normalisation": {"layers": [5], "batch_normalization": True, "dropout": 0.2},
    "mixed initializers": {"layers": [5, {"units": 4, "initializer": "orthogonal"}, 3], "initializer": "he_normal"},
    "an initializer with parameters": {
        "layers": [4],
        "initializer": {"name": "random_uniform", "minval": -0.1, "maxval": 0.1},
    },
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_weights_are_those_of_a_newly_built_model(model):
    _, wanted = model_of(model, seed=3)
    spec, reused = model_of(model, seed=99)
    for variable, value in zip(drawn_variables(reused), initial_weights(reused, spec, seed=3), strict=True):
        variable.assign(value)
    for mine, theirs in zip(reused.variables, wanted.variables, strict=True):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())


def test_drawing_weights_leaves_pythons_generator_alone():
    import random

    spec, model = model_of({"layers": [5], "dropout": 0.5})
    random.seed(11)
    initial_weights(model, spec, seed=0)
    after = random.random()
    random.seed(11)
    assert after == random.random()


@pytest.mark.parametrize("name", INITIALIZERS)
def test_keras_has_every_initializer_of_the_spec(name):
    import inspect

    taken = inspect.signature(type(initializer(name)).__init__).parameters
    assert set(INITIALIZERS[name].parameters) <= set(taken)
