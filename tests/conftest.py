"""How tests are shared out and seeded.

A file stays on one worker, and all browser tests on the same one, with one server.
"""

from pathlib import Path

import numpy as np
import pytest

BROWSER = Path(__file__).parent / "browser"
BENCHMARKS = Path(__file__).parent / "benchmarks"


def pytest_collection_modifyitems(items):
    for item in items:
        group = "browser" if BROWSER in item.path.parents else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
        if BENCHMARKS in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def _the_same_draws(request):
    """A test draws the same numbers alone as after others, and others than its module did."""
    if hasattr(request.module, "RNG"):
        request.module.RNG = np.random.default_rng(1)
