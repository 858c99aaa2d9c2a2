import time

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import postgresql

from core.jobs.storage.database import DatabaseTime
from core.jobs.storage.store import Store


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
