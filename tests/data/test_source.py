"""Where tables come from, and that a source reaches nothing else."""

import pytest

from core.data.source import load_table
from core.errors import InputRefused
from core.spec import DataSpec


def spec(source) -> DataSpec:
    return DataSpec(source=source, target="y")


def test_inline_cells_keep_their_types():
    table = load_table(
        spec({"columns": {"n": [1, None, 2.5], "b": [True, None, False], "c": ["u", None, "v"], "m": [1, "x", None]}})
    )
    assert [column.kind for column in table.columns] == ["number", "boolean", "category", "category"]
    assert [column.missing for column in table.columns] == [1, 1, 1, 1]
    assert table.frame["m"].tolist()[:2] == ["1", "x"]


def test_inline_columns_without_rows_are_refused():
    with pytest.raises(InputRefused, match="no rows"):
        load_table(spec({"columns": {"y": []}}))


def test_a_whole_number_beyond_float_is_refused():
    with pytest.raises(ValueError, match="y has a longer number; allowed: 308 digits"):
        spec({"columns": {"y": [10**400, 1]}})
    assert load_table(spec({"columns": {"y": [10**307, 1]}})).column("y").maximum == 1e307


def test_a_file_is_relative_to_its_base(tmp_path):
    (tmp_path / "houses.csv").write_text("x,y\n1,2\n")
    assert load_table(spec("file:houses.csv"), tmp_path).frame.shape == (1, 2)


def test_a_missing_file_is_refused_without_its_folder(tmp_path):
    with pytest.raises(InputRefused) as caught:
        load_table(spec("file:nope.csv"), tmp_path)
    assert "nope.csv" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_an_uploaded_set_comes_from_the_callback_and_from_nowhere_else():
    sha = "a" * 64
    asked = []

    def dataset(name: str) -> bytes:
        asked.append(name)
        return b"x,y\n1,2\n"

    assert load_table(spec(f"dataset:{sha}"), dataset=dataset).frame.shape == (1, 2)
    assert asked == [sha]
    with pytest.raises(InputRefused, match="no uploaded data sets"):
        load_table(spec(f"dataset:{sha}"))


def test_a_spec_that_was_sent_in_never_reads_the_servers_files():
    with pytest.raises(InputRefused, match="cannot be read here"):
        load_table(spec("file:/etc/passwd"), dataset=lambda sha: b"")
