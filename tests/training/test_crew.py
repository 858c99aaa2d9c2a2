"""A crew: the same results whoever trains, structures dealt out once, and a lost helper loses nothing."""

import os
import signal

import pytest

from core.data.prepare.cache import Preparation
from core.spec import load_spec
from core.training.crew import Crew

IRIS = load_spec(
    {
        "data": {"source": "sample:iris", "target": "species"},
        "training": {"epochs": 3},
        "vary": {"model.activation": ["relu", "tanh", "elu"]},
        "seeds": 2,
    }
).runs()


def histories(results):
    return [result.history for result in results]


@pytest.fixture(scope="module")
def alone():
    with Crew(Preparation(), helpers=0) as crew:
        return crew(IRIS)


@pytest.fixture(scope="module")
def pair():
    """This process and one helper, ready."""
    with Crew(Preparation(), helpers=1) as crew:
        crew.start()
        crew.await_helpers()
        yield crew


def test_results_come_in_the_order_of_the_runs(alone):
    assert [result.variant for result in alone] == [run.variant for run in IRIS]
    assert [result.seed for result in alone] == [run.training.seed for run in IRIS]


def test_a_helper_trains_the_same_histories(alone, pair):
    assert histories(pair(IRIS)) == histories(alone)
    assert set(pair.owners.values()) == {os.getpid(), *pair.helpers}


def test_a_structure_belongs_to_one_of_the_crew(pair):
    pair(IRIS)
    before = pair.owners
    pair(IRIS)
    assert pair.owners == before


def test_a_helper_that_dies_loses_no_run(alone, pair):
    pair(IRIS)
    os.kill(pair.helpers[0], signal.SIGKILL)
    assert histories(pair(IRIS)) == histories(alone)
    assert pair.helpers == ()
    assert set(pair.owners.values()) == {os.getpid()}


def test_light_work_calls_no_helper():
    with Crew(Preparation(), helpers=1) as crew:
        crew.call_helpers(IRIS[0])
        assert crew.helpers == ()


def test_data_that_is_refused_is_a_failed_result():
    run = load_spec({"data": {"source": "sample:iris", "target": "colour"}}).runs()[0]
    with Crew(Preparation(), helpers=0) as crew:
        (result,) = crew([run])
    assert result.state == "failed"
    assert "colour" in str(result.error)
