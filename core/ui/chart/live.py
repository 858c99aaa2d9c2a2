"""The live chart: one custom component that polls an experiment's points itself, so that training costs no page reruns.

Streamlit's own Plotly element is rebuilt at every update; this one keeps zoom and hidden curves.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import streamlit as st

from core.jobs.storage.records import Experiment
from core.plot import COLOURS
from core.spec import Thing
from core.ui.lab.knobs import label_of, show_value
from core.ui.routes import PLOTLY_URL
from core.ui.sitemap import page

_HERE: Final = Path(__file__).parent
_PARTS: Final = ("series.js", "chart.js", "browser.js", "table.js", "live.js")

_HTML: Final = """
<div class="ll-live">
  <div class="ll-toolbar" role="group" aria-label="Chart options"></div>
  <div class="ll-chart" role="img" aria-label="Loss by epoch"></div>
  <p class="ll-note"></p>
  <div class="ll-progress" aria-hidden="true"><div class="ll-bar"></div></div>
  <p class="ll-status"></p>
  <span class="ll-hidden ll-spoken" role="status"></span>
  <div class="ll-runs" tabindex="0" role="region" aria-label="Runs"></div>
</div>
"""


def _javascript() -> str:
    return "\n".join((_HERE / "js" / part).read_text(encoding="utf-8") for part in _PARTS)


@st.cache_resource
def _component(_fingerprint: str) -> Any:
    return st.components.v2.component(
        "loss_lab_live",
        html=_HTML,
        css=(_HERE / "live.css").read_text(encoding="utf-8"),
        js=_javascript(),
        isolate_styles=False,  # Plotly puts its style sheet into the head, which a shadow root would not see
    )


def live_data(experiment: Experiment, title: str = "", why: str = "") -> dict[str, Any]:
    """Return what the browser needs to know once: the runs, their names, where to ask for points, who says why."""
    varied = list(experiment.runs[0].variant)
    values = [[show_value(path, run.variant.get(path)) for path in varied] for run in experiment.runs]
    variants = [json.dumps(run.variant, sort_keys=True) for run in experiment.runs]
    groups = {variant: " · ".join(row) for variant, row in zip(variants, values, strict=True)}
    order = list(groups)
    return {
        "experiment": experiment.id,
        "title": title,
        "points": f"api/experiments/{experiment.id}/points",
        "plotly": PLOTLY_URL,
        "colours": COLOURS,
        "settings": [label_of(path) for path in varied],
        "groups": distinct([label or "this setting" for label in groups.values()]),
        "seeds": max(map(variants.count, order)),
        "validation": any(run.spec.data.validation_fraction > 0 for run in experiment.runs),
        "comparable": len({run.spec.key(Thing.LOSS_UNIT) for run in experiment.runs}) == 1,
        "finished": experiment.finished,
        "why": why,
        "runs": [
            {name: getattr(run, name) for name in ("id", "index", "seed", "epochs")}
            | {"variant": order.index(variant), "values": row}
            for run, row, variant in zip(experiment.runs, values, variants, strict=True)
        ],
    }


def distinct(labels: Sequence[str]) -> list[str]:
    """Return `labels`, those that are there already with a number behind them: two long ones may be cut to the same."""
    return [
        f"{label} ({labels[:i].count(label) + 1})" if label in labels[:i] else label for i, label in enumerate(labels)
    ]


def live_chart(experiment: Experiment, *, key: str, title: str = "", why: bool = False) -> None:
    """Show the curves and the runs of `experiment`, live until it is finished; `why` offers the diagnosis of each.

    The same `key` keeps the same chart on the page, whatever it shows. The `title` above it is plain text. The end of
    the last run brings about one rerun of the page.
    """
    fingerprint = hashlib.sha256((_javascript() + _HTML).encode()).hexdigest()
    link = page("diagnose").url_path if why else ""
    _component(fingerprint)(
        key=key,
        data=live_data(experiment, title, link),
        on_finished_change=lambda: None,  # The trigger alone reruns the page.
        on_why_change=lambda: _diagnose(experiment.id, st.session_state[key].why),
    )


def _diagnose(experiment: str, run: int | None) -> None:
    if run is not None:
        st.switch_page(page("diagnose"), query_params={"x": experiment, "run": str(run)})
