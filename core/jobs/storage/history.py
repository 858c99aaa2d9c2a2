"""Histories as JSON text: short (seven digits, what a float32 holds), never NaN, joined from pieces."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from core.jobs.storage.records import Stretch
from core.training.result import Points


def encode_history(history: Points) -> str:
    """Return `history` as JSON, numbers rounded to seven significant digits, non-finite ones as null."""
    return "{" + ",".join(f"{json.dumps(name)}:[{','.join(map(number_text, v))}]" for name, v in history.items()) + "}"


def number_text(value: float | None) -> str:
    """Return a number as JSON, rounded to seven significant digits; null for one that is not finite."""
    return "null" if value is None or not math.isfinite(value) else f"{value:.7g}"


def stretches(rows: Iterable[Any], curves: Collection[str] | None = None) -> Iterator[Stretch]:
    """Yield stored epochs from rows of (run, attempt, first_epoch, history as text); of `curves` alone, if given."""
    for run, attempt, first, text in rows:
        history = json.loads(text)
        chosen = history if curves is None else {name: v for name, v in history.items() if name in curves}
        yield Stretch(run, attempt, first, chosen)


def join_histories(pieces: Iterable[Stretch]) -> dict[str, list[float | None]]:
    """Return one history from its pieces, in order; epochs a metric lacks are None."""
    joined: dict[str, list[float | None]] = {}
    for piece in pieces:
        start = piece.first_epoch - 1
        for name, values in piece.history.items():
            whole = joined.setdefault(name, [])
            whole.extend([None] * (start - len(whole)))
            whole[start:] = values
    return joined


def thinned(values: Sequence[float | None], limit: int) -> dict[str, list[Any]]:
    """Return about `limit` points of a curve as ``{"epochs", "values"}``, the lowest and highest of each stretch.

    So spikes survive, and so do the first and the last value.
    """
    kept = range(len(values)) if len(values) <= limit else sorted(set(_extremes(values, max(1, limit // 2))))
    return {
        "epochs": [place + 1 for place in kept],
        "values": [None if (v := values[place]) is None else float(number_text(v)) for place in kept],
    }


def _extremes(values: Sequence[float | None], stretches: int) -> Iterator[int]:
    yield 0
    yield len(values) - 1
    for stretch in range(stretches):
        places = range(stretch * len(values) // stretches, (stretch + 1) * len(values) // stretches)
        known = [(value, place) for place in places if (value := values[place]) is not None]
        if known:
            yield min(known)[1]
            yield max(known)[1]


def without_nan(value: Any) -> Any:
    """Return a JSON-able `value` with NaN and infinities replaced by None, at any depth."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    return value
