"""One column in two pictures: as it is in the file, and as the network sees it, with the settings that made it so."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final

import streamlit as st

from core.choices.encoders import ENCODERS
from core.choices.outliers import OUTLIERS
from core.data.prepare.before_after import MAX_ROWS
from core.data.table import Column
from core.errors import InputRefused, WorkFailed
from core.plot import COLOURS
from core.spec import ExperimentSpec, Task
from core.ui.data.tables import preview_of
from core.ui.lab.knobs import label_of, show_value, value_at
from core.ui.text import counted, inert, percent

_COLOUR: Final = COLOURS[0]
_HEIGHT: Final = 280
_LABEL: Final = 18


def before_after(spec: ExperimentSpec, column: Column, task: Task) -> None:
    """Draw `column` before and after the preprocessing of the first run of `spec`, and say what cannot be drawn."""
    try:
        with st.spinner("Preparing the rows as a run does …"):
            answer = preview_of(spec.runs()[0])
    except (InputRefused, WorkFailed) as refusal:
        st.warning(inert(str(refusal), 300), icon=":material/block:")
        return
    view = answer["columns"].get(column.name)
    if view is None:
        return
    left, right = st.columns(2)
    with left:
        st.markdown("**In the file**")
        _draw(view["before"], f"{column.name} in the file", "before")
    with right:
        if view["after"] is None:
            st.markdown("**As the network sees it**")
            st.caption("The network does not see this column.")
        else:
            settings = inert(made_by(spec, column, task), 200)
            st.markdown("**As the network sees it**" + (f" :gray[· {settings}]" if settings else ""))
            _draw(view["after"], f"{column.name} as the network sees it", "after")
    st.caption(_small_print(answer, view))


def made_by(spec: ExperimentSpec, column: Column, task: Task) -> str:
    """Return the settings that turn `column` into what the first run of `spec` sees, with their values."""
    run = spec.runs()[0]
    if column.name in run.data.targets:
        settings = ["target_scaling"] if task == "regression" else []
    else:
        words = column.kind not in {"number", "boolean", "date"}
        settings = ["encoding"] if words else []
        # Columns that stand for single words are not scaled.
        if not words or ENCODERS[run.preprocessing.encoding].labels is None:
            settings.append("scaling")
        if column.missing:
            settings.append("missing")
        if column.kind == "number" and OUTLIERS[run.preprocessing.outliers].fence is not None:
            settings.append("outliers")
    return " · ".join(_setting(spec, f"preprocessing.{name}") for name in settings)


def _setting(spec: ExperimentSpec, path: str) -> str:
    words = f"{label_of(path)}: {show_value(path, value_at(spec.runs()[0].model_dump(mode='json'), path))}"
    tried = len(spec.vary.get(path, ()))
    return f"{words} (the first of {tried})" if tried > 1 else words


def _small_print(answer: Mapping[str, Any], view: Mapping[str, Any]) -> str:
    rows, rows_val = answer["rows"], answer["rows_val"]
    words = [f"Share of {counted(rows, 'training row')} (filled) and {counted(rows_val, 'validation row')} (dashed)."]
    if rows + rows_val >= MAX_ROWS:
        words.append(f"At most {MAX_ROWS:,} rows are looked at.")
    train, held_out = view["before"]["missing"]
    if train or held_out:
        words.append(f"Without a value: {percent(train)} and {percent(held_out)}.")
    features = view["features"]
    if len(features) > 1:
        named = ", ".join(inert(name, 40) for name in features[:4])
        more = f" and {len(features) - 4} more" if len(features) > 4 else ""
        words.append(f"It becomes {len(features)} inputs: {named}{more}.")
    return " ".join(words)


def _draw(picture: Mapping[str, Any], alt: str, key: str) -> None:
    figure = histogram_chart(picture)
    if not figure["data"]:
        st.caption("There is no finite value.")
        return
    st.plotly_chart(figure, key=f"lab_{key}_chart", config={"displayModeBar": False}, alt=alt)


def histogram_chart(picture: Mapping[str, Any]) -> dict[str, Any]:
    """Return a Plotly figure of one picture of a preview: bars of training, dashes of validation."""
    traces = _of_words(picture) if "labels" in picture else _of_numbers(picture)
    labels = [_label(label) for label in picture.get("labels", ())]
    words = {"tickvals": list(range(len(labels))), "ticktext": labels} if labels else {}
    return {
        "data": traces,
        "layout": {
            "height": _HEIGHT,
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "showlegend": False,
            "bargap": 0.25 if labels else 0,
            "xaxis": {"fixedrange": True, "automargin": True, "zeroline": False, **words},
            "yaxis": {"fixedrange": True, "automargin": True, "tickformat": ".0%", "rangemode": "tozero", "nticks": 4},
        },
    }


def _of_numbers(picture: Mapping[str, Any]) -> list[dict[str, Any]]:
    edges, train, held_out = picture["edges"], picture["train"], picture["val"]
    if not edges:
        return []
    # Steps along the edges; the last height is drawn twice, to close the last bin.
    common = {"type": "scatter", "mode": "lines", "x": edges, "hoverinfo": "x+y"}
    traces: list[dict[str, Any]] = [
        common | {"y": [*train, train[-1]], "name": "training", "fill": "tozeroy", "fillcolor": f"{_COLOUR}59",
                  "line": {"shape": "hv", "color": _COLOUR, "width": 1.5}},
    ]  # fmt: skip
    if any(held_out):
        line = {"shape": "hv", "color": _COLOUR, "width": 2, "dash": "dash"}
        traces.append(common | {"y": [*held_out, held_out[-1]], "name": "validation", "line": line})
    return traces


def _of_words(picture: Mapping[str, Any]) -> list[dict[str, Any]]:
    train, held_out = picture["train"], picture["val"]
    places = list(range(len(train)))
    names = [_label(label, 60) for label in picture["labels"]]
    common = {"x": places, "hoverinfo": "text"}
    bar = {"color": f"{_COLOUR}59", "line": {"color": _COLOUR, "width": 1.5}}
    hover = [f"{name}<br>training {percent(share)}" for name, share in zip(names, train, strict=True)]
    traces: list[dict[str, Any]] = [
        common | {"type": "bar", "y": train, "name": "training", "marker": bar, "hovertext": hover}
    ]
    if any(held_out):
        hover = [f"{name}<br>validation {percent(share)}" for name, share in zip(names, held_out, strict=True)]
        # A dashed line across each bar: the dash is what says validation everywhere.
        x = [edge for place in places for edge in (place - 0.4, place + 0.4, None)]
        y = [edge for share in held_out for edge in (share, share, None)]
        text = [edge for words in hover for edge in (words, words, None)]
        line = {"color": _COLOUR, "width": 2.5, "dash": "4px,3px"}
        traces.append(
            {"type": "scatter", "mode": "lines", "x": x, "y": y, "line": line, "name": "validation",
             "hoverinfo": "text", "hovertext": text}
        )  # fmt: skip
    return traces


def _label(text: str, length: int = _LABEL) -> str:
    """Return `text` as Plotly shows it as it is, cut to a length that leaves room for the bars."""
    short = text if len(text) <= length else f"{text[: length - 1]}…"
    return escape(short, quote=False)
