"""A packed table is the same table again, with all that is known of it; older ones still open."""

import errno
import io
import json

import pandas as pd
import pyarrow as pa
import pytest

from core.data.csv.read_options import ReadOptions
from core.data.table import made_from, pack, packed_size, read_table, unpack
from core.data.upload.recast import recast

CONTENT = "n;word;day;zip\n1;Fürth;1.2.2024;01234\n2;Köln;3.4.2024;00001\n3;;;99999\n".encode("latin-1")


def test_how_a_file_was_read_is_kept():
    table = read_table(CONTENT, decimal=",")
    origin = unpack(pack(table)).origin
    assert origin == table.origin
    assert origin is not None
    assert origin.options == ReadOptions(decimal=",")
    assert origin.used == ReadOptions("cp1252", ";", ",", header=True, day_first=True)
    assert origin.words == (b"F\xfcrth", b"K\xf6ln")


def test_what_was_not_guessed_raises_no_doubt():
    for content, encoding in ((CONTENT, "latin-1"), (CONTENT.decode("latin-1").encode(), None)):
        origin = read_table(content, encoding=encoding).origin
        assert origin is not None
        assert origin.words == ()


def test_chosen_kinds_are_kept_and_told():
    table = recast(read_table(CONTENT), {"n": "category", "zip": "number"}, "dataset:abc")
    again = unpack(pack(table))
    assert again.columns == table.columns
    assert (again.kinds, again.base) == ({"n": "category", "zip": "number"}, "dataset:abc")
    assert "Kinds as chosen: n (category), zip (number)." in again.notes
    pd.testing.assert_frame_equal(again.frame, table.frame)


def test_a_table_packed_before_files_were_kept_still_opens():
    table = read_table(CONTENT)
    arrow = pa.Table.from_pandas(table.frame, preserve_index=False)
    known = {**arrow.schema.metadata, b"loss-lab-notes": json.dumps(table.notes).encode()}
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, arrow.schema.with_metadata(known)) as file:
        file.write_table(arrow)
    old = unpack(bytes(sink.getvalue()))
    pd.testing.assert_frame_equal(old.frame, table.frame)
    assert (old.notes, old.origin, old.kinds) == (table.notes, None, {})
    assert old.columns == table.columns


def test_the_size_of_a_packed_table_is_told_from_its_file_and_of_nothing_else(tmp_path):
    packed = pack(read_table(CONTENT))
    (tmp_path / "packed").write_bytes(packed)
    assert packed_size(tmp_path / "packed") == packed_size(io.BytesIO(packed)) == (3, 4)
    for name, content in (("text", CONTENT), ("cut", packed[:-20]), ("empty", b"")):
        (tmp_path / name).write_bytes(content)
        assert packed_size(tmp_path / name) is packed_size(io.BytesIO(content)) is None
    assert packed_size(tmp_path / "absent") is None


def test_what_a_table_was_made_from_is_nothing_where_none_is_there_or_its_words_are_damaged(tmp_path):
    table = recast(read_table(CONTENT), {"n": "category"}, "dataset:abc")
    packed = pack(table)
    (tmp_path / "packed").write_bytes(packed)
    assert made_from(tmp_path / "packed")[0] == "dataset:abc"
    (tmp_path / "damaged").write_bytes(packed.replace(b'"base": "dataset:abc"', b'"base": "dataset:a\xff\xff"'))
    assert (tmp_path / "damaged").read_bytes() != packed
    for name in ("damaged", "missing"):
        assert made_from(tmp_path / name) == ("", "")


def test_a_table_that_cannot_be_read_just_now_is_not_taken_for_one_made_from_nothing(tmp_path, monkeypatch):
    (tmp_path / "packed").write_bytes(pack(read_table(CONTENT)))

    def refuse(_path):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(pa, "memory_map", refuse)
    with pytest.raises(OSError, match="Too many"):
        made_from(tmp_path / "packed")
