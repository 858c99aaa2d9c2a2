"""Tables as people have them, each with what is unusual about it."""

from pathlib import Path

import numpy as np
import pandas as pd

from core.data.table import read_table

HERE = Path(__file__).parent


def test_winequality_has_no_header_and_keeps_its_first_row():
    table = read_table((HERE / "winequality-white.csv").read_bytes(), "winequality-white.csv")
    assert table.frame.shape == (300, 12)
    assert table.frame.iloc[0].tolist() == [7, 0.27, 0.36, 20.7, 0.045, 45, 170, 1.001, 3, 0.45, 8.8, 6]
    assert table.notes == ("There is no header line: the columns are called column 1 … column 12.",)
    assert {column.kind for column in table.columns} == {"number"}


def test_mpg_and_penguins_are_read_as_pandas_reads_them():
    for name in ("mpg.csv", "penguins.csv"):
        table = read_table((HERE / name).read_bytes(), name)
        pd.testing.assert_frame_equal(table.frame, pd.read_csv(HERE / name))
        assert table.notes == ()


def test_latin_1_with_tabs_and_thousands_separators():
    content = "Gemeinde\tEinwohner\tFläche\nKöln\t1,073.096\t405.02\nMünchen\t3,995.383\t310.7\n".encode("latin-1")
    table = read_table(content, "städte.txt")
    assert table.frame["Einwohner"].tolist() == [1073.096, 3995.383]
    assert table.frame["Fläche"].tolist() == [405.02, 310.7]
    assert table.frame["Gemeinde"].tolist() == ["Köln", "München"]
    for words in ("Windows-1252", "tabs", "thousands were removed in Einwohner"):
        assert any(words in note for note in table.notes)


def test_a_file_of_cars_without_header_and_with_question_marks():
    content = b"""3,?,alfa-romero,gas,88.60,13495
3,?,alfa-romero,gas,88.60,16500
1,164,audi,gas,99.80,?
2,?,audi,diesel,99.4,1
"""
    table = read_table(content, "imports-85.data")
    assert len(table.frame) == 4
    assert [column.kind for column in table.columns] == ["number", "number", "category", "category", "number", "number"]
    assert table.column("column 2").missing == 3
    assert table.frame["column 2"][2] == 164
    assert any("? is read as missing: 4 cells of 2 columns" in note for note in table.notes)


def test_sixty_numbers_and_a_letter():
    draw = np.random.Generator(np.random.Philox(0))
    rows = draw.random((208, 60)).round(4)
    letters = np.array(["R", "M"])[draw.integers(0, 2, 208)]
    content = "\n".join(",".join([*map(str, row), letter]) for row, letter in zip(rows, letters, strict=True)).encode()
    table = read_table(content, "sonar.all-data")
    assert table.frame.shape == (208, 61)
    np.testing.assert_array_equal(table.frame.iloc[:, :60].to_numpy(), rows)
    assert table.frame["column 61"].tolist() == letters.tolist()
    assert table.columns[-1].kind == "category"


def test_a_german_spreadsheet():
    content = (
        "sep=;\r\nStadt;Umsatz;Anteil;Stichtag;aktiv;PLZ;\r\n"
        "Köln;1.234,50 €;12,5 %;31.12.2024;ja;01067;\r\nBonn;87,00 €;3 %;01.02.2025;nein;53111;\r\n"
    ).encode("utf-16")
    frame = read_table(content, "umsatz.csv").frame
    assert frame["Umsatz"].tolist() == [1234.5, 87.0]
    assert frame["Anteil"].tolist() == [12.5, 3.0]
    assert frame["Stichtag"].tolist() == [pd.Timestamp("2024-12-31"), pd.Timestamp("2025-02-01")]
    assert frame["aktiv"].tolist() == [True, False]
    assert frame["PLZ"].tolist() == ["01067", "53111"]
    assert list(frame.columns) == ["Stadt", "Umsatz", "Anteil", "Stichtag", "aktiv", "PLZ"]
