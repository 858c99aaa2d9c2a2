"""Every figure of the lab's speed in one run: training, alone and beside its peers, the app, reading.

``python -m benchmarks [--json]``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.app import measure_app
from benchmarks.engines import engines_table, measure_engines
from benchmarks.reading import measure_reading
from core.__main__ import bench_table, benchmark
from core.bench import CASES


def main() -> None:
    """Measure, and print tables and a line per figure, or one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    chosen = parser.parse_args()
    rows, engines, app, reading = benchmark(CASES), measure_engines(), measure_app(), measure_reading()
    if chosen.json:
        print(json.dumps({"cases": rows, "engines": engines, "app": app, "reading": reading}))
    else:
        print(
            bench_table(rows),
            engines_table(engines),
            *(f"{name}: {value:.4g}" for name, value in flat(app | reading)),
            sep="\n",
        )


def flat(figures: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """Yield every figure with its name; one inside a table of figures is called after both."""
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name} table, ")
        else:
            yield prefix + name, value


if __name__ == "__main__":
    main()
