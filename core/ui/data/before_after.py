"""One column in two pictures: as it is in the file, and as the network sees it, with the settings that made it so."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final

import streamlit as st

from core.choices.encoders import ENCODERS
from core.choices.outliers import OUTLIERS
from core.data.kinds import NUMERIC
from core.data.prepare.before_after import MAX_ROWS
from core.data.table import Column
from core.errors import InputRefused, WorkFailed
from core.plot import COLOURS, TEXT
from core.spec import ExperimentSpec, Task
from core.ui.data.tables import preview_of
from core.ui.lab.knobs import label_of, show_value, value_at
from core.ui.sentences import translated
from core.ui.text import counted, inert, percent
from core.ui.words import separators, t

_COLOUR: Final = COLOURS[0]
_HEIGHT: Final = 280
_LABEL: Final = 18


def before_after(spec: ExperimentSpec, column: Column, task: Task) -> None:
    """Draw `column` before and after the preprocessing of the first run of `spec`, and say what cannot be drawn."""
    try:
        with st.spinner(t("Preparing the rows as a run does …")):
            answer = preview_of(spec.runs()[0])
    except (InputRefused, WorkFailed) as refusal:
        st.warning(inert(translated(str(refusal)), 300), icon=":material/block:")
        return
    view = answer["columns"].get(column.name)
    if view is None:
        return
    left, right = st.columns(2)
    with left:
        st.markdown(f"**{t('In the file')}**")
        _draw(view["before"], t("{column} in the file", column=column.name), "before")
    with right:
        settings = made_by(spec, column, task) if view["after"] else ""
        st.markdown(f"**{t('As the network sees it')}**" + (f" :gray[· {inert(settings, 200)}]" if settings else ""))
        if view["after"] is None:
            st.caption(t("The network does not see this column."))
        else:
            _draw(view["after"], t("{column} as the network sees it", column=column.name), "after")
    st.caption(_small_print(answer, view))


def made_by(spec: ExperimentSpec, column: Column, task: Task) -> str:
    """Return the settings that turn `column` into what the first run of `spec` sees, with their values."""
    run = spec.runs()[0]
    values = run.model_dump(mode="json")
    if column.name in run.data.targets:
        settings = ["target_scaling"] if task == "regression" else []
    else:
        words = column.kind not in NUMERIC
        settings = ["encoding"] if words else []
        # Columns that stand for single words are not scaled.
        if not words or ENCODERS[run.preprocessing.encoding].labels is None:
            settings.append("scaling")
        if column.missing:
            settings.append("missing")
        if column.kind == "number" and OUTLIERS[run.preprocessing.outliers].fence is not None:
            settings.append("outliers")
    shown = []
    for path in (f"preprocessing.{name}" for name in settings):
        shown.append(f"{t(label_of(path))}: {show_value(path, value_at(values, path))}")
        if (tried := len(spec.vary.get(path, ()))) > 1:
            shown[-1] += f" ({t('the first of {count}', count=tried)})"
    return " · ".join(shown)


def _small_print(answer: Mapping[str, Any], view: Mapping[str, Any]) -> str:
    rows, rows_val = answer["rows"], answer["rows_val"]
    words = [
        t(
            "Share of {training} (filled) and {validation} (dashed).",
            training=counted(rows, "training row"),
            validation=counted(rows_val, "validation row"),
        )
    ]
    if rows + rows_val >= MAX_ROWS:
        words.append(t("At most {rows} rows are looked at.", rows=MAX_ROWS))
    train, held_out = view["before"]["missing"]
    if train or held_out:
        shares = {"training": percent(train), "validation": percent(held_out)}
        words.append(t("Without a value: {training} and {validation}.", **shares))
    features = view["features"]
    if len(features) > 1:
        named = ", ".join(inert(name, 40) for name in features[:4])
        if len(features) > 4:
            named = t("{names} and {count} more", names=named, count=len(features) - 4)
        words.append(t("It becomes {count} inputs: {names}.", count=len(features), names=named))
    return " ".join(words)


def _draw(picture: Mapping[str, Any], alt: str, key: str) -> None:
    figure = histogram_chart(picture)
    if figure["data"]:
        st.plotly_chart(figure, key=f"lab_{key}_chart", config={"displayModeBar": False}, alt=alt)
    else:
        st.caption(t("There is no finite value."))


def histogram_chart(picture: Mapping[str, Any]) -> dict[str, Any]:
    """Return a Plotly figure of one picture of a preview: bars of training, dashes of validation."""
    traces = _of_words(picture) if "labels" in picture else _of_numbers(picture)
    labels = [_label(label) for label in picture.get("labels", ())]
    words = {"tickvals": list(range(len(labels))), "ticktext": labels} if labels else {}
    axis = {"fixedrange": True, "automargin": True, "tickfont": {"size": TEXT}}
    return {
        "data": traces,
        "layout": {
            "height": _HEIGHT,
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "showlegend": False,
            "separators": separators(),
            "bargap": 0.25 if labels else 0,
            "xaxis": axis | {"zeroline": False, "exponentformat": "power", **words},
            "yaxis": axis | {"tickformat": ".0%", "rangemode": "tozero", "nticks": 4},
        },
    }


def _of_numbers(picture: Mapping[str, Any]) -> list[dict[str, Any]]:
    edges, train, held_out = picture["edges"], picture["train"], picture["val"]
    if not edges:
        return []
    # Steps along the edges; the last height is drawn twice, to close the last bin.
    common = {"type": "scatter", "mode": "lines", "x": edges, "hoverinfo": "x+y"}
    traces: list[dict[str, Any]] = [
        common | {"y": [*train, train[-1]], "name": t("training"), "fill": "tozeroy", "fillcolor": f"{_COLOUR}59",
                  "line": {"shape": "hv", "color": _COLOUR, "width": 1.5}},
    ]  # fmt: skip
    if any(held_out):
        line = {"shape": "hv", "color": _COLOUR, "width": 2, "dash": "dash"}
        traces.append(common | {"y": [*held_out, held_out[-1]], "name": t("validation"), "line": line})
    return traces


def _of_words(picture: Mapping[str, Any]) -> list[dict[str, Any]]:
    names = [_label(label, 60) for label in picture["labels"]]
    training, validation = (
        {"y": shares, "name": rows, "hoverinfo": "text",
         "hovertext": [f"{name}<br>{rows} {percent(share)}" for name, share in zip(names, shares, strict=True)]}
        for rows, shares in ((t("training"), picture["train"]), (t("validation"), picture["val"]))
    )  # fmt: skip
    places = list(range(len(names)))
    bar = {"color": f"{_COLOUR}59", "line": {"color": _COLOUR, "width": 1.5}}
    traces: list[dict[str, Any]] = [training | {"type": "bar", "x": places, "marker": bar}]
    if any(validation["y"]):
        # A dashed line across each bar: the dash is what says validation everywhere.
        ends = {
            name: [end for value in validation[name] for end in (value, value, None)] for name in ("y", "hovertext")
        }
        x = [end for place in places for end in (place - 0.4, place + 0.4, None)]
        line = {"color": _COLOUR, "width": 2.5, "dash": "4px,3px"}
        traces.append(validation | ends | {"type": "scatter", "mode": "lines", "x": x, "line": line})
    return traces


def _label(text: str, length: int = _LABEL) -> str:
    """Return `text` as Plotly shows it as it is, cut to a length that leaves room for the bars."""
    short = text if len(text) <= length else f"{text[: length - 1]}…"
    return escape(short, quote=False)
