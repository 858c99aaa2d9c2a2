"""How fast and how lean reading is, against `pandas.read_csv` on the same bytes in the same process."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from core.data.table import read_table
from core.errors import WorkFailed

ROWS: Final = 1_000_000
_ROOT: Final = Path(__file__).resolve().parents[2]
_TURNED_BYTES: Final = 100_000_000
"""Small files are read more often, because a moment's load of the machine weighs more there."""
_SMALL: Final = 54_000


def measure_reading(rows: int = ROWS) -> dict[str, Any]:
    """Measure reading of two generated tables of ten columns, one of `rows` rows and one of 54 000.

    Returns
    -------
    dict
        By ``small`` and ``large``: ``megabytes`` of the file; ``seconds`` of `read_table` and ``pandas_seconds`` of
        `pandas.read_csv` (the fastest of 5 to 25 turns, taken in alternation) and their ``ratio``; ``memory_ratio``,
        how much a process grows at most while it reads, the file itself included, in sizes of the file.
        ``child_seconds``: the small one through `core.data.parsing`, a process being ready.
    """
    small, large = generated_table(min(rows, _SMALL)), generated_table(rows)
    return {"small": _measure(small), "large": _measure(large), "child_seconds": _child_seconds(small)}


def generated_table(rows: int, seed: int = 0) -> bytes:
    """Return a CSV of seven columns of decimals, two of whole numbers and one of words."""
    draw = np.random.Generator(np.random.Philox(seed))
    columns = {f"x{i + 1}": draw.normal(0, 1, rows).round(4) for i in range(6)}
    frame = pd.DataFrame(columns).assign(
        count=draw.integers(0, 100_000, rows),
        grade=draw.integers(0, 10, rows),
        colour=np.array(["red", "green", "blue"])[draw.integers(0, 3, rows)],
        y=draw.random(rows).round(3),
    )
    return frame.to_csv(index=False).encode()


def _measure(content: bytes) -> dict[str, float]:
    ours, theirs = [], []
    for _ in range(max(5, min(25, _TURNED_BYTES // len(content)))):
        theirs.append(_seconds(lambda: pd.read_csv(io.BytesIO(content))))
        ours.append(_seconds(lambda: read_table(content)))
    return {
        "megabytes": len(content) / 1e6,
        "seconds": min(ours),
        "pandas_seconds": min(theirs),
        "ratio": min(ours) / min(theirs),
        "memory_ratio": peak_growth(content) / len(content),
    }


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


_GROWTH: Final = """
import sys, resource
import core.data.table as t
from core.errors import InputRefused
t.read_table(b"a,b\\n1,x\\n")
def held(field):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(field)) * 1024
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")
before = held("VmRSS:")
content = sys.stdin.buffer.read()
try:
    table = t.read_table(content)
except InputRefused:
    pass
print(held("VmHWM:") - before)
"""


def peak_growth(content: bytes) -> int:
    """Return by how many bytes a fresh process grows at most while it takes in and reads `content`; Linux only."""
    measured = subprocess.run(  # noqa: S603 - our own program, by absolute interpreter
        [sys.executable, "-c", _GROWTH], input=content, capture_output=True, cwd=_ROOT, check=False, timeout=300
    )
    if measured.returncode:
        raise WorkFailed(f"The memory of reading could not be measured: {measured.stderr.decode()[-200:]}")
    return int(measured.stdout)


def _child_seconds(content: bytes) -> float:
    from core.data.parsing import read_upload

    read_upload(content, "small.csv")
    # The next process starts while this one would like to measure.
    time.sleep(3)
    return _seconds(lambda: read_upload(content, "small.csv"))
