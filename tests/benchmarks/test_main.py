"""``python -m benchmarks`` tells every figure in one run, as text or as one JSON object."""

import json

import pytest

from benchmarks import __main__ as benchmarks
from core.bench import Case


@pytest.fixture
def figures(monkeypatch, capsys):
    """Run it over one tiny case, with stand-ins for the app and reading; return what it prints on stdout."""

    def run(*arguments):
        data = {"source": "sample:noise_labels?n=20", "target": "label", "validation_fraction": 0}
        monkeypatch.setattr(benchmarks, "CASES", (Case("tiny", 2, {"data": data, "training": {"epochs": 3}}),))
        monkeypatch.setattr(benchmarks, "measure_app", lambda: {"web_mb": 184.25, "web_maps_tensorflow": False})
        monkeypatch.setattr(benchmarks, "measure_reading", lambda: {"small": {"ratio": 1.03}, "child_seconds": 0.5})
        monkeypatch.setattr("sys.argv", ["benchmarks", *arguments])
        benchmarks.main()
        return capsys.readouterr().out

    return run


def test_the_figures_are_one_json_object(figures):
    told = json.loads(figures("--json"))
    assert set(told) == {"cases", "app", "reading"}
    assert [case["name"] for case in told["cases"]] == ["tiny"]
    assert told["app"]["web_mb"] == 184.25


def test_the_figures_are_a_table_and_a_line_each(figures):
    head, case, *lines = figures().splitlines()
    assert "warm ratio" in head
    assert case.startswith("tiny")
    assert lines == ["web_mb: 184.2", "web_maps_tensorflow: 0", "small table, ratio: 1.03", "child_seconds: 0.5"]
    assert not any("{" in line for line in lines)
