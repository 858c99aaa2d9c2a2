from typing import get_args

from core.jobs.storage.records import State
from core.training import result


def test_a_run_ends_as_a_training_does() -> None:
    assert {state for state in State if not state.unfinished} == set(get_args(result.Ending))
    assert [state for state in State if state.unfinished] == ["queued", "leased", "running"]
