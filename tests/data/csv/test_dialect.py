"""Delimiters, headers, trailing delimiters, ragged rows, quotes and samples."""

from pathlib import Path

import numpy as np
import pytest

from core.data.csv import cells as csv_cells
from core.data.csv import file_limits
from core.data.csv.read_options import ChoiceNeeded
from core.data.table import read_table
from core.errors import InputRefused

HERE = Path(__file__).parents[1]


def frame(content: bytes, **options):
    return read_table(content, "t.csv", **options).frame


def noted(content: bytes, words: str, **options) -> bool:
    return any(words in note for note in read_table(content, "t.csv", **options).notes)


def test_a_semicolon_wins_over_the_commas_inside_numbers():
    assert frame(b"1,5;2,5\n2,5;3,5\n").to_dict("list") == {"column 1": [1.5, 2.5], "column 2": [2.5, 3.5]}
    assert frame(b"a;b\n1,5;2,5\n").to_dict("list") == {"a": [1.5], "b": [2.5]}


def test_commas_in_the_words_of_one_column_are_no_delimiters():
    assert frame(b"remark\nwell, yes\nno\nperhaps, who, knows\n")["remark"].tolist()[2] == "perhaps, who, knows"
    assert frame(b"price\n1,5\n2,25\n")["price"].tolist() == [1.5, 2.25]


def test_the_delimiter_a_file_states_for_excel_is_used_and_is_no_row():
    table = frame(b"sep=|\na|b,c\n1|2\n")
    assert table.to_dict("list") == {"a": [1], "b,c": [2]}


def test_a_person_may_choose_delimiter_decimal_and_header():
    assert frame(b"a;b\n1;2\n", delimiter=",").to_dict("list") == {"a;b": ["1;2"]}
    assert frame(b"1,2\n3,4\n", header=True).to_dict("list") == {"1": [3], "2": [4]}
    assert frame(b"a,b\nc,d\n", header=False)["column 1"].tolist() == ["a", "c"]
    for wrong in ({"delimiter": "x"}, {"decimal": "x"}, {"sample_rows": 0}):
        with pytest.raises(InputRefused):
            frame(b"a,b\n1,2\n", **wrong)


@pytest.mark.parametrize(
    "content",
    [
        b"5.1,3.5,setosa\n4.9,3.0,setosa\n7.0,3.2,versicolor\n",
        b"3,?,alfa-romero,gas,88.60\n3,?,alfa-romero,gas,88.60\n1,?,audi,diesel,94.50\n",
        b"39, State-gov, 77516\n50, Private, 83311\n38, Private, 215646\n",
        b"p,x,s\ne,x,s\np,b,w\n",
        b"2024-01-01,5\n2024-01-02,6\n2024-01-03,7\n",
        b"R,0.02,0.03\nM,0.01,0.05\nR,0.07,0.01\n",
    ],
)
def test_a_file_without_header_loses_no_row(content):
    assert frame(content).columns[0] == "column 1"
    assert len(frame(content)) == 3
    assert noted(content, "no header line")


@pytest.mark.parametrize(
    "content",
    [
        b"name,city\nBob,Paris\nAnn,Rome\n",
        b"country,2000,2001,2002\nFrance,1.5,2.5,3.5\nItaly,2.5,3.5,4.5\n",
        b"0,1,2,3\n255,0,17,3\n3,0,0,5\n",
        b"x\n1\n2\n",
        b"date,y\n2024-01-01,5\n2024-01-02,6\n",
        b"a,b\n?,1\n?,2\n",
    ],
)
def test_a_header_is_no_row(content):
    assert len(frame(content)) == 2
    assert list(frame(content).columns) == content.split(b"\n")[0].decode().split(",")


@pytest.mark.parametrize("content", [b"a,b,\n1,2,\n3,4,\n", b"a,b\n1,2,\n3,4,\n", b"a,b,\n1,2\n3,4\n"])
def test_a_delimiter_at_the_end_of_every_row_is_no_column(content):
    assert frame(content).to_dict("list") == {"a": [1, 3], "b": [2, 4]}
    assert noted(content, "ends with a delimiter") == (content.count(b",\n") > 1)


def test_an_empty_last_column_with_a_name_is_one():
    assert list(frame(b"a,b,c\n1,2,\n3,4,\n").columns) == ["a", "b", "c"]


def test_a_value_after_the_trailing_delimiter_is_not_lost():
    rows = b"1,2,\n" * 300
    assert frame(b"a,b,\n" + rows + b"1,2,9\n")["column 3"].dropna().tolist() == [9]
    with pytest.raises(InputRefused, match="some rows have 3 cells"):
        frame(b"a,b\n" + rows + b"1,2,9\n")


def test_blanks_beside_delimiters_are_not_part_of_cells_even_before_quotes():
    content = b'a, b, c\n1, "x, y", w \n2, "z", v\n'
    assert frame(content).to_dict("list") == {"a": [1, 2], "b": ["x, y", "z"], "c": ["w", "v"]}
    assert frame(b"a , b\n1 , u\n2 , w\n").to_dict("list") == {"a": [1, 2], "b": ["u", "w"]}


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_line_end_inside_quotes_is_part_of_the_cell(newline):
    content = newline.join(["a,b", '1,"x', 'y"', '2,"p ""q"" r"', ""]).encode()
    assert frame(content)["b"].tolist() == ["x\ny", 'p "q" r']


def test_a_lone_quote_inside_a_cell_is_a_character():
    assert frame(b'a,b\n5" pipe,1\n7" pipe,2\n9" pipe,3\n')["a"].tolist() == ['5" pipe', '7" pipe', '9" pipe']


@pytest.mark.parametrize(("bad", "line"), [(1, 3), (150, 152), (200_000, 200_002)])
def test_a_quote_that_is_never_closed_is_refused_with_its_line(bad, line):
    content = b"a,b\n" + b"1,2\n" * bad + b'3,"x\n' + b"4,5\n" * 50
    with pytest.raises(InputRefused, match=f"quote is opened in line {line} and never closed"):
        frame(content)


def test_ragged_rows_are_refused_with_the_first_line_and_how_many():
    content = b"a,b\n1,2\n\n3\n4,5\n" + b"6,7\n" * 9 + b"1,2,3\n"
    with pytest.raises(ChoiceNeeded, match="line 4 has 1 cell, the first line 2, and 1 more line differs") as caught:
        frame(content)
    assert (caught.value.choice, caught.value.value) == ("drop_ragged", 2)
    assert len(frame(content, drop_ragged=True)) == 11
    assert noted(content, "2 lines without 2 cells were left out, the first of them line 4", drop_ragged=True)


def test_a_file_of_which_most_rows_are_ragged_is_no_table():
    with pytest.raises(InputRefused) as caught:
        frame(b"a,b\n1\n2\n3\n4,5\n")
    assert not isinstance(caught.value, ChoiceNeeded)


def test_too_many_rows_are_offered_as_a_sample_that_says_so(monkeypatch):
    monkeypatch.setattr(csv_cells, "MAX_ROWS", 100)
    content = b"a,b\n" + b"".join(b'%d,"x\n%d"\n' % (i, i) for i in range(1000))
    with pytest.raises(ChoiceNeeded, match="too many; allowed: at most 100 rows, or a random sample") as caught:
        frame(content)
    assert (caught.value.choice, caught.value.value) == ("sample_rows", 100)
    sample = frame(content, sample_rows=100)
    assert len(sample) == 100
    assert sample["a"].is_monotonic_increasing
    assert 300 < sample["a"].mean() < 700
    assert (sample["b"] == "x\n" + sample["a"].astype(str)).all()
    assert noted(content, "A random sample of 100 of 1,000 rows was read (seed 0)", sample_rows=100)
    assert frame(content, sample_rows=100).equals(sample)
    assert not frame(content, sample_rows=100, seed=1).equals(sample)


def test_every_row_is_as_likely_to_be_in_a_sample():
    content = b"a,b\n" + b"".join(b"%d,0.5\n" % i for i in range(200))
    drawn = np.concatenate([frame(content, sample_rows=50, seed=seed)["a"] for seed in range(40)])
    counts = np.bincount(drawn, minlength=200)
    assert counts.sum() == 2000
    # 10 ± 2.7 each: chi-square with 199 degrees of freedom (half of its usual variance: without replacement).
    assert ((counts - 10) ** 2 / 10).sum() < 260


def test_a_sample_as_large_as_the_table_is_the_table():
    content = (HERE / "mpg.csv").read_bytes()
    assert frame(content, sample_rows=1000).equals(frame(content))
    assert not noted(content, "sample", sample_rows=1000)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", r"[^:] is empty; allowed: CSV text"),
        (b"\n \n\t\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"a,b\n", "a header and no rows"),
        (b"a,b\n\n\n", "a header and no rows"),
        (b"a,b\n,\n,\n", "every cell is empty"),
        (b"a,b\n?,NA\n", ""),
    ],
)
def test_each_kind_of_empty_has_its_own_sentence(content, words):
    if not words:
        assert read_table(content).column("a").missing == 1
        return
    with pytest.raises(InputRefused, match=words):
        frame(content)


def test_one_row_and_one_column_are_tables():
    assert frame(b"a,b\n1,x\n").shape == (1, 2)
    assert frame(b"a\n1\n2\n").shape == (2, 1)


def test_a_long_line_or_cell_is_found_wherever_it_begins_and_named_by_its_line(monkeypatch):
    monkeypatch.setattr(file_limits, "MAX_LINE_BYTES", 20)
    monkeypatch.setattr(file_limits, "MAX_CELL_BYTES", 12)
    assert file_limits.check_lines(b"a,b\n1,2\n3,4", "t") == 3
    assert file_limits.check_lines(b"a,b\n1,2\n", "t") == 2
    with pytest.raises(InputRefused, match="line 3 is too long"):
        file_limits.check_lines(b"a,b\n1,2\n" + b"1," * 11 + b"\n3,4\n", "t")
    with pytest.raises(InputRefused, match="line 2 has a cell"):
        file_limits.check_lines(b"a,b\n1," + b"2" * 13 + b"\n3,4\n", "t")


def test_a_row_much_longer_than_the_others_is_read():
    cells = [f"{i},{'x' * 50_000}" for i in range(8)]
    content = ("a,b\n" + "1,y\n" * 100 + f'2,"{"z" * 60_000}"\n' + "3,y\n" * 100).encode()
    assert frame(content)["b"].str.len().max() == 60_000
    wide = ",".join(f"c{i}" for i in range(16)) + "\n" + ",".join(cells) + "\n" + ",".join(["1,y"] * 8) + "\n"
    assert frame(wide.encode())["c15"].str.len().tolist() == [50_000, 1]


def test_long_lines_and_cells_are_found_as_by_a_look_at_each(monkeypatch):
    monkeypatch.setattr(file_limits, "MAX_LINE_BYTES", 20)
    monkeypatch.setattr(file_limits, "MAX_CELL_BYTES", 12)
    rng = np.random.Generator(np.random.Philox(0))
    seen = set()
    for _ in range(2000):
        content = rng.choice(np.frombuffer(b"1,\n", np.uint8), rng.integers(1, 120), p=[0.86, 0.06, 0.08]).tobytes()
        lines = content.removesuffix(b"\n").split(b"\n")
        wrong = [
            f"line {number} {'is too long' if len(line) > 20 else 'has a cell'}"
            for number, line in enumerate(lines, start=1)
            if max(map(len, line.split(b","))) > 12 or len(line) > 20
        ]
        said = wrong[0] if wrong else ""
        seen.add(said[-4:])
        if said:
            with pytest.raises(InputRefused, match=said):
                file_limits.check_lines(content, "t")
        else:
            assert file_limits.check_lines(content, "t") == len(lines)
    assert seen == {"", "long", "cell"}


@pytest.mark.parametrize("padded", [" , ", ", "])
def test_blanks_beside_delimiters_change_no_type(padded):
    content = "whole,long,decimal,word,gap\n" + "7,1234567890123456789,0.5,a,1\n" * 3 + "8,1234567890123456788,inf,b,\n"
    plain = frame(content.encode())
    assert [str(dtype) for dtype in plain.dtypes] == ["int64", "str", "float64", "str", "float64"]
    assert frame(content.replace(",", padded).encode()).equals(plain)
