"""What a field of the spec touches, said once beside the field; every key of a run follows from that.

A key is a short text that is equal for two runs exactly where they agree in all fields that touch one thing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

Project = Callable[[Any], Any]


class Thing(StrEnum):
    """What runs can share."""

    TABLE = "table"
    """The table that is read."""
    ARRAYS = "arrays"
    """The arrays that are trained on."""
    PICTURE = "picture"
    """How columns look before and after preprocessing."""
    STRUCTURE = "structure"
    """The compiled epoch; what does not touch it is handed to it as numbers."""
    LOSS_UNIT = "loss_unit"
    """What a loss measures, and in which unit: losses can be compared where it is the same."""


@dataclass(frozen=True)
class Touches:
    """The mark of a field: the things it touches, each with what of the value counts there."""

    things: Mapping[Thing, Project]


def touches(*things: Thing, **parts: Project) -> Touches:
    """Return the mark of a field that touches `things` by its whole value, and others by a part of it only."""
    whole: dict[Thing, Project] = dict.fromkeys(things, lambda value: value)
    return Touches(whole | {Thing(name): part for name, part in parts.items()})


def touching(section: str, value: BaseModel, thing: Thing) -> dict[str, Any]:
    """Return path → value of all fields of one section that touch `thing`, JSON-able."""
    return {f"{section}.{name}": part for name, part in _touching(value, thing)}


def digest(parts: Any) -> str:
    """Return a short text that is equal for equal JSON-able `parts`, in hexadecimal."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _touching(value: BaseModel, thing: Thing) -> Iterator[tuple[str, Any]]:
    for name, info in type(value).model_fields.items():
        for mark in info.metadata:
            if isinstance(mark, Touches) and thing in mark.things:
                yield name, _plain(mark.things[thing](getattr(value, name)), thing)


def _plain(value: Any, thing: Thing) -> Any:
    """Return a part of a spec JSON-able; of values whose own fields are marked, what touches `thing`."""
    if isinstance(value, BaseModel):
        marked = any(isinstance(mark, Touches) for info in type(value).model_fields.values() for mark in info.metadata)
        return dict(_touching(value, thing)) if marked else value.model_dump(mode="json")
    if isinstance(value, tuple):
        return [_plain(item, thing) for item in value]
    return value
