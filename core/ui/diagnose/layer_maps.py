"""Layer × epoch heat maps of what was measured inside the network: which say something, and how to read them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.plot import COLOURS, TEXT
from core.ui.diagnose.charts import epoch_axis
from core.ui.words import later, number, separators, t

Layers = Mapping[str, Any]
Rows = Sequence[Sequence[float | None]]

_BLUE, _ORANGE, _RED = COLOURS[0], COLOURS[1], COLOURS[6]
_CLEAR: Final = "rgba(128,128,128,0.10)"
_NOTHING: Final = -30.0


@dataclass(frozen=True)
class LayerMap:
    """One kind of number, for every layer and epoch.

    Attributes
    ----------
    field : str
        Its name in the telemetry.
    reading : str
        One sentence on how to read it.
    scale : tuple of (float, str)
        Plotly's colour scale.
    log : bool
        Whether the colours follow the logarithm to base 10; else the numbers are shares.
    limits : tuple of (float, float) or None
        Where the colours end, of the logarithm where `log`; None: where the values do.
    """

    field: str
    title: str
    reading: str
    scale: tuple[tuple[float, str], ...]
    log: bool = False
    limits: tuple[float, float] | None = (0.0, 1.0)


def _known(rows: Rows) -> list[float]:
    return [value for row in rows for value in row if value is not None]


MAPS: Final = (
    LayerMap(
        "gradient_norm",
        later("Gradient norm"),
        later(
            "Each row is a layer, the first one at the bottom. Rows of similar colour are healthy; where the colour "
            "fades towards the bottom the gradient vanishes on its way back, where it deepens it explodes."
        ),
        ((0.0, _CLEAR), (0.5, f"{_BLUE}90"), (1.0, _BLUE)),
        log=True,
        limits=None,
    ),
    LayerMap(
        "update_ratio",
        later("Change of the weights in one step, relative to their size"),
        later(
            "About 0.001 is usual. Orange: steps so long that they undo each other. Blue: a layer that hardly moves."
        ),
        ((0.0, _BLUE), (0.35, f"{_BLUE}60"), (0.5, _CLEAR), (0.65, f"{_ORANGE}60"), (1.0, _ORANGE)),
        log=True,
        limits=(-6.0, 0.0),
    ),
    LayerMap(
        "dead",
        later("Dead units"),
        later("The share of a layer's units that are 0 for every row. They get no gradient, so they stay dead."),
        ((0.0, _CLEAR), (1.0, _RED)),
    ),
    LayerMap(
        "saturated",
        later("Saturated units"),
        later(
            "The share of a layer's values on the flat ends of its activation, where the gradient is next to nothing."
        ),
        ((0.0, _CLEAR), (1.0, _ORANGE)),
    ),
)  # fmt: skip


def split_maps(layers: Layers) -> tuple[list[LayerMap], list[LayerMap]]:
    """Return the maps the report calls telling, and the others that hold anything at all."""
    telling: list[LayerMap] = []
    quiet: list[LayerMap] = []
    for layer_map in MAPS:
        rows = _rows(layers, layer_map)
        if any(known := _known(rows)) or (known and layer_map.log):
            (telling if layer_map.field in layers["telling"] else quiet).append(layer_map)
    return telling, quiet


def _rows(layers: Layers, layer_map: LayerMap) -> Rows:
    """Return the values of every layer; the output is left out of shares, which it has none of."""
    chosen = layers["layers"] if layer_map.log else layers["layers"][:-1]
    return [layer[layer_map.field] for layer in chosen]


def layer_chart(layers: Layers, layer_map: LayerMap) -> dict[str, Any]:
    """Return the heat map as a Plotly figure: epochs from left to right, the first layer at the bottom."""
    rows = _rows(layers, layer_map)
    names = [_called(layer["name"]) for layer in layers["layers"]][: len(rows)]
    z = rows if not layer_map.log else [[value if value is None else _exponent(value) for value in row] for row in rows]
    low, high = layer_map.limits or _limits(_known(z))
    style = ".2g" if layer_map.log else ".0%"
    words = [["" if value is None else number(value, style) for value in row] for row in rows]
    ticks = _powers(low, high) if layer_map.log else {"tickvals": [0, 0.5, 1], "ticktext": ["0 %", "50 %", "100 %"]}
    return {
        "data": [{
            "type": "heatmap", "x": layers["epochs"], "y": names, "z": z, "zmin": low, "zmax": high,
            "colorscale": [list(stop) for stop in layer_map.scale], "text": words, "hoverongaps": False,
            "hovertemplate": f"%{{y}}, {t('epoch {epoch}', epoch='%{x}')}<br>%{{text}}<extra></extra>",
            "colorbar": {"thickness": 10, "outlinewidth": 0, "len": 1.0, "tickfont": {"size": TEXT}, **ticks},
        }],
        "layout": {
            "height": max(150, 84 + 26 * len(rows)),
            "separators": separators(),
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "xaxis": epoch_axis(max(layers["epochs"])),
            "yaxis": {
                "showgrid": False, "zeroline": False, "automargin": True, "fixedrange": True, "type": "category",
                "tickfont": {"size": TEXT},
            },
        },
    }  # fmt: skip


def _called(name: str) -> str:
    """Return what a layer is called, ``hidden 1`` or ``output``, in the reader's language."""
    place = name.removeprefix("hidden ")
    return t(name) if place == name else t("hidden {place}", place=place)


def _limits(exponents: Sequence[float]) -> tuple[float, float]:
    """Return from where to where the colours go: at least one power of ten, at most eight; less is as pale as that."""
    high = max(exponents)
    return max(min(*exponents, high - 1), high - 8), high


def _exponent(value: float) -> float:
    return math.log10(value) if value > 0 else _NOTHING


def _powers(low: float, high: float) -> dict[str, Any]:
    """Return ticks at some powers of ten."""
    step = max(1, math.ceil((high - low) / 4))
    exponents = range(math.ceil(low), math.floor(high) + 1, step)
    return {"tickvals": list(exponents), "ticktext": [f"10<sup>{e}</sup>".replace("-", "−") for e in exponents]}
