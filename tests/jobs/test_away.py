"""The database server goes away while the lab is at work, and comes back: nothing is lost, nothing trained twice."""

import pytest

from benchmarks.postgres_server import Server
from core.errors import WorkFailed
from core.settings import Settings
from tests.jobs.conftest import Labs, fake_spec, finished, until
from tests.jobs.fake import QUICK, SLOW


def test_a_run_trains_on_and_what_waits_is_trained_afterwards(
    labs: Labs, settings: Settings, postgres_server: Server, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    lab = labs.start(settings.model_copy(update={"db_url": postgres_url}))
    experiment = lab.store.submit(fake_spec(SLOW, epochs=300))
    waiting = lab.store.submit(fake_spec(QUICK, seeds=3))
    until(lambda: lab.store.news(experiment).points)
    postgres_server.stop()
    until(lambda: "its epochs wait for the database" in caplog.text)
    with pytest.raises(WorkFailed, match="it cannot be reached"):
        lab.store.news(experiment)
    postgres_server.start()
    later = lab.store.submit(fake_spec(QUICK))
    for one, runs in ((experiment, 1), (waiting, 3), (later, 1)):
        assert finished(lab, one, 60) == ["done"] * runs
        assert {run.attempt for run in lab.store.experiment(one).runs} == {1}
    assert len(lab.store.results(experiment, [0])[0].history["loss"]) == 300
