"""The loss curves of finished results as one HTML page that needs no server: what ``run --plot`` writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

from core.errors import InputRefused

COLOURS: Final = ("#0077bb", "#d06a00", "#009e73", "#c2579b", "#7b61d1", "#948a00", "#d1495b", "#2a91b4")
"""Eight colours that stay apart for colour-blind eyes, one per variant in every chart of the lab.

After Okabe & Ito (2008), each shifted in lightness until it has a contrast of 3:1 on white and on near-black. The theme
in ``.streamlit/config.toml`` has the same ones.
"""


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
