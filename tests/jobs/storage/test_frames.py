"""The frames of runs: kept within bounds, told since a cursor, gone with their run."""

import json

import pytest
from sqlalchemy import func, select

from core.errors import InputRefused
from core.jobs.diagnosers.diagnosis_queue import DiagnosisQueue
from core.jobs.scheduling.queue import Queue
from core.jobs.storage import frames, schema
from core.jobs.storage.frames import FrameText, encode_frame
from core.jobs.storage.records import State
from core.jobs.storage.store import Store
from core.training.pictures.frame import SCENE, Frame
from tests.jobs.conftest import Labs, fake_spec, finished
from tests.jobs.fake import QUICK, SICK, SLOW


def text(epoch: float, *, passing: bool = False) -> FrameText:
    return FrameText(epoch, passing, encode_frame(Frame(epoch, {"fake": {"epoch": epoch}}, passing)))


def claimed(store: Store, runs: Queue, **changes):
    identity = store.submit(fake_spec(QUICK, **changes))
    structure = runs.waiting()[0][1]
    claim = runs.claim(structure)
    assert claim is not None
    assert runs.start(claim)
    return identity, claim


def epochs(store: Store, identity: str, run: int, since: int = 0) -> list[float]:
    return [frame.epoch for frame in store.pictures(identity, [run], since).frames]


def stored(store: Store) -> int:
    with store.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(schema.frame)) or 0


def test_a_frame_says_its_epoch_and_nothing_json_cannot_hold():
    kept = json.loads(encode_frame(Frame(3, {"a": {"y": [1.0, None]}, "b": None}, weights_of_epoch=2)))
    assert kept == {"epoch": 3, "pictures": {"a": {"y": [1.0, None]}, "b": None}, "weights_of_epoch": 2}
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode_frame(Frame(3, {"a": {"y": [float("nan")]}}))


def test_frames_are_told_once_and_in_order(store, runs):
    identity, claim = claimed(store, runs)
    runs.renew(claim, (), [text(SCENE), text(0)])
    first = store.pictures(identity, [claim.run])
    assert [frame.epoch for frame in first.frames] == [SCENE, 0]
    assert not first.finished
    runs.renew(claim, (), [text(1)])
    assert epochs(store, identity, claim.run, first.cursor) == [1]
    runs.finish(claim, State.DONE, frames=[text(2)])
    last = store.pictures(identity, [claim.run], first.cursor)
    assert ([frame.epoch for frame in last.frames], last.finished) == ([1, 2], True)
    assert store.pictures(identity, [claim.run], last.cursor).frames == ()
    assert len(store.pictures(identity, [claim.run], last.cursor + 10**6).frames) == 4


def test_a_passing_frame_makes_room_for_the_next_and_a_planned_one_stays(store, runs):
    identity, claim = claimed(store, runs)
    for epoch in range(100):
        runs.renew(claim, (), [text(epoch, passing=epoch % 10 != 0)])
    assert epochs(store, identity, claim.run) == [*range(0, 100, 10), 99]


def test_a_run_that_begins_again_forgets_what_it_showed_before(store, runs):
    identity, claim = claimed(store, runs)
    runs.renew(claim, (), [text(SCENE), text(0), text(1)])
    runs.died(claim, "killed")
    again = runs.claim(claim.structure)
    runs.start(again)
    assert epochs(store, identity, claim.run) == []
    runs.renew(again, (), [text(SCENE)])
    assert epochs(store, identity, claim.run) == [SCENE]
    assert stored(store) == 1


def test_whoever_lost_the_claim_stores_no_picture(store, runs):
    identity, claim = claimed(store, runs)
    runs.reconcile()
    assert runs.renew(claim, (), [text(0)]) is None
    assert epochs(store, identity, claim.run) == []


def test_the_oldest_frames_of_the_lab_make_room_for_new_ones(store, runs, monkeypatch):
    monkeypatch.setattr(frames, "MOST_FRAMES", 10)
    _, claim = claimed(store, runs)
    runs.renew(claim, (), [text(SCENE), *map(text, range(20))])
    second, other = claimed(store, runs)
    runs.renew(other, (), [text(SCENE)])
    assert stored(store) <= 11
    assert epochs(store, second, other.run) == [SCENE]


def test_frames_go_with_their_experiment(store, runs):
    identity, claim = claimed(store, runs)
    runs.renew(claim, (), [text(SCENE), text(0)])
    store.delete(identity)
    assert stored(store) == 0
    with pytest.raises(InputRefused):
        store.pictures(identity, [claim.run])


def test_runs_of_other_experiments_are_not_told(store, runs):
    _, claim = claimed(store, runs)
    other, _ = claimed(store, runs)
    runs.renew(claim, (), [text(0)])
    assert epochs(store, other, claim.run) == []


def test_the_frames_of_a_training_reach_the_store(settings, labs: Labs):
    lab = labs.make(settings)
    lab.start()
    identity = lab.store.submit(fake_spec(SLOW, epochs=30))
    assert finished(lab, identity) == [State.DONE]
    assert epochs(lab.store, identity, lab.store.experiment(identity).runs[0].id) == [SCENE, 30]


def test_trials_which_nobody_looks_at_have_no_pictures(store, runs):
    identity, claim = claimed(store, runs)
    assert claim.pictured
    store.diagnoses.ask(store.experiment(identity), 0)
    asked = DiagnosisQueue(store.database).claim()
    store.submit_runs(fake_spec(SICK).runs(), trials_of=asked)
    assert not runs.claim(runs.waiting()[0][1]).pictured


def test_runs_of_an_experiment_of_very_many_have_no_pictures(store, runs, monkeypatch):
    monkeypatch.setattr("core.jobs.scheduling.queue.MOST_PICTURED", 2)
    _, claim = claimed(store, runs, seeds=2)
    assert claim.pictured
    runs.finish(claim, State.DONE)
    runs.finish(runs.claim(runs.waiting()[0][1]), State.DONE)
    _, claim = claimed(store, runs, seeds=3)
    assert not claim.pictured
