"""Columns before and after preparing, as histograms: raw and as the network sees them, training and validation apart.

Preparing is scikit-learn's work, which the web process must not import: it runs this module as one short process,
with a line of JSON (the run) and the bytes of the uploaded table, if any, on stdin. It limits its own memory and
processor time before it looks at the first of them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from core.data.confined import TOO_LARGE, limit_resources
from core.data.kinds import NUMERIC, as_float, moment
from core.data.prepare.prepared import Prepared, prepare
from core.data.source import load_table
from core.data.table import Table
from core.data.understand.profile import histogram
from core.errors import InputRefused
from core.spec import RunSpec

MAX_ROWS: Final = 20_000
"""A picture of more rows would look the same and take longer."""
_BINS: Final = 30
_BARS: Final = 15

Picture = dict[str, Any]


def preview(run: RunSpec, table: Table) -> dict[str, Any]:
    """Return every column before and after, ready for JSON.

    Returns
    -------
    dict
        ``columns`` {name: {``before``, ``after``, ``features``}}, ``rows``, ``rows_val`` (how many were looked at) and
        ``notes``. A picture is {``edges``, ``train``, ``val``, ``missing``} of numbers or {``labels``, ``train``,
        ``val``, ``missing``} of words: shares of the rows that have a value, and `missing`, the shares (training,
        validation) of those that have none. ``after`` is None and ``features`` empty where the network does not see
        the column.

    Raises
    ------
    InputRefused
        As `prepare` does.
    """
    rows = min(run.data.rows or MAX_ROWS, MAX_ROWS)
    prepared = prepare(run.changed({"data.rows": rows}) if rows < len(table.frame) else run, table)
    return {
        "columns": {column.name: _view(prepared, table, column.name) for column in table.columns},
        "rows": len(prepared.rows),
        "rows_val": len(prepared.rows_val),
        "notes": list(prepared.notes),
    }


def _view(prepared: Prepared, table: Table, column: str) -> dict[str, Any]:
    series = table.frame[column]
    before = _raw(series, table.column(column).kind, prepared)
    if column in prepared.targets:
        return {"before": before, "after": _target(prepared, column), "features": [column]}
    names = {i: prepared.features[i] for i, origin in enumerate(prepared.origins) if origin == column}
    if not names:
        return {"before": before, "after": None, "features": []}
    words = {i: name.removeprefix(f"{column}=") for i, name in names.items() if name.startswith(f"{column}=")}
    one_hot = words and set(np.unique(prepared.x[:, list(words)])) <= {0.0, 1.0}
    if one_hot and table.column(column).kind not in NUMERIC:
        after = _bars(list(words.values()), *([_mean(x[:, i]) for i in words] for x in (prepared.x, prepared.x_val)))
    else:
        after = _numbers(*(x[:, min(names)] for x in (prepared.x, prepared.x_val)))
    return {"before": before, "after": after, "features": list(names.values())}


def _raw(series: pd.Series, kind: str, prepared: Prepared) -> Picture:
    train, held_out = series.iloc[prepared.rows], series.iloc[prepared.rows_val]
    if kind in {"number", "date"}:
        return _numbers(as_float(train), as_float(held_out), dates=kind == "date")
    shares = train.value_counts(normalize=True)
    held_shares = held_out.value_counts(normalize=True).reindex(shares.index, fill_value=0.0)
    missing = (float(train.isna().mean()), _mean(held_out.isna().to_numpy()))
    return _bars([str(word) for word in shares.index], shares.tolist(), held_shares.tolist(), missing)


def _target(prepared: Prepared, column: str) -> Picture:
    if prepared.task in {"regression", "multilabel"}:
        place = prepared.targets.index(column)
        return _numbers(prepared.y[:, place], prepared.y_val[:, place])
    size = len(prepared.classes)
    counts = [np.bincount(part, minlength=size) for part in (prepared.targets_raw, prepared.targets_raw_val)]
    shares = [(count / max(count.sum(), 1)).tolist() for count in counts]
    return _bars(prepared.classes, *shares)


def _numbers(train: np.ndarray, held_out: np.ndarray, *, dates: bool = False) -> Picture:
    """Return a histogram over the finite values of both; the infinite ones count as missing here."""
    both = np.concatenate((train, held_out)).astype(np.float64)
    known = both[np.isfinite(both)]
    if not len(known):
        return {"edges": [], "train": [], "val": [], "missing": [1.0, 1.0]}
    _, edges = histogram(known, _BINS)
    if len(edges) == 2 and edges[0] == edges[1]:
        edges = edges + np.array([-0.5, 0.5])
    shares = [_shares(part.astype(np.float64), edges) for part in (train, held_out)]
    missing = [_mean(~np.isfinite(part)) for part in (train, held_out)]
    shown = [moment(edge) for edge in edges] if dates else edges.tolist()
    return {"edges": shown, "train": shares[0], "val": shares[1], "missing": missing}


def _shares(values: np.ndarray, edges: np.ndarray) -> list[float]:
    counts, _ = np.histogram(values[np.isfinite(values)], edges)
    return list((counts / max(counts.sum(), 1)).tolist())


def _bars(
    labels: Sequence[str],
    train: Sequence[float],
    held_out: Sequence[float],
    missing: Sequence[float] = (0.0, 0.0),
) -> Picture:
    """Return the most frequent words, and what is left as one bar."""
    ranked = sorted(zip(map(str, labels), train, held_out, strict=True), key=lambda bar: -bar[1])
    shown, rest = ranked[:_BARS], ranked[_BARS:]
    if rest:
        shown.append((f"{len(rest)} others", sum(bar[1] for bar in rest), sum(bar[2] for bar in rest)))
    return {
        "labels": [bar[0] for bar in shown],
        "train": [float(bar[1]) for bar in shown],
        "val": [float(bar[2]) for bar in shown],
        "missing": list(missing),
    }


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else 0.0


def main() -> None:
    """Answer the one question on stdin."""
    limit_resources()
    run = RunSpec.model_validate(json.loads(sys.stdin.buffer.readline())["run"])
    content = sys.stdin.buffer.read()
    try:
        answer = preview(run, load_table(run.data, dataset=lambda _sha: content))
    except InputRefused as refusal:
        answer = {"refused": str(refusal)}
    except MemoryError:
        answer = {"refused": f"Preparing this table for a picture {TOO_LARGE}; allowed: fewer rows or columns."}
    sys.stdout.write(json.dumps(answer, allow_nan=False))


if __name__ == "__main__":
    main()
