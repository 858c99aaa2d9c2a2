"""How a value of the spec is written as a token, a short text in the browser: ``0.01``, ``16, 16``, ``off``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from core.spec.model import MOST_LAYERS
from core.spec.schedules import SCHEDULES
from core.spec.training import EarlyStopping
from core.ui.words import later


def _number(text: str) -> float | int:
    value = float(text.replace(",", "."))
    return int(value) if value.is_integer() and "." not in text and "e" not in text.lower() else value


def _show_number(value: Any) -> str:
    return f"{value:.12g}" if isinstance(value, float | int) and not isinstance(value, bool) else ""


def _layers(text: str) -> list[int]:
    if text.strip().lower() == "none":
        return []
    layers: list[int] = []
    for part in text.replace(" ", "").replace("*", "×").split(","):
        units, times, count = part.partition("×")
        # One more than a network may have is refused by the spec in its words; a billion would fill the memory first.
        layers += [int(units)] * min(int(count) if times else 1, MOST_LAYERS + 1)
    return layers


def _show_layers(value: Any) -> str:
    return (", ".join(map(str, value)) or "none") if all(isinstance(units, int) for units in value) else ""


def _show_patience(value: Any) -> str:
    usual = EarlyStopping().model_dump()
    return str(value["patience"]) if value == usual | {"patience": value.get("patience")} else ""


def _show_schedule(value: Any) -> str:
    name = str(value["name"])
    return name if value == SCHEDULES[name]().model_dump() else ""


@dataclass(frozen=True)
class Notation:
    """How a value of the spec is written as a token and read back.

    Attributes
    ----------
    read : callable
        Token to value; raises `ValueError` for a text that is no such value.
    show : callable
        Value to token; an empty text where no token says it, such as a layer with its own dropout.
    example : str
        What to type, for refusals: a message for `t`.
    """

    read: Callable[[str], Any]
    show: Callable[[Any], str]
    example: str


def _none_or(notation: Notation, example: str, none: str = "off") -> Notation:
    return Notation(
        lambda text: None if text.strip().lower() == none else notation.read(text),
        lambda value: none if value is None else notation.show(value),
        example,
    )


def _show_name(value: Any) -> str:
    return value if isinstance(value, str) else ""


NAME: Final = Notation(str, _show_name, later("one of the choices"))
NUMBER: Final = Notation(_number, _show_number, later("a number such as 0.01"))
COUNT: Final = Notation(int, _show_number, later("a whole number such as 32"))
LAYERS: Final = Notation(_layers, _show_layers, later("units such as 16, 16, or none"))
SWITCH: Final = Notation(
    lambda text: {"on": True, "off": False}[text], lambda value: "on" if value else "off", later("on or off")
)
SCHEDULE: Final = Notation(lambda text: {"name": text}, _show_schedule, later("one of the choices"))
_EPOCHS: Final = Notation(lambda text: {"patience": int(text)}, _show_patience, later("epochs such as 10"))
PATIENCE: Final = _none_or(_EPOCHS, later("off or epochs such as 10"))
OPTIONAL_NUMBER: Final = _none_or(NUMBER, later("a number such as 0.01, or off"))
OPTIONAL_COUNT: Final = _none_or(COUNT, later("all, or a whole number such as 100"), none="all")
OPTIONAL_NAME: Final = _none_or(NAME, later("one of the choices, or off"))
