"""What Prometheus is told is what the lab says of itself."""

from prometheus_client.parser import text_string_to_metric_families

from core.jobs.lab import Lab
from core.settings import Settings
from core.ui.metrics import metrics
from tests.jobs.conftest import Labs, fake_spec
from tests.jobs.fake import QUICK


def samples(lab: Lab) -> dict[str, float]:
    families = text_string_to_metric_families(metrics(lab).decode())
    return {
        sample.name + "".join(sample.labels.values()): sample.value for family in families for sample in family.samples
    }


def test_what_waits_is_counted_and_nothing_is_said_of_what_it_is(tmp_path):
    labs = Labs()
    lab = labs.make(Settings(data=tmp_path / "data", slots=1))
    try:
        lab.store.submit(fake_spec(QUICK, title="a secret title", seeds=3))
        told = samples(lab)
        assert (told["losslab_runs_queued"], told["losslab_runs_running"]) == (3, 0)
        assert (told["losslab_dispatching"], told["losslab_slots"], told["losslab_problem"]) == (0, 0, 0)
        assert told["losslab_failures_total"] == 0
        assert told["process_resident_memory_bytes"] > 2**20
        assert b"secret" not in metrics(lab)
        lab.start()
        told = samples(lab)
        assert (told["losslab_dispatching"], told["losslab_slots"]) == (1, 1)
        assert {"losslab_trainersalive", "losslab_trainersready"} <= told.keys()
    finally:
        labs.stop()
