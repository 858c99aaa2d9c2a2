"""How tests are shared out and seeded.

A file stays on one worker, and all browser tests on the same one, with one server.
"""

import os
from pathlib import Path

import numpy as np
import pytest
from xdist.scheduler import LoadScopeScheduling

from core.training.arithmetic import ARITHMETIC

# Some test files import Keras before they import the lab, which is too late then.
os.environ.update(ARITHMETIC)

BENCHMARKS = Path(__file__).parent / "benchmarks"


class _ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """Deals out files. (xdist's own groups do nothing since pytest 9.2: it renames tests in a way that is ignored.)"""

    def _split_scope(self, nodeid):
        file = nodeid.partition("::")[0]
        return "browser" if file.startswith("tests/browser/") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return _ByFile(config, log)


def pytest_collection_modifyitems(items):
    for item in items:
        if BENCHMARKS in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def _the_same_draws(request):
    """A test draws the same numbers alone as after others, and others than its module did."""
    if hasattr(request.module, "RNG"):
        request.module.RNG = np.random.default_rng(1)
