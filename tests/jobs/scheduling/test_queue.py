import threading

from sqlalchemy import select

from core.jobs.scheduling.queue import MAX_ATTEMPTS, Chunk, Claim, Queue
from core.jobs.storage import schema
from core.jobs.storage.records import State
from core.jobs.storage.store import Store
from tests.jobs.conftest import fake_spec, states
from tests.jobs.fake import QUICK, SLOW


def claimed(runs: Queue) -> Claim:
    claim = runs.claim(runs.waiting()[0][1])
    assert claim is not None
    return claim


def test_a_run_is_claimed_once_by_many_threads(store: Store, runs: Queue) -> None:
    store.submit(fake_spec(QUICK, seeds=8))
    structure = runs.waiting()[0][1]
    claims: list[Claim | None] = []
    threads = [threading.Thread(target=lambda: claims.append(runs.claim(structure))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    got = [claim.run for claim in claims if claim is not None]
    assert len(got) == len(set(got)) == 8


def test_the_oldest_run_of_a_structure_comes_first(store: Store, runs: Queue) -> None:
    store.submit(fake_spec(QUICK, seeds=2), owner="me")
    store.submit(fake_spec(SLOW), owner="me")
    store.submit(fake_spec(QUICK), owner="me")
    assert [one.run for one in runs.waiting()] == [1, 3]
    assert [claimed(runs).run for _ in range(4)] == [1, 2, 3, 4]
    assert runs.waiting() == []


def test_a_claim_is_started_once(store: Store, runs: Queue) -> None:
    experiment = store.submit(fake_spec(QUICK))
    claim = claimed(runs)
    assert runs.start(claim)
    assert not runs.start(claim)
    assert store.experiment(experiment).runs[0].attempt == 1


def test_a_zombie_changes_nothing(store: Store) -> None:
    late = Queue(store.database, lease_seconds=-1)
    experiment = store.submit(fake_spec(QUICK))
    zombie = claimed(late)
    assert late.start(zombie)
    assert late.expire() == 1
    owner = claimed(late)
    assert late.start(owner)
    late.renew(owner, [Chunk(1, 1, '{"loss":[7]}')])
    before = store.news(experiment)

    assert late.renew(zombie, [Chunk(2, 2, '{"loss":[8]}')]) is None
    assert late.cancel_asked(zombie) is None
    assert not late.finish(zombie, State.DONE, [Chunk(2, 2, '{"loss":[8]}')])
    assert not late.died(zombie, "signal 9")

    after = store.news(experiment)
    assert (after.runs, after.points) == (before.runs, before.points)


def test_a_lease_that_is_renewed_does_not_expire(store: Store, runs: Queue) -> None:
    store.submit(fake_spec(QUICK))
    runs.start(claimed(runs))
    assert runs.expire() == 0


def test_a_run_that_goes_on_counts_the_time_it_had_before(store: Store, runs: Queue) -> None:
    store.submit(fake_spec(QUICK))
    claim = claimed(runs)
    assert runs.start(claim) == 1

    def started() -> float:
        with store.database.read() as connection:
            return float(connection.scalar(select(schema.run.c.started)) or 0)

    before = started()
    assert runs.resumed(claim, 90.0)
    assert started() == before - 90
    runs.reconcile()
    assert not runs.resumed(claim, 90.0)


def test_an_expired_lease_burns_no_death(store: Store) -> None:
    late = Queue(store.database, lease_seconds=-1)
    experiment = store.submit(fake_spec(QUICK))
    for _ in range(3):
        assert late.start(claimed(late))
        late.expire()
    assert states(store, experiment) == ["queued"]


def test_a_run_that_takes_whoever_trains_it_along_fails_in_the_end(store: Store) -> None:
    late = Queue(store.database, lease_seconds=-1)
    experiment = store.submit(fake_spec(QUICK))
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert states(store, experiment) == ["queued"]
        assert late.start(claimed(late)) == attempt
        late.expire()
    assert states(store, experiment) == ["failed"]
    error = store.experiment(experiment).runs[0].error
    assert error == "The training was begun 10 times and its worker lost without a word; it may be the cause."


def test_a_run_that_is_handed_over_often_is_not_given_up(store: Store, runs: Queue) -> None:
    experiment = store.submit(fake_spec(QUICK))
    for _ in range(MAX_ATTEMPTS + 2):
        claim = claimed(runs)
        runs.start(claim)
        runs.let_go(claim)
        runs.expire()
    assert states(store, experiment) == ["queued"]


def test_a_run_that_is_let_go_is_queued_again_at_once_and_without_blame(store: Store, runs: Queue) -> None:
    experiment = store.submit(fake_spec(QUICK, seeds=2))
    gone, kept = claimed(runs), claimed(runs)
    runs.start(gone)
    assert runs.held([gone.token, kept.token, "of nobody"]) == {gone.token, kept.token}
    runs.let_go(gone)
    assert runs.expire() == 1
    assert runs.held([gone.token, kept.token]) == {kept.token}
    assert states(store, experiment) == ["queued", "leased"]
    again = claimed(runs)
    runs.let_go(gone)  # it is somebody else's by now
    assert runs.expire() == 0
    assert runs.held([again.token]) == {again.token}


def test_the_second_death_is_the_runs_failure(store: Store, runs: Queue) -> None:
    experiment = store.submit(fake_spec(QUICK))
    for state in ("queued", "failed"):
        claim = claimed(runs)
        assert runs.start(claim)
        assert runs.died(claim, "signal 9")
        assert states(store, experiment) == [state]
    assert store.experiment(experiment).runs[0].error == "The trainer died twice (signal 9)."


def test_a_cancelled_run_does_not_come_back_to_life(store: Store, runs: Queue) -> None:
    experiment = store.submit(fake_spec(QUICK, seeds=2))
    died, lost = claimed(runs), claimed(runs)
    assert runs.start(died)
    assert runs.start(lost)
    store.cancel(experiment)
    assert runs.cancel_asked(died) is True
    assert runs.died(died, "signal 9")
    assert runs.reconcile() == 1
    assert states(store, experiment) == ["cancelled", "cancelled"]


def test_reconciling_queues_what_dead_owners_held(store: Store, runs: Queue) -> None:
    experiment = store.submit(fake_spec(QUICK, seeds=3))
    leased, running = claimed(runs), claimed(runs)
    assert runs.start(running)
    assert runs.reconcile() == 2
    assert states(store, experiment) == ["queued"] * 3
    assert not runs.start(leased)


def test_a_finished_run_ends_once(store: Store, runs: Queue) -> None:
    experiment = store.submit(fake_spec(QUICK))
    claim = claimed(runs)
    assert runs.start(claim)
    assert runs.finish(claim, State.DIVERGED, result={"seconds": 1.5, "diverged_at": 3, "skill": None})
    assert not runs.finish(claim, State.DONE)
    run = store.experiment(experiment).runs[0]
    assert (run.state, run.seconds, run.diverged_at) == (State.DIVERGED, 1.5, 3)
