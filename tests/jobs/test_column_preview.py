"""The child that prepares for a picture."""

from pathlib import Path

import pytest

from core.errors import InputRefused, WorkFailed
from core.jobs import column_preview as preview_module
from core.jobs.column_preview import ask_preview
from core.spec import load_spec

TITANIC = Path(__file__).parents[1] / "data" / "titanic.csv"


def run_of(source, target, **sections):
    return load_spec({"data": {"source": source, "target": target}, **sections}).runs()[0]


def test_an_uploaded_table_reaches_the_child_as_bytes():
    answer = ask_preview(run_of("dataset:" + "0" * 64, "survived"), TITANIC.read_bytes())
    assert answer["columns"]["sex"]["features"] == ["sex=female", "sex=male"]


def test_what_cannot_be_prepared_is_refused_in_the_childs_words():
    run = run_of({"columns": {"x": ["u", "v"], "y": [1, 2]}}, "y", preprocessing={"encoding": "drop"})
    with pytest.raises(InputRefused, match="no feature is left"):
        ask_preview(run)


def test_files_of_this_computer_cannot_be_asked_for():
    with pytest.raises(InputRefused, match="files cannot be read here"):
        ask_preview(run_of(f"file:{TITANIC}", "survived"))


def test_a_child_that_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(preview_module, "_SECONDS", 0.01)
    with pytest.raises(WorkFailed):
        ask_preview(run_of("sample:iris", "species"))
