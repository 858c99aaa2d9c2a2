"""Titles and comments above a table are no part of it; the table below is read as if they were not there."""

import pytest

from core.data.table import read_table
from core.errors import InputRefused

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


PEOPLE = b"name,city\nAnn,Rome\nBob,Bari\nCid,Oslo\n"
SUMS = b"shop,sum\nA,12\nB,13\nC,14\n"


@pytest.mark.parametrize(
    ("above", "table"),
    [
        (b"My people of 2020\n", PEOPLE),
        (b"2020\n", PEOPLE),
        (b"My people\nof 2020\n", PEOPLE.replace(b",", b";")),
        (b"My people\n", PEOPLE.replace(b",", b"\t")),
        (b"# people\n", PEOPLE),
        (b"# people\n# by nobody\n", PEOPLE),
        (b"Population\n", b"country,2000,2005,2010\nFrance,1,2,3\nItaly,2,3,4\nSpain,3,4,5\n"),
        (b"Sales, 2020\n", SUMS),
        (b"Sales, 2020\n", SUMS.replace(b",", b";")),
        (b"Sales, 2020\n", b"shop,sum,tax\nA,12,1\nB,13,1\nC,14,2\n"),
        (b"Sales, 2020\n", b"shop,town,street\nA,X,S\nB,Y,T\nC,Z,U\n"),
        (b"Report\nBerlin, 2020\n", SUMS),
        (b"Report\nBerlin, 2020\n", b"city,people,area\nRome,2800000,1285\nBari,320000,117.4\n"),
        (b"Source,WDI\nUpdated,2020-01-01\n\n", b"country,code,sum\nFrance,FRA,1.5\nItaly,ITA,2.5\n"),
        (b"Letters\n", b"p,x,s\ne,x,t\np,b,w\n"),
    ],
)
def test_a_line_narrower_than_the_table_is_a_title_whatever_the_kinds_of_its_columns(above, table):
    read, alone = read_table(above + table, "t.csv"), read_table(table)
    assert read.frame.equals(alone.frame)
    assert "left out, a title or comment above the table" in read.notes[0]
    assert read.notes[1:] == alone.notes


@pytest.mark.parametrize(
    "content",
    [
        b"#1001,paid\n#1002,open\n1003,paid\n1004,paid\n1005,open\n",
        b"#1001,paid\n1002,open\n1003,paid\n1004,paid\n1005,open\n",
        b"#red,1\n#blue,2\ngreen,3\nred,4\n",
        b"#red,paid\n#blue,open\ngreen,paid\nred,open\nred,paid\n",
        b"#1001,paid\n#new,open\n" + b"1003,paid\n1004,paid\n1005,open\n" * 4,
    ],
)
def test_a_line_that_fits_the_columns_is_a_row_whatever_it_begins_with(content):
    table = read_table(content)
    written = [line.split(",")[0] for line in content.decode().splitlines()]
    assert table.frame["column 1"].tolist() == written
    assert not any("left out" in note for note in table.notes)


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n1,2,3\n1,2,3\n1,2,3\n",
        b"1,2\n3,4,5\n6,7,8\n9,1,2\n",
        b"mpg,cyl\nMazda,21,6\nDatsun,22.8,4\nHornet,21.4,6\n",
        b"name,city\nAnn,Rome,x\nBob,Bari,y\nCid,Oslo,z\n",
        b"name,age\nBob,unknown,\nCid,7,\nDan,8,9\n",
    ],
)
def test_a_first_row_that_is_short_is_no_title(content):
    with pytest.raises(InputRefused):
        read_table(content)


@pytest.mark.parametrize(
    "content",
    [
        b"name, age\nBob,5\nCid,7\nDan,8\n",
        b"Berlin, 2020\nRome,2021\nBari,2022\nOslo,1999\n",
        b"city, 2020\nRome,good\nBari,bad\nOslo,good\n",
        b"id,genres\n1,Action|War\n2,Fun|Love\n3,Fun|War\n",
        b"name;price\nA;1,5\nB;2,5\nC;3,5\n",
    ],
)
def test_a_first_line_as_wide_as_the_table_stays_part_of_it(content):
    table = read_table(content)
    assert table.frame.shape[1] == 2
    assert not any("left out" in note for note in table.notes)


@pytest.mark.parametrize(
    ("first", "second", "named"),
    [
        ("country,2000,2005,2010", "France,1,2,3", True),
        ("country,2000,2001,2002", "France,1,2,3", True),
        ("Ann,2000,2005,2010", "Bob,1999,2003,2011", False),
        ("Ann,10,20,30", "Bob,11,13,19", False),
    ],
)
def test_years_name_columns_only_above_other_numbers(first, second, named):
    frame = read_table(f"{first}\n{second}\n{second.replace('o', 'a')}\n".encode()).frame
    assert (list(frame.columns) == first.split(",")) == named
    assert len(frame) == 3 - named


@pytest.mark.parametrize(
    "content",
    [
        b"name\nDoe, John\nRoe, Jane\n",
        b"name\nDoe, John\nRoe, Jane\nPoe, Edgar\nMoe, Max\n",
        b"# name\nDoe, John\nRoe, Jane\nPoe, Edgar\n",
        b"place\nHauptstr. 5, Bonn\nMarkt 1, Trier\nMarkt 2, Berlin\n",
        b"price\n12,5\n13,7\n14,9\n1,4\n",
        b"price\n\xe2\x82\xac 12,50\n\xe2\x82\xac 13,70\n\xe2\x82\xac 14,90\n",
        b"people\n1,234,567\n2,345,678\n3,456,789\n",
        b"tags\nred|green\nblue|red\ngreen|blue\n",
        b"tags\n" + b"Action,War\nWar,Love\nLove,Fun\nFun,Action\n" * 9,
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
