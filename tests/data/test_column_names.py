"""Column names: told apart, plain, otherwise as they are written."""

import csv
import io

import pytest

from core.data.column_names import unique_names
from core.data.table import Table, read_table


def named(*names: str) -> Table:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([names, [f"w{i}" for i in range(len(names))], [1.5] * len(names)])
    return read_table(text.getvalue().encode())


@pytest.mark.parametrize(
    ("names", "called"),
    [
        (["x", "x", "x"], ["x", "x (2)", "x (3)"]),
        (["x", "X"], ["x", "X (2)"]),
        (["é", "e\u0301"], ["é", "é (2)"]),
        (["", " ", "\t"], ["column 1", "column 2", "column 3"]),
        (["a\nb", "a\r\nc"], ["a b", "a c"]),
        ([" a ", "a"], ["a", "a (2)"]),
        (["y" * 5000, "y" * 5001], ["y" * 120, "y" * 120 + " (2)"]),
        (["a\u202eb", "\u200bz", "q\x07"], ["ab", "z", "q"]),
    ],
)
def test_names_that_cannot_be_told_apart_or_shown_are_changed_and_the_change_is_said(names, called):
    table = named(*names)
    assert list(table.frame.columns) == called
    changed = [new for old, new in zip(names, called, strict=True) if old.strip() != new]
    assert all(any(f"is called {new} here" in note for note in table.notes) for new in changed)


@pytest.mark.parametrize(
    "name",
    [
        "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "[a](javascript:x)", "![](http://evil/p.png)",
        ":red[x]", r"$\LaTeX$", "`tick`", "{{x}}", "'; DROP TABLE run; --", "$(rm -rf /)", "%s {0.__class__}",
        "🎉 party", "שלום", "=1+1", "@sum", "a.b[c]", "__class__", "nan", "日本", "../../x",
    ],
)  # fmt: skip
def test_hostile_and_unusual_names_stay_inert_text(name):
    table = named(name, "y")
    assert list(table.frame.columns) == [name, "y"]
    assert table.column(name).name == name
    assert table.notes == ()


def test_a_thousand_renamed_columns_make_few_notes():
    assert len(unique_names(["x"] * 1000)[1]) == 11


def test_case_matters_where_it_is_not_to_be_ignored():
    assert unique_names(["sex=M", "sex=m"]) == (["sex=M", "sex=m"], [])
