"""Live series: the newest step supersedes the others, and what was kept outlives them."""

import pytest
from sqlalchemy import update

from core.errors import InputRefused
from core.jobs.storage import schema, series
from core.jobs.storage.records import State
from core.jobs.storage.store import Store
from tests.jobs.conftest import fake_spec, states
from tests.jobs.fake import QUICK


def there(store: Store, experiment: str) -> bool:
    try:
        store.experiment(experiment)
    except InputRefused:
        return False
    return True


def test_a_new_step_cancels_the_one_before_and_nothing_else(store: Store) -> None:
    ordinary, other = store.submit(fake_spec(QUICK)), store.submit(fake_spec(QUICK), series="other")
    kept = store.submit(fake_spec(QUICK), series="mine")
    store.keep(kept)
    before = store.submit(fake_spec(QUICK), series="mine")
    now = store.submit(fake_spec(QUICK), series="mine")
    assert set(states(store, before)) == {State.CANCELLED}
    for untouched in (ordinary, other, kept, now):
        assert set(states(store, untouched)) == {State.QUEUED}


def test_a_step_is_in_no_list_until_it_is_kept(store: Store) -> None:
    listed = store.submit(fake_spec(QUICK))
    step = store.submit(fake_spec(QUICK), series="mine")
    assert [summary.id for summary in store.experiments()] == [listed]
    store.keep(step)
    assert {summary.id for summary in store.experiments()} == {listed, step}
    with pytest.raises(InputRefused):
        store.keep("nowhere")


def test_a_series_is_bounded_and_what_was_kept_or_diagnosed_outlives_it(store: Store) -> None:
    steps = [store.submit(fake_spec(QUICK), series="mine") for _ in range(3)]
    store.keep(steps[0])
    store.diagnoses.ask(store.experiment(steps[1]), 0)
    later = [store.submit(fake_spec(QUICK), series="mine") for _ in range(series.MOST_STEPS)]
    assert [there(store, step) for step in steps] == [True, True, False]
    assert all(there(store, step) for step in later)
    store.submit(fake_spec(QUICK), series="mine")
    assert [there(store, step) for step in later[:2]] == [False, True]


def test_a_step_that_is_diagnosed_is_listed_and_trains_on(store: Store) -> None:
    step, other = (store.submit(fake_spec(QUICK), series=name) for name in ("mine", "other"))
    store.diagnoses.ask(store.experiment(step), 0)
    assert [summary.id for summary in store.experiments()] == [step]
    store.submit(fake_spec(QUICK), series="mine")
    assert set(states(store, step)) == {State.QUEUED}
    store.delete(step)
    assert [there(store, experiment) for experiment in (step, other)] == [False, True]


def test_the_steps_of_a_series_that_was_left_are_gone_after_a_day(store: Store) -> None:
    ordinary, left, kept = store.submit(fake_spec(QUICK)), *(store.submit(fake_spec(QUICK), series="x") for _ in "12")
    store.keep(kept)
    with store.database.write() as connection:
        connection.execute(update(schema.step).values(created=schema.step.c.created - series.STEP_SECONDS - 1))
    store.submit(fake_spec(QUICK), series="mine")
    assert [there(store, experiment) for experiment in (ordinary, left, kept)] == [True, False, True]
