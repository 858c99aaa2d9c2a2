"""Tables and uploads, wherever they are kept."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import OperationalError

from core.data.csv.read_options import Origin, ReadOptions
from core.data.table import Table, pack, read_table
from core.errors import InputRefused, WorkFailed
from core.jobs.storage import blobs as blobs_module
from core.jobs.storage import schema
from core.jobs.storage.blobs import Blobs, blobs_of
from core.jobs.storage.store import Store
from core.settings import Settings
from core.spec import load_spec
from tests.jobs.storage.test_database import at_once

CSV = b"x,y\n1,2\n3,4\n"


@pytest.fixture(params=["folder", "database"])
def chosen(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    return settings.model_copy(update={"blobs": request.param})


@pytest.fixture
def kept(chosen: Settings) -> Iterator[Store]:
    store = Store(chosen)
    yield store
    store.close()


@pytest.fixture
def blobs(kept: Store, chosen: Settings) -> Blobs:
    return blobs_of(chosen, kept.database, "datasets")


def parts(store: Store) -> int:
    with store.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(schema.blob_part)) or 0


@pytest.mark.parametrize("size", [0, 1, 10, 11, 30, 35])
def test_what_was_kept_comes_back_byte_by_byte(blobs: Blobs, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(blobs_module, "PART_BYTES", 10)
    content = bytes(range(256))[:size]
    sha = hashlib.sha256(content).hexdigest()
    for _ in range(2):
        blobs.keep(sha, content)
    assert blobs.read(sha) == content


def test_a_glance_tells_what_a_table_was_made_from_over_the_ends_of_parts(
    kept: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blobs_module, "PART_BYTES", 100)
    origin = Origin(ReadOptions(), ReadOptions(), file="f" * 64, name="t.csv")
    frame = read_table(CSV).frame.rename(columns={"x": "z"})
    table = pack(Table(frame, origin=origin, names={"x": "z"}, base="dataset:" + "b" * 64))
    sha = kept.datasets.add(table, "t.csv")
    assert kept.datasets.size(sha) == (2, 2)
    with kept.database.read() as connection:
        assert kept.datasets.made_from(connection, sha) == ("dataset:" + "b" * 64, "f" * 64)


def test_what_a_table_was_made_from_is_looked_for_again_once_it_is_mended(kept: Store) -> None:
    origin = Origin(ReadOptions(), ReadOptions(), file="f" * 64, name="t.csv")
    table = pack(Table(read_table(CSV).frame, origin=origin))
    sha = hashlib.sha256(table).hexdigest()
    for found in (("", ""), ("", "f" * 64)):
        with kept.database.read() as connection:
            assert kept.datasets.made_from(connection, sha) == found
        kept.datasets.add(table, "t.csv")


def test_what_was_never_kept_cannot_be_read(blobs: Blobs) -> None:
    with pytest.raises(OSError, match="No such file"):
        blobs.read("0" * 64)


def test_an_upload_is_kept_once_and_read_by_its_name_alone(kept: Store) -> None:
    sha = kept.datasets.add(CSV, "first.csv")
    assert kept.datasets.add(CSV, "second.csv") == sha
    assert (kept.datasets.read(sha), kept.datasets.name(sha)) == (CSV, "first.csv")
    upload = CSV + b"5,6\n"
    kept.datasets.add(CSV, "first.csv", upload)
    file = hashlib.sha256(upload).hexdigest()
    assert kept.datasets.read_file(file) == upload
    with pytest.raises(InputRefused, match="no such table"):
        kept.datasets.read(file)


def test_the_size_of_a_table_is_told_without_reading_it(kept: Store) -> None:
    assert kept.datasets.size(kept.datasets.add(pack(read_table(CSV)), "t.csv")) == (2, 2)
    assert kept.datasets.size(kept.datasets.add(CSV, "t.csv")) is None


def test_what_was_kept_in_the_folder_before_is_still_read(settings: Settings) -> None:
    store = Store(settings)
    sha = store.datasets.add(pack(read_table(CSV)), "t.csv")
    store.close()
    store = Store(settings.model_copy(update={"blobs": "database"}))
    assert store.datasets.size(sha) == (2, 2)
    assert store.datasets.read(sha) == pack(read_table(CSV))
    assert parts(store) == 0
    store.close()


def test_two_folders_on_one_database_share_what_is_in_it(settings: Settings, tmp_path: Path) -> None:
    settings = settings.model_copy(
        update={"blobs": "database", "db_url": settings.db_url or f"sqlite:///{tmp_path}/shared/lab.db"}
    )
    first, second = Store(settings), Store(settings.model_copy(update={"data": tmp_path / "elsewhere"}))
    sha = first.datasets.add(CSV, "t.csv")
    experiment = second.submit(load_spec({"data": {"source": f"dataset:{sha}", "target": "y"}}))
    assert second.datasets.read(sha) == CSV
    assert first.experiments()[0].id == experiment
    assert not list((tmp_path / "elsewhere").glob("datasets/*"))
    first.close()
    second.close()


@pytest.fixture
def in_database(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(blobs_module, "PART_BYTES", 4)
    store = Store(settings.model_copy(update={"blobs": "database"}))
    yield store
    store.close()


def test_an_upload_that_broke_off_is_not_there_until_it_comes_again(in_database: Store) -> None:
    sha = in_database.datasets.add(CSV, "t.csv")
    with in_database.database.write() as connection:
        connection.execute(delete(schema.blob_part).where(schema.blob_part.c.place == 2))
    with pytest.raises(WorkFailed, match="cannot be read"):
        in_database.datasets.read(sha)
    in_database.datasets.add(CSV, "t.csv")
    assert in_database.datasets.read(sha) == CSV


def test_the_same_upload_many_times_at_once_is_kept_once(in_database: Store) -> None:
    at_once(4, lambda _: in_database.datasets.add(CSV, "t.csv"))
    assert parts(in_database) == -(-len(CSV) // 4)
    assert in_database.datasets.read(hashlib.sha256(CSV).hexdigest()) == CSV


def test_bytes_that_have_changed_are_said_to_have(in_database: Store) -> None:
    sha = in_database.datasets.add(CSV, "t.csv")
    with in_database.database.write() as connection:
        connection.execute(update(schema.blob_part).where(schema.blob_part.c.place == 1).values(content=b"oops"))
    with pytest.raises(WorkFailed, match="has changed"):
        in_database.datasets.read(sha)
    in_database.datasets.add(CSV, "t.csv")
    assert in_database.datasets.read(sha) == CSV


def test_a_database_that_is_away_is_not_taken_for_a_table_made_from_nothing(
    in_database: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = in_database.datasets.add(pack(read_table(CSV)), "t.csv")

    def away(*_: object) -> bytes:
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr(blobs_module._Parts, "_piece", away)
    with pytest.raises(WorkFailed, match="could not be used just now"), in_database.database.read() as connection:
        in_database.datasets.made_from(connection, sha)
