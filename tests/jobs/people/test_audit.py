"""Who has done what, as it is written down."""

import json

import pytest

from core.__main__ import main
from core.errors import InputRefused
from core.jobs.people.audit import Deed, entries
from core.jobs.people.person import Person
from core.jobs.storage.viewer import Reach, Viewer
from tests.jobs.conftest import fake_spec
from tests.jobs.databases import each as database_url
from tests.jobs.fake import QUICK

__all__ = ["database_url"]

ADA = Person("ada", "Ada", "ada@school.example")


def seen_by(store, person):
    return store.seen_by(Viewer(person.id, frozenset({person.id}), person))


def told(store):
    return [(entry.name, entry.deed, entry.what) for entry in reversed(entries(store.database, 99))]


def test_what_somebody_does_is_written_down_in_order(store):
    theirs = seen_by(store, ADA)
    store.people.remember(ADA)
    experiment = theirs.submit(fake_spec(QUICK), "press")
    theirs.submit(fake_spec(QUICK), "press")  # nothing new
    theirs.diagnoses.ask(theirs.experiment(experiment), 0)
    for reach in (Reach.LINK, Reach.TEAM, Reach.PRIVATE):
        theirs.share(experiment, reach)
    theirs.delete(experiment)
    assert told(store) == [
        ("Ada", Deed.SIGNED_IN, ""),
        ("Ada", Deed.SUBMITTED, experiment),
        ("Ada", Deed.DIAGNOSED, experiment),
        ("Ada", Deed.SHARED_BY_LINK, experiment),
        ("Ada", Deed.SHARED_WITH_TEAM, experiment),
        ("Ada", Deed.HIDDEN, experiment),
        ("Ada", Deed.DELETED, experiment),
    ]


def test_what_is_refused_and_what_nobody_in_particular_does_is_not_in_it(store):
    experiment = store.submit(fake_spec(QUICK))
    with pytest.raises(InputRefused):
        seen_by(store, ADA).delete(experiment)
    store.delete(experiment)
    assert told(store) == []


def test_a_turn_of_a_knob_is_in_it_once_it_is_kept(store):
    theirs = seen_by(store, ADA)
    step = theirs.submit(fake_spec(QUICK), series="live")
    assert told(store) == []
    theirs.keep(step)
    theirs.keep(step)
    assert told(store) == [("Ada", Deed.SUBMITTED, step)]


def test_the_command_line_prints_it_newest_first(store, settings, monkeypatch, capsys):
    monkeypatch.setenv("LOSSLAB_DATA", str(settings.data))
    monkeypatch.setenv("LOSSLAB_DB_URL", settings.db_url)
    store.people.remember(ADA)
    experiment = seen_by(store, ADA).submit(fake_spec(QUICK))
    assert main(["audit", "--json"]) == 0
    assert [(row["deed"], row["what"]) for row in json.loads(capsys.readouterr().out)] == [
        ("submitted", experiment), ("signed in", ""),
    ]  # fmt: skip
    assert main(["audit"]) == 0
    assert "Ada" in capsys.readouterr().out
