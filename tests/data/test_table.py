"""From bytes to a typed table: what is read, what is repaired, what is refused."""

import io
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.csv
import pytest

from core.data.csv import file_limits
from core.data.table import read_table
from core.errors import InputRefused

HERE = Path(__file__).parent


def refusal(content: bytes, name: str = "titanic.csv") -> str:
    with pytest.raises(InputRefused) as caught:
        read_table(content, name)
    message = str(caught.value)
    assert "\n" not in message
    assert "Traceback" not in message
    return message


def test_titanic_is_read_as_pandas_reads_it():
    content = (HERE / "titanic.csv").read_bytes()
    table = read_table(content, "titanic.csv")
    plain = pd.read_csv(io.BytesIO(content))
    assert list(table.frame.columns) == list(plain.columns)
    pd.testing.assert_frame_equal(table.frame.drop(columns="alive"), plain.drop(columns="alive"))
    assert table.frame["alive"].tolist() == (plain["alive"] == "yes").tolist()
    kinds = {column.name: column.kind for column in table.columns}
    assert kinds["age"] == "number"
    assert kinds["sex"] == "category"
    assert kinds["adult_male"] == "boolean"
    assert table.column("age").missing == 177
    assert (table.column("age").minimum, table.column("age").maximum) == (0.42, 80.0)
    assert table.notes == ("Read as true or false: alive (yes/no).",)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_sniffed(delimiter):
    content = f"a{delimiter}b\n1{delimiter}x\n2{delimiter}y\n".encode()
    table = read_table(content)
    assert table.frame.to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}
    assert any("are separated by" in note for note in table.notes) == (delimiter != ",")


def test_a_decimal_comma_is_read_beside_semicolons_and_never_beside_commas():
    assert read_table(b"a;b\n1,5;2\n2,5;3\n").frame["a"].tolist() == [1.5, 2.5]
    assert read_table(b"a,b\n1,5\n2,5\n").frame["a"].tolist() == [1, 2]


def test_a_table_of_numbers_without_a_header_loses_no_row():
    table = read_table(b"1,2\n3,4\n")
    assert list(table.frame.columns) == ["column 1", "column 2"]
    assert len(table.frame) == 2
    assert "no header" in table.notes[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_is_read_with_and_without_its_mark(encoding):
    table = read_table("naïve,b\né,1\n".encode(encoding))
    assert table.frame.to_dict("list") == {"naïve": ["é"], "b": [1]}


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_line_ending_gives_the_same_table(newline):
    text = newline.join(["a,b", "1,x", '2,"y z"', ""])
    assert read_table(text.encode()).frame.to_dict("list") == {"a": [1, 2], "b": ["x", "y z"]}


def test_missing_markers_are_missing_and_words_are_not():
    frame = read_table(b"a,b\n?,x\nNA,-\n,none at all\n3,null\n").frame
    assert frame["a"].isna().tolist() == [True, True, True, False]
    assert frame["b"].isna().tolist() == [False, True, False, True]


def test_booleans_with_gaps_stay_booleans():
    table = read_table(b"a,b\ntrue,1\nfalse,2\n,3\n")
    assert table.column("a").kind == "boolean"
    assert table.column("a").missing == 1


def test_iso_dates_are_dates_and_other_words_are_not():
    table = read_table(b"a,b\n2024-01-31,2024-01-31\n2024-02-01T10:00:00,soon\n")
    assert [column.kind for column in table.columns] == ["date", "category"]


def test_names_that_nearly_all_differ_are_identifiers_and_few_words_are_categories():
    rows = "".join(f"name {i},{'abc'[i % 3]},{'long remark ' * 5}{i}\n" for i in range(60))
    table = read_table(f"who,group,remark\n{rows}".encode())
    assert [column.kind for column in table.columns] == ["identifier", "category", "text"]
    assert read_table(b"a\nx\ny\nz\n").column("a").kind == "category"


def test_duplicate_and_empty_names_become_distinct_and_the_originals_stay():
    table = read_table(b"x,x,,x (2)\n1,2,3,4\n")
    assert list(table.frame.columns) == ["x", "x (3)", "column 3", "x (2)"]
    assert table.frame["x (2)"].tolist() == [4]
    assert table.notes == (
        "Column 2 is called x (3) here: its name is taken.",
        "Column 3 is called column 3 here: its name is empty.",
    )


def test_control_and_direction_characters_never_reach_a_column_name():
    table = read_table("a\u202eb,c\x07\n1,2\n".encode())
    assert list(table.frame.columns) == ["ab", "c"]


def test_an_unknown_column_is_refused_with_the_first_ten_that_exist():
    table = read_table((",".join(f"c{i}" for i in range(12)) + "\n" + ",".join("1" * 12) + "\n").encode())
    with pytest.raises(InputRefused) as caught:
        table.column("nope", "data.target")
    assert "c0, c1" in str(caught.value)
    assert "c11" not in str(caught.value)


def _workbook() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "PNG"),
        (_workbook(), "Excel"),
        (b"PK\x03\x04" + b"a,b\n1,2\n", "zip"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"\x7fELF\x02", "program"),
        (b"\x80\x04\x95\x00", "pickle"),
        (b"%PDF-1.7\n", "PDF"),
        (b"<!DOCTYPE html><p>1,2", "web page"),
        (b"a,b\n1,\x00\n", "NUL"),
    ],
)
def test_what_is_no_text_is_refused_by_its_bytes_whatever_its_name(content, word):
    message = refusal(content)
    assert message.startswith("titanic.csv is not a text table")
    assert word in message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"a,b\n", "no rows"),
        (b"a,b\n1,2\n3\n4,5\n", "line 3 has 1 cell"),
        (b"a,b\n1,2,3\n4,5,6\n", "line 2 has 3 cells"),
        (b"a,b\n1,2\n3,4,5\n", "line 3 has 3 cells"),
        (b'a,b\n"x,y",2\n3\n', "line 3 has 1 cell"),
        (b'a,b\n""\n1,2,3\n', "line 3 has 3 cells"),
        (b' \r"', "empty"),
        (b'a,b\n1,"2\n3,4\n', "never closed"),
        (b"a,b\n1," + b"x" * 70_000 + b"\n", "line 2 has a cell"),
        (b'a,b\n1,"' + b"x\n" * 50_000 + b'"\n2,3\n', "cell above 64 KB"),
        (b'a,b\n1,"' + b"x\n" * 90_000, "cell above 64 KB"),
        (b"," * 2_000_000, "line 1 is too long"),
        (b"a,b\n" + b"1,2\n" * 1_000_010, "lines of 2 columns are too many"),
        ((",".join(f"c{i}" for i in range(2001)) + "\n" + "1," * 2000 + "1\n").encode(), "2,001 columns"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_broken_or_oversized_table_is_refused_in_one_sentence(content, words):
    assert words in refusal(content)


def test_a_file_that_is_too_large_is_refused_before_it_is_looked_at(monkeypatch):
    monkeypatch.setattr(file_limits, "MAX_BYTES", 10)
    assert "MB" in refusal(b"a,b\n1,2\n3,4\n")


def test_too_many_cells_are_refused_before_arrow_sees_them(monkeypatch):
    monkeypatch.setattr(pyarrow.csv, "open_csv", lambda *a, **k: pytest.fail("parsed"))
    refusal(("," * 1_999 + "\n").encode() * 10_002)


def test_any_bytes_at_all_are_a_table_or_a_refusal():
    rng = np.random.Generator(np.random.Philox(0))
    alphabet = np.frombuffer(b'a1,;\n\r" .\t|', np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(500):
            content = rng.choice(alphabet, rng.integers(1, 40)).tobytes()
            try:
                table = read_table(content)
            except InputRefused:
                continue
            assert len(table.frame) > 0
            assert len(table.columns) == table.frame.shape[1] > 0


def test_a_malicious_file_name_is_shown_as_plain_text():
    message = refusal(b"", "\u202e../../etc\x00/<b>" + "x" * 500 + ".csv")
    assert "\u202e" not in message
    assert "\x00" not in message
    assert len(message) < 200


def test_reading_and_naming_tasks_do_not_import_sklearn():
    code = "import core.data.table, core.data.understand.task, core.data.source, sys; print('sklearn' in sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HERE.parent.parent
    )
    assert shown.stdout.strip() == "False"
