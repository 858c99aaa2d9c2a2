"""The kinds of database that a lab can be kept in, for tests that are run on each."""

import os
from collections.abc import Iterator

import pytest

from benchmarks import postgres_server as postgres

sqlite_alone = pytest.mark.parametrize("database_url", [""], ids=["sqlite"])
"""For a test that is about the file."""


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    programs = postgres.programs()
    if programs is None:
        assert os.environ.get("LOSSLAB_REQUIRE_POSTGRES") != "1", "PostgreSQL is missing"
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    server = postgres.Server(programs)
    yield server
    server.remove()


@pytest.fixture
def postgres_url(postgres_server: postgres.Server) -> str:
    """An empty database."""
    return postgres_server.new_database()


@pytest.fixture(params=["sqlite", "postgres"])
def each(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return ""
    address: str = request.getfixturevalue("postgres_url")
    return address
