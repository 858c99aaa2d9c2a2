"""Rows as text, for a terminal."""

from core.columns import in_columns


def test_columns_are_as_wide_as_their_widest_cell_and_no_line_ends_in_blanks():
    columns = {"name": lambda row: row["name"], "": lambda row: row["value"]}
    text = in_columns(columns, [{"name": "a", "value": "1"}, {"name": "longest", "value": ""}])
    assert text.splitlines() == ["name", "a        1", "longest"]


def test_without_rows_only_the_headings_are_left():
    assert in_columns({"a": str, "b": str}, []) == "a  b"
