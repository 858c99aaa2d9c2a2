"""The file a table was read from and how: enough to say what was understood, and to read it differently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core.data.csv.read_options import ReadOptions


@dataclass(frozen=True)
class Origin:
    """How a table was read.

    Attributes
    ----------
    options : ReadOptions
        What the person chose.
    used : ReadOptions
        What it was read with; `day_first` is None where no date of a column depends on it.
    words : tuple of bytes
        The first words with characters beyond ASCII, as they are in the file; empty unless the encoding is a guess.
    file : str
        SHA-256 of the file's bytes, empty where nobody keeps them.
    """

    options: ReadOptions
    used: ReadOptions
    words: tuple[bytes, ...] = ()
    file: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the same as what JSON can hold."""
        return asdict(self) | {"words": [word.hex() for word in self.words]}


def origin_of(content: Mapping[str, Any]) -> Origin:
    """Return what `Origin.as_json` made `content` of."""
    return Origin(
        ReadOptions(**content["options"]),
        ReadOptions(**content["used"]),
        tuple(bytes.fromhex(word) for word in content["words"]),
        content["file"],
    )
