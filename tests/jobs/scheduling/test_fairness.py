"""Turns: who trains least is next, then who has used least lately."""

from sqlalchemy import select

from core.jobs.diagnosers.diagnosis_queue import DiagnosisQueue
from core.jobs.lab import Lab
from core.jobs.scheduling.fairness import HALF_LIFE_SECONDS, Fairness
from core.jobs.scheduling.queue import Queue
from core.jobs.storage import schema
from core.jobs.storage.records import State
from core.jobs.storage.store import Store
from core.settings import Settings
from tests.jobs.conftest import Labs, fake_spec, until
from tests.jobs.fake import QUICK, SLOW


def test_who_trains_nothing_comes_before_who_trains():
    fairness = Fairness()
    fairness.gave("slot-1", "a")
    assert fairness.order(["a", "b"]) == ["b", "a"]
    fairness.gave("slot-2", "b")
    assert fairness.order(["a", "b"]) == ["a", "b"]


def test_among_equals_who_has_used_least_is_next_and_then_who_came_first():
    fairness = Fairness()
    fairness.look((), 100.0)
    fairness.gave("slot-1", "a")
    fairness.look({"slot-1"}, 105.0)
    fairness.look((), 110.0)
    assert fairness.order(["a", "b", "c"]) == ["b", "c", "a"]
    fairness.gave("slot-1", "b")
    fairness.look((), 111.0)
    assert fairness.order(["a", "b", "c"]) == ["c", "b", "a"]


def test_what_was_used_long_ago_is_forgotten():
    fairness = Fairness()
    fairness.look((), 1.0)
    fairness.gave("slot-1", "a")
    fairness.look((), 11.0)
    fairness.gave("slot-1", "b")
    fairness.look((), 17.0)
    assert fairness.order(["a", "b"]) == ["b", "a"]
    fairness.look((), 17.0 + 20 * HALF_LIFE_SECONDS)
    assert fairness.order(["a", "b"]) == ["a", "b"]


def test_nobody_is_passed_over_for_long_however_many_newcomers_there_are():
    fairness = Fairness()
    fairness.look((), 1.0)
    turns = []
    for second in range(1, 100):
        fairness.look((), float(second))
        turns.append(fairness.order(["old", f"new {second}"])[0])
        fairness.gave("slot-1", turns[-1])
    assert 2 <= turns.count("old") <= 5


def test_trials_have_the_turn_of_their_diagnosis_whoever_owns_what_is_diagnosed(store: Store, runs: Queue) -> None:
    diagnosed = store.experiment(store.submit(fake_spec(QUICK), owner="a"))
    store.diagnoses.ask(diagnosed, 0)
    asked = DiagnosisQueue(store.database).claim()
    assert asked is not None
    store.submit_runs([diagnosed.runs[0].spec], trials_of=asked)
    assert [one.who for one in runs.waiting()] == ["a", asked.diagnosis]


def test_the_queue_knows_whose_runs_wait(store: Store, runs: Queue) -> None:
    first = store.submit(fake_spec(QUICK, seeds=2), owner="a")
    store.submit(fake_spec(QUICK, model={"layers": [3]}), owner="a")
    nobody = store.submit(fake_spec(QUICK))
    waiting = runs.waiting()
    assert [one.who for one in waiting] == ["a", "a", nobody]
    assert len({one.structure for one in waiting}) == 2
    claim = runs.claim(waiting[0].structure, nobody)
    assert claim is not None
    assert claim.experiment == nobody
    assert runs.claim(waiting[0].structure, nobody) is None
    claim = runs.claim(waiting[0].structure, "a")
    assert claim is not None
    assert claim.experiment == first


def test_a_hundred_runs_of_one_delay_the_first_of_another_by_one(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings)
    many = lab.store.submit(fake_spec(SLOW, epochs=3, seeds=100), owner="a")
    until(lambda: ended(lab, many) >= 3)
    one = lab.store.submit(fake_spec(QUICK), owner="b")
    before = ended(lab, many)
    until(lambda: lab.store.unfinished(one) == 0)
    # One that trained, one that may have begun between the two looks.
    assert ended(lab, many) - before <= 2
    assert ended(lab, many) < 100


def test_two_who_wait_take_turns(labs: Labs, settings: Settings) -> None:
    lab = labs.make(settings)
    # Long enough that a pause of the machine is little beside them.
    theirs = {who: lab.store.submit(fake_spec(SLOW, epochs=25, seeds=10), owner=who) for who in ("a", "b")}
    lab.start()
    until(lambda: all(lab.store.unfinished(identity) == 0 for identity in theirs.values()))
    order = select(schema.run.c.experiment).order_by(schema.run.c.started)
    with lab.store.database.read() as connection:
        turns = list(connection.scalars(order))
    assert len(turns) == 20
    assert len(set(turns[:2])) == 2  # whoever has used nothing yet comes next, however long the first one took
    assert min(turns[:10].count(identity) for identity in theirs.values()) >= 2


def ended(lab: Lab, experiment: str) -> int:
    return sum(run.state == State.DONE for run in lab.store.experiment(experiment).runs)
