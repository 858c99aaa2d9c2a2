"""The loss curves of finished results as one HTML page that needs no server: what ``run --plot`` writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

from core.errors import InputRefused

COLOURS: Final = ("#1388f2", "#cd8017", "#008558", "#ad3884", "#7b6205", "#215adf", "#e51b53", "#a480ae")
"""Eight colours, one per variant in every chart of the lab, the first ones furthest apart.

Searched for the largest distance between any two, as eyes see them that have all cones or lack one (Machado et al.
2009), at a contrast of 3:1 on white and on near-black and away from the baseline's grey. That leaves little room for
differences in lightness: in greyscale, the shapes and names at the ends of the curves tell them apart. The theme in
``.streamlit/config.toml`` has the same ones; ``tests/ui/test_palette.py`` measures them.
"""

DOTTED: Final = {"width": 2, "dash": "2px,5px"}
"""The line of a baseline: dots as long as it is wide. Plotly's own "dot" looks dashed."""

TEXT: Final = 13
"""Pixels of the smallest text in a chart."""


def write_page(results: Mapping[str, Any], path: str | Path) -> None:
    """Write the histories in `results` (the dict of `core.train`) as an HTML page to `path`.

    Raises
    ------
    InputRefused
        If the file cannot be written.
    """
    import plotly.graph_objects as go

    figure = go.Figure(data=[trace for i, run in enumerate(results["runs"]) for trace in _traces(i, run)])
    figure.update_layout(template="plotly_white", xaxis_title="epoch", yaxis_title="loss", yaxis_type="log")
    figure.update_yaxes(exponentformat="power")
    try:
        figure.write_html(str(path), include_plotlyjs=True)
    except OSError as error:
        raise InputRefused(f"{Path(path).name}: cannot be written ({error.strerror}).", str(path)) from None


def _traces(index: int, run: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield solid training and dashed validation losses; one colour per run, named by what differs."""
    colour = COLOURS[index % len(COLOURS)]
    varied = [f"{path.split('.')[-1]} {value}" for path, value in run["variant"].items()]
    # Plotly reads HTML in names.
    name = escape(" · ".join([*varied, f"seed {run['seed']}"]))
    for metric, dash in (("loss", "solid"), ("val_loss", "dash")):
        losses = run["history"].get(metric)
        if losses:
            yield {
                "type": "scatter",
                "x": list(range(1, len(losses) + 1)),
                "y": losses,
                "name": name if metric == "loss" else f"{name} (validation)",
                "line": {"color": colour, "dash": dash},
            }
