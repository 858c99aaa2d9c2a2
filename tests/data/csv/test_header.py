"""Titles and comments above a table are no part of it; the table below is read as if they were not there."""

import pytest

from core.data.table import read_table

TABLE = b"city,people,area\nRome,2800000,1285\nBari,320000,117.4\n"


def columns(content, **options):
    return read_table(content, "t.csv", **options).frame.to_dict("list")


@pytest.mark.parametrize(
    "above",
    [
        b"Cities of Italy\n",
        b"Cities of Italy,,\n",
        b"Cities of Italy\n\n",
        b'"Cities, of Italy"\n',
        b'"Cities\nof Italy"\n',
        b"Cities of Italy\nSource: nobody\n",
        b"# cities of Italy\n",
        b"# cities, of Italy, by people, and area\n",
        b"# cities of Italy\n#\n\n# by a program\n",
        b'# cities "of Italy, "by a program\n',
        b'#, "cities of Italy\n',
        b"#\n  \n# cities of Italy\n  \n",
        b"# cities of Italy" + b"," * 100_000 + b"\n",
        b"#cities,of,Italy\n",
        b"# cities of Italy\nCities of Italy\n",
        b"sep=,\n# cities of Italy\n",
        b"\n\nCities of Italy\n",
    ],
)
def test_what_stands_above_a_table_is_left_out_and_said(above):
    table = read_table(above + TABLE, "t.csv")
    assert table.frame.equals(read_table(TABLE).frame)
    (note,) = table.notes
    assert "left out, a title or comment above the table" in note
    assert "Italy" in note


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_that_of_the_table_not_of_the_title(delimiter):
    content = TABLE.replace(b",", delimiter.encode())
    table = read_table(b"# Cities; of Italy, by | size\n" + content)
    assert table.frame.equals(read_table(TABLE).frame)
    origin = read_table(b"Cities\n" + content).origin
    assert origin is not None
    assert origin.used.delimiter == delimiter


@pytest.mark.parametrize(
    ("content", "names", "rows"),
    [
        (b"#city,people\nRome,2800000\nBari,320000\n", ["#city", "people"], 2),
        (b"# from 2020\n#city,people\nRome,2800000\nBari,320000\n", ["#city", "people"], 2),
        (b"#,city\n1,Rome\n2,Bari\n", ["#", "city"], 2),
        (b"# x y z\n1,2,3\n4,5,6\n", ["column 1", "column 2", "column 3"], 2),
        (b"# lengths\nx\n1\n2\n", ["x"], 2),
    ],
    ids=["a header", "a comment and a header", "a header of numbers", "no header", "one column"],
)
def test_the_line_of_names_may_begin_as_a_comment_does(content, names, rows):
    frame = read_table(content).frame
    assert list(frame.columns) == names
    assert len(frame) == rows


@pytest.mark.parametrize(
    "content",
    [
        b"name\nDoe, John\nRoe, Jane\n",
        b"price\n12,5\n13,7\n",
        b"# price\n12,5\n13,7\n",
        b"remark\nwell, yes\nno\nperhaps, who, knows\n",
        b"# of items\n3\n4\n",
        b"#tag\n#red\n#blue\n",
        b"#tag\n#red\nblue\n",
        b"x\n1\n2\n",
        b"place\n1.5 2.5\n2.5 3.5\n",
    ],
)
def test_a_column_alone_stays_alone_and_loses_no_row(content):
    table = read_table(content)
    first, *rows = content.decode().splitlines()
    assert list(table.frame.columns) == [first]
    assert len(table.frame) == len(rows)
    assert not any("left out" in note or "separated" in note for note in table.notes)


@pytest.mark.parametrize("content", [b"a,\nx,1\ny,2\n", b",a,b\n0,1,2\n1,3,4\n", b"a,,\n1,2,3\n4,5,6\n"])
def test_a_header_with_gaps_is_no_title(content):
    table = read_table(content)
    assert len(table.frame) == 2
    assert not any("left out, a title" in note for note in table.notes)


def test_a_person_decides_delimiter_and_header_below_a_title_as_above_a_table():
    titled = b"Cities of Italy\n" + TABLE
    assert list(columns(titled, delimiter=";")) == ["Cities of Italy"]
    assert columns(titled, header=True) == columns(TABLE)
    assert columns(titled, header=False)["column 1"] == ["city", "Rome", "Bari"]
    assert columns(titled, sample_rows=1, seed=3) == columns(TABLE, sample_rows=1, seed=3)


def test_lines_are_counted_in_the_file_and_rows_in_the_table():
    with pytest.raises(ValueError, match="line 5 has 2 cells"):
        read_table(b"# one\n# two\na,b,c\n1,2,3\n4,5\n6,7,8\n9,0,1\n")
