"""Words that a beginner does not know, each in a sentence or two, read from one file per language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True)
class Entry:
    """A word of the glossary in one language."""

    word: str
    """As a person writes it."""
    meaning: str
    forms: tuple[str, ...] = ()
    """How texts have it besides, in the singular."""


GLOSSARY: Final[Mapping[str, str]] = tomllib.loads((_FOLDER / "glossary.toml").read_text(encoding="utf-8"))
"""The word as a person writes it → what it means; in the order of the alphabet."""


@cache
def glossary_in(language: str) -> Mapping[str, Entry]:
    """Return for each word of `GLOSSARY` what it is in a language, read once per process; English where that lacks it.

    Texts that have no translation have the English words.
    """
    english = {word: Entry(word, meaning) for word, meaning in GLOSSARY.items()}
    path = _FOLDER / f"glossary.{language}.toml"
    if not path.is_file():
        return english
    own = tomllib.loads(path.read_text(encoding="utf-8"))
    return english | {
        word: Entry(entry["word"], entry["meaning"], (*entry.get("forms", ()), word)) for word, entry in own.items()
    }
