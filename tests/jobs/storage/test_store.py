import errno
import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from core.errors import InputRefused, WorkFailed
from core.jobs.scheduling.queue import Chunk, Queue
from core.jobs.storage import news as news_module
from core.jobs.storage import schema
from core.jobs.storage.history import encode_history
from core.jobs.storage.overview import Overview
from core.jobs.storage.records import State
from core.jobs.storage.store import Store
from core.settings import Settings
from core.spec import load_spec
from tests.jobs.conftest import fake_spec, states
from tests.jobs.databases import sqlite_alone
from tests.jobs.fake import QUICK


def count(store: Store, table: Any) -> int:
    with store.database.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(table)) or 0)


def test_the_same_key_gives_the_same_experiment(store: Store) -> None:
    first = store.submit(fake_spec(QUICK), key="press-1")
    assert store.submit(fake_spec(QUICK), key="press-1") == first
    assert store.submit(fake_spec(QUICK), key="press-2") != first
    assert count(store, schema.run) == 2


def test_without_a_key_every_submit_is_an_experiment(store: Store) -> None:
    assert store.submit(fake_spec(QUICK)) != store.submit(fake_spec(QUICK))


@sqlite_alone
def test_what_was_submitted_is_there_for_another_process(store: Store, settings: Settings) -> None:
    experiment = store.submit(fake_spec(QUICK, title="kept"))
    with sqlite3.connect(settings.data / "lab.db") as other:
        assert other.execute("select title from experiment where id = ?", (experiment,)).fetchall() == [("kept",)]


def test_runs_come_back_as_they_were_submitted(store: Store, settings: Settings) -> None:
    vary = {"training.learning_rate": [0.1, 0.01], "model.activation": ["tanh", "relu"]}
    spec = fake_spec(QUICK, vary=vary, seeds=2)
    experiment = store.submit(spec)
    again = Store(settings).experiment(experiment)
    assert [run.spec.hash() for run in again.runs] == [run.hash() for run in spec.runs()]
    assert [run.variant for run in again.runs] == [run.variant for run in spec.runs()]
    assert [run.seed for run in again.runs[:2]] == [0, 1]
    assert again.spec.hash() == spec.hash()


def test_what_was_just_submitted_is_not_parsed_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = fake_spec(QUICK, seeds=2)
    listed = [run.changed({"training.epochs": epochs}) for epochs, run in enumerate(spec.runs(), 3)]

    def parse(_source: object) -> None:
        raise AssertionError("parsed")

    monkeypatch.setattr("core.jobs.storage.store.load_spec", parse)
    assert [run.spec for run in store.experiment(store.submit(spec)).runs] == list(spec.runs())
    runs = store.experiment(store.submit_runs(listed)).runs
    assert [run.spec.variant for run in runs] == [run.variant for run in runs] == [
        {"training.epochs": 3}, {"training.epochs": 4}
    ]  # fmt: skip


def test_columns_of_an_inline_table_keep_their_order(store: Store, settings: Settings) -> None:
    columns = {"z": [1, 2, 3], "a": [3.5, 2.5, 1.5], "y": [1, 0, 1]}
    experiment = store.submit(load_spec({"data": {"source": {"columns": columns}, "target": "y"}}))
    source = Store(settings).experiment(experiment).spec.data.source
    assert not isinstance(source, str)
    assert list(source.columns) == ["z", "a", "y"]


@sqlite_alone
def test_an_inline_table_is_stored_once_for_all_runs(store: Store, settings: Settings) -> None:
    columns = {"x": list(range(20_000)), "y": list(range(20_000))}
    store.submit(load_spec({"data": {"source": {"columns": columns}, "target": "y"}, "seeds": 20}))
    store.close()
    assert (settings.data / "lab.db").stat().st_size < 1_000_000


def test_a_file_of_the_server_is_refused(store: Store) -> None:
    with pytest.raises(InputRefused, match=r"data\.source: .*allowed: an uploaded table or a sample"):
        store.submit(load_spec({"data": {"source": "file:/etc/passwd", "target": "y"}}))
    assert count(store, schema.run) == 0


def test_a_file_hidden_in_the_grid_is_refused(store: Store) -> None:
    data = {"source": "sample:iris", "target": "species"}
    with pytest.raises(InputRefused, match=r"data\.source"):
        store.submit(load_spec({"data": data, "vary": {"data.source": ["sample:iris", "file:/etc/passwd"]}}))


def test_a_table_that_was_never_uploaded_is_refused(store: Store) -> None:
    with pytest.raises(InputRefused, match="there is no such table"):
        store.submit(load_spec({"data": {"source": f"dataset:{'0' * 64}", "target": "y"}}))


def test_an_upload_is_kept_once_and_names_its_experiments(store: Store) -> None:
    sha = store.datasets.add(b"x,y\n1,2\n", "first.csv")
    assert store.datasets.add(b"x,y\n1,2\n", "second.csv") == sha
    assert store.datasets.read(sha) == b"x,y\n1,2\n"
    assert store.datasets.name(sha) == "first.csv"
    store.submit(load_spec({"data": {"source": f"dataset:{sha}", "target": "y"}}))
    assert store.experiments()[0].source == "first.csv"


@pytest.mark.parametrize(
    "name",
    ["../../x.csv", r"C:\x.csv", "y" * 5000, "a\0b.csv", "\u202ecsv.exe", "a.csv:$x.csv", "🎉.csv", "<b>x</b>.csv", ""],
)
def test_the_name_of_an_upload_is_shown_and_is_no_path(store: Store, settings: Settings, name: str) -> None:
    sha = store.datasets.add(b"x,y\n1,2\n", name)
    shown = store.datasets.name(sha)
    assert 0 < len(shown) <= 120
    assert not {"\0", "\u202e"} & set(shown)
    assert [file.name for file in settings.data.glob("**/*") if "x.csv" in file.name or name in file.parts] == []
    assert [file.name.partition(".")[0] for file in (settings.data / "datasets").iterdir()] == [sha]


def test_deleting_an_experiment_keeps_the_table_that_another_learns_from(store: Store) -> None:
    sha = store.datasets.add(b"x,y\n1,2\n", "t.csv")
    spec = load_spec({"data": {"source": f"dataset:{sha}", "target": "y"}})
    first, second = store.submit(spec), store.submit(spec)
    store.delete(first)
    assert store.datasets.read(sha) == b"x,y\n1,2\n"
    assert [experiment.id for experiment in store.experiments()] == [second]


def test_an_upload_that_breaks_off_leaves_nothing(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(WorkFailed, match=r"t\.csv: could not be stored"):
        store.datasets.add(b"x,y\n1,2\n", "t.csv")
    assert list((settings.data / "datasets").iterdir()) == []
    assert count(store, schema.dataset) == 0


def test_an_upload_above_the_limit_is_refused(tmp_path: Path) -> None:
    store = Store(Settings(data=tmp_path, max_upload_mb=1))
    with pytest.raises(InputRefused, match="at most 1 MB"):
        store.datasets.add(b"x" * (2**20 + 1), "large.csv")
    assert not list((tmp_path).glob("datasets/*"))


def test_the_file_a_table_was_read_from_is_kept_once_and_is_no_table(settings: Settings, store: Store) -> None:
    file = b"x;y\n1;2\n"
    sha = hashlib.sha256(file).hexdigest()
    store.datasets.add(b"x,y\n1,2\n", "first.csv", file)
    store.datasets.add(b"x,y\n1,2\n\n", "second.csv", file)
    assert store.datasets.read_file(sha) == b"x;y\n1;2\n"
    assert [file.name for file in (settings.data / "uploads").iterdir()] == [sha]
    with pytest.raises(InputRefused, match="no such table"):
        store.datasets.read(sha)
    with pytest.raises(InputRefused, match="no such table"):
        store.submit(load_spec({"data": {"source": f"dataset:{sha}", "target": "y"}}))


def test_a_file_above_the_limit_is_not_kept(tmp_path: Path) -> None:
    store = Store(Settings(data=tmp_path, max_upload_mb=1))
    with pytest.raises(InputRefused, match="at most 1 MB"):
        store.datasets.add(b"x,y\n1,2\n", "large.csv", b"x" * (2**20 + 1))
    assert not list(tmp_path.glob("uploads/*"))


def test_a_file_that_was_lost_or_changed_is_said_in_one_sentence(settings: Settings, store: Store) -> None:
    file = b"x;y\n1;2\n"
    sha = hashlib.sha256(file).hexdigest()
    store.datasets.add(b"x,y\n1,2\n", "t.csv", file)
    (settings.data / "uploads" / sha).write_bytes(b"changed")
    with pytest.raises(WorkFailed, match="has changed on disk; upload it again"):
        store.datasets.read_file(sha)
    (settings.data / "uploads" / sha).unlink()
    with pytest.raises(WorkFailed, match=r"cannot be read .* upload it again"):
        store.datasets.read_file(sha)
    for name in ("", "../lab.db", sha.upper()):
        with pytest.raises(InputRefused, match="was not kept"):
            store.datasets.read_file(name)


def test_a_dataset_name_is_no_path(store: Store) -> None:
    with pytest.raises(InputRefused, match="no such table"):
        store.datasets.read("../lab.db")


def test_a_full_queue_refuses_and_keeps_nothing(settings: Settings) -> None:
    store = Store(settings.model_copy(update={"max_queued": 3}))
    store.submit(fake_spec(QUICK, seeds=2))
    with pytest.raises(InputRefused, match="The queue is full: 2 runs wait or train and this adds 2"):
        store.submit(fake_spec(QUICK, seeds=2))
    assert count(store, schema.experiment) == 1


@pytest.mark.parametrize("unknown", ["' or 1=1 --", "a\0b", "ü" * 500])
def test_unknown_ids_are_refused(store: Store, unknown: str) -> None:
    for call in (store.experiment, store.news, store.cancel, store.delete):
        with pytest.raises(InputRefused, match="no such experiment"):
            call(unknown)


def test_a_run_with_a_number_that_none_has_has_no_pictures(store: Store) -> None:
    experiment = store.submit(fake_spec(QUICK))
    assert store.pictures(experiment, [2**53], 2**53).frames == ()


def test_experiments_are_listed_newest_first_in_pages(store: Store) -> None:
    ids = [store.submit(fake_spec(QUICK, title=str(number))) for number in range(5)]
    page = store.experiments(limit=2)
    assert [summary.id for summary in page] == ids[:2:-1]
    rest = store.experiments(limit=9, before=page[-1].id)
    assert [summary.id for summary in rest] == ids[2::-1]
    assert rest[0].states == {State.QUEUED: 1}


def test_the_best_skill_is_of_runs_that_were_not_cancelled(store: Store, runs: Queue) -> None:
    store.submit(fake_spec(QUICK, seeds=3))
    for state, skill in ((State.DONE, 0.4), (State.DIVERGED, None), (State.CANCELLED, 0.9)):
        claim = runs.claim(runs.waiting()[0][1])
        assert claim is not None
        assert runs.start(claim)
        assert runs.finish(claim, state, result={"skill": skill, "val_skill": skill and skill / 2})
    (summary,) = store.experiments()
    assert (summary.best_skill, summary.best_val_skill) == (0.4, 0.2)


def test_deleting_takes_runs_and_points_along(store: Store, runs: Queue) -> None:
    kept = store.submit(fake_spec(QUICK))
    experiment = store.submit(fake_spec(QUICK, vary={"training.learning_rate": [0.5, 0.25]}))
    claims = [runs.claim(structure) for _, structure, _ in runs.waiting() for _ in range(3)]
    for claim in filter(None, claims):
        assert runs.start(claim)
        runs.renew(claim, [Chunk(1, 1, '{"loss":[1]}')])
    store.delete(experiment)
    assert count(store, schema.run) == count(store, schema.points) == 1
    assert states(store, kept) == ["running"]


def test_cancelling_leaves_what_is_done_as_it_is(store: Store, runs: Queue) -> None:
    experiment = store.submit(fake_spec(QUICK, seeds=2))
    claim = runs.claim(runs.waiting()[0][1])
    assert claim is not None
    assert runs.start(claim)
    assert runs.finish(claim, State.DONE)
    store.cancel(experiment)
    store.cancel(experiment)
    assert states(store, experiment) == ["done", "cancelled"]


def test_points_are_sent_once_and_nothing_is_news_afterwards(store: Store, runs: Queue) -> None:
    experiment = store.submit(fake_spec(QUICK, seeds=2))
    claim = runs.claim(runs.waiting()[0][1])
    assert claim is not None
    assert runs.start(claim)
    cursor = store.news(experiment).cursor
    runs.renew(claim, [Chunk(1, 2, '{"loss":[3,2]}'), Chunk(3, 3, '{"loss":[1]}')])
    news = store.news(experiment, cursor)
    assert [point.first_epoch for point in news.points] == [1, 3]
    assert [run["epoch"] for run in news.runs] == [3]
    nothing = store.news(experiment, news.cursor)
    assert (nothing.points, nothing.runs) == ((), ())
    assert not nothing.finished


def test_a_cursor_of_another_database_starts_over(store: Store) -> None:
    experiment = store.submit(fake_spec(QUICK))
    assert len(store.news(experiment, since=10**9).runs) == 1


def test_points_of_an_earlier_attempt_are_not_shown(store: Store, runs: Queue) -> None:
    experiment = store.submit(fake_spec(QUICK))
    for attempt in (1, 2):
        claim = runs.claim(runs.waiting()[0][1])
        assert claim is not None
        assert runs.start(claim)
        runs.renew(claim, [Chunk(1, 1, f'{{"loss":[{attempt}]}}')])
        if attempt == 1:
            assert runs.died(claim, "signal 9")
    news = store.news(experiment)
    assert [(point.attempt, point.history) for point in news.points] == [(2, {"loss": [2]})]
    assert store.results(experiment, [0])[0].history == {"loss": (2,)}
    assert count(store, schema.points) == 1  # nor kept


def long_run(store: Store, runs: Queue, epochs: int) -> str:
    """An experiment with one run of so many epochs, stored in pieces as a trainer tells them."""
    experiment = store.submit(fake_spec(QUICK))
    claim = runs.claim(runs.waiting()[0][1])
    assert claim is not None
    assert runs.start(claim)
    overview = Overview()
    for first in range(1, epochs + 1, 512):
        points = {name: [1 / epoch for epoch in range(first, first + 512)] for name in ("loss", "mae")}
        runs.renew(claim, [Chunk(first, first + 511, encode_history(points), overview.add(first, points))])
    assert runs.finish(claim, State.DONE)
    return experiment


def test_a_long_history_is_news_in_a_bounded_number_of_points_and_a_result_in_all(store: Store, runs: Queue) -> None:
    experiment = long_run(store, runs, 51_200)
    news = store.news(experiment)
    assert [point.first_epoch for point in news.points] == [1, 513]
    curves = [json.loads(block.text)["loss"] for block in news.blocks]
    assert sum(len(curve["epochs"]) for curve in curves) < 2500
    assert curves[-1]["epochs"][-1] == 51_200
    (result,) = store.results(experiment, [0])
    assert {name: len(values) for name, values in result.history.items()} == {"loss": 51_200, "mae": 51_200}
    (lean,) = store.results(experiment, [0], ["loss"])
    assert set(lean.history) == {"loss"}
    assert lean.history["loss"] == result.history["loss"]


def test_a_block_that_has_grown_is_news_and_the_others_are_not(store: Store, runs: Queue) -> None:
    experiment = store.submit(fake_spec(QUICK))
    claim = runs.claim(runs.waiting()[0][1])
    assert claim is not None
    assert runs.start(claim)
    runs.renew(claim, [Chunk(1, 2048, '{"loss":[1]}', {1025: "one", 1281: "two"})])
    cursor = store.news(experiment).cursor
    runs.renew(claim, [Chunk(2049, 2050, '{"loss":[1,1]}', {1281: "two, longer"})])
    news = store.news(experiment, cursor)
    assert [block.text for block in news.blocks] == ["two, longer"]
    assert news.points == ()
    assert [block.text for block in store.news(experiment).blocks] == ["one", "two, longer"]


def test_very_much_is_told_in_several_parts_that_make_the_whole(
    store: Store, runs: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = long_run(store, runs, 20_480)
    whole = store.news(experiment)
    assert whole.finished
    few = news_module._BLOCKS.limit(6)
    monkeypatch.setattr(news_module, "MOST_BLOCKS", 5)
    monkeypatch.setattr(news_module, "_BLOCKS", few)
    parts = [store.news(experiment)]
    while not parts[-1].finished:
        parts.append(store.news(experiment, parts[-1].cursor))
        assert len(parts) < 20
    assert len(parts) > 2
    assert max(len(part.blocks) for part in parts) <= 5
    assert tuple(block for part in parts for block in part.blocks) == whole.blocks
    assert tuple(point for part in parts for point in part.points) == whole.points
    assert parts[-1].cursor == whole.cursor


def test_blocks_of_an_earlier_attempt_are_not_shown_and_go_with_the_experiment(store: Store, runs: Queue) -> None:
    experiment = store.submit(fake_spec(QUICK))
    for attempt in (1, 2):
        claim = runs.claim(runs.waiting()[0][1])
        assert claim is not None
        assert runs.start(claim)
        runs.renew(claim, [Chunk(1, 1, '{"loss":[1]}', {1025: f"of {attempt}"})])
        if attempt == 1:
            assert runs.died(claim, "signal 9")
    assert [block.text for block in store.news(experiment).blocks] == ["of 2"]
    assert count(store, schema.overview) == 1
    store.delete(experiment)
    assert count(store, schema.overview) == 0


def test_a_refusal_with_quotes_and_a_gap_in_a_history_come_back_as_they_were(store: Store, runs: Queue) -> None:
    experiment = store.submit(fake_spec(QUICK, title='quote " and \\ back'))
    claim = runs.claim(runs.waiting()[0][1])
    assert claim is not None
    assert runs.start(claim)
    assert runs.finish(claim, State.FAILED, [Chunk(1, 1, '{"loss":[null]}')], error='a "quoted" sentence\n.')
    news = store.news(experiment)
    assert news.runs[0]["error"] == 'a "quoted" sentence\n.'
    assert news.points[0].history == {"loss": [None]}
    assert news.finished


def test_news_say_how_many_runs_of_others_come_first(store: Store, runs: Queue) -> None:
    first, second = store.submit(fake_spec(QUICK, seeds=3)), store.submit(fake_spec(QUICK, seeds=2))
    assert [store.news(experiment).ahead for experiment in (first, second)] == [0, 3]
    claims = [runs.claim(runs.waiting()[0][1]) for _ in range(2)]
    for claim in filter(None, claims):
        assert runs.start(claim)
        assert runs.finish(claim, State.DONE)
    assert store.news(second).ahead == 1
    store.cancel(first)
    assert store.news(second).ahead == 0
    third = store.submit(fake_spec(QUICK))
    store.cancel(third)
    assert store.news(third).ahead == 0


def test_a_newer_schema_is_refused(store: Store, settings: Settings) -> None:
    with store.database.write() as connection:
        connection.execute(update(schema.meta).where(schema.meta.c.name == "schema").values(value=99))
    with pytest.raises(InputRefused, match="newer Loss Lab; upgrade"):
        Store(settings)


@sqlite_alone
@pytest.mark.parametrize("content", [b"this is no database, " * 500, b"SQLite format 3\x00" + b"\xff" * 8192])
def test_a_damaged_database_is_refused_and_left_alone(settings: Settings, content: bytes) -> None:
    settings.data.mkdir()
    path = settings.data / "lab.db"
    path.write_bytes(content)
    with pytest.raises(InputRefused, match=r"lab\.db: .*"):
        Store(settings)
    assert path.read_bytes() == content


@sqlite_alone
def test_a_database_damaged_inside_is_refused(store: Store, settings: Settings) -> None:
    for _ in range(20):
        store.submit(fake_spec(QUICK, seeds=50))
    store.close()
    path = settings.data / "lab.db"
    damaged = bytearray(path.read_bytes())
    damaged[4096 * 8 : 4096 * 20] = b"\xab" * (4096 * 12)
    path.write_bytes(damaged)
    with pytest.raises(InputRefused, match="damaged"):
        Store(settings)
    assert path.read_bytes() == damaged


def test_another_kind_of_database_is_refused_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="not supported") as refusal:
        Store(Settings(data=tmp_path, db_url="mysql://me:secret@host/lab"))
    assert "secret" not in str(refusal.value)


@sqlite_alone
def test_every_connection_has_the_promised_settings(store: Store) -> None:
    with store.database.write() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "mmap_size")
        }
    assert found | {"mmap_size": found["mmap_size"] or 0} == {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10000, "mmap_size": 0,
    }  # fmt: skip


@sqlite_alone
def test_the_log_is_moved_into_the_file(store: Store, settings: Settings) -> None:
    store.submit(fake_spec(QUICK, seeds=50))
    log = settings.data / "lab.db-wal"
    assert log.stat().st_size > 0
    store.database.checkpoint()
    assert log.stat().st_size == 0
