"""How soon the lab answers a turn of a knob with Live on: from the key or click to the first new point on the screen.

``python -m benchmarks.live`` starts the app as the README does, in a temporary folder, and turns its knobs in a real
browser: learning rates are typed and taken away (known structure), layers are added and widened in the diagram (new
structures). Each turn makes a spec that was never trained before and waits for the one before to end, as somebody who
looks at the curves does.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.app import get, served, wait_for
from benchmarks.browser import chromium
from core.settings import Settings

_RATES: Final = 21
"""Typed one after the other; each but the first is added and then left alone: two turns."""

_EDITS: Final = (
    "Widen layer 1 to 16 units", "Widen layer 1 to 32 units", "Widen layer 1 to 64 units", "Widen layer 1 to 128 units",
    "Add a layer of 128 units after layer 1", "Narrow layer 2 to 64 units", "Narrow layer 2 to 32 units",
    "Narrow layer 2 to 16 units", "Narrow layer 1 to 64 units", "Add a layer of 64 units between layers 1 and 2",
    "Narrow layer 2 to 32 units", "Narrow layer 2 to 16 units", "Narrow layer 2 to 8 units", "Remove layer 1",
    "Widen layer 2 to 32 units", "Widen layer 1 to 16 units", "Narrow layer 2 to 16 units", "Widen layer 2 to 32 units",
)  # fmt: skip
_PAUSE_SECONDS: Final = 1.0
"""Between the end of a training and the next turn: somebody looks."""

_WATCH: Final = """() => {
  const chart = document.querySelector(".ll-chart");
  for (const kind of ["click", "keydown"]) addEventListener(kind, () => { window.turned = performance.now(); }, true);
  new MutationObserver(() => { window.drawn = performance.now(); })
    .observe(chart, { attributes: true, attributeFilter: ["data-experiment"] });
}"""
_DRAWN: Final = "(before) => document.querySelector('.ll-chart').dataset.experiment !== before"
OVER: Final = """() => {
  const states = [...document.querySelectorAll(".ll-table td[data-state]")];
  return states.length > 0 && states.every((cell) => cell.dataset.state === "done");
}"""
"""In a browser: whether everything on show was trained to its end."""


def measure_live() -> dict[str, Any]:
    """Return the milliseconds of each turn, ``known`` and ``new``, and the load of the machine meanwhile."""
    from playwright.sync_api import sync_playwright

    with (
        tempfile.TemporaryDirectory() as folder,
        served(Settings(data=Path(folder)), slots=os.cpu_count() or 1) as (_, address),
        sync_playwright() as playwright,
    ):
        wait_for(lambda: idle(address))
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        # Waiting for what a page draws evaluates text, which its policy refuses.
        page = browser.new_page(viewport={"width": 1280, "height": 800}, bypass_csp=True)
        page.set_default_timeout(120_000)
        page.goto(f"{address}/?live=true")
        page.wait_for_function("() => document.querySelector('.ll-chart')?.dataset.experiment")
        page.wait_for_function(OVER)
        page.evaluate(_WATCH)
        known, new = list(_rates(page)), list(_edits(page))
        browser.close()
    return {"known": known, "new": new, "load": os.getloadavg()[1]}


def idle(address: str) -> bool:
    """Whether the lab at `address` is ready and does nothing, not even ahead of what is asked."""
    health = json.loads(get(f"{address}/api/health"))
    return bool(health["trainers"]["ready"] == health["slots"] and not health["compiling"] and not health["running"])


def _rates(page: Any) -> Iterator[float]:
    """Yield the milliseconds of turns of the learning rate; the first two, which lead away from 0.001, do not count."""
    knob = page.locator(".st-key-lab_knob_training_learning_rate")
    rates = [f"{rate:.5g}" for rate in np.geomspace(0.002, 0.2, _RATES)]
    _type(page, knob, rates[0])
    _turn(page, knob.get_by_role("button", name="Remove 0.001", exact=True).click)
    for before, rate in itertools.pairwise(rates):
        yield _type(page, knob, rate)
        leave = knob.get_by_role("button", name=f"Remove {before}", exact=True)
        yield _turn(page, leave.click)


def _type(page: Any, knob: Any, rate: str) -> float:
    knob.get_by_role("combobox").click()
    page.keyboard.type(rate)
    page.get_by_role("option", name=f"Add: {rate}").wait_for()
    return _turn(page, lambda: page.keyboard.press("Enter"))


def _edits(page: Any) -> Iterator[float]:
    page.keyboard.press("Escape")
    for name in _EDITS:
        yield _turn(page, page.get_by_role("button", name=name, exact=True).click)


def _turn(page: Any, act: Any) -> float:
    """Turn a knob, and return the milliseconds until a point of what came of it was drawn."""
    page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']")
    before = page.locator(".ll-chart").get_attribute("data-experiment")
    act()
    page.wait_for_function(_DRAWN, arg=before)
    milliseconds = float(page.evaluate("window.drawn - window.turned"))
    page.wait_for_function(OVER)
    time.sleep(_PAUSE_SECONDS)
    return milliseconds


def main() -> None:
    """Measure and print; ``--json`` prints every turn."""
    measured = measure_live()
    if "--json" in sys.argv:
        print(json.dumps(measured))
        return
    print(f"{'structure':<10} {'turns':>5} {'p50':>8} {'p95':>8} {'most':>8}   (load {measured['load']:.1f})")
    for kind in ("known", "new"):
        p50, p95, most = np.percentile(measured[kind], [50, 95, 100])
        print(f"{kind:<10} {len(measured[kind]):>5} {p50:>5.0f} ms {p95:>5.0f} ms {most:>5.0f} ms")


if __name__ == "__main__":
    main()
