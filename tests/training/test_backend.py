"""TensorFlow computes for the lab as the lab says, or the lab says that it does not."""

import os
import subprocess
import sys

import numpy as np
import pytest

from core.data.prepare.cache import Preparation
from core.spec import load_spec
from core.training.backend import tf
from core.training.run import train_run


@pytest.mark.parametrize("activation", ["relu", "elu", "tanh"])
def test_a_graph_keeps_what_is_no_number(activation):
    run = load_spec(
        {
            "data": {"source": "sample:flats?missing=0.05", "target": "price"},
            "preprocessing": {"missing": "keep"},
            "model": {"layers": [16], "activation": activation},
            "training": {"epochs": 3},
        }
    ).runs()[0]
    prepared = Preparation().of(run)
    assert np.isnan(prepared.x).any()
    assert (os.environ["TF_ENABLE_ONEDNN_OPTS"], train_run(run, prepared).state) == ("0", "diverged")
    assert np.isnan(tf.nn.relu(tf.constant([np.nan])).numpy()).all()


def test_who_loads_tensorflow_first_is_told_what_that_costs():
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": "1"}
    said = subprocess.run(
        [sys.executable, "-c", "import tensorflow, core.training.backend"],
        env=environment, capture_output=True, text=True, check=True, timeout=120,
    ).stderr  # fmt: skip
    assert "TensorFlow was loaded before Loss Lab" in said
