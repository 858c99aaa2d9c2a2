"""A lab with two people, an admin, a guest of a class and a stranger, behind a proxy that says who is who."""

from dataclasses import dataclass

import pytest

from core.jobs import lab as lab_module
from core.jobs.diagnosers.diagnosis_queue import DiagnosisQueue
from core.jobs.people.person import person_of
from core.jobs.scheduling.queue import Queue
from core.jobs.storage import schema
from core.jobs.storage.records import Experiment, State
from core.jobs.storage.store import Store
from core.jobs.storage.viewer import Reach, Viewer
from core.ui.data import tables
from tests.jobs.conftest import fake_spec
from tests.jobs.fake import QUICK

SECRET = "The secret of Ada"
EMAILS = {name: f"{name}@school.example" for name in ("owner", "other", "admin")}


@pytest.fixture
def lab(tmp_path, monkeypatch):
    import streamlit as st

    monkeypatch.setenv("LOSSLAB_DATA", str(tmp_path))
    monkeypatch.setenv("LOSSLAB_SIGN_IN", "header")
    monkeypatch.setenv("LOSSLAB_ADMINS", EMAILS["admin"])
    lab_module._lab.cache_clear()
    st.cache_resource.clear()
    tables.TABLES.clear()
    yield lab_module.get_lab()
    lab_module.get_lab().store.close()
    lab_module._lab.cache_clear()


def viewer_named(who: str, settings) -> Viewer:
    """The viewer of a person, of a guest, or of a stranger where classes have no guests."""
    person = person_of({"email": EMAILS.get(who)}, settings)
    if person is None:
        return Viewer(guest=who == "guest")
    return Viewer(person.id, frozenset({person.id}), person)


@dataclass
class Case:
    """An experiment of the owner, with a diagnosis that has trials."""

    store: Store
    experiment: str
    diagnosis: str
    trial: str
    known: Experiment


def case(store: Store, owner: Viewer, reach: Reach = Reach.PRIVATE, title: str = SECRET) -> Case:
    theirs = store.seen_by(owner)
    experiment = theirs.submit(fake_spec(QUICK, title=title, seeds=2))
    queue = Queue(store.database, lease_seconds=30)
    for _ in range(2):
        claim = queue.claim(queue.waiting()[0][1])
        assert claim is not None
        queue.start(claim)
        queue.finish(claim, State.DONE, result={"skill": 0.5, "val_skill": 0.25})
    found = theirs.experiment(experiment)
    diagnosis = theirs.diagnoses.ask(found, 0)
    while (asked := DiagnosisQueue(store.database).claim()) is None or asked.diagnosis != diagnosis:
        assert asked is not None
    trial = store.submit_runs([found.runs[0].spec], trials_of=asked)
    with store.database.write() as connection:
        values = {"reach": reach}
        connection.execute(schema.experiment.update().where(schema.experiment.c.id == experiment).values(values))
    return Case(store, experiment, diagnosis, trial, store.experiment(experiment))
