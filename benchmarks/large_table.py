"""What a table of a million rows costs, beside one of a tenth: ``python -m benchmarks.large_table [--json]``.

Twenty columns of numbers with nine characters, as an upload: read, prepared, trained for some epochs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pandas as pd
import psutil

from benchmarks.markdown import Columns, markdown_table
from benchmarks.memory import high_water, reset_high_water, status_bytes
from core.data.upload.upload import read_upload, warm
from core.jobs.children.keeper import CHILD_ENVIRONMENT
from core.paths import ROOT

ROWS: Final = (100_000, 1_000_000)
COLUMNS: Final = 20
_EPOCHS: Final = 4
_LOOK_SECONDS: Final = 0.01
_READER: Final = "core.data.upload.reader_process"


def measure_large_table(rows: int) -> dict[str, float]:
    """Read, prepare and train a table of so many rows.

    Returns
    -------
    dict
        ``rows``; ``file_mb``; ``read_seconds`` of the upload, ``reader_mb`` that its process held at most. In a
        process like a trainer: ``prepare_seconds``, ``epoch_seconds`` of the last epoch of four, ``trainer_mb`` by
        which it grew at most, ``foretold_mb`` by which it was expected to.
    """
    content = _table(rows)
    warm()
    with _Peak() as peak:
        begin = time.perf_counter()
        packed = read_upload(content, "large.csv").packed
        seconds = time.perf_counter() - begin
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(packed)
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", "benchmarks.large_table", "--train", file.name],
            capture_output=True, text=True, check=True, cwd=ROOT, env=os.environ | CHILD_ENVIRONMENT,
        )  # fmt: skip
    read = {"rows": rows, "file_mb": len(content) / 1e6, "read_seconds": seconds, "reader_mb": peak.most / 1e6}
    trained: dict[str, float] = json.loads(done.stdout)
    return read | trained


def train(packed: Path) -> dict[str, float]:
    """Prepare and train the packed table in this process, which must be fresh."""
    from core.data.prepare.cache import Preparation
    from core.spec import load_spec
    from core.training.memory import RunSize, memory_need
    from core.training.run import train_run

    small = load_spec({"data": {"source": "sample:line", "target": "y"}, "training": {"epochs": 1}}).runs()[0]
    train_run(small, Preparation().of(small))
    before = reset_high_water()
    training = {"batch_size": 1024, "epochs": _EPOCHS}
    data = {"source": f"dataset:{0:064d}", "target": "y"}
    run = load_spec({"data": data, "model": {"layers": [32, 32]}, "training": training}).runs()[0]
    begin = time.perf_counter()
    prepared = Preparation(lambda _: packed.read_bytes()).of(run)
    prepare_seconds = time.perf_counter() - begin
    ends = [time.perf_counter()]
    train_run(run, prepared, lambda _first, _points: ends.append(time.perf_counter()))
    return {
        "prepare_seconds": prepare_seconds,
        "epoch_seconds": ends[-1] - ends[-2],
        "trainer_mb": (high_water() - before) / 1e6,
        "foretold_mb": memory_need(run, RunSize.of(prepared)).total / 1e6,
    }


def _table(rows: int) -> bytes:
    draw = np.random.Generator(np.random.Philox(0))
    x = draw.normal(size=(rows, COLUMNS - 1))
    y = x @ draw.normal(size=COLUMNS - 1) + draw.normal(size=rows)
    names = [*(f"x{i + 1}" for i in range(COLUMNS - 1)), "y"]
    return pd.DataFrame(np.column_stack([x, y]).round(6), columns=names).to_csv(index=False).encode()


class _Peak:
    """The most that a process which reads an upload for this one holds meanwhile."""

    most = 0

    def __enter__(self) -> Self:
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(_LOOK_SECONDS):
            for child in psutil.Process().children(recursive=True):
                with suppress(OSError, psutil.Error):
                    if _READER not in child.cmdline():
                        continue
                    self.most = max(self.most, status_bytes("VmHWM", child.pid))


_COLUMNS: Final[Columns] = {
    "rows": lambda row: f"{row['rows']:,}",
    "file MB": lambda row: f"{row['file_mb']:.0f}",
    "read s": lambda row: f"{row['read_seconds']:.1f}",
    "reader MB": lambda row: f"{row['reader_mb']:.0f}",
    "prepare s": lambda row: f"{row['prepare_seconds']:.1f}",
    "epoch s": lambda row: f"{row['epoch_seconds']:.2f}",
    "epoch µs/row": lambda row: f"{row['epoch_seconds'] / row['rows'] * 1e6:.2f}",
    "trainer MB": lambda row: f"{row['trainer_mb']:.0f}",
    "foretold MB": lambda row: f"{row['foretold_mb']:.0f}",
}


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large_table", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--train", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.train:
        print(json.dumps(train(chosen.train)))
        return
    rows: list[dict[str, Any]] = [measure_large_table(count) for count in ROWS]
    print(json.dumps(rows) if chosen.json else markdown_table(_COLUMNS, rows))


if __name__ == "__main__":
    main()
