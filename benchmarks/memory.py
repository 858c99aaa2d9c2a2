"""How well a run's memory is foretold, and what an idle trainer takes: ``python -m benchmarks.memory [--json]``."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from benchmarks.app import get, served, wait_for
from core.data.table import pack, table_of
from core.jobs.children.keeper import CHILD_ENVIRONMENT
from core.jobs.memory import give_back, own_bytes
from core.paths import ROOT
from core.settings import Settings
from core.spec import RunSpec, load_spec
from core.training.memory import RunSize, memory_need

_PATIENCE: Final = 600.0
_XLA_EPOCHS: Final = 20_000
"""So many that a run is compiled by XLA, of which only the first chunk is trained."""


@dataclass(frozen=True)
class Measured:
    """What one run was foretold to need beyond an idle trainer and what it took, in MB."""

    name: str
    estimate: float
    actual: float

    @property
    def ratio(self) -> float:
        """Above 1 where the estimate was too high."""
        return self.estimate / self.actual


def _spec(rows: int, columns: int, layers: list[Any], batch: int, *, xla: bool, **more: Any) -> RunSpec:
    training = {"batch_size": batch, "epochs": _XLA_EPOCHS if xla else 1}
    model = {"layers": layers} | more.pop("model", {})
    # Which table that is, `measure` makes from the number of rows and columns.
    source = f"dataset:{rows * 1000 + columns:064d}"
    spec = {"data": {"source": source, "target": "y"}, "model": model, "training": training | more}
    return load_spec(spec).runs()[0]


def _table(name: str) -> bytes:
    rows, columns = divmod(int(name), 1000)
    numbers = np.random.default_rng(0).normal(size=(rows, columns + 1))
    return pack(table_of(pd.DataFrame(numbers, columns=[*(f"x{i}" for i in range(columns)), "y"])))


def cases() -> Mapping[str, RunSpec]:
    """Return the runs that are measured, by name: wide, deep, with large batches and with large tables."""
    return {
        "small, graph": _spec(200, 10, [16, 16], 32, xla=False),
        "small, XLA": _spec(200, 10, [16, 16], 32, xla=True),
        "20 layers of 3, XLA": _spec(200, 10, [3] * 20, 32, xla=True),
        "20 layers of 256, graph": _spec(2000, 10, [256] * 20, 256, xla=False),
        "4096-2048 adam, graph": _spec(300, 10, [4096, 2048], 64, xla=False),
        "4096-2048 adam, XLA": _spec(300, 10, [4096, 2048], 64, xla=True),
        "4096-2048 sgd, graph": _spec(300, 10, [4096, 2048], 64, xla=False, optimizer="sgd"),
        "4096-2048 sgd, XLA": _spec(300, 10, [4096, 2048], 64, xla=True, optimizer="sgd"),
        "8192-256, batch 20 000, graph": _spec(24_000, 10, [8192, 256], 20_000, xla=False),
        "8192-256, batch 20 000, XLA": _spec(24_000, 10, [8192, 256], 20_000, xla=True),
        "40 of 64, batch 20 000, graph": _spec(24_000, 10, [64] * 40, 20_000, xla=False),
        "40 of 64, batch 20 000, XLA": _spec(24_000, 10, [64] * 40, 20_000, xla=True),
        "4 of 2048, batch 10 000, XLA": _spec(10_000, 10, [2048] * 4, 10_000, xla=True),
        "4 of 2048, batch 10 000, dropout, normalised": _spec(
            10_000, 10, [2048] * 4, 10_000, xla=False, model={"dropout": 0.2, "batch_normalization": True}
        ),
        "1 000 000 rows × 20, batch 1024": _spec(1_000_000, 20, [32], 1024, xla=False),
        "200 000 rows × 50, one batch, XLA": _spec(200_000, 50, [32, 32], 200_000, xla=True),
    }


def measure(name: str) -> Measured:
    """Measure one of `cases` in this process, which must be fresh."""
    from core.data.prepare.cache import Preparation
    from core.training.run import compile_run, train_run

    idle, run = _spec(50, 2, [4], 16, xla=False), cases()[name]
    train_run(idle, Preparation(_table).of(idle))
    content, epochs = _table(str(run.data.source).removeprefix("dataset:")), 0
    preparation = Preparation(lambda _: content)
    before = reset_high_water()

    def chunk_done() -> bool:
        nonlocal epochs
        epochs += 1
        return epochs > 1

    prepared = preparation.of(run)
    if run.training.epochs == _XLA_EPOCHS:
        # Behind the graph it could be ready only after the chunk that is trained here.
        compile_run(run, prepared, wait=True)
    train_run(run, prepared, should_stop=chunk_done)
    need = memory_need(run, RunSize.of(prepared))
    return Measured(name, need.total / 1e6, (high_water() - before) / 1e6)


def reset_high_water() -> int:
    """Return the bytes this process holds, and count the most it holds from now on."""
    give_back()
    Path("/proc/self/clear_refs").write_text("5")
    return status_bytes("VmRSS")


def high_water() -> int:
    """Return the most bytes this process has held since."""
    return status_bytes("VmHWM")


def status_bytes(what: str, process: int | str = "self") -> int:
    """Return one of a process's sizes in bytes, as Linux knows it."""
    found = re.search(rf"^{what}:\s+(\d+) kB$", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)
    return 0 if found is None else int(found[1]) * 1024


def measured_apart(name: str) -> Measured:
    """Measure one of `cases` in a process of its own, with a trainer's environment."""
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "benchmarks.memory", "--only", name],
        capture_output=True, text=True, check=True, cwd=ROOT, timeout=_PATIENCE, env=os.environ | CHILD_ENVIRONMENT,
    )  # fmt: skip
    return Measured(**json.loads(done.stdout))


def measure_rest() -> dict[str, float]:
    """Return what each process of a lab with one slot holds of its own when nothing is asked of it, in MB."""
    with tempfile.TemporaryDirectory() as folder, served(Settings(data=Path(folder))) as (web, address):
        wait_for(lambda: _at_rest(json.loads(get(f"{address}/api/health"))))
        children = {" ".join(child.cmdline()): child.pid for child in web.children()}
        pids = {"web": web.pid} | {
            name: pid
            for name in ("trainer", "diagnoser", "reader")
            for line, pid in children.items()
            if f".{name}" in line
        }
        return {f"{name}_mb": own_bytes(pid) / 2**20 for name, pid in pids.items()}


def _at_rest(health: dict[str, Any]) -> bool:
    busy = health["compiling"] or health["queued"] or health["running"]
    return bool(health["trainers"]["ready"] and health["diagnosing"] and not busy)


def main() -> None:
    """Measure every case, or one, and what a lab holds at rest; print what was foretold and what it took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--only", metavar="CASE", help="measure this one alone, here, and print it as JSON")
    chosen = parser.parse_args()
    if chosen.only:
        print(json.dumps(asdict(measure(chosen.only))))
        return
    found, rest = [], measure_rest()
    for name in cases():
        found.append(one := measured_apart(name))
        if not chosen.json:
            print(
                f"{one.name:46} foretold {one.estimate:6.0f} MB  took {one.actual:6.0f} MB  {one.ratio:.2f}", flush=True
            )
    if chosen.json:
        print(json.dumps({"runs": [asdict(one) for one in found], "rest": rest}))
    else:
        print(*(f"{name}: {value:.0f}" for name, value in rest.items()), sep="\n")


if __name__ == "__main__":
    main()
