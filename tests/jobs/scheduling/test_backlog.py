"""What comes before an experiment: nothing where a trainer is free, else the work of whoever was there first."""

import math
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import update

from core.data.source import load_table
from core.data.table import Table, pack, table_of
from core.errors import InputRefused, WorkFailed
from core.jobs.lab import Lab
from core.jobs.scheduling.backlog import Expectation, wait_seconds
from core.jobs.scheduling.queue import Chunk, Claim, Queue
from core.jobs.storage import schema, table_sizes
from core.jobs.storage.records import State
from core.settings import Settings
from core.spec import DataSpec, ExperimentSpec, load_spec
from tests.jobs.conftest import Labs, fake_spec, until
from tests.jobs.fake import QUICK, SLOW

MINE = fake_spec(QUICK)
ME = "me"


def expected(lab: Lab, spec: ExperimentSpec = MINE, size: tuple[int, int] | None = None) -> Expectation:
    """What I have to expect of a spec."""
    return lab.backlog.expected(spec, size, ME)


def started(runs: Queue) -> Claim:
    claim = runs.claim(runs.waiting()[0][1])
    assert claim is not None
    assert runs.start(claim)
    return claim


def began(lab: Lab, claim: Claim, seconds_ago: float) -> None:
    """Move the start of a run into the past."""
    with lab.store.database.write() as connection:
        run = schema.run
        connection.execute(update(run).where(run.c.id == claim.run).values(started=run.c.started - seconds_ago))


def test_nothing_comes_first_where_nothing_waits(labs: Labs, settings: Settings) -> None:
    lab = labs.make(settings)
    told = expected(lab)
    assert (told.wait_seconds, told.runs_ahead) == (0.0, 0)
    assert 0 < told.seconds < 10


def test_the_wait_grows_with_what_is_queued_and_ends_with_it(labs: Labs, settings: Settings) -> None:
    lab = labs.make(settings)
    waits = []
    for _ in range(3):
        other = lab.store.submit(fake_spec(SLOW, epochs=1000, seeds=4), owner=ME)
        told = expected(lab)
        waits.append(told.wait_seconds)
        assert math.isfinite(told.wait_seconds)
        assert told.seconds == expected(lab).seconds
    assert 0 < waits[0] < waits[1] < waits[2]
    assert expected(lab).runs_ahead == 12
    lab.store.delete(other)
    assert expected(lab).wait_seconds == pytest.approx(waits[1])


def test_of_what_others_have_queued_one_run_comes_before_each_of_mine(labs: Labs, settings: Settings) -> None:
    lab = labs.make(settings)
    for other in ("somebody", "somebody", "else"):
        lab.store.submit(fake_spec(SLOW, epochs=1000, seeds=40), owner=other)
    assert expected(lab).runs_ahead == 2
    lab.store.submit(fake_spec(SLOW, epochs=1000, seeds=3), owner=ME)
    assert expected(lab).runs_ahead == 3 + 2 * 4
    assert lab.backlog.expected(MINE).runs_ahead == 3


def test_one_run_in_training_leaves_a_second_slot_free(labs: Labs, settings: Settings, runs: Queue) -> None:
    lab = labs.make(settings.model_copy(update={"slots": 2}))
    lab.store.submit(fake_spec(SLOW, epochs=100_000), owner=ME)
    started(runs)
    assert (expected(lab).wait_seconds, expected(lab).runs_ahead) == (0.0, 1)
    lab.store.submit(fake_spec(SLOW, epochs=100_000), owner=ME)
    assert expected(lab).wait_seconds > 0


def test_what_was_measured_counts_more_than_what_was_estimated(labs: Labs, settings: Settings, runs: Queue) -> None:
    lab = labs.make(settings)
    lab.store.submit(fake_spec(QUICK, epochs=100, seeds=2), owner=ME)
    estimated = expected(lab).wait_seconds
    claim = started(runs)
    runs.renew(claim, [Chunk(1, 50, '{"loss":[1]}')])
    began(lab, claim, seconds_ago=52)
    # Half of the first run is left and the whole of the second, at a second per epoch beside two of compiling.
    assert expected(lab).wait_seconds == pytest.approx(150, rel=0.05)
    assert estimated < 15
    runs.finish(claim, State.DONE, result={"seconds": 102.0, "epochs": 100})


def test_a_run_that_only_compiles_so_far_says_nothing_of_its_pace(labs: Labs, settings: Settings, runs: Queue) -> None:
    lab = labs.make(settings)
    lab.store.submit(fake_spec(QUICK, epochs=1000), owner=ME)
    estimated = expected(lab).wait_seconds
    claim = started(runs)
    runs.renew(claim, [Chunk(1, 1, '{"loss":[1]}')])
    began(lab, claim, seconds_ago=1)
    assert expected(lab).wait_seconds <= estimated


def test_a_clock_that_was_set_back_gives_no_negative_wait(labs: Labs, settings: Settings, runs: Queue) -> None:
    lab = labs.make(settings)
    lab.store.submit(fake_spec(QUICK), owner=ME)
    claim = started(runs)
    runs.renew(claim, [Chunk(1, 5, '{"loss":[1]}')])
    began(lab, claim, seconds_ago=-3600)
    assert 0 <= expected(lab).wait_seconds < 60


def test_a_table_that_was_lost_is_no_reason_not_to_answer(labs: Labs, settings: Settings) -> None:
    lab = labs.make(settings)
    sha = lab.store.datasets.add(b"x,y\n1,2\n3,4\n", "t.csv")
    uploaded = fake_spec(QUICK, data={"source": f"dataset:{sha}", "target": "y"})
    lab.store.submit(uploaded, owner=ME)
    (settings.data / "datasets" / sha).unlink()
    lab = labs.make(settings)
    assert expected(lab).runs_ahead == 1
    assert expected(lab).wait_seconds == 0
    assert expected(lab, uploaded, (2, 1)).seconds > 0


def test_the_cells_of_a_table_are_not_read_to_tell_its_size(
    labs: Labs, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = labs.make(settings)
    wide = {f"x{i}": range(50) for i in range(9)} | {"y": range(50)}
    sha = lab.store.datasets.add(pack(table_of(pd.DataFrame(wide))), "t.csv")
    for source in (f"dataset:{sha}", {"columns": {name: list(cells) for name, cells in wide.items()}}):
        spec = fake_spec(QUICK, data={"source": source, "target": "y"})
        with monkeypatch.context() as patched:
            patched.setattr(table_sizes, "load_table", lambda *_, **__: pytest.fail("the table was loaded"))
            lab.store.submit(spec, owner=ME)
            assert expected(lab, MINE, (10, 2)).wait_seconds > 0
            # Columns as they are, the target among them.
            assert expected(lab, spec).seconds == expected(lab, spec, (50, 10)).seconds


def test_a_table_is_looked_at_once_however_many_experiments_use_it(
    labs: Labs, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = labs.make(settings)
    looks = []

    def load(data: DataSpec, dataset: Any) -> Table:
        looks.append(data.source)
        return load_table(data, dataset=dataset)

    monkeypatch.setattr(table_sizes, "load_table", load)
    for seeds in range(1, 5):
        lab.store.submit(fake_spec(QUICK, seeds=seeds), owner=ME)
        assert expected(lab).runs_ahead == seeds * (seeds + 1) // 2
    assert looks == [MINE.data.source]


def test_a_database_that_cannot_be_read_leaves_the_estimate_of_the_work_itself(
    labs: Labs, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = labs.make(settings)
    lab.store.submit(fake_spec(SLOW, epochs=1000, seeds=4), owner=ME)
    known = expected(lab)

    def fail() -> None:
        raise WorkFailed("The database could not be used just now.")

    monkeypatch.setattr(lab.store.database, "read", fail)
    assert expected(lab) == Expectation(known.seconds, 0.0, 0)
    assert known.runs_ahead == 4


def test_a_file_of_the_server_is_not_looked_at(labs: Labs, settings: Settings) -> None:
    with pytest.raises(InputRefused, match="files cannot be read here"):
        labs.make(settings).backlog.expected(load_spec({"data": {"source": "file:/etc/passwd", "target": "y"}}))


def test_the_wait_of_a_lab_at_work_is_over_when_its_runs_are(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=50_000, seeds=3), owner=ME)
    until(lambda: lab.store.news(experiment).points)
    assert expected(lab).runs_ahead == 3
    assert expected(lab).wait_seconds > 1
    lab.store.cancel(experiment)
    until(lambda: lab.store.news(experiment).finished)
    assert (expected(lab).wait_seconds, expected(lab).runs_ahead) == (0.0, 0)


def test_each_waiting_run_takes_the_slot_that_is_free_first() -> None:
    assert wait_seconds([], [], 2) == 0
    assert wait_seconds([80.0], [], 2) == 0
    assert wait_seconds([80.0, 1.0], [], 2) == 1
    assert wait_seconds([80.0, 1.0], [5.0, 5.0], 2) == 11
