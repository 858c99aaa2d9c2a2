import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql

from core.errors import InputRefused
from core.jobs.scheduling.queue import Chunk, Claim, Queue
from core.jobs.storage import schema
from core.jobs.storage.database import DatabaseTime, tick
from core.jobs.storage.store import Store
from core.settings import Settings
from tests.jobs.conftest import fake_spec
from tests.jobs.fake import QUICK


def at_once(count: int, work: Callable[[int], object]) -> None:
    """Have so many threads begin `work` at the same moment, and wait for them."""
    start = threading.Barrier(count)

    def begin(number: int) -> None:
        start.wait()
        work(number)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_the_clock_of_a_database_counts_seconds_since_1970_and_goes_on(store: Store) -> None:
    with store.database.read() as connection:
        first = connection.scalar(select(DatabaseTime()))
        assert first == pytest.approx(time.time(), abs=1)
        begin = time.monotonic()
        while connection.scalar(select(DatabaseTime())) == first:
            assert time.monotonic() - begin < 1


def test_it_is_asked_for_in_the_words_of_each_database() -> None:
    text = str(select(DatabaseTime() + 1.5).compile(dialect=postgresql.dialect()))
    assert "clock_timestamp()" in text
    assert "julianday" not in text


def test_who_reads_sees_one_moment_whatever_others_write(store: Store) -> None:
    clock = select(schema.meta.c.value).where(schema.meta.c.name == "clock")
    with store.database.read() as reading:
        before = reading.scalar(clock)
        with store.database.write() as writing:
            tick(writing)
        assert reading.scalar(clock) == before
    with store.database.read() as reading:
        assert reading.scalar(clock) == (before or 0) + 1


def test_who_writes_is_alone_from_the_first_look_on(store: Store) -> None:
    clock = schema.meta.c.name == "clock"

    def count_up(_: int) -> None:
        for _ in range(10):
            with store.database.write() as connection:
                seen = connection.scalar(select(schema.meta.c.value).where(clock)) or 0
                connection.execute(update(schema.meta).where(clock).values(value=seen + 1))

    at_once(8, count_up)
    with store.database.read() as connection:
        assert connection.scalar(select(schema.meta.c.value).where(clock)) == 80


def test_what_is_submitted_at_once_fills_the_queue_and_no_more(settings: Settings) -> None:
    store = Store(settings.model_copy(update={"max_queued": 5}))
    refused = list[str]()

    def submit(_: int) -> None:
        try:
            store.submit(fake_spec(QUICK, seeds=2))
        except InputRefused as refusal:
            refused.append(str(refusal))

    at_once(8, submit)
    with store.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(schema.run)) == 4
    assert len(refused) == 6
    store.close()


def test_one_press_is_one_experiment_even_if_it_comes_many_times_at_once(store: Store) -> None:
    found = set[str]()
    at_once(8, lambda _: found.add(store.submit(fake_spec(QUICK), key="press")))
    assert len(found) == 1


def test_who_polls_misses_nothing_of_what_many_write(store: Store, runs: Queue) -> None:
    experiment = store.submit(fake_spec(QUICK, seeds=6))
    claims = list[Claim]()
    for _ in range(6):
        claim = runs.claim(runs.waiting()[0][1])
        assert claim is not None
        assert runs.start(claim)
        claims.append(claim)
    written = threading.Event()
    told = list[tuple[int, int]]()

    def poll() -> None:
        cursor = 0
        while True:
            last = written.is_set()
            news = store.news(experiment, cursor)
            cursor = news.cursor
            told.extend((point.run, point.first_epoch) for point in news.points)
            if last:
                return

    def train(number: int) -> None:
        for epoch in range(1, 16):
            runs.renew(claims[number], [Chunk(epoch, epoch, '{"loss":[1]}')])

    polling = threading.Thread(target=poll)
    polling.start()
    at_once(6, train)
    written.set()
    polling.join()
    assert sorted(told) == [(claim.run, epoch) for claim in claims for epoch in range(1, 16)]


def test_many_that_open_an_empty_database_at_once_make_it_once(settings: Settings) -> None:
    stores = list[Store]()
    at_once(4, lambda _: stores.append(Store(settings)))
    with stores[0].database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(schema.meta)) == 2
    for store in stores:
        store.close()
    assert len(stores) == 4


def test_who_opens_a_database_that_somebody_else_makes_just_now_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(data=tmp_path)
    other = sqlite3.connect(tmp_path / "lab.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr("core.jobs.storage.database.time.sleep", lambda _: other.execute("ROLLBACK"))
    store = Store(settings)
    assert [record.message for record in caplog.records] == [
        "the database is held by somebody else, who may be upgrading it; waiting"
    ]
    store.close()
    other.close()


def test_a_database_that_is_held_for_ever_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.jobs.storage.database._PATIENCE_SECONDS", 0)
    with sqlite3.connect(tmp_path / "lab.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(InputRefused, match=r"^lab\.db: cannot be opened \(database is locked\)"):
            Store(Settings(data=tmp_path))
    other.close()


def test_a_database_has_one_number_of_its_own_whoever_asks_first(store: Store, settings: Settings) -> None:
    found: list[int] = []
    at_once(4, lambda _: found.append(store.database.identity()))
    other = Store(settings)
    assert {*found, other.database.identity()} == {found[0]}
    other.close()
