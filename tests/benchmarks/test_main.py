"""``python -m benchmarks`` tells every figure in one run, as text or as one JSON object."""

import json

import pytest

from benchmarks import __main__ as benchmarks
from core.bench import Case

DEEP = {"name": "three seeds", "lab": 1.234, "jax": None}


@pytest.fixture
def figures(monkeypatch, capsys):
    """Run it over one tiny case, with stand-ins for all that is measured beside it; return what it prints."""

    def run(*arguments):
        data = {"source": "sample:noise_labels?n=20", "target": "label", "validation_fraction": 0}
        monkeypatch.setattr(benchmarks, "CASES", (Case("tiny", 2, {"data": data, "training": {"epochs": 3}}),))
        monkeypatch.setattr(benchmarks, "measure_engines", lambda: {"workloads": [], "deep": [DEEP]})
        monkeypatch.setattr(benchmarks, "measure_app", lambda: {"web_mb": 184.25, "web_maps_tensorflow": False})
        monkeypatch.setattr(benchmarks, "measure_reading", lambda: {"small": {"ratio": 1.03}, "child_seconds": 0.5})
        monkeypatch.setattr("sys.argv", ["benchmarks", *arguments])
        benchmarks.main()
        return capsys.readouterr().out

    return run


def test_the_figures_are_one_json_object(figures):
    told = json.loads(figures("--json"))
    assert set(told) == {"cases", "engines", "app", "reading"}
    assert [case["name"] for case in told["cases"]] == ["tiny"]
    assert told["engines"]["deep"] == [DEEP]
    assert told["app"]["web_mb"] == 184.25


def test_the_figures_are_tables_and_a_line_each(figures):
    head, case, engines, _, deep, *lines = figures().splitlines()
    assert "warm ratio" in head
    assert case.startswith("tiny")
    assert "the lab, s" in engines
    assert deep.replace(" ", "") == "|threeseeds|1.23|–|"
    assert lines == ["web_mb: 184.2", "web_maps_tensorflow: 0", "small table, ratio: 1.03", "child_seconds: 0.5"]
    assert not any("{" in line for line in lines)
