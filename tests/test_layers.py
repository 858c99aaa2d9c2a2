"""Imports point one way, and the heavy ones stay where they belong."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = ("choices", "spec", "data", "training", "diagnosis", "lessons", "jobs", "ui", "pages")
"""From the bottom up: a layer imports from those before it only."""

EVERYWHERE = {"child", "errors", "machine", "paths", "recent", "sentence", "settings"}
SOURCES = sorted([*(ROOT / "core").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "app.py"])


def layer(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return "pages" if parts[0] in {"pages", "app"} else parts[1]


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_import_points_back(path):
    here = layer(path)
    if here not in LAYERS:
        pytest.skip("a door of the whole lab, not a layer")
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "pages" and here != "pages":
            pytest.fail(f"{here} imports {name}")
        if parts[0] == "core" and len(parts) > 1 and parts[1] in LAYERS:
            assert LAYERS.index(parts[1]) <= LAYERS.index(here), f"{here} imports {name}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_streamlit_and_keras_stay_in_their_rooms(path):
    packages = {name.split(".")[0] for name in imported(path)}
    if layer(path) not in {"ui", "pages"}:
        assert "streamlit" not in packages
    if layer(path) != "training":
        assert not packages & {"tensorflow", "keras"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_shipped_needs_nothing_that_is_not(path):
    assert not {"benchmarks", "tests"} & {name.split(".")[0] for name in imported(path)}


def test_what_is_not_shipped_is_left_out_of_the_container():
    assert {"benchmarks", "tests"} <= set((ROOT / ".dockerignore").read_text().splitlines())


def modules_after(statement):
    code = f"import sys; {statement}; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


def test_importing_the_lab_loads_nothing_heavy():
    loaded = modules_after("import core")
    assert not loaded & {"pandas", "numpy", "pydantic", "tensorflow", "sklearn", "streamlit"}


def test_the_web_side_never_loads_tensorflow():
    web = "core.ui.routes, core.ui.chart.live, core.ui.lab.knobs, core.ui.diagnose.page, core.jobs.lab, core.lessons"
    loaded = modules_after(f"import {web}")
    assert not loaded & {"tensorflow", "keras", "sklearn", "scipy"}
    assert "core.jobs.storage.store" in loaded
