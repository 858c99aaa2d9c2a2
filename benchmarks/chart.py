"""How fast the live chart draws: 250 runs of 2000 epochs, from the arrival of their points to the picture, and zooming.

``python -m benchmarks.chart [--json]`` needs a Chromium. The component runs as it is shipped, on a page without a
server, so that the figures are those of the browser alone. The points are made up: only their number matters here.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.browser import chromium
from core.jobs.storage.overview import WHOLE, Overview
from core.jobs.storage.records import Experiment, Run, State
from core.spec import ExperimentSpec, load_spec
from core.ui.chart import live

_RUNS: Final = 250
_EPOCHS: Final = 2000
_ZOOMS: Final = 10
_SHAPES: Final = {"variants": 1, "seeds": 50}
"""Name of a page → runs of each variant: all of them different, and five variants of fifty seeds."""

_PAGE: Final = """<!doctype html><meta charset="utf-8"><style>%(css)s</style><script src="plotly.min.js"></script>
<div id="here" style="width: 860px">%(html)s</div><script>
window.lossLabPlotly = Promise.resolve(window.Plotly);
const told = new Promise((resolve) => { window.tell = () => resolve(%(news)s); });
window.fetch = async () => ({ ok: true, status: 200, json: () => told });
%(js)s
start({ parentElement: document.getElementById("here"), data: %(data)s, setTriggerValue() {} });
</script>"""

_ACT: Final = """async ([act, name]) => {
  const chart = document.querySelector('.ll-chart');
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  if (act === 'plain') {
    const node = document.createElement('div');
    node.style.width = '860px';
    document.body.append(node);
    const lines = chart.data.map(({ x, y }) => ({ x, y, mode: 'lines', type: 'scatter' }));
    await window.Plotly.newPlot(node, lines, { showlegend: false });
  }
  else if (act === 'points') window.tell();
  else if (act === 'zoom') {
    // As the mouse does it; then the chart draws the epochs in sight more finely.
    await window.Plotly.relayout(chart, { 'xaxis.range[0]': 500 * Math.random(), 'xaxis.range[1]': 1200 });
  }
  else [...document.querySelectorAll('.ll-chip')].find((chip) => chip.textContent === name).click();
  const drawn = () => chart.data?.some((trace) => trace.x.length > 100);
  do { await frame(); } while (!drawn());
  await frame();
  await frame();
}"""
"""What is measured, until the frame after the one that draws it."""

_CHIPS: Final = {"smooth": "Smooth", "robust": "Ignore outliers", "members": "Each seed"}


def measure_chart() -> dict[str, float]:
    """Measure the chart in a browser.

    Returns
    -------
    dict
        Processor time of the page's main thread, which draws, in milliseconds; unlike the time that passes it depends
        little on what else the machine does. For many ``variants`` and for few with many ``seeds``: ``…_draw_ms``, from
        the arrival of the points to the picture; ``…_zoom_ms``, the median of a zoom until the finer picture;
        ``…_smooth_ms``, ``…_robust_ms``, ``…_members_ms``: from the press of a chip to its picture; ``…_plain_ms``:
        what Plotly takes for the same lines on an empty page element, with nothing of the lab.

    Raises
    ------
    WorkFailed
        If there is no Chromium.
    """
    from playwright.sync_api import sync_playwright

    path = chromium()
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        plotly = files("plotly") / "package_data" / "plotly.min.js"
        Path(folder, "plotly.min.js").write_bytes(plotly.read_bytes())
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        for name, seeds in _SHAPES.items():
            Path(folder, f"{name}.html").write_text(_page(seeds), encoding="utf-8")
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.set_default_timeout(120_000)
            page.goto(f"file://{folder}/{name}.html")
            spent = _meter(page)
            figures[f"{name}_draw_ms"] = spent("points")
            figures[f"{name}_zoom_ms"] = float(np.median([spent("zoom") for _ in range(_ZOOMS)]))
            for called, chip in _CHIPS.items():
                if called != "members" or seeds > 1:
                    figures[f"{name}_{called}_ms"] = spent("press", chip)
            figures[f"{name}_plain_ms"] = spent("plain")
            page.close()
        browser.close()
    return figures


def _meter(page: Any) -> Callable[..., float]:
    """Return what does something on a page and tells the milliseconds its main thread has worked."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def worked() -> float:
        metrics = devtools.send("Performance.getMetrics")["metrics"]
        return next(float(metric["value"]) for metric in metrics if metric["name"] == "TaskDuration")

    def spent(act: str, name: str = "") -> float:
        before = worked()
        page.evaluate(_ACT, [act, name])
        return 1000 * (worked() - before)

    return spent


def _page(seeds: int) -> str:
    experiment, news = _made_up(seeds)
    script = live.COMPONENT.javascript.replace("export default function", "function start")
    parts = {
        "css": (Path(live.__file__).parent / "live.css").read_text(encoding="utf-8"),
        "html": live.HTML,
        "news": json.dumps(news),
        "js": script,
        "data": json.dumps(live.live_data(experiment)),
    }
    return _PAGE % parts


def _made_up(seeds: int) -> tuple[Experiment, Mapping[str, Any]]:
    """Return a finished experiment and what the server would tell of it: `seeds` runs of each variant."""
    rates = [round(0.001 * (1 + i), 6) for i in range(_RUNS // seeds)]
    spec: ExperimentSpec = load_spec(
        {
            "data": {"source": "sample:iris", "target": "species"},
            "training": {"epochs": _EPOCHS},
            "vary": {"training.learning_rate": rates},
            "seeds": seeds,
        }
    )
    specs, noise = spec.runs(), np.random.default_rng(0)
    final = {"skill": 0.5, "val_skill": 0.4, "baseline": {"loss": 1.1, "val_loss": 1.1, "what": "guess"}}
    runs, points, blocks = [], [], []
    for index, run in enumerate(specs):
        falling = (1 + index / 50) / np.sqrt(np.arange(1, _EPOCHS + 1))
        curves = {name: (falling + 0.05 * noise.random(_EPOCHS)).tolist() for name in ("loss", "val_loss")}
        told = {name: values[:WHOLE] for name, values in curves.items()}
        points.append({"run": index, "attempt": 1, "first_epoch": 1, "history": told})
        blocks += [
            {"run": index, "attempt": 1, "block": json.loads(text)} for text in Overview().add(1, curves).values()
        ]
        runs.append(
            Run(
                id=index, index=index, variant=run.variant, seed=run.training.seed, state=State.DONE, attempt=1,
                epoch=_EPOCHS, epochs=_EPOCHS, seconds=1.0, error=None, diverged_at=None, final=final, specs=specs,
            )
        )  # fmt: skip
    fields = ("id", "index", "state", "attempt", "epoch", "epochs", "seconds", "error", "diverged_at", "final")
    states = [{name: getattr(run, name) for name in fields} for run in runs]
    news = {"cursor": 1, "finished": True, "ahead": 0, "runs": states, "points": points, "blocks": blocks}
    return Experiment("bench", "", datetime.now(UTC), spec, tuple(runs)), news


def main() -> None:
    """Measure, and print a line per figure or one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chart", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    figures = measure_chart()
    if parser.parse_args().json:
        print(json.dumps(figures))
    else:
        print(*(f"{name}: {value:.0f}" for name, value in figures.items()), sep="\n")


if __name__ == "__main__":
    main()
