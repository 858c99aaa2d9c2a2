"""What every entry of a table of choices has: its name in a spec, and how a person is told what it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
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
    words: str = ""
    """What a person calls it, where that is not the name."""

    @property
    def label(self) -> str:
        """What a person calls it."""
        return self.words or self.name.replace("_", " ")


_T = TypeVar("_T")
_C = TypeVar("_C", bound=Choice)


def by_name(entries: Iterable[tuple[str, _T]]) -> Mapping[str, _T]:
    """Return named `entries` by name, in their order; two of one name are a ValueError."""
    named = list(entries)
    counts = Counter(name for name, _ in named)
    if doubled := sorted(name for name, count in counts.items() if count > 1):
        raise ValueError(f"more than one entry is called {', '.join(doubled)}")
    return dict(named)


def table(*choices: _C) -> Mapping[str, _C]:
    """Return `choices` by name, in their order; two of one name are a ValueError."""
    return by_name((choice.name, choice) for choice in choices)


def one_of(choices: Mapping[str, Choice], *others: str) -> BeforeValidator:
    """Return the validator of a field that names one of `choices` or `others`; a refusal lists what is allowed."""
    names = (*others, *choices)

    # Before the type is looked at: whatever is no name gets the same sentence.
    def known(name: Any) -> Any:
        if not isinstance(name, str) or name not in names:
            raise PydanticCustomError("literal_error", "allowed: {expected}", {"expected": ", ".join(names)})
        return name

    return BeforeValidator(known)
