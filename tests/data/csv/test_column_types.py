"""What each way of writing a value is read as, and what must not become a number."""

import numpy as np
import pandas as pd
import pytest

from core.data.table import Table, read_table


def read(*cells: str, **options) -> Table:
    """Read one column of cells, quoted, beside one of words."""
    lines = ["x;word", *(f'"{cell}";w' for cell in cells)]
    return read_table("\n".join(lines).encode(), **options)


def column(*cells: str, **options) -> pd.Series:
    return read(*cells, **options).frame["x"]


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1", "-2", "+3"], [1, -2, 3]),
        (["1.5", "-.5", "2.", "1e3"], [1.5, -0.5, 2.0, 1000.0]),
        ([" 5", "6 "], [5, 6]),
        (["1,5", "2,25"], [1.5, 2.25]),
        (["3,995.383", "12.5"], [3995.383, 12.5]),
        (["1.234,5", "2,5"], [1234.5, 2.5]),
        (["1 234", "12"], [1234, 12]),
        (["1 234,5", "12,25"], [1234.5, 12.25]),
        (["1\u202f234,5", "1\u00a0000"], [1234.5, 1000]),
        (["1'234.5", "1’000"], [1234.5, 1000]),
        (["12,345,678", "1,000"], [12345678, 1000]),
        (["12 %", "3.5%"], [12, 3.5]),
        (["$1,200", "$-3.50", "-$4", "7"], [1200, -3.5, -4, 7]),
        (["1.200 €", "12,50 €"], [1200, 12.5]),
        (["5 kg", "7 kg"], [5, 7]),
        (["−5", "5"], [-5, 5]),
        (["1e400", "-inf", "2"], [np.inf, -np.inf, 2]),
        (["4.9e-324", "1e308"], [5e-324, 1e308]),
    ],
)
def test_a_number_is_read_in_each_of_its_spellings(cells, numbers):
    table = read(*cells)
    assert table.column("x").kind == "number"
    assert table.frame["x"].tolist() == numbers


@pytest.mark.parametrize(
    "cells",
    [
        ["007", "008"], ["01234", "56789"], ["0x1F", "0x2A"], ["12345678901234567890", "22345678901234567890"],
        ["1.2.3", "1.2.4"], ["10.0.0.1", "10.0.0.2"], ["12 kg", "3 lb"], ["12 %", "0.5"], ["$5", "€5"],
        ["1_000", "2_000"], ["--5", "4"], ["٣", "٤"], ["1,23,4", "2"], ["12:30", "13:45"], ["5 apples", "6 apples"],
    ],
)  # fmt: skip
def test_what_only_looks_like_a_number_stays_text(cells):
    table = read(*cells)
    assert table.frame["x"].tolist() == cells
    assert table.frame["x"].dtype == "str"


@pytest.mark.parametrize("rows", [2, 6000])
@pytest.mark.parametrize("gap", [[], ["?"], [""]])
def test_whole_numbers_of_more_than_18_digits_are_text_wherever_they_stand(rows, gap):
    for longest in ("1234567890123456789", "-1234567890123456789", "1000000000000000000"):
        table = read(*["5"] * rows, longest, *gap, "7")
        assert table.frame["x"].dtype == "str"
        assert table.frame["x"].tolist()[rows] == longest
        assert any("more than 18 digits: x" in note for note in table.notes)
    shorter = read(*["5"] * rows, "-999999999999999999", "999999999999999999")
    assert shorter.frame["x"].tolist()[-2:] == [-(10**18 - 1), 10**18 - 1]
    assert not any("kept as text" in note.lower() for note in shorter.notes)


def test_minus_zero_keeps_its_sign():
    assert np.signbit(column("-0.0", "1.5")[0])


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["007", "008"], "leading zeros"),
        (["12345678901234567890", "22345678901234567890"], "more than 18 digits"),
        (["9007199254740993", "1"], "above 2^53"),
        (["9007199254740993", "?"], "above 2^53"),
        (["1,5", "2,25"], "decimal comma"),
        (["1,234.5", "2.5"], "thousands were removed in x"),
        (["12 %", "13 %"], "Units were removed, the numbers stay as written, in x (%)"),
        (["$12", "$13"], "x ($)"),
        (["ja", "nein"], "true or false: x (ja/nein)"),
        (["31.12.2024", "1.1.2025"], "dates: x (day.month.year)"),
        (["1/2/2024", "2/3/2024"], "no day above 12"),
        (["1", "2", "3", "4", "five"], "x is text because 1 cell is not a number, such as 'five'"),
        (["1", "?", "?"], "? is read as missing: 2 cells of x"),
    ],
)
def test_what_was_inferred_is_said(cells, words):
    assert any(words in note for note in read(*cells).notes)


def test_whole_numbers_beyond_floats_stay_exact():
    assert column("9007199254740993", "1").tolist() == [9007199254740993, 1]


def test_three_decimals_are_decimals_where_the_file_writes_points_and_thousands_where_it_writes_commas():
    assert read_table(b"a;b\n1.234;0.5\n2.345;1.5\n").frame["a"].tolist() == [1.234, 2.345]
    assert read_table(b"a;b\n1.234;0,5\n2.345;1,5\n").frame["a"].tolist() == [1234, 2345]
    assert read_table(b"a\tb\n1,234\t0.5\n2,345\t1.5\n").frame["a"].tolist() == [1234, 2345]
    assert read_table(b"a;b\n1,234;3\n2,345;4\n").frame["a"].tolist() == [1.234, 2.345]
    assert read_table(b"a;b\n1,234;3\n2,345;4\n", decimal=".").frame["a"].tolist() == [1234, 2345]


MARKERS = ["?", "NA", "n/a", "N/A", "nan", "NaN", "null", "NULL", "None", "-", "--", ".", "", "#N/A", "<NA>", " "]


@pytest.mark.parametrize("marker", MARKERS)
def test_every_marker_is_missing_among_numbers_words_and_decimals(marker):
    for cells in (["1", marker], ["1.5", marker], ["word", marker], [*["2.5"] * 150, marker]):
        assert column(*cells).isna().tolist() == [False] * (len(cells) - 1) + [True]


@pytest.mark.parametrize("word", ["none at all", "n.a. here", "-5-", "Nancy", "nullify", "N"])
def test_a_word_that_holds_a_marker_is_not_missing(word):
    assert column(word, "other").tolist() == [word, "other"]


def test_a_column_of_markers_is_missing_throughout():
    table = read("?", "NA", "")
    assert table.column("x").missing == 3
    assert table.frame["x"].dtype == np.float64


@pytest.mark.parametrize(
    "pair", ["true/false", "TRUE/FALSE", "yes/no", "Yes/No", "y/n", "Y/N", "t/f", "T/F", "ja/nein", "oui/non", "on/off"]
)
def test_pairs_of_words_are_booleans_with_and_without_gaps(pair):
    true, false = pair.split("/")
    assert column(true, false, true).tolist() == [True, False, True]
    assert column(true, false, true).dtype == bool
    gappy = column(true, "?", false)
    assert gappy.dtype == "boolean"
    assert gappy.isna().tolist() == [False, True, False]


@pytest.mark.parametrize("cells", [["y", "z"], ["t", "t"], ["no", "no"], ["yes", "no", "maybe"], ["f", "m"]])
def test_other_words_are_no_booleans(cells):
    assert column(*cells).tolist() == cells


def test_zeros_and_ones_stay_numbers():
    assert column("0", "1").dtype == np.int64


@pytest.mark.parametrize(
    ("cells", "day"),
    [
        (["2024-02-01", "2024-12-31"], "2024-02-01"),
        (["2024-02-01T10:00:00Z", "2024-12-31T10:00:00+02:00"], "2024-02-01 10:00"),
        (["1.2.2024", "31.12.2024"], "2024-02-01"),
        (["01.02.2024 10:30", "31.12.2024 11:00"], "2024-02-01 10:30"),
        (["02/01/2024", "12/31/2024"], "2024-02-01"),
        (["01/02/2024", "31/12/2024"], "2024-02-01"),
        (["02/01/2024 1:30 PM", "12/31/2024 2:30 AM"], "2024-02-01 13:30"),
        (["01-02-2024", "31-12-2024"], "2024-02-01"),
        (["2024/02/01", "2024/12/31"], "2024-02-01"),
        (["1.2.24", "31.12.24"], "2024-02-01"),
        (["1 Feb 2024", "31 Dec 2024"], "2024-02-01"),
        (["Feb 1, 2024", "Dec 31, 2024"], "2024-02-01"),
    ],
)
def test_dates_are_read_in_each_of_their_spellings(cells, day):
    table = read(*cells, "?")
    assert table.column("x").kind == "date"
    assert table.frame["x"][0] == pd.Timestamp(day)
    assert table.frame["x"].isna().tolist() == [False, False, True]
    assert not any("no day above 12" in note for note in table.notes)


def test_where_no_date_tells_the_month_leads_slashes_unless_the_person_decides():
    assert column("1/2/2024", "3/4/2024")[0] == pd.Timestamp("2024-01-02")
    assert column("1/2/2024", "3/4/2024", day_first=True)[0] == pd.Timestamp("2024-02-01")
    assert column("1-2-2024", "3-4-2024")[0] == pd.Timestamp("2024-02-01")


@pytest.mark.parametrize(
    "cells",
    [["13/13/2024", "1/1/2024"], ["13/1/2024", "1/13/2024"], ["2024-02-30", "2024-01-01"], ["31.12.2024", "soon"]],
)
def test_what_is_no_date_throughout_stays_text(cells):
    assert column(*cells).tolist() == cells


def test_text_keeps_its_blanks_and_its_case():
    assert column("Ab ", " ab", "AB").tolist() == ["Ab ", " ab", "AB"]


def test_a_word_far_below_turns_a_column_of_numbers_into_text_without_losing_a_cell():
    cells = [str(i) for i in range(300)] + ["word"]
    assert column(*cells).tolist() == cells
    decimals = [f"{i}.5" for i in range(300)] + ["word"]
    assert column(*decimals).tolist() == decimals


@pytest.mark.parametrize("odd", ["007", "0x1F", "-007", "+5", "1_0", "word", "12345678901234567890"])
def test_whole_numbers_that_were_kept_as_such_are_text_again_beside_a_code(odd):
    # So long that they are read in several pieces, with the code in the last.
    cells = [str(i - 500) for i in range(9000)]
    frame = read(*cells, odd).frame
    if odd == "+5":
        assert frame["x"].tolist() == [*map(int, cells), 5]
    else:
        assert frame["x"].tolist() == [*cells, odd]


def test_whole_numbers_with_gaps_and_a_negative_zero_stay_numbers():
    cells = [str(i) for i in range(9000)]
    assert column(*cells, "-0").tolist() == [*range(9000), 0]
    gappy = column(*cells, "")
    assert gappy.tolist()[:-1] == list(range(9000))
    assert gappy.isna().sum() == 1


def test_a_fraction_far_below_turns_whole_numbers_into_decimals():
    assert column(*map(str, range(9000)), "0.5").tolist() == [*range(9000), 0.5]
