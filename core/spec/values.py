"""What every part of a spec is made of: frozen values, and the one sentence that refuses what is none."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from core.errors import InputRefused
from core.sentence import Sentence, said, template


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

    @classmethod
    def validated(cls, values: Any) -> Self:
        """Return `values` as this, or refuse them in one sentence: the path, the value, what is allowed."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise _refusal(error, cls) from None

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with `update` made, unchecked; what was worked out of the old values is forgotten."""
        copied = super().model_copy(update=update, deep=deep)
        if update:
            for name in vars(copied).keys() - type(self).model_fields.keys():
                del vars(copied)[name]
        return copied


MOST_DIGITS: Final = 308
"""Every whole number of so many digits has a nearest float64; few beyond have one."""


def too_long(value: Any) -> bool:
    """Tell whether `value` is a whole number that has too many digits."""
    return isinstance(value, int) and abs(value) >= 10**MOST_DIGITS


def _a_number(value: Any) -> Any:
    if isinstance(value, bool | str):
        raise ValueError(said("a number is needed"))
    if too_long(value):
        raise ValueError(said("allowed: {allowed!t}", allowed=said("at most {most} digits", most=MOST_DIGITS)))
    return value


Fraction = Annotated[float, BeforeValidator(_a_number), Field(ge=0.0, lt=1.0)]
Number = Annotated[float, BeforeValidator(_a_number)]
Count = Annotated[int, BeforeValidator(_a_number)]


def _refusal(error: ValidationError, of: Any) -> InputRefused:
    """Turn pydantic's first complaint into one sentence."""
    complaints = error.errors(include_url=False)
    first = complaints[0]
    names = [str(part) for part in first["loc"] if not str(part).startswith(("<", "literal[", "function-"))]
    # Members of a plain union appear in the path by type name; the person's path has no such step.
    names = [name for i, name in enumerate(names) if name not in _UNION_STEPS and names[i - 1 : i] != ["schedule"]]
    where = plain_text(".".join(names), 120)
    value, refused = first["input"], True
    match first["type"]:
        case "missing":
            return InputRefused(said("{where}: is missing.", where=where), where)
        case "extra_forbidden":
            elsewhere = [
                f"{section}.{names[-1]}"
                for section, field in getattr(of, "model_fields", {}).items()
                if names[-1] in getattr(field.annotation, "model_fields", ())
            ]
            if elsewhere:
                there = said("{where}: there is no such setting; it is {other}.", where=where, other=elsewhere[0])
                return InputRefused(there, where)
            for name in names[:-1]:
                of = getattr(getattr(of, "model_fields", {}).get(name), "annotation", None)
            allowed = ", ".join(getattr(of, "model_fields", ()))
            if not allowed:
                return InputRefused(said("{where}: there is no such setting.", where=where), where)
            return InputRefused(
                said("{where}: there is no such setting; allowed: {allowed}.", where=where, allowed=allowed), where
            )
        case "value_error":
            message = str(first["ctx"]["error"]).rstrip(".")
            if not where:
                return InputRefused(Sentence(f"{message}."), message.partition(":")[0])
            return InputRefused(
                said("{where}: {value!w} is refused; {why!t}.", where=where, value=shown(value), why=message), where
            )
        case "literal_error" | "union_tag_invalid":
            value, refused = value.get("name") if isinstance(value, dict) else value, False
    # A field that takes several types complains once per type.
    same = [e for e in complaints if e["loc"][: len(names)] == first["loc"][: len(names)]]
    told = {"where": where or "spec", "value": shown(value), "allowed": _any_of([*dict.fromkeys(map(_allowed, same))])}
    if refused:
        return InputRefused(said("{where}: {value!w} is refused; allowed: {allowed!t}.", **told), where)
    return InputRefused(said("{where}: {value!w} is not allowed; allowed: {allowed!t}.", **told), where)


def _any_of(allowed: Sequence[str]) -> str:
    first, *others = allowed
    return said("{one!t} or {other!t}", one=first, other=_any_of(others)) if others else first


def _allowed(complaint: ErrorDetails) -> str:
    """Return what would not have been complained about."""
    context = complaint.get("ctx", {})
    if names := context.get("expected") or context.get("expected_tags"):
        return str(names).replace("'", "").replace(" or ", ", ")
    allowed = complaint["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    for pydantics, ours in _PLAIN_WORDS:
        if found := re.fullmatch(pydantics, allowed, re.DOTALL):
            return said(ours, **found.groupdict())
    return allowed


_PLAIN_WORDS: Final = (
    (r"a valid (?:dictionary|dict).*", template("an object")),
    (r"a valid (?:tuple|list).*", template("a list")),
    (r"a valid integer.*", template("a whole number")),
    (r"a valid string", template("text")),
    (r"a valid boolean", template("a valid boolean")),
    (r"a number is needed", template("a number")),
    (r"finite number", template("finite number")),
    (r"greater than or equal to (?P<limit>.+)", template("at least {limit!n}")),
    (r"less than or equal to (?P<limit>.+)", template("at most {limit!n}")),
    (r"greater than (?P<limit>.+)", template("greater than {limit!n}")),
    (r"less than (?P<limit>.+)", template("less than {limit!n}")),
    (r"\w+ should have at least 1 item.*", template("at least one")),
    (r"\w+ should have at most (?P<limit>\d+) items.*", template("at most {limit!n}")),
    (r"String should have at least 1 character", template("String should have at least 1 character")),
    (
        r"String should have at most (?P<count>\d+) characters",
        template("String should have at most {count} characters"),
    ),
)
_UNION_STEPS: Final = frozenset({"str", "int", "float", "bool", "int-constraint", "tuple[str, ...]", "EarlyStopping"})


_FEW: Final = 6
"""Numbers of a list that are named one by one."""


def shown(value: Any) -> str:
    """Return a refused value as it can be shown: short, plain text."""
    if isinstance(value, Mapping):
        return said("an object")
    if isinstance(value, list | tuple):
        few = 0 < len(value) <= _FEW and all(isinstance(item, int | float) for item in value)
        return ", ".join(map(shown, value)) if few else said("a list")
    if too_long(value):  # which Python may refuse to write
        return said("a very long number")
    return plain_text(json.dumps(value, ensure_ascii=False, default=str), 60)
