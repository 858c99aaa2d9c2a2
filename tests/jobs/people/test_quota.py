"""How much one person may ask of a lab."""

import hashlib
import time

import pytest
from sqlalchemy import select

from core.data.table import pack, read_table
from core.data.upload.recast import recast
from core.errors import InputRefused, WorkFailed
from core.jobs.diagnosers.diagnosis_queue import DiagnosisQueue
from core.jobs.people.person import Person
from core.jobs.scheduling.queue import Queue
from core.jobs.storage import schema
from core.jobs.storage.records import State
from core.jobs.storage.store import Store
from core.jobs.storage.viewer import Viewer
from core.spec import load_spec
from tests.jobs.conftest import fake_spec
from tests.jobs.databases import each as database_url
from tests.jobs.fake import QUICK

__all__ = ["database_url"]

ADA, EVE = (Viewer(who, frozenset({who}), Person(who, who, f"{who}@school.example")) for who in ("ada", "eve"))
IRIS_ROWS = 150


@pytest.fixture
def limited(settings):
    made = []

    def make(**limits):
        made.append(Store(settings.model_copy(update=limits)))
        return made[-1]

    yield make
    for store in made:
        store.close()


SEAT = Viewer("seat", frozenset({"ada", "seat"}), ADA.person)
"""Ada, in a class."""
GUEST = Viewer("guest", frozenset({"guest"}), guest=True)


def experiments(store):
    with store.database.read() as connection:
        return len(connection.execute(select(schema.experiment.c.id)).all())


def test_without_a_setting_nothing_is_limited_and_nothing_counted(store):
    for _ in range(3):
        store.seen_by(ADA).submit(fake_spec(QUICK, seeds=20))
    with store.database.read() as connection:
        assert connection.execute(select(schema.usage)).all() == []


def test_runs_of_one_person_beyond_the_limit_are_refused_and_leave_nothing(limited):
    store = limited(person_runs=3)
    ada = store.seen_by(ADA)
    ada.submit(fake_spec(QUICK, seeds=2))
    with pytest.raises(InputRefused, match=r"With this, 4 of your runs would wait or train.* at most 3"):
        ada.submit(fake_spec(QUICK, seeds=2))
    assert experiments(store) == 1
    ada.submit(fake_spec(QUICK))


def test_more_runs_at_once_than_anybody_may_have_are_not_put_off(limited):
    with pytest.raises(InputRefused, match=r"This is 4 runs, .* at most 3; give settings fewer values"):
        limited(person_runs=3).seen_by(ADA).submit(fake_spec(QUICK, seeds=4))


def test_whoever_sits_in_a_class_has_no_more_than_outside(limited):
    store = limited(person_runs=2)
    store.seen_by(ADA).submit(fake_spec(QUICK, seeds=2))
    with pytest.raises(InputRefused, match=r"at most 2"):
        store.seen_by(SEAT).submit(fake_spec(QUICK), owner="seat")
    store.seen_by(GUEST).submit(fake_spec(QUICK, seeds=2))


def test_the_limit_of_one_person_is_not_that_of_another_nor_of_the_lab(limited):
    store = limited(person_runs=2)
    store.seen_by(ADA).submit(fake_spec(QUICK, seeds=2))
    store.seen_by(EVE).submit(fake_spec(QUICK, seeds=2))
    store.submit(fake_spec(QUICK, seeds=5))


def test_what_has_ended_or_is_being_cancelled_counts_no_more(limited):
    store = limited(person_runs=2)
    ada, queue = store.seen_by(ADA), Queue(store.database, lease_seconds=30)
    first = ada.submit(fake_spec(QUICK, seeds=2))
    claim = queue.claim(queue.waiting()[0][1])
    assert claim is not None
    queue.start(claim)
    queue.finish(claim, State.DONE, result={})
    ada.submit(fake_spec(QUICK))
    training = queue.claim(queue.waiting()[0][1])
    assert training is not None
    queue.start(training)
    ada.cancel(first)
    ada.submit(fake_spec(QUICK))


def test_a_turn_of_a_knob_takes_the_place_of_the_turn_before(limited):
    ada = limited(person_runs=3).seen_by(ADA)
    for _ in range(4):
        ada.submit(fake_spec(QUICK, seeds=3), series="live")


def test_the_same_press_again_is_refused_by_no_limit(limited):
    ada = limited(person_runs=1, person_daily_million=1).seen_by(ADA)
    once = ada.submit(fake_spec(QUICK), "press")
    assert ada.submit(fake_spec(QUICK), "press") == once


def epochs(count, **changes):
    return load_spec({"data": {"source": "sample:iris", "target": "species", **changes}, "training": {"epochs": count}})


def test_rows_times_epochs_are_limited_per_person_and_day(limited, monkeypatch):
    store = limited(person_daily_million=1)
    ada = store.seen_by(ADA)
    ada.submit(epochs(6000))  # 0.9 million
    with pytest.raises(InputRefused, match=r"trains 0\.2 million .* 0\.1 million are left .* at most 1 million a day"):
        ada.submit(epochs(700))
    assert experiments(store) == 1
    ada.submit(epochs(600))
    store.seen_by(EVE).submit(epochs(6000))
    tomorrow = time.time() + 86_400
    monkeypatch.setattr(time, "time", lambda: tomorrow)
    ada.submit(epochs(6000))
    with store.database.read() as connection:
        (used,) = connection.execute(select(schema.usage)).all()
    assert (used.payer, used.row_epochs) == ("ada", 6000 * IRIS_ROWS), "yesterday is forgotten, Eve's too"


def test_a_sample_of_rows_counts_as_the_rows_it_has(limited):
    store = limited(person_daily_million=1)
    store.seen_by(ADA).submit(epochs(5000, rows=75))
    with store.database.read() as connection:
        (used,) = connection.execute(select(schema.usage)).all()
    assert (used.payer, used.row_epochs) == ("ada", 75 * 5000)


def test_what_was_deleted_stays_counted(limited):
    ada = limited(person_daily_million=1).seen_by(ADA)
    ada.delete(ada.submit(epochs(1_000_000 // IRIS_ROWS)))
    with pytest.raises(InputRefused, match="million a day"):
        ada.submit(epochs(10))


def test_uploads_of_one_person_are_limited_and_what_another_has_brought_is_free(limited):
    store = limited(person_uploads_mb=1)
    ada, eve = (store.seen_by(who).datasets for who in (ADA, EVE))
    ada.add(b"a" * 600_000, "a.csv")
    with pytest.raises(InputRefused, match=r"b\.csv: it takes 0\.6 MB and 0\.4 MB of your room .* at most 1 MB"):
        ada.add(b"b" * 600_000, "b.csv")
    with pytest.raises(InputRefused, match="no such table"):
        store.datasets.read(hashlib.sha256(b"b" * 600_000).hexdigest())
    eve.add(b"b" * 600_000, "b.csv")
    ada.add(b"b" * 600_000, "b.csv")
    store.datasets.add(b"c" * 1_200_000, "c.csv")


def test_a_file_is_counted_once_however_it_is_read(limited):
    ada = limited(person_uploads_mb=1).seen_by(ADA).datasets
    for reading in (b"x,y", b"x;y", b"x|y"):
        ada.add(reading * 100_000, "a.csv", b"f" * 600_000)
    with pytest.raises(InputRefused, match=r"0\.4 MB of your room"):
        ada.add(b"another", "b.csv", b"g" * 600_000)


def test_a_correction_takes_nothing_of_the_room(limited):
    ada = limited(person_uploads_mb=1).seen_by(ADA).datasets
    table = read_table(b"x,y\n1,2\n3,4\n5,6\n", "a.csv")
    base = ada.add(pack(table), "a.csv", b"f" * 2**20)
    assert ada.add(pack(recast(table, {"x": "category"}, f"dataset:{base}")), "a.csv") != base
    with pytest.raises(InputRefused, match=r"0\.0 MB of your room"):
        ada.add(pack(table) + b"another", "b.csv")


def test_what_was_kept_before_its_row_was_written_is_counted_the_next_time(limited, monkeypatch):
    store = limited(person_uploads_mb=1)
    ada = store.seen_by(ADA).datasets
    with monkeypatch.context() as away:
        away.setattr(store.database, "write", lambda: (_ for _ in ()).throw(WorkFailed("away")))
        with pytest.raises(WorkFailed):
            ada.add(b"a" * 600_000, "a.csv")
    ada.add(b"a" * 600_000, "a.csv")
    with pytest.raises(InputRefused, match=r"0\.4 MB of your room"):
        ada.add(b"b" * 600_000, "b.csv")


def test_trials_of_a_diagnosis_count_and_none_is_begun_once_nothing_is_left(limited):
    store = limited(person_daily_million=1)
    ada = store.seen_by(ADA)
    known = ada.experiment(ada.submit(epochs(6000)))
    queue = Queue(store.database, lease_seconds=30)
    claim = queue.claim(queue.waiting()[0][1])
    assert claim is not None
    queue.start(claim)
    queue.finish(claim, State.DONE, result={})
    ada.diagnoses.ask(known, 0)
    asked = DiagnosisQueue(store.database).claim()
    assert asked is not None
    store.submit_runs([run.spec.changed({"training.seed": 5}) for run in known.runs], trials_of=asked)
    with pytest.raises(InputRefused, match="trained 1 million rows × epochs today"):
        ada.diagnoses.ask(known, 0)
    store.diagnoses.ask(known, 0)
