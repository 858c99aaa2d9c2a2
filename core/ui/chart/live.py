"""The live chart: one custom component that polls an experiment's points itself, so that training costs no page reruns.

Streamlit's own Plotly element is rebuilt at every update; this one keeps zoom and hidden curves.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import streamlit as st

from core.jobs.storage.records import Experiment
from core.plot import COLOURS
from core.spec import Thing
from core.ui.chart.names import differing, distinct, named, shared_settings, variants_of
from core.ui.chart.variant_colours import colours_of
from core.ui.chart.words import WORDS
from core.ui.component import Component
from core.ui.lab.knobs import label_of, show_value
from core.ui.routes import PLOTLY_URL
from core.ui.sitemap import page
from core.ui.words import SPEAKER, for_browser, t

_HERE: Final = Path(__file__).parent
_PARTS: Final = ("series.js", "outliers.js", "ends.js", "chart.js", "ghost.js", "browser.js", "table.js", "live.js")

_SHORT: Final = 28
"""Letters of a name that has room at the end of a curve."""

HTML: Final = """
<div class="ll-live">
  <div class="ll-toolbar" role="group"></div>
  <div class="ll-chart" role="figure"></div>
  <p class="ll-note"></p>
  <p class="ll-verdict"></p>
  <div class="ll-progress" aria-hidden="true"><div class="ll-bar"></div></div>
  <p class="ll-status"></p>
  <span class="ll-hidden ll-spoken" role="status"></span>
  <div class="ll-tablebar"></div>
  <div class="ll-runs" tabindex="0" role="region"></div>
</div>
"""


COMPONENT: Final = Component(
    "loss_lab_live",
    scripts=(SPEAKER, *(_HERE / "js" / part for part in _PARTS)),
    html=HTML,
    style=_HERE / "live.css",
    isolated=False,
)


def live_data(
    experiment: Experiment,
    title: str = "",
    why: str = "",
    view: str = "",
    letters: Sequence[str] = (),
    verdict: str = "",
    colours: Sequence[str] = COLOURS,
) -> dict[str, Any]:
    """Return what the browser needs to know once: the runs, their names, where to ask for points, who says why.

    `letters` call each run something, before what differs. `colours` are those of the variants, in their order; with
    more variants than colours the chart makes its own.
    """
    varied = differing(experiment)
    variants = variants_of(experiment)
    words = [{path: show_value(path, variant.get(path)) for path in varied} for variant in variants]
    short = [" · ".join(row.values()) for row in words]
    long = named(words)
    places = {json.dumps(variant, sort_keys=True): place for place, variant in enumerate(variants)}
    placed = [places[json.dumps(run.variant, sort_keys=True)] for run in experiment.runs]
    values = [list(row.values()) for row in words]
    if letters:
        called = [letters[placed.index(place)] for place in range(len(variants))]
        values = [[letter, *row] for letter, row in zip(called, values, strict=True)]
        short, long = (
            [" · ".join(filter(None, pair)) for pair in zip(called, names, strict=True)] for names in (short, long)
        )
    return {
        "experiment": experiment.id,
        "title": title,
        "verdict": verdict,
        "points": f"api/experiments/{experiment.id}/points",
        "plotly": PLOTLY_URL,
        "colours": colours,
        "places": [COLOURS.index(colour) for colour in colours],  # A shape goes with each colour.
        "settings": [*([t("Run")] if letters else []), *(t(label_of(path)) for path in varied)],
        "shared": shared_settings(experiment, varied),
        "groups": distinct([label or t("this setting") for label in long]),
        "names": distinct(long if max(map(len, long)) <= _SHORT else short),
        "seeds": max(map(placed.count, placed)),
        "validation": any(run.spec.data.validation_fraction > 0 for run in experiment.runs),
        "comparable": len({run.spec.key(Thing.LOSS_UNIT) for run in experiment.runs}) == 1,
        "finished": experiment.finished,
        "why": why,
        "view": view,
        "words": for_browser(WORDS),
        "runs": [
            {name: getattr(run, name) for name in ("id", "index", "seed", "epochs")}
            | {"variant": place, "values": values[place]}
            for run, place in zip(experiment.runs, placed, strict=True)
        ],
    }


def live_chart(
    experiment: Experiment,
    *,
    key: str,
    title: str = "",
    why: bool = False,
    view: str = "",
    letters: Sequence[str] = (),
    verdict: str = "",
) -> None:
    """Show the curves and the runs of `experiment`, live until it is finished; `why` offers the diagnosis of each.

    Experiments that follow each other with the same `view`, if it has one, share axes and zoom, and the curves of the
    one before stay behind as thin grey lines. `letters` are what the page calls its runs, one each.

    The same `key` keeps the same chart on the page, whatever it shows. The `title` above it and the `verdict` below are
    plain text. The end of the last run brings about one rerun of the page.
    """
    link = page("diagnose").url_path if why else ""
    COMPONENT(
        key=key,
        data=live_data(experiment, title, link, view, letters, verdict, colours_of(experiment)),
        on_finished_change=lambda: None,  # The trigger alone reruns the page.
        on_why_change=lambda: _diagnose(experiment.id, st.session_state[key].why),
    )


def _diagnose(experiment: str, run: int | None) -> None:
    if run is not None:
        st.switch_page(page("diagnose"), query_params={"x": experiment, "run": str(run)})
