"""The child that prepares for a picture."""

import subprocess
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


def _instead(monkeypatch, program):
    """Have `program` prepare for pictures."""
    run = subprocess.run

    def other(command, **settings):
        return run([command[0], "-c", program], **settings)

    monkeypatch.setattr(subprocess, "run", other)


def test_a_child_that_takes_too_long_is_ended_and_the_question_refused(monkeypatch):
    monkeypatch.setattr(preview_module, "WALL_SECONDS", 0.01)
    with pytest.raises(InputRefused, match="takes longer than is allowed; allowed: fewer rows or columns"):
        ask_preview(run_of("sample:iris", "species"))


@pytest.mark.parametrize(
    ("limit", "program"),
    [
        ("more than 1536 MB of memory", "c.MEMORY_BYTES = 2**26; b.load_table = lambda *_, **__: bytearray(2**28)"),
        ("takes longer than is allowed", "c.CPU_SECONDS = 1; b.load_table = lambda *a, **k: sum(iter(int, 1))"),
    ],
)
def test_memory_and_processor_time_of_the_child_are_bounded(monkeypatch, limit, program):
    modules = "import core.data.confined as c\nimport core.data.prepare.before_after as b\n"
    _instead(monkeypatch, f"{modules}{program}\nb.main()")
    with pytest.raises(InputRefused, match=limit):
        ask_preview(run_of("sample:iris", "species"))


def test_no_secret_of_the_server_reaches_the_child(monkeypatch):
    monkeypatch.setenv("LOSSLAB_DB_URL", "postgresql://user:secret@host/db")
    told = "sys.stdout.write(json.dumps({'environment': sorted(os.environ)}))"
    _instead(monkeypatch, f"import json, os, sys; sys.stdin.read(); {told}")
    names = ask_preview(run_of("sample:iris", "species"))["environment"]
    assert "PATH" in names
    assert not [name for name in names if name.startswith("LOSSLAB")]


def test_a_child_that_breaks_down_is_our_failure(monkeypatch):
    _instead(monkeypatch, "raise SystemExit(3)")
    with pytest.raises(WorkFailed, match="could not be made"):
        ask_preview(run_of("sample:iris", "species"))


def test_questions_wait_for_their_turn_and_say_so_when_it_does_not_come(monkeypatch):
    monkeypatch.setattr(preview_module, "PATIENCE_SECONDS", 0.01)
    with preview_module._AT_ONCE, pytest.raises(WorkFailed, match="others are being prepared"):
        ask_preview(run_of("sample:iris", "species"))
