"""What goes by itself once it is old, and what stays however old it is."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from core.data.csv.read_options import Origin, ReadOptions
from core.data.table import Table, pack, read_table
from core.errors import InputRefused, WorkFailed
from core.jobs.diagnosers.diagnosis_queue import DiagnosisQueue
from core.jobs.housekeeper import CHORES
from core.jobs.scheduling.queue import Queue
from core.jobs.storage import schema
from core.jobs.storage.blobs import Kept
from core.jobs.storage.records import State
from core.jobs.storage.retention import remove_files, remove_old_experiments, remove_unused_tables
from core.jobs.storage.store import Store
from core.lessons.shelf import Shelf
from core.settings import Settings
from core.spec import ExperimentSpec, load_spec
from tests.jobs.conftest import fake_spec
from tests.jobs.fake import QUICK

DAY = 24 * 3600.0
DAYS = 30
TEXT = b"x,y\n1,2\n2,3\n"
LESSON = (Path(__file__).parents[3] / "core/lessons/catalogue/10-sorted-by-species.toml").read_text()


def learning_from(sha: str, **changes: Any) -> ExperimentSpec:
    return load_spec({"data": {"source": f"dataset:{sha}", "target": "y"}} | changes)


@pytest.fixture(params=["folder", "database"])
def blobs(request: pytest.FixtureRequest) -> str:
    """Where tables and uploads are kept."""
    kind: str = request.param
    return kind


@pytest.fixture
def settings(settings: Settings, blobs: str) -> Settings:
    return settings.model_copy(update={"blobs": blobs})


@pytest.fixture
def clean(store: Store, settings: Settings) -> Callable[[], None]:
    """What a lab does once an hour."""

    def clean() -> None:
        for chore in CHORES:
            chore.do(store, settings)

    return clean


def grow_old(store: Store, days: float = DAYS + 1) -> None:
    """Let so many days pass for all that is there."""
    with store.database.write() as connection:
        for table in (schema.dataset, schema.experiment, schema.run, schema.diagnosis):
            values = {name: table.c[name] - days * DAY for name in ("created", "finished") if name in table.c}
            connection.execute(update(table).values(values))
    blobs_grow_old(store, days)


def blobs_grow_old(store: Store, days: float) -> None:
    with store.database.write() as connection:
        connection.execute(update(schema.blob).values(created=schema.blob.c.created - days * DAY))
    for path in paths(store):
        before = path.stat().st_mtime - days * DAY
        os.utime(path, (before, before))


def paths(store: Store) -> list[Path]:
    """What is kept in folders."""
    return [path for kind in ("datasets", "uploads") for path in store.database.room.folder.glob(f"{kind}/*")]


def kept(store: Store) -> list[Kept]:
    with store.database.read() as connection:
        return store.datasets.kept(connection)


def tables(store: Store) -> set[str]:
    """The tables there are, which is the same whether rows or blobs are asked."""
    with store.database.read() as connection:
        rows = set(connection.scalars(select(schema.dataset.c.sha256)))
        assert rows == {one.name for one in store.datasets._tables.kept(connection)}
    return rows


def files(store: Store) -> set[bytes]:
    with store.database.read() as connection:
        names = {one.name for one in store.datasets._files.kept(connection)}
    return {store.datasets.read_file(name) for name in names}


def uploaded(store: Store, text: bytes, base: str = "") -> str:
    """A table as an upload makes it, with the file it was read from; of another one if it has a `base`."""
    origin = Origin(ReadOptions(), ReadOptions(), file=hashlib.sha256(text).hexdigest(), name="t.csv")
    names = {"x": "height"} if base else {}
    table = Table(read_table(text).frame.rename(columns=names), origin=origin, names=names, base=base)
    return store.datasets.add(pack(table), "t.csv", text)


def test_a_table_that_nothing_names_goes_with_its_file_once_it_is_old(store: Store, clean: Callable[[], None]) -> None:
    old = uploaded(store, TEXT)
    grow_old(store)
    new = uploaded(store, b"x,y\n5,6\n")
    clean()
    assert tables(store) == {new}
    assert files(store) == {b"x,y\n5,6\n"}
    with pytest.raises(InputRefused, match="there is no such table"):
        store.datasets.read(old)


def test_a_table_stays_as_long_as_an_experiment_names_it(store: Store, clean: Callable[[], None]) -> None:
    first, varied, listed = (uploaded(store, b"x,y\n%d,2\n" % number) for number in range(3))
    both = {"data.source": ["sample:iris", f"dataset:{varied}"]}
    ids = [
        store.submit(learning_from(first)),
        store.submit(learning_from(first, vary=both)),
        store.submit_runs([learning_from(first).runs()[0], learning_from(listed).runs()[0]]),
    ]
    grow_old(store)
    clean()
    assert tables(store) == {first, varied, listed}
    for experiment in ids[1:]:
        store.delete(experiment)
    clean()
    assert tables(store) == {first}
    assert files(store) == {b"x,y\n0,2\n"}


def test_the_trials_of_a_diagnosis_name_tables_too(store: Store, clean: Callable[[], None]) -> None:
    sha = uploaded(store, TEXT)
    experiment = store.submit(fake_spec(QUICK))
    store.diagnoses.ask(store.experiment(experiment), 0)
    claim = DiagnosisQueue(store.database).claim()
    store.submit_runs([learning_from(sha).runs()[0]], trials_of=claim)
    grow_old(store)
    clean()
    assert tables(store) == {sha}
    store.delete(experiment)
    clean()
    assert tables(store) == set()


def test_a_lesson_on_the_shelf_keeps_its_table(store: Store, settings: Settings, clean: Callable[[], None]) -> None:
    sha = store.datasets.add(TEXT, "t.csv")
    assert LESSON.count('source = "') == 1
    before, _, rest = LESSON.partition('source = "')
    shelf = Shelf(settings.data / "lessons")
    lesson = shelf.put(f'{before}source = "dataset:{sha}"{rest.partition(chr(34))[2]}'.encode())
    grow_old(store)
    clean()
    assert tables(store) == {sha}
    (settings.data / "lessons" / f"{lesson.id.partition(':')[2]}.toml").unlink()
    clean()
    assert tables(store) == set()


def test_a_corrected_table_keeps_the_one_as_it_was_inferred(store: Store, clean: Callable[[], None]) -> None:
    inferred = uploaded(store, TEXT)
    corrected = uploaded(store, TEXT, base=f"dataset:{inferred}")
    experiment = store.submit(learning_from(corrected))
    grow_old(store)
    clean()
    assert tables(store) == {inferred, corrected}
    assert files(store) == {TEXT}
    store.delete(experiment)
    clean()
    assert (tables(store), files(store)) == (set(), set())


def test_who_uploads_or_runs_a_table_again_keeps_it(store: Store, clean: Callable[[], None]) -> None:
    again, run = uploaded(store, TEXT), uploaded(store, b"x,y\n5,6\n")
    grow_old(store)
    uploaded(store, TEXT)
    store.delete(store.submit(learning_from(run)))
    clean()
    assert tables(store) == {again, run}
    assert files(store) == {TEXT, b"x,y\n5,6\n"}


def test_without_a_number_of_days_nothing_goes(store: Store, settings: Settings) -> None:
    sha = uploaded(store, TEXT)
    experiment = store.submit(fake_spec(QUICK))
    grow_old(store, 5000)
    remove_unused_tables(store.database, store.datasets, 0, set)
    remove_files(store.database, store.datasets, 0, settings.data)
    remove_old_experiments(store.database, 0)
    assert tables(store) == {sha}
    assert store.experiment(experiment)


def test_what_was_submitted_while_unused_tables_are_looked_for_keeps_its_table(
    store: Store, settings: Settings
) -> None:
    sha = uploaded(store, TEXT)
    grow_old(store)

    def named() -> set[str]:  # asked for while they are looked for
        store.submit(learning_from(sha))
        return set()

    remove_unused_tables(store.database, store.datasets, DAYS, named)
    assert store.experiments()
    remove_files(store.database, store.datasets, DAYS, settings.data)
    assert tables(store) == {sha}


def test_a_submission_under_way_is_refused_where_its_table_has_gone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = uploaded(store, TEXT)
    grow_old(store)
    check = Store._check_memory

    def too_late(*arguments: Any) -> None:
        check(*arguments)
        remove_unused_tables(store.database, store.datasets, DAYS, set)

    monkeypatch.setattr(Store, "_check_memory", too_late)
    with pytest.raises(InputRefused, match=rf"dataset:{sha[:8]}…: there is no such table; upload it again"):
        store.submit(learning_from(sha))
    assert store.experiments() == ()


def test_a_file_that_is_removed_while_it_is_uploaded_again_is_there_in_the_end(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = uploaded(store, TEXT)
    remove_files(store.database, store.datasets, DAYS, settings.data)
    grow_old(store)
    remove_unused_tables(store.database, store.datasets, DAYS, set)
    write = type(store.database).write

    def removed_first(*arguments: Any, **named: Any) -> Any:
        """Whoever removes has looked before the upload counted as new, and is quicker."""
        monkeypatch.undo()
        blobs_grow_old(store, DAYS + 1)
        remove_files(store.database, store.datasets, DAYS, settings.data)
        assert kept(store) == []
        return write(*arguments, **named)

    monkeypatch.setattr(type(store.database), "write", removed_first)
    assert uploaded(store, TEXT) == sha
    assert tables(store) == {sha}
    assert files(store) == {TEXT}


@pytest.mark.parametrize("blobs", ["folder"])
def test_drafts_of_a_killed_process_go_and_those_being_written_stay(
    store: Store, settings: Settings, clean: Callable[[], None]
) -> None:
    sha = uploaded(store, TEXT)
    left = settings.data / "datasets" / f"{sha}.12345678.part"
    now = settings.data / "uploads" / f"{sha}.87654321.part"
    for path in (left, now):
        path.write_bytes(b"half")
    before = time.time() - 7200
    os.utime(left, (before, before))
    clean()
    assert (left.exists(), now.exists()) == (False, True)
    assert store.datasets.read(sha)


@pytest.mark.parametrize("blobs", ["database"])
def test_parts_of_a_killed_process_go_and_those_being_written_stay(store: Store, clean: Callable[[], None]) -> None:
    left, now, sha = (uploaded(store, b"x,y\n%d,2\n" % number) for number in range(3))
    begun = schema.blob.c.sha256.in_([left, now])
    with store.database.write() as connection:
        connection.execute(delete(schema.dataset).where(schema.dataset.c.sha256.in_([left, now])))
        connection.execute(update(schema.blob).where(begun).values(size=schema.blob.c.size + 1))
        old = schema.blob.c.created - 7200
        connection.execute(update(schema.blob).where(schema.blob.c.sha256 == left).values(created=old))
    clean()
    assert {one.name: one.whole for one in kept(store) if one.name in (left, now, sha)} == {now: False, sha: True}
    with store.database.read() as connection:
        assert left not in set(connection.scalars(select(schema.blob_part.c.sha256)))


def end(store: Store, experiment: str) -> None:
    runs = Queue(store.database, 30)
    while claim := next((runs.claim(structure) for _, structure, _ in runs.waiting()), None):
        runs.start(claim)
        runs.finish(claim, State.DONE)
    assert store.experiment(experiment).finished


def ids(store: Store) -> set[str]:
    with store.database.read() as connection:
        return set(connection.scalars(select(schema.experiment.c.id)))


def test_an_experiment_goes_so_many_days_after_its_end(store: Store) -> None:
    old = store.submit(fake_spec(QUICK))
    end(store, old)
    grow_old(store, 8)
    late = store.submit(fake_spec(QUICK))
    end(store, late)
    waiting = store.submit(fake_spec(QUICK, title="waits"))
    with store.database.write() as connection:  # both begun long ago, one has ended since
        connection.execute(update(schema.experiment).values(created=1.0))
    remove_old_experiments(store.database, 7)
    assert ids(store) == {late, waiting}
    grow_old(store, 8)
    remove_old_experiments(store.database, 7)
    assert ids(store) == {waiting}


def test_an_experiment_stays_while_it_is_diagnosed_and_a_while_after(store: Store) -> None:
    experiment = store.submit(fake_spec(QUICK))
    end(store, experiment)
    grow_old(store)
    store.diagnoses.ask(store.experiment(experiment), 0)
    queue = DiagnosisQueue(store.database)
    claim = queue.claim()
    assert claim is not None
    trials = store.submit_runs([fake_spec(QUICK).runs()[0]], trials_of=claim)
    end(store, experiment)
    grow_old(store)
    remove_old_experiments(store.database, DAYS)
    assert ids(store) == {experiment, trials}
    queue.finish(claim, State.DONE)
    remove_old_experiments(store.database, DAYS)
    assert ids(store) == {experiment, trials}
    grow_old(store)
    remove_old_experiments(store.database, DAYS)
    assert ids(store) == set()


def test_what_a_class_holds_stays_until_it_ends(store: Store) -> None:
    key = store.classrooms.open(["scaling"], 365 * DAY)
    store.classrooms.join(store.classrooms.conducted_with(key).code, "127.0.0.1")
    (member,) = store.classrooms.members(store.classrooms.conducted_with(key).id)
    mine, session = store.submit(fake_spec(QUICK), owner=member.id), store.submit(fake_spec(QUICK), owner="a session")
    end(store, mine)
    end(store, session)
    grow_old(store)
    remove_old_experiments(store.database, DAYS)
    assert ids(store) == {mine}
    store.classrooms.end(key)
    assert ids(store) == set()


def lose(store: Store, name: str) -> None:
    with store.database.write() as connection:
        for one in store.datasets.kept(connection):
            if one.name == name:
                one.remove(connection)


def lose_all(store: Store) -> None:
    for one in kept(store):
        lose(store, one.name)


def damage_all(store: Store) -> None:
    for path in paths(store):
        path.write_bytes(b"damaged")
    with store.database.write() as connection:
        for part in connection.execute(select(schema.blob_part)).all():
            this = schema.blob_part.c.kind == part.kind, schema.blob_part.c.sha256 == part.sha256
            content = bytes(len(part.content))
            connection.execute(update(schema.blob_part).where(*this).values(content=content))


@pytest.mark.parametrize("harm", [lose_all, damage_all])
def test_a_table_that_was_lost_or_damaged_is_mended_by_uploading_it_again(
    store: Store, harm: Callable[[Store], None]
) -> None:
    sha = uploaded(store, TEXT)
    harm(store)
    with pytest.raises(WorkFailed, match="upload it again"):
        store.datasets.read(sha)
    assert uploaded(store, TEXT) == sha
    assert store.datasets.read(sha)
    assert files(store) == {TEXT}
    assert len(kept(store)) == 2


def test_uploads_together_keep_to_their_room(settings: Settings) -> None:
    store = Store(settings.model_copy(update={"uploads_mb": 2}))
    half = b"x,y\n" + b"1,2\n" * (2**18 - 1)
    store.datasets.add(half, "first.csv")
    sha = store.datasets.add(b"x,z" + half[3:], "second.csv")
    sentence = "third.csv: it takes 1.0 MB and 0.0 MB are left for uploads, allowed: at most 2 MB together."
    with pytest.raises(InputRefused, match=f"^{re.escape(sentence)}$"):
        store.datasets.add(b"x,w" + half[3:], "third.csv")
    assert len(kept(store)) == 2
    store.datasets.add(half, "again.csv")
    lose(store, sha)
    with pytest.raises(InputRefused, match=r"takes 2\.0 MB and 1\.0 MB are left"):
        store.datasets.add(b"x,v" + half[3:], "with its file.csv", b"y" + half[1:])
    assert len(kept(store)) == 1
    store.datasets.add(b"x,z" + half[3:], "second.csv")
    store.close()


def test_without_a_limit_there_is_none(settings: Settings) -> None:
    store = Store(settings.model_copy(update={"uploads_mb": 0}))
    store.datasets.add(TEXT, "t.csv")
    store.close()


def test_the_files_of_another_database_are_left_alone(
    store: Store, settings: Settings, clean: Callable[[], None], tmp_path: Path
) -> None:
    uploaded(store, TEXT)
    clean()
    blobs_grow_old(store, 5000)
    there = {one.name for one in kept(store)}
    assert there
    other = Store(settings.model_copy(update={"db_url": f"sqlite:///{tmp_path}/other.db"}))
    remove_files(other.database, other.datasets, DAYS, settings.data)
    other.datasets.add(b"a,b\n1,2\n", "other.csv")
    remove_files(other.database, other.datasets, DAYS, settings.data)
    assert {one.name for one in kept(store)} >= there
    other.close()
