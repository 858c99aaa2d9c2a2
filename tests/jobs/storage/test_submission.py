"""Runs that are no product of settings: an experiment of the first, and what differs."""

import json

import pytest
from sqlalchemy import select

from core.errors import InputRefused
from core.jobs.diagnosers.diagnosis_queue import DiagnosisClaim, DiagnosisQueue, StaleClaim
from core.jobs.scheduling.queue import Queue
from core.jobs.storage import schema
from core.jobs.storage.records import State
from core.jobs.storage.store import Store
from core.settings import Settings
from core.spec import RunSpec
from core.training.structure import structure_key
from tests.jobs.conftest import fake_spec
from tests.jobs.fake import QUICK

BASE = fake_spec(QUICK).runs()[0]
CHANGES: tuple[dict[str, object], ...] = (
    {},
    {"training.seed": 7, "training.learning_rate": 0.5},
    {"model.layers": [{"units": 4, "activation": "tanh"}, 3], "training.early_stopping": {"monitor": "loss"}},
    {"data.features": ["petal_length_cm"], "preprocessing.target_scaling": "standard"},
)


def runs_of(*changes: dict[str, object]) -> list[RunSpec]:
    return [BASE.changed(change) for change in changes]


def claimed(store: Store) -> DiagnosisClaim:
    store.diagnoses.ask(store.experiment(store.submit(fake_spec(QUICK))), 0)
    claim = DiagnosisQueue(store.database).claim()
    assert claim is not None
    return claim


def test_listed_runs_come_back_as_they_were_submitted(store: Store, settings: Settings) -> None:
    wanted = runs_of(*CHANGES)
    identity = store.submit_runs(wanted, title="Mine")
    other = Store(settings, verify=False)
    try:
        assert [run.hash() for run in other.run_specs(identity)] == [run.hash() for run in wanted]
    finally:
        other.close()
    experiment = store.experiment(identity)
    assert [run.spec.hash() for run in experiment.runs] == [run.hash() for run in wanted]
    assert experiment.title == "Mine"
    assert all("training.seed" not in run.variant for run in experiment.runs)
    assert experiment.runs[1].variant["training.learning_rate"] == 0.5
    assert experiment.runs[0].variant.keys() == experiment.runs[3].variant.keys()


def test_an_inline_table_is_written_once_for_a_list(store: Store) -> None:
    table = {"columns": {"x": list(range(500)), "y": list(range(500))}}
    base = BASE.changed({"data.source": table, "data.target": "y"})
    identity = store.submit_runs([base, base.changed({"training.seed": 3}), base.changed({"model.layers": [3]})])
    with store.database.read() as connection:
        rows = connection.execute(select(schema.run.c.variant).where(schema.run.c.experiment == identity)).all()
    assert all(len(row.variant) < 100 for row in rows)
    assert [list(json.loads(row.variant)) for row in rows] == [["model.layers"]] * 3


def test_seeds_alone_are_no_variant(store: Store) -> None:
    identity = store.submit_runs(runs_of({}, {"training.seed": 1}))
    assert [(run.variant, run.seed) for run in store.experiment(identity).runs] == [({}, 0), ({}, 1)]


def test_probing_travels_to_the_trainer(store: Store, runs: Queue) -> None:
    store.submit_runs(runs_of({}), probed=True)
    claim = runs.claim(structure_key(BASE))
    assert claim is not None
    assert claim.probed
    store.submit(fake_spec(QUICK))
    claim = runs.claim(structure_key(BASE))
    assert claim is not None
    assert not claim.probed


def test_results_are_those_of_the_chosen_runs(store: Store, runs: Queue) -> None:
    identity = store.submit(fake_spec(QUICK, seeds=3))
    for _ in range(2):
        claim = runs.claim(structure_key(BASE))
        assert claim is not None
        runs.start(claim)
        runs.finish(claim, State.DONE, result={"skill": float(claim.position)})
    assert store.unfinished(identity) == 1
    assert [(r.seed, r.skill, r.state) for r in store.results(identity, [1, 2])] == [
        (1, 1.0, "done"), (2, None, "queued")
    ]  # fmt: skip
    assert store.unfinished("nowhere") == 0


def test_the_same_trials_are_submitted_once(store: Store) -> None:
    claim = claimed(store)
    first = store.submit_runs(runs_of({}), "key", trials_of=claim)
    assert store.submit_runs(runs_of({}), "key", trials_of=claim) == first
    assert first not in [summary.id for summary in store.experiments()]


def test_a_cancelled_diagnosis_can_submit_nothing_more(store: Store) -> None:
    claim = claimed(store)
    trials = store.submit_runs(runs_of({}, {"training.seed": 1}), "key", trials_of=claim)
    store.diagnoses.cancel(claim.diagnosis)
    assert store.unfinished(trials) == 0
    with pytest.raises(StaleClaim):
        store.submit_runs(runs_of({}), "key", trials_of=claim)
    with pytest.raises(StaleClaim):
        store.submit_runs(runs_of({"training.seed": 5}), "other", trials_of=claim)
    assert len(store.experiments()) == 1


def test_a_stale_claim_writes_nothing(store: Store) -> None:
    queue, old = DiagnosisQueue(store.database), claimed(store)
    assert queue.progress(old, {"runs": 1})
    assert queue.reconcile() == 1
    new = queue.claim()
    assert new is not None
    assert (new.diagnosis, new.token != old.token) == (old.diagnosis, True)
    assert queue.trials_left(old) is None
    assert not queue.progress(old, {"runs": 9})
    assert not queue.finish(old, State.DONE, report={})
    assert not queue.died(old, "late")
    found = store.diagnoses.get(old.diagnosis)
    assert (found.state, found.progress, found.report) == (State.RUNNING, {"runs": 1}, None)
    assert queue.finish(new, State.DONE, report={"verdict": "healthy"})
    assert queue.claim() is None


def test_a_list_with_a_file_of_the_server_is_refused(store: Store) -> None:
    with pytest.raises(InputRefused, match="files of this computer"):
        store.submit_runs([BASE.changed({"data.source": "file:secret.csv"})])
    assert store.experiments() == ()
