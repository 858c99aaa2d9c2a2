"""JSON that a person wrote: what Python's reader lets pass in silence, or breaks down at, is refused in a sentence."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from core.errors import InputRefused
from core.sentence import said
from core.spec.values import MOST_DIGITS, plain_text


def read_json(text: str, name: str) -> Any:
    """Return what the JSON in `text` says.

    Parameters
    ----------
    name : str
        What to call the text in a refusal.

    Raises
    ------
    InputRefused
        If it is no JSON, an object has a key twice, or a whole number is too long.
    """

    def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            counts = Counter(key for key, _ in pairs)
            twice = next(key for key, count in counts.items() if count > 1)
            key = plain_text(twice, 60)
            raise InputRefused(said("{name}: {key!r} is set twice; allowed: each key once.", name=name, key=key), name)
        return values

    def whole(digits: str) -> int:
        if (count := len(digits.lstrip("-"))) > MOST_DIGITS:
            raise InputRefused(
                said(
                    "{name}: a whole number has {count} digits; allowed: at most {most}.",
                    name=name,
                    count=count,
                    most=MOST_DIGITS,
                ),
                name,
            )
        return int(digits)

    try:
        return json.loads(text, object_pairs_hook=distinct, parse_int=whole)
    except json.JSONDecodeError as error:
        raise InputRefused(said("{name}: is not JSON at line {line}.", name=name, line=error.lineno), name) from None
    except RecursionError:
        raise InputRefused(said("{name}: is not JSON.", name=name), name) from None
