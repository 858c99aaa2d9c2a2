"""Uploads are read in another process, whatever becomes of it, and never in this one."""

import hashlib
import os
import signal
import subprocess
import threading
from dataclasses import replace

import pandas as pd
import pytest

from core.data.csv.read_options import ChoiceNeeded, ReadOptions
from core.data.source import load_table
from core.data.table import is_packed, pack, read_table, unpack
from core.data.upload import upload as parsing
from core.data.upload.upload import read_upload, recast_packed
from core.errors import InputRefused, WorkFailed
from core.spec import DataSpec

CONTENT = "n;x;word;flag;day;gap\n1;1,5;ö;ja;1.2.2024;?\n2;2,5;;nein;31.12.2024;yes\n3;;z;;;no\n".encode("latin-1")


@pytest.fixture
def no_spare():
    """Begin and end without a process in waiting."""

    def clear() -> None:
        with parsing._spare_lock:
            for process in parsing._spare:
                process.kill()
                process.communicate()
            parsing._spare.clear()

    clear()
    yield
    clear()


def test_an_upload_is_the_table_that_reading_here_would_give():
    upload = read_upload(CONTENT, "t.csv")
    here = read_table(CONTENT, "t.csv")
    pd.testing.assert_frame_equal(upload.table.frame, here.frame)
    assert upload.table.notes == here.notes
    assert upload.table.columns == here.columns
    assert here.origin is not None
    file = hashlib.sha256(CONTENT).hexdigest()
    assert upload.packed == pack(replace(here, origin=replace(here.origin, file=file, name="t.csv")))


def test_the_same_file_under_another_name_is_another_table_of_the_same_file():
    mine, yours, again = (read_upload(CONTENT, name) for name in ("mine.csv", "yours.csv", "mine.csv"))
    assert mine.packed == again.packed != yours.packed
    renamed = recast_packed(yours.packed, "yours.csv", {}, "dataset:" + "0" * 64, {"n": "number"})
    origins = [upload.table.origin for upload in (mine, yours, renamed)]
    assert [origin and origin.name for origin in origins] == ["mine.csv", "yours.csv", "yours.csv"]
    assert {origin and origin.file for origin in origins} == {hashlib.sha256(CONTENT).hexdigest()}


def test_what_is_stored_is_the_table_again_wherever_it_is_loaded():
    packed = pack(read_table(CONTENT, "t.csv"))
    assert is_packed(packed)
    assert not is_packed(CONTENT)
    loaded = load_table(DataSpec(source=f"dataset:{'0' * 64}", target="n"), dataset=lambda sha: packed)
    pd.testing.assert_frame_equal(loaded.frame, read_table(CONTENT).frame)
    assert loaded.notes == unpack(packed).notes == read_table(CONTENT).notes


def test_a_packed_table_that_somebody_uploads_is_no_text():
    with pytest.raises(InputRefused, match="Arrow"):
        read_upload(pack(read_table(CONTENT)), "t.csv")


@pytest.mark.parametrize(
    ("content", "choice", "value"),
    [(b"a,b\n1,2\n3\n", "drop_ragged", 1), ("имя,y\nМосква,1\n".encode("cp1251"), "encoding", 0)],
)
def test_a_choice_comes_back_from_the_other_process_and_can_be_made(content, choice, value):
    with pytest.raises(ChoiceNeeded) as caught:
        read_upload(content, "t.csv")
    assert (caught.value.choice, caught.value.value, caught.value.where) == (choice, value, "t.csv")
    made = {"drop_ragged": ReadOptions(drop_ragged=True), "encoding": ReadOptions(encoding="cp1251")}
    assert len(read_upload(content, "t.csv", made[choice]).table.frame) == 1


def test_a_refusal_comes_back_and_an_upload_above_the_limit_does_not_even_go():
    with pytest.raises(InputRefused, match="has a header and no rows") as caught:
        read_upload(b"a,b\n", "t.csv")
    assert caught.value.where == "t.csv"
    with pytest.raises(InputRefused, match="at most 1 MB"):
        read_upload(b"a,b\n" + b"1,2\n" * 2**19, "t.csv", max_mb=1)


def test_it_is_never_parsed_in_this_process(monkeypatch):
    monkeypatch.setattr("core.data.table.parse_csv", lambda *a: pytest.fail("parsed here"))
    monkeypatch.setattr("core.data.csv.reader.parse_csv", lambda *a: pytest.fail("parsed here"))
    assert len(read_upload(CONTENT, "t.csv").table.frame) == 3


def test_a_process_that_dies_in_waiting_is_replaced(no_spare):
    parsing.warm()
    (waiting,) = parsing._spare
    os.kill(waiting.pid, signal.SIGKILL)
    waiting.wait()
    assert len(read_upload(CONTENT, "t.csv").table.frame) == 3


def test_a_process_that_takes_too_long_is_ended_and_the_file_refused(no_spare, monkeypatch):
    parsing.warm()
    (process,) = parsing._spare
    os.kill(process.pid, signal.SIGSTOP)
    monkeypatch.setattr(parsing, "WALL_SECONDS", 0.2)
    with pytest.raises(InputRefused, match="takes longer than is allowed"):
        read_upload(CONTENT, "t.csv")
    assert process.poll() == -signal.SIGKILL


def _instead(monkeypatch, program: str) -> None:
    """Have `program` read uploads."""
    start = subprocess.Popen

    def other(command, **settings):
        return start([command[0], "-c", program], **settings)

    monkeypatch.setattr(subprocess, "Popen", other)


def test_a_process_that_has_ended_before_it_is_told_anything_is_our_failure_too(no_spare, monkeypatch):
    start = subprocess.Popen

    def ended(command, **settings):
        process = start([command[0], "-c", "raise SystemExit(3)"], **settings)
        process.wait()
        return process

    monkeypatch.setattr(subprocess, "Popen", ended)
    with pytest.raises(WorkFailed, match=r"^t.csv: could not be read"):
        read_upload(CONTENT, "t.csv")


def test_a_process_that_breaks_down_is_our_failure_in_one_sentence(no_spare, monkeypatch):
    _instead(monkeypatch, "raise SystemExit(3)")
    with pytest.raises(WorkFailed, match=r"^t.csv: could not be read") as caught:
        read_upload(CONTENT, "t.csv")
    assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize(
    ("limit", "program"),
    [
        ("memory", "c.MEMORY_BYTES = 2**26; p.read_table = lambda *a, **k: bytearray(2**28)"),
        ("longer", "c.CPU_SECONDS = 1; p.read_table = lambda *a, **k: sum(iter(int, 1))"),
    ],
)
def test_memory_and_processor_time_are_bounded(no_spare, monkeypatch, limit, program):
    # What is loaded before the limits are set must still be read.
    program = f"""
import core.data.confined as c
import core.data.upload.reader_process as p
bounded = p.limit_resources
def limit_resources():
    global p
    {program}
    bounded()
p.limit_resources = limit_resources
p.main()
"""
    _instead(monkeypatch, program)
    with pytest.raises(InputRefused, match=limit):
        read_upload(CONTENT, "t.csv")


def test_no_secret_of_the_server_reaches_the_process(no_spare, monkeypatch):
    monkeypatch.setenv("LOSSLAB_DB_URL", "postgresql://user:secret@host/db")
    _instead(
        monkeypatch,
        'import os, sys; sys.stdin.read(); sys.stdout.write(\'{"refused": "%s.", "where": ""}\' % sorted(os.environ))',
    )
    with pytest.raises(InputRefused) as caught:
        read_upload(b"a,b\n1,2\n", "t.csv")
    assert "LOSSLAB" not in str(caught.value)


def test_uploads_wait_for_their_turn_and_say_so_when_it_does_not_come(monkeypatch):
    monkeypatch.setattr(parsing, "_turn", threading.BoundedSemaphore(1))
    monkeypatch.setattr(parsing, "PATIENCE_SECONDS", 0.01)
    with parsing._turn, pytest.raises(WorkFailed, match="other files are being read"):
        read_upload(CONTENT, "t.csv")
    assert len(read_upload(CONTENT, "t.csv").table.frame) == 3


def test_a_name_is_only_shown(tmp_path):
    with pytest.raises(InputRefused) as caught:
        read_upload(b"a,b\n", f"\u202e../../{tmp_path}\x00<b>" + "x" * 5000)
    assert len(str(caught.value)) < 200
    assert "\u202e" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_table_with_other_kinds_comes_from_the_other_process_and_names_the_same_file():
    upload = read_upload(CONTENT, "t.csv")
    recast = recast_packed(upload.packed, "t.csv", {"n": "category"}, "dataset:x")
    assert recast.table.column("n").kind == "category"
    assert recast.table.frame["n"].tolist() == ["1", "2", "3"]
    assert recast.table.origin == upload.table.origin
    assert recast.packed != upload.packed
    pd.testing.assert_frame_equal(recast.table.frame.drop(columns="n"), upload.table.frame.drop(columns="n"))


def test_a_column_is_renamed_in_the_other_process():
    upload = read_upload(CONTENT, "t.csv")
    renamed = recast_packed(upload.packed, "t.csv", {}, "dataset:x", {"n": "number"})
    assert list(renamed.table.frame.columns) == ["number", *upload.table.frame.columns[1:]]
    with pytest.raises(InputRefused, match="n: the name x is taken"):
        recast_packed(upload.packed, "t.csv", {}, "dataset:x", {"n": "x"})


def test_a_kind_that_a_column_cannot_become_is_refused_by_the_other_process():
    with pytest.raises(InputRefused, match="x: cannot be read as date; allowed: number, category"):
        recast_packed(read_upload(CONTENT, "t.csv").packed, "t.csv", {"x": "date"}, "dataset:x")
