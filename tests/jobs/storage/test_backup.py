"""A backup is all of a lab as of one moment, and a lab made of it goes on where that was."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import InputRefused
from core.jobs.lab import Lab
from core.jobs.storage.backup import back_up, restore
from core.jobs.storage.records import State
from core.jobs.storage.store import Store
from core.lessons.shelf import Shelf
from core.paths import ROOT
from core.settings import LESSONS, Settings
from tests.jobs.conftest import Labs, fake_spec, until
from tests.jobs.fake import QUICK, SLOW

TABLE = b"a,b\n1,2\n3,4\n"


@pytest.fixture
def database_url() -> str:
    """SQLite alone: a server's database has tools of its own."""
    return ""


@pytest.fixture
def new(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "new", slots=1)


def test_a_lab_at_work_is_backed_up_and_goes_on_elsewhere(
    labs: Labs, settings: Settings, new: Settings, tmp_path: Path
) -> None:
    lab = labs.make(settings)
    sha = lab.store.datasets.add(TABLE, "table.csv")
    done = lab.store.submit(fake_spec(QUICK))
    lab.start()
    until(lambda: lab.store.unfinished(done) == 0)
    slow = lab.store.submit(fake_spec(SLOW, epochs=40))
    until(lambda: lab.store.experiment(slow).runs[0].epoch > 0)
    copied = back_up(settings, tmp_path / "backup")
    assert (copied.experiments, copied.files, copied.damaged) == (2, 1, ())
    lab.store.delete(done)
    lab.stop()

    assert restore(tmp_path / "backup", new).experiments == 2
    other: Lab = labs.make(new)
    assert other.store.datasets.read(sha) == TABLE
    assert other.store.experiment(done).runs[0].state == State.DONE
    other.start()
    until(lambda: other.store.experiment(slow).runs[0].state == State.DONE)
    assert len(other.store.results(slow, [0])[0].history["loss"]) == 40


def test_what_is_in_the_database_is_copied_with_it(settings: Settings, new: Settings, tmp_path: Path) -> None:
    store = Store(settings.model_copy(update={"blobs": "database"}))
    sha = store.datasets.add(TABLE, "table.csv", b"a;b\n")
    store.close()
    back_up(settings, tmp_path / "backup")
    restore(tmp_path / "backup", new)
    other = Store(new.model_copy(update={"blobs": "database"}))
    assert other.datasets.read(sha) == TABLE
    assert other.datasets.read_file(hashlib.sha256(b"a;b\n").hexdigest()) == b"a;b\n"
    other.close()


def test_a_damaged_file_is_left_out_and_named(store: Store, settings: Settings, tmp_path: Path) -> None:
    sha = store.datasets.add(TABLE, "table.csv")
    other = store.datasets.add(TABLE + b"5,6\n", "other.csv")
    (settings.data / "datasets" / sha).write_bytes(b"a,b\n")
    copied = back_up(settings, tmp_path / "backup")
    assert (copied.files, copied.damaged) == (1, (sha,))
    assert [path.name for path in (tmp_path / "backup" / "datasets").iterdir()] == [other]


def test_lessons_of_teachers_are_part_of_it(store: Store, settings: Settings, new: Settings, tmp_path: Path) -> None:
    lesson = (ROOT / "core/lessons/catalogue/10-sorted-by-species.toml").read_bytes()
    kept = Shelf(settings.data / LESSONS).put(lesson)
    assert back_up(settings, tmp_path / "backup").damaged == ()
    restore(tmp_path / "backup", new)
    assert Shelf(new.data / LESSONS).lesson(kept.id).title == kept.title


def test_what_is_not_copied_is_left_out_on_purpose(labs: Labs, settings: Settings, tmp_path: Path) -> None:
    lab = labs.start(settings)
    lab.store.datasets.add(TABLE, "table.csv")
    until((settings.data / "reserve").exists)
    back_up(settings, tmp_path / "backup")
    there = {path.name for path in settings.data.iterdir()} - {path.name for path in (tmp_path / "backup").iterdir()}
    assert there <= {"lab.db-wal", "lab.db-shm", "logs", "xla", "reserve", "checkpoints", "database.id"}


def test_a_folder_that_is_there_and_empty_is_filled(store: Store, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup.part").mkdir()
    (tmp_path / "backup.part" / "mine.txt").write_text("mine")
    back_up(settings, tmp_path / "backup")
    assert [path.name for path in (tmp_path / "backup").iterdir()] == ["lab.db"]
    assert (tmp_path / "backup.part" / "mine.txt").read_text() == "mine"


def test_what_is_half_written_is_no_part_of_a_backup(store: Store, settings: Settings, tmp_path: Path) -> None:
    sha = store.datasets.add(TABLE, "table.csv")
    (settings.data / "datasets" / f"{sha}.1234.part").write_bytes(b"a")
    assert back_up(settings, tmp_path / "backup").files == 1


@pytest.mark.parametrize("there", ["a file", "a full folder"])
def test_nothing_is_written_over(there: str, store: Store, settings: Settings, tmp_path: Path) -> None:
    target = tmp_path / "backup"
    if there == "a file":
        target.write_text("mine")
    else:
        target.mkdir()
        (target / "mine.txt").write_text("mine")
    with pytest.raises(InputRefused, match="is there already"):
        back_up(settings, target)
    assert [path.name for path in target.parent.iterdir() if path.name.startswith("backup")] == ["backup"]
    with pytest.raises(InputRefused):
        restore(target, settings)


def test_a_lab_that_is_there_is_not_written_over(store: Store, settings: Settings, tmp_path: Path) -> None:
    back_up(settings, tmp_path / "backup")
    before = hashlib.sha256((settings.data / "lab.db").read_bytes()).hexdigest()
    with pytest.raises(InputRefused, match="data: is there already"):
        restore(tmp_path / "backup", settings)
    assert hashlib.sha256((settings.data / "lab.db").read_bytes()).hexdigest() == before


def test_a_damaged_backup_makes_no_lab(store: Store, settings: Settings, new: Settings, tmp_path: Path) -> None:
    store.submit(fake_spec(QUICK))
    back_up(settings, tmp_path / "backup")
    database = tmp_path / "backup" / "lab.db"
    database.write_bytes(database.read_bytes()[:5000])
    with pytest.raises(InputRefused, match=r"^lab.db: "):
        restore(tmp_path / "backup", new)
    assert not new.data.exists()
    assert list(tmp_path.glob("*.part")) == []


def test_a_backup_is_one_file_without_a_log(store: Store, settings: Settings, tmp_path: Path) -> None:
    identity = store.submit(fake_spec(QUICK))
    back_up(settings, tmp_path / "backup")
    assert [path.name for path in (tmp_path / "backup").iterdir()] == ["lab.db"]
    with closing(sqlite3.connect(tmp_path / "backup" / "lab.db")) as connection:
        assert connection.execute("SELECT id FROM experiment").fetchall() == [(identity,)]


def test_where_there_is_no_lab_there_is_no_backup(new: Settings, tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="no lab here"):
        back_up(new, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


def test_the_database_of_a_server_is_left_to_its_own_tools(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="pg_dump"):
        back_up(Settings(data=tmp_path, db_url="postgresql+psycopg://lab@localhost/lab"), tmp_path / "backup")
