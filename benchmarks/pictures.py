"""What pictures cost a training, and how many come in a second: ``python -m benchmarks.pictures [--json]``.

Each case is trained in pairs in one process, with and without pictures, in turns; XLA is ready before. The cost is the
median over the pairs of the processor time with pictures over that without, minus one, so that other work on the
machine counts little; the pictures by the clock of a run that lasts seconds are counted on the wall.

On two processors that were busy with other work (November 2026, nine pairs): 5.5 pictures of the boundary a second at
4 % of the time of a run of 10 000 epochs; where 100 epochs take ten milliseconds, their eleven frames take two to five.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from benchmarks.markdown import Columns, markdown_table
from core.data.prepare.cache import Preparation
from core.jobs.storage.frames import encode_frame
from core.spec import load_spec
from core.training.pictures.frame import Frame
from core.training.run import compile_run, train_run

CASES: Final[Mapping[str, dict[str, Any]]] = {
    "boundary, seconds long": {
        "data": {"source": "sample:moons?n=2000", "target": "label"},
        "training": {"epochs": 10_000},
    },
    "boundary, a moment": {"data": {"source": "sample:moons", "target": "label"}, "training": {"epochs": 100}},
    "curve, a moment": {"data": {"source": "sample:sine", "target": "y"}, "training": {"epochs": 100}},
    "confusion, a moment": {"data": {"source": "sample:iris", "target": "species"}, "training": {"epochs": 100}},
}
_LAYERS: Final = {"layers": [16, 16]}


def measure_pictures(spec: dict[str, Any], pairs: int) -> dict[str, float]:
    """Train `spec` so many times with and without pictures.

    Returns
    -------
    dict
        ``seconds`` without, on the wall, the median; ``cost``, a share; ``extra_ms`` of processor time; ``frames`` of
        a run; ``per_second`` of those by the clock; ``kb`` of the largest frame.
    """
    run = load_spec({"model": _LAYERS} | spec).runs()[0]
    prepared = Preparation().of(run)
    compile_run(run, prepared, wait=True)
    texts: list[str] = []
    passing: list[float] = []

    def take(frame: Frame) -> None:
        texts.append(encode_frame(frame))
        passing.extend([frame.epoch] * frame.passing)

    train_run(run, prepared, on_frame=take)
    with_pictures, without, walls, rates = [], [], [], []
    for pair in range(pairs):
        for pictured in (pair % 2 == 0, pair % 2 == 1):
            texts.clear()
            passing.clear()
            begin, wall = time.process_time(), time.perf_counter()
            train_run(run, prepared, on_frame=take if pictured else None)
            took, on_wall = time.process_time() - begin, time.perf_counter() - wall
            if pictured:
                with_pictures.append(took)
                rates.append(len(passing) / on_wall)
                frames, largest = len(texts), max(map(len, texts))
            else:
                without.append(took)
                walls.append(on_wall)
    ratio = np.array(with_pictures) / np.array(without)
    return {
        "seconds": float(np.median(walls)),
        "cost": float(np.median(ratio) - 1),
        "extra_ms": 1000 * float(np.median(np.array(with_pictures) - np.array(without))),
        "frames": frames,
        "per_second": float(np.median(rates)),
        "kb": largest / 1000,
    }


def main() -> None:
    """Measure every case and print a table, or one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pictures", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--pairs", type=int, default=9, help="how often each case is trained")
    chosen = parser.parse_args()
    found = {name: measure_pictures(spec, chosen.pairs) for name, spec in CASES.items()}
    print(json.dumps(found) if chosen.json else _table(found))


def _table(found: Mapping[str, Mapping[str, float]]) -> str:
    columns: Columns = {
        "training": lambda row: str(row["name"]),
        "s without": lambda row: f"{row['seconds']:.2f}",
        "cost": lambda row: f"{row['cost']:.0%}",
        "ms more": lambda row: f"{row['extra_ms']:.1f}",
        "frames": lambda row: f"{row['frames']:.0f}",
        "a second": lambda row: f"{row['per_second']:.1f}" if row["seconds"] > 1 else "",
        "kB at most": lambda row: f"{row['kb']:.1f}",
    }
    return markdown_table(columns, [{"name": name, **row} for name, row in found.items()])


if __name__ == "__main__":
    main()
