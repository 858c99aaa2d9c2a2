"""What a person may decide about a file instead of the reader, and the refusal that asks them to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.errors import InputRefused

Choice = Literal["encoding", "drop_ragged", "sample_rows"]


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

    def __init__(self, message: str, where: str, choice: Choice, value: int = 0) -> None:
        super().__init__(message, where)
        self.choice: Choice = choice
        self.value = value

    def __reduce__(self) -> tuple[type[ChoiceNeeded], tuple[str, str, Choice, int]]:  # type: ignore[override]
        return type(self), (str(self), self.where, self.choice, self.value)
