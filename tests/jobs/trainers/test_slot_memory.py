"""A trainer that takes too much memory is ended, and a run that was killed for it says so."""

import os
from pathlib import Path

import pytest

from core.errors import InputRefused
from core.jobs.trainers import slot
from core.settings import Settings
from core.training.memory import OUT_OF_MEMORY
from tests.jobs.conftest import Labs, fake_spec, finished, trainer_pids, until
from tests.jobs.fake import GREEDY, POISON, QUICK, STARVED

LEAST_MB = 400


def test_a_trainer_far_beyond_its_memory_is_ended_with_a_sentence_and_the_next_run_is_served(
    labs: Labs, settings: Settings
) -> None:
    lab = labs.start(settings.model_copy(update={"trainer_memory_mb": LEAST_MB}))
    lab.store.run_bytes = 2**40
    until(lambda: trainer_pids(lab))
    (before,) = trainer_pids(lab)
    greedy = lab.store.submit(fake_spec(GREEDY))
    assert finished(lab, greedy) == ["failed"]
    run = lab.store.experiment(greedy).runs[0]
    assert run.error is not None
    assert run.error.startswith("The training ran out of memory at ")
    assert run.error.endswith("; allowed: 419 MB, with a smaller batch, fewer units or fewer rows.")
    # What has taken too much once takes it again.
    assert run.attempt == 1
    assert finished(lab, lab.store.submit(fake_spec(QUICK))) == ["done"]
    assert trainer_pids(lab) != [before]


def test_a_run_whose_trainer_the_system_killed_for_memory_says_so(
    labs: Labs, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    kills = iter(range(100))
    monkeypatch.setattr(slot, "memory_kills", lambda: next(kills))
    lab = labs.start(settings)
    poison = lab.store.submit(fake_spec(POISON))
    assert finished(lab, poison) == ["failed"]
    run = lab.store.experiment(poison).runs[0]
    assert run.error is not None
    assert run.error.startswith("The trainer died twice (ran out of memory at ")
    assert "signal" not in run.error
    assert run.attempt == 2


def test_a_run_that_finds_no_memory_says_so_and_its_trainer_serves_on(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings)
    starved = lab.store.submit(fake_spec(STARVED))
    assert finished(lab, starved) == ["failed"]
    run = lab.store.experiment(starved).runs[0]
    assert (run.error, run.attempt) == (OUT_OF_MEMORY, 1)
    (before,) = trainer_pids(lab)
    assert finished(lab, lab.store.submit(fake_spec(QUICK))) == ["done"]
    assert trainer_pids(lab) == [before]


def test_a_run_too_large_for_a_trainer_is_not_queued(labs: Labs, settings: Settings) -> None:
    lab = labs.make(settings.model_copy(update={"trainer_memory_mb": LEAST_MB}))
    with pytest.raises(InputRefused, match=r"allowed: 52 MB"):
        lab.store.submit(fake_spec(QUICK))
    assert lab.store.experiments() == ()


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="Linux alone ranks processes so")
def test_a_trainer_goes_first_when_memory_runs_out(labs: Labs, settings: Settings) -> None:
    def rank(pid: int) -> int:
        return int(Path(f"/proc/{pid}/oom_score_adj").read_text())

    mine = rank(os.getpid())
    lab = labs.start(settings)
    until(lambda: trainer_pids(lab))
    assert rank(trainer_pids(lab)[0]) == 900
    assert rank(os.getpid()) == mine < 900
