"""Words that a beginner does not know, each in a sentence or two, read from one file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

GLOSSARY: Final[Mapping[str, str]] = tomllib.loads(
    (Path(__file__).parent / "glossary.toml").read_text(encoding="utf-8")
)
"""The word as a person writes it → what it means; in the order of the alphabet."""
