"""What every part of a spec is made of: frozen values, numbers that are no booleans, text that is safe to show."""

from __future__ import annotations

import json
import unicodedata
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def plain_text(text: str, limit: int = 120) -> str:
    """Return `text` in NFC, without control or bidirectional-override characters, cut to `limit` characters."""
    kept = (c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
    return "".join(kept)[:limit].strip()


def canonical(value: Any) -> str:
    """Return the one JSON text of `value`: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class Value(BaseModel):
    """A frozen value that refuses unknown keys and values of the wrong type."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool | str):
        raise ValueError("a number is needed")
    return value


Fraction = Annotated[float, BeforeValidator(_no_bool), Field(ge=0.0, lt=1.0)]
Number = Annotated[float, BeforeValidator(_no_bool)]
Count = Annotated[int, BeforeValidator(_no_bool)]
