"""What a person may decide about a file instead of the reader, the refusal that asks them to, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from core.errors import InputRefused

Decision = Literal["encoding", "drop_ragged", "sample_rows"]


@dataclass(frozen=True)
class ReadOptions:
    """How to read a text table; None leaves the decision to the file.

    Attributes
    ----------
    encoding : str, optional
        One of `core.data.csv.encoding.ENCODINGS`, or another name of it.
    delimiter : str, optional
        One of `core.data.csv.dialect.DELIMITERS`.
    decimal : str, optional
        ``"."`` or ``","``.
    header : bool, optional
        Whether the first line holds the names of the columns.
    day_first : bool, optional
        Whether 1/2/2024 is in February; asked for only where no date of a column tells.
    drop_ragged : bool
        Leave out rows with another number of cells than the first line, instead of refusing the file.
    sample_rows : int, optional
        Read a random sample of at most this many rows, in their order.
    seed : int
        Of that sample.
    """

    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    header: bool | None = None
    day_first: bool | None = None
    drop_ragged: bool = False
    sample_rows: int | None = None
    seed: int = 0


class ChoiceNeeded(InputRefused):
    """A file that is readable once the person decides something.

    Attributes
    ----------
    choice : str
        The field of `ReadOptions` to set.
    value : int
        ``sample_rows``: the most rows allowed; ``drop_ragged``: how many rows would go; ``encoding``: 0.
    """

    def __init__(self, message: str, where: str, choice: Decision, value: int = 0) -> None:
        super().__init__(message, where)
        self.choice: Decision = choice
        self.value = value

    def __reduce__(self) -> tuple[type[ChoiceNeeded], tuple[str, str, Decision, int]]:  # type: ignore[override]
        return type(self), (str(self), self.where, self.choice, self.value)


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
    name : str
        What the file was called by whoever brought it: the same bytes under another name are another table, so that
        nobody's table has somebody else's name.
    """

    options: ReadOptions
    used: ReadOptions
    words: tuple[bytes, ...] = ()
    file: str = ""
    name: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the same as what JSON can hold."""
        return asdict(self) | {"words": [word.hex() for word in self.words]}


def origin_of(content: Mapping[str, Any]) -> Origin:
    """Return what `Origin.as_json` made `content` of."""
    words = tuple(map(bytes.fromhex, content["words"]))
    options, used = (ReadOptions(**content[name]) for name in ("options", "used"))
    return Origin(options, used, words, content["file"], content.get("name", ""))  # older tables have no name
