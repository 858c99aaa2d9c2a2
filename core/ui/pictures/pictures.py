"""Pictures of what the networks of an experiment predict: one custom component that polls their frames itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from core.choices.optimizers import OPTIMIZERS
from core.diagnosis.evidence.limits import LONG_STEP, SHORT_STEP
from core.jobs.storage.frames import MOST_PICTURED, MOST_RUNS
from core.jobs.storage.records import Experiment
from core.plot import COLOURS
from core.ui.chart.live import live_data
from core.ui.chart.variant_colours import colours_of
from core.ui.component import Component
from core.ui.lab.knobs import show_value
from core.ui.pictures.words import WORDS
from core.ui.words import SPEAKER, for_browser

_HERE: Final = Path(__file__).parent
_CHART: Final = _HERE.parent / "chart" / "js"
_PARTS: Final = (
    SPEAKER,
    _CHART / "series.js",
    _CHART / "browser.js",
    _HERE / "js" / "frames.js",
    _HERE / "js" / "words.js",
    _HERE / "js" / "inside.js",
    _HERE / "js" / "figures.js",
    _HERE / "js" / "pictures.js",
)

_HTML: Final = """
<section class="lp-panel">
  <div class="lp-head">
    <h2 class="lp-title"></h2>
    <div class="lp-tabs" role="group" hidden></div>
    <details class="lp-others" hidden>
      <summary class="lp-quiet"></summary>
      <ul class="lp-list"></ul>
    </details>
    <button class="lp-chip lp-held-out" type="button" hidden></button>
    <details class="lp-choice" hidden>
      <summary class="lp-summary"></summary>
      <div class="lp-list lp-runs" role="group"></div>
    </details>
  </div>
  <p class="lp-empty"></p>
  <div class="lp-cards"></div>
  <div class="lp-foot">
    <div class="lp-replay" hidden>
      <button class="lp-play" type="button"></button>
      <input class="lp-slider" type="range" min="0" max="0" step="1">
      <span class="lp-epoch"></span>
    </div>
    <p class="lp-key"></p>
  </div>
</section>
"""
_TOLD: Final = ("experiment", "plotly", "colours", "groups", "seeds", "runs")


COMPONENT: Final = Component(
    "loss_lab_pictures", scripts=_PARTS, html=_HTML, style=_HERE / "pictures.css", isolated=False
)


def pictures_data(experiment: Experiment) -> dict[str, Any]:
    """Return what the browser needs to know once: the runs, named and coloured as in the chart, and where to ask.

    ``first`` are the runs that are shown first, one of each variant; ``most`` how many are shown at a time;
    ``palette`` what classes are coloured by, which are no runs; ``healthy`` from where to where a step may change
    weights, as a share of their size; ``unit_steps`` what the optimizer of a run is called whose steps do not shrink
    with its gradients.
    """
    told = live_data(experiment, colours=colours_of(experiment))
    of_variant: dict[int, int] = {}
    for run in told["runs"]:
        of_variant.setdefault(run["variant"], run["id"])
    return {
        **{name: told[name] for name in _TOLD},
        "unit_steps": {run.id: _unit_steps(run.spec.training.optimizer) for run in experiment.runs},
        "pictures": f"api/experiments/{experiment.id}/pictures",
        "first": list(of_variant.values())[:MOST_RUNS],
        "most": MOST_RUNS,
        "palette": COLOURS,
        "healthy": [SHORT_STEP, LONG_STEP],
        "words": for_browser(WORDS),
    }


def _unit_steps(optimizer: str) -> str:
    """Return what an optimizer is called whose steps do not shrink with its gradients; else nothing."""
    return show_value("training.optimizer", optimizer) if OPTIMIZERS[optimizer].unit_steps else ""


def pictures(experiment: Experiment, *, key: str, wanted: str | None = None) -> None:
    """Show what the networks of `experiment` predict, live until they are trained, and again as a replay.

    Nothing where there are too many of them: no pictures are taken then. It opens with the one that is `wanted`, else
    with the one that was chosen last in this browser.

    The same `key` keeps the same row on the page, whatever it shows.
    """
    if len(experiment.runs) > MOST_PICTURED:
        return
    COMPONENT(key=key, data=pictures_data(experiment) | {"wanted": wanted})
