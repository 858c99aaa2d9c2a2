"""The pictures of a diagnosis as Plotly figures: the run's curve with its marks, before and after, who reaches what.

The language is that of the live chart: solid is training, dashed is validation, dotted is the baseline.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from statistics import median
from typing import Any, Final

from core.jobs.diagnosers.written_report import WrittenCurve, WrittenFinding, WrittenReport
from core.plot import COLOURS, DOTTED, TEXT
from core.ui.diagnose.curves import Curves
from core.ui.diagnose.words import explained_by, rows_of, share
from core.ui.sentences import translated
from core.ui.text import skill_text
from core.ui.words import later, number, separators, t

GREY: Final = "#8a8a8a"
DANGER: Final = COLOURS[6]
_CURVES: Final = {"loss": (later("training"), "solid", 2.0), "val_loss": (later("validation"), "dash", 1.5)}
_WIDE: Final = 100
"""A loss that spans more than this needs a logarithmic axis."""
_RUN_HEIGHT, _FLAG_PIXELS = 360, 19
_FAR: Final = 1000
"""A loss so many times above every loss after the fix need not be seen as high as it is."""
_FEW_DECADES: Final = 5
"""An axis of more has powers of ten at its ticks."""
_SMALLEST: Final = 1e-3
"""Smaller losses have powers of ten at their axis too."""
_READABLE: Final = (1e-2, 1e6)
"""Between these the losses at a linear axis are written out."""
_LOWEST_SHOWN: Final = -0.25
_MODELS: Final = {"linear": later("Linear model"), "neighbours": later("Nearest neighbours"), "trees": later("Trees")}

Figure = dict[str, Any]


def run_chart(curves: Curves, colour: str) -> Figure:
    """Return the `curves` of one variant, a line per seed, with a word at each symptom."""
    lines, marks, last = curves.lines, curves.marks, curves.epochs
    values = [v for line in lines for name in _CURVES if name in line for v in line[name]["values"] if v is not None]
    log = _needs_log(values)
    data = [
        _line(line[name], name, colour, log, opacity=1.0 if len(lines) == 1 else 0.7)
        for line in lines
        for name in _CURVES
        if name in line
    ]
    _name_once(data)
    baseline = next((line["baseline"] for line in lines if line["baseline"] and line["baseline"].get("loss")), None)
    if baseline and (baseline["loss"] > 0 or not log):
        values.append(baseline["loss"])
        data.append(_baseline(baseline["loss"], last, f"{t(baseline['what'])} ({_number(baseline['loss'])})"))
    above = _FLAG_PIXELS * len(marks)
    figure = _figure(data, last, values, t("loss"), _RUN_HEIGHT + above)
    figure["layout"]["margin"] |= {"t": 40 + above}
    figure["layout"] |= _flags(curves, log)
    figure["layout"]["legend"] = {**_LEGEND, "y": 1.0 + (4 + above) / (_RUN_HEIGHT - 90)}
    return figure


def _flags(curves: Curves, log: bool) -> dict[str, list[dict[str, Any]]]:
    """Return a line for each mark, and its word above the chart, where no curve is, with a point on the curve."""
    lines, notes = [], []
    for row, mark in enumerate(curves.marks):
        share = mark.epoch / max(1, curves.epochs)
        text = f"{curves.numbers[mark.kind]} {escape(translated(mark.words), quote=False)}"
        side = "left" if share < 1 / 3 else "right" if share > 2 / 3 else "center"
        lines.append({
            "type": "line", "x0": mark.epoch, "x1": mark.epoch, "yref": "paper", "y0": 0, "y1": 1,
            "line": {"color": DANGER, "width": 1, "dash": "1px,4px"}, "layer": "below",
        })  # fmt: skip
        notes.append({
            "x": mark.epoch, "yref": "paper", "y": 1, "yanchor": "bottom", "yshift": _FLAG_PIXELS * row,
            "xanchor": side, "text": text, "showarrow": False,
            "font": {"color": DANGER, "size": TEXT},
        })  # fmt: skip
        # Diverged curves are marked at their last number.
        ends = [_until(line[mark.curve], mark.epoch) for line in curves.lines if mark.curve in line]
        known = [numbers[-1] for numbers in ends if numbers]
        if known and ((level := median(known)) > 0 or not log):
            diverged = mark.kind == "diverged"
            point = {"text": "×" if diverged else "●", "font": {"color": DANGER, "size": 18 if diverged else 11}}
            notes.append({"x": mark.epoch, "y": math.log10(level) if log else level, "showarrow": False, **point})
    return {"shapes": lines, "annotations": notes}


def _until(points: Mapping[str, Any], epoch: int) -> list[float]:
    """Return the numbers of a curve up to an epoch."""
    return [v for at, v in zip(points["epochs"], points["values"], strict=True) if at <= epoch and v is not None]


def trial_chart(
    before: Sequence[WrittenCurve], after: Sequence[WrittenCurve], colour: str, goal: str = "fit"
) -> Figure:
    """Return the losses before (grey) and after a change, a thin line per seed, relative to always guessing the same.

    Where the goal is the validation alone, only that is drawn: the training loss may well be better without the change.

    Relative, because a change of the target's scaling or of the loss changes its unit. Losses far above all others go
    over the upper edge.
    """
    lines = [
        (_relative(curve, name), name, GREY if old else colour, t("as it is") if old else t("with the fix"))
        for curves, old in ((before, True), (after, False))
        for curve in curves
        for name in (("val_loss",) if goal == "validation" and "val_loss" in curve else ("val_loss", "loss"))
        if name in curve
    ]
    values = [v for points, *_ in lines for v in points["values"] if v is not None]
    most = max(values, default=1.0)
    top = min(most, _FAR * max([1.0, *(v for line in lines if line[2] == colour for v in line[0]["values"] if v)]))
    values = [min(v, top) for v in values]
    log = _needs_log(values)
    data: list[dict[str, Any]] = []
    for points, name, line, label in lines:
        trace = _line(points, name, line, log, opacity=0.5 if name == "val_loss" and goal != "validation" else 0.9)
        trace |= {"legendgroup": label, "name": label if name == "loss" else t("{run}, validation", run=label)}
        hover = t("epoch {epoch}", epoch="%{x:,d}"), t("{times} times guessing", times="%{y:.3~g}")
        trace["hovertemplate"] = "<br>".join((trace["name"], *hover)) + "<extra></extra>"
        data.append(trace)
    _name_once(data)
    if goal != "validation":
        for trace in data:
            trace["showlegend"] &= trace["line"]["dash"] == "solid"
    last = max((points["epochs"][-1] for points, *_ in lines if points["epochs"]), default=1)
    data += [_stop(trace) for trace in data if trace["x"] and trace["x"][-1] < last]
    data.append(_baseline(1.0, last, t("guessing")))
    figure = _figure(data, last, values, t("loss relative to guessing"), 280)
    if top < most:
        low = min(values)
        figure["layout"]["yaxis"]["range"] = [math.log10(low) - 0.1, math.log10(top)] if log else [0, top]
    figure["layout"]["legend"] = _LEGEND
    notes = [*_broken(before, GREY, log, top), *_broken(after, colour, log, top)]
    figure["layout"]["annotations"] = notes
    return figure


def _stop(trace: Mapping[str, Any]) -> dict[str, Any]:
    """Return a point where a curve ends before the others do."""
    return {
        "type": "scatter", "mode": "markers", "x": trace["x"][-1:], "y": trace["y"][-1:], "showlegend": False,
        "marker": {"color": trace["line"]["color"], "size": 7}, "hovertemplate": trace["hovertemplate"],
    }  # fmt: skip


def _broken(curves: Sequence[WrittenCurve], colour: str, log: bool, top: float) -> list[dict[str, Any]]:
    """Return a word where the first of some curves stopped being numbers, if any did."""
    ends = []
    for curve in curves:
        if curve["state"] == "diverged" and "loss" in curve:
            known = [v for v in _relative(curve, "loss")["values"] if v is not None and v > 0]
            ends.append((curve["diverged_at"], min(known[-1] if known else top, top)))
    return [
        {"x": x, "y": math.log10(y) if log else y, "text": t("× NaN from epoch {epoch}", epoch=x), "showarrow": False,
         "xanchor": "left", "yanchor": "top", "font": {"color": colour, "size": TEXT}}
        for x, y in sorted(ends)[:1]
    ]  # fmt: skip


def _relative(curve: WrittenCurve, name: str) -> Mapping[str, Any]:
    base = (curve["baseline"] or {}).get(name)
    points: Mapping[str, Any] = curve[name]
    return points if not base else {**points, "values": [None if v is None else v / base for v in points["values"]]}


def skill_chart(report: WrittenReport, fixes: Sequence[tuple[str, WrittenFinding]], colour: str) -> Figure:
    """Return bars of what the run, its `fixes` by name and simple models explain: what is reached and what can be."""
    runs = [
        (t("This run"), explained_by(report), report["before"], 0.55),
        *((name, finding["reached"]["explained"][1], finding["after"], 1.0) for name, finding in fixes),
    ]
    rows: list[tuple[str, float | None, list[float], str, float]] = []
    for name, level, curves, opacity in runs:
        measure = "val_explained" if report["validation_rows"] else "explained"
        rows.append((name, level, [v for curve in curves if (v := curve[measure]) is not None], colour, opacity))
    rows += [(t(_MODELS.get(name, name)), level, [], GREY, 0.6) for name, level in report["models"].items()]
    names, levels, seeds, colours, opacities = zip(*reversed(rows), strict=True)
    labels = [escape(name, quote=False) for name in names]
    places = list(range(len(rows)))
    shown = [0.0 if level is None else max(_LOWEST_SHOWN, level) for level in levels]
    bars = {
        "type": "bar", "orientation": "h", "x": shown, "y": places, "width": 0.62,
        "marker": {"color": list(colours), "opacity": list(opacities)}, "hoverinfo": "text", "showlegend": False,
        "hovertext": [f"{label}: {_exactly(level)}" for label, level in zip(labels, levels, strict=True)],
    }  # fmt: skip
    dots = {
        "type": "scatter", "mode": "markers", "hoverinfo": "skip", "showlegend": False,
        "x": [max(v, _LOWEST_SHOWN) for known in seeds for v in known],
        "y": [place for place, known in enumerate(seeds) for _ in known],
        "marker": {"color": GREY, "size": 6, "line": {"color": "#ffffff", "width": 1}},
    }  # fmt: skip
    numbers = [
        {
            "x": max(0.0, shown[place], *seeds[place]),
            "y": place,
            "text": share(levels[place]),
            "showarrow": False,
            "xanchor": "left",
            "xshift": 8,
        }
        for place in places
    ]
    return {
        "data": [bars, dots],
        "layout": {
            "height": 76 + 30 * len(rows),
            # The numbers stand behind the bars, however narrow the screen.
            "margin": {"l": 8, "r": 48, "t": 4, "b": 40},
            "annotations": numbers,
            "separators": separators(),
            "bargap": 0.3,
            "xaxis": {
                "range": [min(0.0, *shown) * 1.1, 1.0], "fixedrange": True, "zeroline": True, "showgrid": False,
                "title": {"text": t("variance explained on {rows}", rows=rows_of(report)), "font": {"size": TEXT}},
                "tickvals": [0, 0.25, 0.5, 0.75, 1], "tickformat": ".0%", "tickfont": {"size": TEXT},
            },
            "yaxis": {
                "tickvals": places, "ticktext": labels, "tickfont": {"size": TEXT},
                "fixedrange": True, "automargin": True, "showgrid": False, "zeroline": False,
            },
        },
    }  # fmt: skip


_LEGEND: Final = {"orientation": "h", "x": 0, "y": 1.02, "xanchor": "left", "yanchor": "bottom", "font": {"size": TEXT}}


def _exactly(value: float | None) -> str:
    return share(None) if value is None else t("{skill}, 1 is perfect, 0 is guessing", skill=skill_text(value))


def epoch_axis(last: int) -> dict[str, Any]:
    """Return the axis of epochs, which are whole however few there are."""
    few = {"dtick": 1, "range": [0.5, last + 0.5]} if last <= 10 else {}
    usual = {"showgrid": False, "zeroline": False, "automargin": True, "tickformat": ",d", "tickfont": {"size": TEXT}}
    return {"title": {"text": t("epoch")}, **usual, **few}


def _number(value: float) -> str:
    return number(value, ",.4g" if 1e-3 <= abs(value) < 1e5 else ".2e")


def _needs_log(values: Sequence[float]) -> bool:
    least, most = min(values, default=1.0), max(values, default=1.0)
    return least > 0 and most / least > _WIDE


def _line(points: Mapping[str, Any], name: str, colour: str, log: bool, opacity: float) -> dict[str, Any]:
    label, dash, width = _CURVES[name]
    shown = [None if v is None or (log and v <= 0) else v for v in points["values"]]
    hover = t(label), t("epoch {epoch}", epoch="%{x:,d}"), t("loss {loss}", loss="%{y:.4~g}")
    return {
        "type": "scatter", "mode": "lines" if len(shown) > 3 else "lines+markers", "x": points["epochs"], "y": shown,
        "name": t(label), "line": {"color": colour, "width": width, "dash": dash}, "opacity": opacity,
        "connectgaps": False, "hovertemplate": "<br>".join(hover) + "<extra></extra>",
    }  # fmt: skip


def _name_once(data: Sequence[dict[str, Any]]) -> None:
    """Name every kind of line once in the legend, however many seeds there are."""
    seen: set[str] = set()
    for trace in data:
        trace["showlegend"] = trace["name"] not in seen
        seen.add(trace["name"])


def _baseline(level: float, last: int, what: str) -> dict[str, Any]:
    text = escape(what, quote=False)
    return {
        "type": "scatter", "mode": "lines", "x": [1, max(2, last)], "y": [level, level], "name": text,
        "line": {"color": GREY, **DOTTED}, "showlegend": True,
        "hovertemplate": f"{text}<extra></extra>",
    }  # fmt: skip


def _figure(data: Sequence[dict[str, Any]], last: int, values: Sequence[float], title: str, height: int) -> Figure:
    plain = _READABLE[0] <= max(map(abs, values), default=1.0) < _READABLE[1]
    axis: dict[str, Any] = {"type": "linear", "rangemode": "tozero", "exponentformat": "none" if plain else "power"}
    if _needs_log(values):
        decades = math.log10(max(values) / min(values))
        axis = {"type": "log", "dtick": math.ceil(decades / 6), "exponentformat": "power"}
        if decades <= _FEW_DECADES and min(values) >= _SMALLEST:
            axis["tickformat"] = "~g"
    return {
        "data": list(data),
        "layout": {
            "height": height,
            "separators": separators(),
            "margin": {"l": 8, "r": 16, "t": 32, "b": 8},
            "xaxis": epoch_axis(last),
            "yaxis": {
                "title": {"text": title},
                "zeroline": False,
                "automargin": True,
                "tickfont": {"size": TEXT},
                **axis,
            },
        },
    }
