"""What every entry of a table of choices has: its name in a spec, and how a person is told what it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One thing that can be chosen."""

    name: str
    """As a spec writes it."""
    help: str
    """What it does, in one short sentence for whoever has to choose."""


_C = TypeVar("_C", bound=Choice)


def table(*choices: _C) -> Mapping[str, _C]:
    """Return `choices` by name, in their order."""
    return {choice.name: choice for choice in choices}


def one_of(choices: Mapping[str, Choice]) -> BeforeValidator:
    """Return the validator of a field that names one of `choices`; a refusal lists what is allowed."""
    allowed = ", ".join(choices)

    # Before the type is looked at: whatever is no name gets the same sentence.
    def known(name: Any) -> Any:
        if not isinstance(name, str) or name not in choices:
            raise PydanticCustomError("literal_error", "allowed: {expected}", {"expected": allowed})
        return name

    return BeforeValidator(known)
