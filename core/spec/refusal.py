"""Turns pydantic's complaints into one sentence: the path into the spec, the value, what is allowed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from core.errors import InputRefused
from core.spec.values import plain_text

_T = TypeVar("_T", bound=BaseModel)


def validated(kind: type[_T], values: Any, inside: str = "") -> _T:
    """Return `values` as a `kind`, or refuse them in one sentence; as a ValueError inside a validator."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        refusal = _refusal(error)
        if inside:
            # Raised inside a validator of the experiment, where only a ValueError is carried outwards.
            raise ValueError(str(refusal)) from None
        raise refusal from None


def _refusal(error: ValidationError) -> InputRefused:
    """Turn pydantic's first complaint into one sentence: path, value, what is allowed."""
    first = error.errors(include_url=False)[0]
    names = [str(part) for part in first["loc"] if not str(part).startswith(("<", "literal[", "function-"))]
    # Members of a plain union appear in the path by type name; the person's path has no such step.
    names = [name for i, name in enumerate(names) if name not in _UNION_STEPS and names[i - 1 : i] != ["schedule"]]
    where = plain_text(".".join(names), 120)
    context = first.get("ctx", {})
    match first["type"]:
        case "missing":
            return InputRefused(f"{where}: is missing.", where)
        case "extra_forbidden":
            return InputRefused(f"{where}: there is no such setting.", where)
        case "value_error":
            message = str(context.get("error", first["msg"])).rstrip(".")
            if not where:
                return InputRefused(f"{message}.", message.partition(":")[0])
            return InputRefused(f"{where}: {shown(first['input'])} is refused; {message}.", where)
        case "literal_error" | "union_tag_invalid":
            allowed = context.get("expected") or context.get("expected_tags", "")
            value = first["input"].get("name") if isinstance(first["input"], dict) else first["input"]
            return InputRefused(f"{where}: {shown(value)} is not allowed; allowed: {_listed(str(allowed))}.", where)
    # A field that takes several types complains once per type; the useful complaint is that of the last.
    same = [e for e in error.errors(include_url=False) if e["loc"][: len(names)] == first["loc"][: len(names)]]
    allowed = same[-1]["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    for pydantics, ours in _PLAIN_WORDS:
        allowed = re.sub(pydantics, ours, allowed)
    return InputRefused(f"{where or 'spec'}: {shown(first['input'])} is refused; allowed: {allowed}.", where)


_PLAIN_WORDS: Final = (
    (r"a valid (dictionary|dict).*", "an object"),
    (r"a valid (tuple|list).*", "a list"),
    (r"a valid integer.*", "a whole number"),
    (r"greater than or equal to", "at least"),
    (r"less than or equal to", "at most"),
    (r"\w+ should have at least 1 item.*", "at least one"),
    (r"\w+ should have at most (\d+) items.*", r"at most \1"),
)
_UNION_STEPS: Final = frozenset({"str", "int", "float", "bool", "int-constraint", "tuple[str, ...]", "EarlyStopping"})


def _listed(text: str) -> str:
    return text.replace("'", "").replace(" or ", ", ")


def shown(value: Any) -> str:
    """Return a refused value as it can be shown: short, plain text."""
    if isinstance(value, Mapping | list | tuple):
        return "an object" if isinstance(value, Mapping) else "a list"
    return plain_text(json.dumps(value, ensure_ascii=False, default=str), 60)
