"""The lab beside ``model.fit``, JAX and PyTorch, in one run: ``python -m benchmarks.engines [NAME …] [--json]``.

Each engine trains in a process of its own with one thread, in float32, the same table in batches of the same size. JAX
and the lab take turns, so that a moment's load of the machine meets both. One that is not installed has no figures.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import numpy as np

from benchmarks.engine_process import EngineProcess, Trained
from benchmarks.markdown import Columns, markdown_table
from benchmarks.problem import Problem
from core.data.prepare.cache import Preparation
from core.spec import RunSpec, load_spec

ENGINES: Final[Mapping[str, str]] = {"lab": "core", "fit": "keras", "jax": "jax", "torch": "torch"}
"""Engine → the package it needs."""

FIRST_EPOCHS: Final = 100
"""Epochs of the first training of a structure."""

_TURN_SECONDS: Final = 15.0
_FEWEST_TURNS, _MOST_TURNS = 3, 10
_PEER_TURNS: Final = 2
_SAME_UPDATES: Final = 1000
"""Over the epochs of so many updates losses are compared. Float32's rounding grows: after 1200 updates of 64-64 on
100 000 rows the lab is as far from the same training in float64 as from JAX, 5e-4."""


class Workload(NamedTuple):
    """One line of the table: how many epochs a run of the lab and JAX has, one of many epochs, and one of the rest."""

    name: str
    spec: Mapping[str, Any]
    epochs: int
    many: int
    few: int


def _workload(
    name: str, rows: int, batch_size: int, layers: Sequence[int], epochs: tuple[int, int, int], dropout: float = 0.0
) -> Workload:
    spec = {
        "data": {"source": f"sample:friedman?n={rows}&noise=1", "target": "y", "validation_fraction": 0},
        "model": {"layers": list(layers), "dropout": dropout},
        "training": {"batch_size": batch_size},
    }
    return Workload(name, spec, *epochs)


WORKLOADS: Final = (
    _workload("100 rows × batch 32 × 10-10", 100, 32, [10, 10], (100, 2000, 50)),
    _workload("1 000 × 32 × 32-32", 1000, 32, [32, 32], (100, 1000, 20)),
    _workload("1 000 × 32 × 32-32, dropout", 1000, 32, [32, 32], (100, 500, 20), dropout=0.3),
    _workload("1 000 × 32 × 300-166-92-51-28, dropout", 1000, 32, [300, 166, 92, 51, 28], (50, 150, 10), dropout=0.3),
    _workload("100 000 × 256 × 64-64", 100_000, 256, [64, 64], (10, 40, 3)),
    _workload("100 000 × 32 × 32-32", 100_000, 32, [32, 32], (10, 40, 2)),
    _workload("1 000 × 32 × 20 layers of 3", 1000, 32, [3] * 20, (100, 400, 10)),
)

DEEP_EPOCHS: Final = 300
_DEEP: Final = WORKLOADS[-1].spec
DEEP: Final[Mapping[str, Mapping[str, Any]]] = {
    "three seeds": {**_DEEP, "seeds": 3},
    "three activations": {**_DEEP, "vary": {"model.activation": ["relu", "tanh", "sigmoid"]}},
}
"""Experiments of twenty layers: one structure, and three. Nearly all of their first use is compiling."""


def installed() -> tuple[str, ...]:
    """Return the engines whose package is there."""
    return tuple(name for name, package in ENGINES.items() if find_spec(package) is not None)


def measure_engines(
    workloads: Sequence[Workload] = WORKLOADS, deep: Mapping[str, Mapping[str, Any]] = DEEP
) -> dict[str, list[dict[str, Any]]]:
    """Measure one after the other, naming each on stderr as it is done.

    Returns
    -------
    dict
        ``workloads``: see `measure_workload`; ``deep``: see `measure_deep`.
    """
    rows = []
    for workload in workloads:
        rows.append(measure_workload(workload))
        print(f"{workload.name}: {_number(rows[-1]['lab_to_jax'], '.2f')} times JAX", file=sys.stderr)
    return {"workloads": rows, "deep": [measure_deep(name, spec) for name, spec in deep.items()]}


def measure_workload(workload: Workload) -> dict[str, Any]:
    """Train `workload` with every engine that is installed.

    Returns
    -------
    dict
        None stands for what an engine that is not installed would have given.

        ``name``, ``epochs`` (of a run of the lab and of JAX), ``many`` (of a long one). In seconds: ``lab_epoch``,
        ``jax_epoch``, ``fit_epoch``, ``torch_epoch``: a further run of a known structure, whole, by its epochs;
        ``lab_many``, ``jax_many``: the same of a long run; ``lab_fixed``: what a run costs beside its epochs, from the
        two, below 0 where the machine was busy. ``lab_to_jax`` and ``fit_to_lab``: how many times slower the first is,
        epoch by epoch.

        The first use of a structure, in a process that has trained something else, in seconds: ``first_point``,
        ``first_epochs``: the lab's first loss and its first 100 epochs; ``jax_first``: JAX's compiling and 100 epochs.

        ``deviation``: the largest relative difference between the losses of the lab and of JAX over the epochs of the
        first 1000 updates, at least one; None with dropout, where each draws its own random numbers.
    """
    run = load_spec(workload.spec).runs()[0]
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        file = _problem(run, max(workload.many, FIRST_EPOCHS), folder)
        engines = {name: stack.enter_context(EngineProcess(name, folder)) for name in installed()}
        for engine in engines.values():
            engine.load(run, file)
            engine.settle()
        lab, jax = engines["lab"], engines.get("jax")
        first = lab.train(FIRST_EPOCHS)
        jax_first = jax and jax.train(FIRST_EPOCHS)
        measured = _in_turns([engine for engine in (lab, jax) if engine], workload)
        peers = {name: _further(engines.get(name), workload.few) for name in ("fit", "torch")}
        drops = any(layer.dropout for layer in run.model.hidden)
        updates = -(-len(Problem.read(file).x) // run.training.batch_size)
        same = min(workload.epochs, max(1, _SAME_UPDATES // updates))
        deviation = None if jax is None or drops else _deviation(*(engine.train(same) for engine in (lab, jax)))
    lab_run, lab_many = measured[0]
    jax_run, jax_many = measured[1] if jax else (None, None)
    slope = (lab_many - lab_run) / (workload.many - workload.epochs)
    return {
        "name": workload.name,
        "epochs": workload.epochs,
        "many": workload.many,
        "lab_epoch": lab_run / workload.epochs,
        "lab_many": lab_many / workload.many,
        "lab_fixed": lab_run - slope * workload.epochs,
        "jax_epoch": jax_run and jax_run / workload.epochs,
        "jax_many": jax_many and jax_many / workload.many,
        "fit_epoch": peers["fit"],
        "torch_epoch": peers["torch"],
        "lab_to_jax": jax_run and lab_run / jax_run,
        "fit_to_lab": peers["fit"] and peers["fit"] / (lab_run / workload.epochs),
        "first_point": first.first_point,
        "first_epochs": first.seconds,
        "jax_first": jax_first and jax_first.seconds,
        "deviation": deviation,
    }


def measure_deep(name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Train every run of `spec` for 300 epochs, from nothing: in new processes with an empty compiler's cache.

    Returns
    -------
    dict
        ``name``; ``lab`` and ``jax``: the seconds of all runs together, None where JAX is not installed.
    """
    runs = load_spec(spec).runs()
    seconds: dict[str, float | None] = {"lab": None, "jax": None}
    with TemporaryDirectory() as problems:
        # Written beforehand: what an engine compiles behind its answers gets no time to do so.
        files = [_problem(run, DEEP_EPOCHS, Path(problems, str(i))) for i, run in enumerate(runs)]
        for engine in filter(seconds.__contains__, installed()):
            with TemporaryDirectory() as folder, EngineProcess(engine, Path(folder)) as process:
                process.settle()
                trained = []
                for run, file in zip(runs, files, strict=True):
                    process.load(run, file)
                    trained.append(process.train(DEEP_EPOCHS, run.training.seed))
            seconds[engine] = sum(one.seconds for one in trained)
    return {"name": name, **seconds}


def _problem(run: RunSpec, epochs: int, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / "problem.npz"
    Problem.of(run, Preparation().of(run), epochs).write(file)
    return file


def _in_turns(engines: Sequence[EngineProcess], workload: Workload) -> list[tuple[float, float]]:
    """Return for each engine the seconds of a run and of a long one, the fastest of several; every run has a seed."""
    lengths = (workload.epochs, workload.many)
    for epochs in lengths:
        for engine in engines:
            # What is compiled behind the first takes over in the second.
            for _ in range(2):
                engine.train(epochs)
                engine.settle()
    turns: list[list[tuple[float, ...]]] = []
    begin = time.monotonic()
    while len(turns) < _FEWEST_TURNS or (len(turns) < _MOST_TURNS and time.monotonic() < begin + _TURN_SECONDS):
        seed = 1 + len(turns)
        by_length = [[engine.train(epochs, seed).seconds for engine in engines] for epochs in lengths]
        turns.append(list(zip(*by_length, strict=True)))
    return [(min(turn[i][0] for turn in turns), min(turn[i][1] for turn in turns)) for i in range(len(engines))]


def _further(engine: EngineProcess | None, epochs: int) -> float | None:
    """Return the seconds per epoch of a further run, the fastest of some."""
    if engine is None:
        return None
    engine.train(1)
    return min(engine.train(epochs).seconds for _ in range(_PEER_TURNS)) / epochs


def _deviation(ours: Trained, theirs: Trained) -> float:
    mine, reference = np.array(ours.losses), np.array(theirs.losses)
    return float(np.max(np.abs(mine - reference) / np.maximum(np.abs(reference), 1e-12)))


def _number(value: float | None, pattern: str) -> str:
    return "–" if value is None else format(value, pattern)


def _cell(name: str, pattern: str, factor: float = 1.0) -> Callable[[Mapping[str, Any]], str]:
    return lambda row: _number(None if row[name] is None else row[name] * factor, pattern)


_COLUMNS: Final[Columns] = {
    "warm, ms per epoch": lambda row: str(row["name"]),
    "`model.fit`": _cell("fit_epoch", ".3g", 1000),
    "PyTorch": _cell("torch_epoch", ".3g", 1000),
    "JAX": _cell("jax_epoch", ".3g", 1000),
    "the lab": _cell("lab_epoch", ".3g", 1000),
    "lab / JAX": _cell("lab_to_jax", ".2f"),
    "fit / lab": _cell("fit_to_lab", ".0f"),
    "JAX, long run": _cell("jax_many", ".3g", 1000),
    "lab, long run": _cell("lab_many", ".3g", 1000),
    "lab, fixed ms per run": _cell("lab_fixed", ".1f", 1000),
    "new structure: first point, s": _cell("first_point", ".2f"),
    "100 epochs, s": _cell("first_epochs", ".2f"),
    "JAX, 100 epochs, s": _cell("jax_first", ".2f"),
    "deviation of the loss": _cell("deviation", ".0e"),
}

_DEEP_COLUMNS: Final[Columns] = {
    f"20 layers of 3, {DEEP_EPOCHS} epochs, from nothing": lambda row: str(row["name"]),
    "the lab, s": _cell("lab", ".2f"),
    "JAX, s": _cell("jax", ".2f"),
}


def engines_table(measured: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Return what `measure_engines` measured as text: a table of the workloads, and one of the deep experiments."""
    tables = {"workloads": _COLUMNS, "deep": _DEEP_COLUMNS}
    return "\n\n".join(markdown_table(columns, measured[name]) for name, columns in tables.items() if measured[name])


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the workloads whose name contains one of those given, all without any; print a table or JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="workloads whose name contains it; all without any")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    chosen = parser.parse_args(arguments)
    wanted = [w for w in WORKLOADS if not chosen.names or any(name in w.name for name in chosen.names)]
    measured = measure_engines(wanted, {} if chosen.names else DEEP)
    print(json.dumps({"engines": measured}) if chosen.json else engines_table(measured))


if __name__ == "__main__":
    main()
