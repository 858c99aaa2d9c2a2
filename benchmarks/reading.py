"""How fast and how lean reading is, against `pandas.read_csv` on the same bytes in the same process."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pandas as pd

from core.data.table import read_table
from core.errors import WorkFailed
from core.paths import ROOT

ROWS: Final = 1_000_000
GEMS: Final = 53_940
_TURNED_BYTES: Final = 100_000_000
"""Small files are read more often, because a moment's load of the machine weighs more there."""
_FEW_LINES: Final = 20


def measure_reading(rows: int = ROWS) -> dict[str, Any]:
    """Measure reading of a table of ten columns and `rows` rows, and of one as people upload them, of 53 940 or fewer.

    Returns
    -------
    dict
        By ``small`` and ``large``: ``megabytes`` of the file; ``seconds`` of `read_table` and ``pandas_seconds`` of
        `pandas.read_csv` (the fastest of 5 to 25 turns, taken in alternation in a fresh process) and their ``ratio``;
        ``memory_ratio``, how much a process grows at most while it reads, the file itself included, in sizes of the
        file; ``pandas_memory_ratio``, the same of pandas. ``small_after_large``: the times once more, in a process
        that has read the large one before, which is when pandas is faster. ``fixed_megabytes``: by how much reading a
        few lines makes a process grow. ``child_seconds``: the small one through `core.data.upload.upload`, a process
        being ready.
    """
    small, large = gem_table(min(rows, GEMS)), generated_table(rows)
    few = b"".join(small.splitlines(keepends=True)[:_FEW_LINES])
    return {
        "small": _measure(small),
        "small_after_large": _turns(small, large),
        "large": _measure(large),
        "fixed_megabytes": peak_growth(few) / 1e6,
        "child_seconds": _child_seconds(small),
    }


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


def gem_table(rows: int = GEMS, seed: int = 0) -> bytes:
    """Return a CSV as it is found in the wild: quoted words, decimals that are nearly all whole, few different values.

    Columns, spellings and the number of different values are about those of ggplot2's ``diamonds``, a data set of
    53 940 rows that many lessons use.
    """
    draw = np.random.Generator(np.random.Philox(seed))
    carat = np.exp(draw.normal(-0.4, 0.58, rows)).clip(0.2, 5.01).round(2)
    width = (6.47 * np.cbrt(carat) * draw.normal(1, 0.01, rows)).round(2)
    depth = draw.normal(61.75, 1.43, rows).round(1)
    table = draw.normal(57.5, 2.2, rows)
    frame = pd.DataFrame({
        "carat": carat,
        "cut": draw.choice(["Fair", "Good", "Very Good", "Premium", "Ideal"], rows, p=[0.03, 0.09, 0.22, 0.26, 0.4]),
        "color": draw.choice(list("DEFGHIJ"), rows),
        "clarity": draw.choice(["I1", "SI2", "SI1", "VS2", "VS1", "VVS2", "VVS1", "IF"], rows),
        "depth": depth,
        "table": np.where(draw.random(rows) < 0.03, table.round(1), table.round()),
        "price": (4000 * carat**1.7 * np.exp(draw.normal(0, 0.25, rows))).clip(326, 18_823).astype(int),
        "x": width,
        "y": (width * draw.normal(1, 0.01, rows)).round(2),
        "z": (width * depth / 100).round(2),
    })  # fmt: skip
    words = {name: '"' + frame[name] + '"' for name in ("cut", "color", "clarity")}
    quoted = frame.assign(**words).rename(columns='"{}"'.format)
    return quoted.to_csv(index=False, quoting=csv.QUOTE_NONE, quotechar="'", float_format="%g").encode()


def _measure(content: bytes) -> dict[str, float]:
    return {
        "megabytes": len(content) / 1e6,
        **_turns(content),
        "memory_ratio": peak_growth(content) / len(content),
        "pandas_memory_ratio": peak_growth(content, _PANDAS) / len(content),
    }


def _turns(content: bytes, before: bytes = b"") -> dict[str, float]:
    """Return the times of reading `content` in a process that has read `before`, if anything, and nothing else."""
    program = "import json, sys, benchmarks.reading as b; print(json.dumps(b.take_turns(int(sys.argv[1]))))"
    times: dict[str, float] = json.loads(_said(program, content + before, len(content)))
    return times


def take_turns(size: int) -> dict[str, float]:
    """Return the times of reading the first `size` bytes of stdin, after what follows them was read."""
    content, before = sys.stdin.buffer.read(size), sys.stdin.buffer.read()
    if before:
        read_table(before)
        pd.read_csv(io.BytesIO(before))
    ours, theirs = [], []
    for _ in range(max(5, min(25, _TURNED_BYTES // size))):
        theirs.append(_seconds(lambda: pd.read_csv(io.BytesIO(content))))
        ours.append(_seconds(lambda: read_table(content)))
    return {"seconds": min(ours), "pandas_seconds": min(theirs), "ratio": min(ours) / min(theirs)}


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


_OURS: Final = "from core.data.table import read_table as read"
_PANDAS: Final = "import io, pandas\ndef read(content): return pandas.read_csv(io.BytesIO(content))"
_GROWTH: Final = """
import os, sys
from core.errors import InputRefused
{reader}
read(b"a,b\\n1,x\\n")
def held(field):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(field)) * 1024
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")
before = held("VmRSS:")
content = sys.stdin.buffer.read(int(sys.argv[1]))
try:
    table = read(content)
except InputRefused:
    pass
print(held("VmHWM:") - before, flush=True)
# A thread of Arrow that still lets go of a Python object would abort an interpreter that is ending.
os._exit(0)
"""


def peak_growth(content: bytes, reader: str = _OURS) -> int:
    """Return by how many bytes a fresh process grows at most while it takes in and reads `content`; Linux only."""
    return int(_said(_GROWTH.format(reader=reader), content, len(content)))


def _said(program: str, content: bytes, size: int) -> bytes:
    """Return what `program` prints in a fresh process; it finds `content` at stdin and `size` as its argument."""
    command = [sys.executable, "-c", program, str(size)]
    done = subprocess.run(  # noqa: S603 - our own program, by absolute interpreter
        command, input=content, capture_output=True, cwd=ROOT, check=False, timeout=300
    )
    if done.returncode:
        raise WorkFailed(f"Reading could not be measured: {done.stderr.decode()[-200:]}")
    return done.stdout


def _child_seconds(content: bytes) -> float:
    from core.data.upload.upload import read_upload

    read_upload(content, "small.csv")
    # The next process starts while this one would like to measure.
    time.sleep(3)
    return _seconds(lambda: read_upload(content, "small.csv"))
