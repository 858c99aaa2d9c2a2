"""A lab at work is harmed, and nothing of the work is lost."""

import pytest

from benchmarks.chaos import FAULTS, strike
from benchmarks.served_lab import a_team, a_team_with_a_far_worker

ONES_THAT_ARE_QUICK = ("trainer killed", "diagnoser killed", "web process killed and started", "team: worker killed")


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", ONES_THAT_ARE_QUICK)
def test_runs_and_diagnoses_end_once_and_whole_whatever_is_killed(fault):
    row = strike(fault)
    assert row["sound"], row
    assert row["restarts"] >= (fault != "diagnoser killed"), "it was under way"


def test_faults_of_a_team_strike_a_team():
    assert set(ONES_THAT_ARE_QUICK) <= FAULTS.keys()
    assert {FAULTS[name].room for name in FAULTS if name.startswith("team")} == {a_team, a_team_with_a_far_worker}
