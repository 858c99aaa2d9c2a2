"""How the lab's cost grows with rows, width, depth, runs and epochs: ``python -m benchmarks.growth`` (``make growth``).

Writes docs/growth.md and a picture for each. What is measured is `core.train`: reading, preparing, training, scoring.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.browser import chromium
from benchmarks.markdown import Columns, markdown_table
from benchmarks.worker import Worker
from core.paths import ROOT
from core.plot import COLOURS

_TURNS, _TURNS_SECONDS = 5, 4.0
_WIDTH, _HEIGHT = 760, 460
_INK, _PAPER, _RULES, _GREY = "#1a2426", "#fcfcfa", "#d5dad6", "#66736f"
"""Those of the light theme in ``.streamlit/config.toml``."""

Spec = Mapping[str, Any]


class Axis(NamedTuple):
    """One way to grow: its name, what is held still, how many of it, and the experiment with so many."""

    name: str
    held: str
    amounts: Sequence[int]
    spec: Callable[[int], Spec]


def _spec(rows: int, layers: Sequence[int], epochs: int, **more: Any) -> dict[str, Any]:
    data = {"source": f"sample:friedman?n={rows}&noise=1", "target": "y", "validation_fraction": 0}
    return {"data": data, "model": {"layers": list(layers)}, "training": {"epochs": epochs}, **more}


def _runs(count: int) -> Spec:
    """Return an experiment of `count` runs of one structure; an experiment takes 100 seeds, so more need more rates."""
    rates = -(-count // 100)
    vary = {"training.learning_rate": [0.001 * (1 + i) for i in range(rates)]}
    return _spec(100, [10, 10], 100, seeds=count // rates, vary=vary)


_THREE_DECADES: Final = (1, 3.16, 10, 31.6, 100, 316, 1000)

AXES: Final = (
    Axis("rows", "10 epochs, batch 32, layers 32-32", [int(100 * step) for step in _THREE_DECADES],
         lambda rows: _spec(rows, [32, 32], 10)),
    Axis("width", "units of the only hidden layer; 1 000 rows, batch 32, 10 epochs",
         [int(8 * step) for step in _THREE_DECADES], lambda units: _spec(1000, [units], 10)),
    Axis("depth", "layers of 8 units, at most what a spec may have; 1 000 rows, batch 32, 50 epochs",
         [1, 2, 5, 10, 20, 50, 100], lambda layers: _spec(1000, [8] * layers, 50)),
    Axis("runs", "of one structure in one experiment, at most about what it may have; 100 rows, batch 32, layers "
         "10-10, 100 epochs each", [1, 2, 5, 10, 20, 50, 100, 200, 500], _runs),
    Axis("epochs", "100 rows, batch 32, layers 10-10", [int(100 * step) for step in _THREE_DECADES],
         lambda epochs: _spec(100, [10, 10], epochs)),
)  # fmt: skip


def measure_growth(axis: Axis) -> list[dict[str, float]]:
    """Train along `axis`, each amount in a new process with an empty compiler's cache.

    Returns
    -------
    list of dict
        For each amount: ``amount``; ``first``, the seconds of the first use; ``further``, those once nothing has to be
        compiled, the fastest of at most 5; ``share``, `further` in multiples of the smallest amount's, by the work in
        the same: at most 1 where the cost grows no faster than the work; ``slope`` from the amount before in a picture
        with logarithmic axes, where that of the work is 1, NaN for the smallest.
    """
    points: list[dict[str, float]] = []
    for amount in axis.amounts:
        first, further = _seconds(axis.spec(amount))
        here = {"amount": amount, "first": first, "further": further}
        (work, cost), (step, rise) = (_times(here, other) for other in ((points or [here])[0], (points or [here])[-1]))
        slope = math.log(rise) / math.log(step) if points else math.nan
        points.append(here | {"share": cost / work, "slope": slope})
    return points


def _times(point: Mapping[str, float], other: Mapping[str, float]) -> tuple[float, float]:
    return point["amount"] / other["amount"], point["further"] / other["further"]


def _seconds(spec: Spec) -> tuple[float, float]:
    """Return the seconds of the first use of `spec` and of a further one."""
    with tempfile.TemporaryDirectory() as folder, Worker("growth_worker", Path(folder)) as worker:

        def train() -> float:
            worker.settle()
            return float(worker.ask(spec=spec)["seconds"])

        # What is compiled behind the first takes over in the second, at the latest. One that was disturbed may be
        # slower than the first, which a known structure cannot be.
        first, again = train(), train()
        more = min(_TURNS - 1, int(_TURNS_SECONDS / again))
        return first, min([first, again, *(train() for _ in range(more))])


def growth_figure(axis: Axis, points: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Return the picture: further runs, first use, and the work as a line of slope 1 from the first point."""
    amounts = [point["amount"] for point in points]
    scale = points[0]["further"] / amounts[0]
    lines = (
        ("further", "a known structure", COLOURS[0], "solid"),
        ("first", "its first use", COLOURS[1], "dash"),
    )
    data: list[dict[str, Any]] = [
        {"x": amounts, "y": [scale * amount for amount in amounts], "name": "the work", "mode": "lines",
         "line": {"color": _GREY, "dash": "dot", "width": 1.5}},
        *({"x": amounts, "y": [point[kind] for point in points], "name": name, "mode": "lines+markers",
           "line": {"color": colour, "dash": dash, "width": 2}} for kind, name, colour, dash in lines),
    ]  # fmt: skip
    rules = {
        "type": "log",
        "gridcolor": _RULES,
        "linecolor": _RULES,
        "zeroline": False,
        "dtick": 1,
        "exponentformat": "none",
    }
    return {
        "data": [{"type": "scatter", **line} for line in data],
        "layout": {
            "width": _WIDTH, "height": _HEIGHT, "paper_bgcolor": _PAPER, "plot_bgcolor": _PAPER,
            "font": {"family": "sans-serif", "size": 15, "color": _INK},
            "margin": {"l": 80, "r": 30, "t": 50, "b": 60},
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "xaxis": {**rules, "title": {"text": axis.name}},
            "yaxis": {**rules, "title": {"text": "seconds"}},
        },
    }  # fmt: skip


def draw(figures: Mapping[Path, Mapping[str, Any]]) -> None:
    """Draw each figure into its PNG file, with Playwright and the Chromium of this machine.

    Raises
    ------
    WorkFailed
        If there is no Chromium.
    """
    import plotly.graph_objects as go
    from playwright.sync_api import sync_playwright

    found = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT}, device_scale_factor=2)
        for path, figure in figures.items():
            html = go.Figure(figure).to_html(include_plotlyjs=True, config={"staticPlot": True})
            page.set_content(f"<style>body {{ margin: 0 }}</style>{html}")
            page.locator(".main-svg").first.wait_for()
            page.screenshot(path=path)
        browser.close()


_INTRODUCTION: Final = """\
# How cost grows

Written by `make growth`. Seconds of `core.train`, from the spec to the results, in one process with one thread: *first
use* in a process that has trained something else, with an empty compiler's cache; *known* once nothing is compiled any
more. *Share of the work* is the seconds of a known structure in multiples of the first line's, divided by the amount in
multiples of the first line's: at most 1 where cost grows no faster than work. *Slope* is that of the curve from the
line above; the work's is 1. In the pictures the dotted line is the work, drawn from the first point. The shapes carry
over to other machines, the seconds do not.
"""


def growth_page(measured: Mapping[str, Sequence[Mapping[str, float]]], axes: Sequence[Axis] = AXES) -> str:
    """Return docs/growth.md."""
    parts = [_INTRODUCTION]
    for axis in axes:
        columns: Columns = {
            axis.name: lambda point: f"{point['amount']:,}".replace(",", " "),
            "first use, s": lambda point: format(point["first"], ".3g"),
            "known, s": lambda point: format(point["further"], ".3g"),
            "share of the work": lambda point: format(point["share"], ".2g"),
            "slope": lambda point: "–" if math.isnan(point["slope"]) else format(point["slope"], ".2f"),
        }
        parts += [
            f"## {axis.name.capitalize()}\n\n{axis.held[0].upper()}{axis.held[1:]}.\n",
            f"![Seconds against {axis.name}, both logarithmic](growth-{axis.name}.png)\n",
            markdown_table(columns, measured[axis.name]) + "\n",
        ]
    return "\n".join(parts)


def main(arguments: Sequence[str] | None = None, axes: Sequence[Axis] = AXES) -> None:
    """Measure along every axis, and write page and pictures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--into", type=Path, default=ROOT / "docs", metavar="FOLDER", help="by default docs")
    folder: Path = parser.parse_args(arguments).into
    measured = {}
    for axis in axes:
        measured[axis.name] = measure_growth(axis)
        print(f"{axis.name}: {max(point['share'] for point in measured[axis.name]):.2f} of the work", file=sys.stderr)
    (folder / "growth.md").write_text(growth_page(measured, axes), encoding="utf-8")
    draw({folder / f"growth-{axis.name}.png": growth_figure(axis, measured[axis.name]) for axis in axes})


if __name__ == "__main__":
    main()
