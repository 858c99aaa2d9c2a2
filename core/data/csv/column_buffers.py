"""Buffers that gather the cells of one column while a text is parsed, at once as numbers where they are numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.data.csv.number_formats import whole_numbers

Cells: TypeAlias = pa.ChunkedArray | np.ndarray
"""One column: strings, null where nothing is written; or float64 or int64 [rows] already, NaN where nothing is."""

_AT_ONCE: Final = 4096
"""So many rows are converted together, for the batches of a wide table are short and many."""


class Buffer(Protocol):
    """Takes the cells of one column."""

    def add(self, cells: pa.Array) -> None:
        """Take the cells of the next rows."""

    def gathered(self) -> Cells:
        """Return all that were taken."""


class Decimals:
    """Cells that Arrow has made float64, written straight to where they stay."""

    def __init__(self, most: int) -> None:
        self._values = np.empty(most)
        self._rows = 0

    def add(self, cells: pa.Array) -> None:
        """Take float64."""
        self._values[self._rows : self._rows + len(cells)] = cells.to_numpy(zero_copy_only=False)
        self._rows += len(cells)

    def gathered(self) -> Cells:
        """Return float64 [rows]."""
        return self._values[: self._rows]


class Texts:
    """Cells as they are written."""

    def __init__(self, chunks: Iterable[pa.Array] = ()) -> None:
        self._chunks = list(chunks)

    def add(self, cells: pa.Array) -> None:
        """Take strings."""
        self._chunks.append(cells)

    def gathered(self) -> Cells:
        """Return strings."""
        return pa.chunked_array(self._chunks, pa.string())


class Wholes:
    """Cells that look like whole numbers; at the first that is not one, or is missing, all become texts again."""

    def __init__(self, most: int) -> None:
        self._values = np.empty(most, np.int64)
        self._rows = 0
        self._waiting: list[pa.Array] = []
        self._waiting_rows = 0
        self._texts: Texts | None = None

    def add(self, cells: pa.Array) -> None:
        """Take strings."""
        if self._texts is not None:
            self._texts.add(cells)
            return
        self._waiting.append(cells)
        self._waiting_rows += len(cells)
        if self._waiting_rows >= _AT_ONCE:
            self._convert()

    def gathered(self) -> Cells:
        """Return int64 [rows], or strings."""
        self._convert()
        return self._values[: self._rows] if self._texts is None else self._texts.gathered()

    def _convert(self) -> None:
        if self._texts is not None:
            return
        cells = pa.chunked_array(self._waiting, pa.string())
        numbers = None if cells.null_count else whole_numbers(cells)
        if numbers is not None:
            self._values[self._rows : self._rows + len(cells)] = numbers.to_numpy()
            self._rows += len(cells)
        else:
            # A whole number that is not a code can be written in one way only.
            written = pc.cast(pa.array(self._values[: self._rows]), pa.string())
            self._texts = Texts([written, *cells.chunks])
            self._values = np.empty(0, np.int64)
        self._waiting, self._waiting_rows = [], 0
