"""Histories as JSON text: short (seven digits, what a float32 holds), never NaN, joined from pieces."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

History = Mapping[str, Sequence[float | None]]


def encode_history(history: History) -> str:
    """Return `history` as JSON, numbers rounded to seven significant digits, non-finite ones as null."""
    return "{" + ",".join(f"{json.dumps(name)}:[{','.join(map(_digits, v))}]" for name, v in history.items()) + "}"


def _digits(value: float | None) -> str:
    return "null" if value is None or not math.isfinite(value) else f"{value:.7g}"


def join_histories(pieces: Iterable[tuple[int, History]]) -> dict[str, list[float | None]]:
    """Return one history from pieces `(first_epoch, history)`, in order; epochs a metric lacks are None."""
    joined: dict[str, list[float | None]] = {}
    for first_epoch, history in pieces:
        for name, values in history.items():
            whole = joined.setdefault(name, [])
            whole.extend([None] * (first_epoch - 1 - len(whole)))
            whole[first_epoch - 1 :] = values
    return joined


def finite(value: Any) -> Any:
    """Return a JSON-able `value` with NaN and infinities replaced by None, at any depth."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value
