"""A lab at work is harmed, and nothing of the work is lost."""

import pytest

from benchmarks.chaos import FAULTS, strike

ONES_THAT_ARE_QUICK = ("trainer killed", "diagnoser killed", "web process killed and started", "team: worker killed")


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", ONES_THAT_ARE_QUICK)
def test_runs_and_diagnoses_end_once_and_whole_whatever_is_killed(fault):
    row = strike(fault)
    assert row["sound"], row
    assert row["restarts"] >= (fault != "diagnoser killed"), "it was under way"


def test_each_fault_has_a_name_of_its_own():
    assert set(ONES_THAT_ARE_QUICK) <= FAULTS.keys()
    assert len(set(FAULTS.values())) == len(FAULTS)
