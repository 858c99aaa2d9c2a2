"""Shared by the tests of training: a run and its arrays from a few words."""

import pytest

from core.data.prepare.prepared import prepare
from core.data.source import load_table
from core.spec import load_spec


@pytest.fixture
def trained():
    """Return (run, prepared, result) of a spec given by its sections."""
    from core.training.run import train_run

    def train(on_points=lambda *_: None, should_stop=lambda: False, probed=False, **sections):
        run = load_spec(sections).runs()[0]
        prepared = prepare(run, load_table(run.data, run.base))
        return run, prepared, train_run(run, prepared, on_points, should_stop, probed=probed)

    return train
