"""How large the tables of specs are, told without reading an upload where that is possible."""

from __future__ import annotations

from core.data.source import load_table
from core.jobs.storage.datasets import Datasets
from core.recent import Recent
from core.spec import DataSpec, InlineData


class TableSizes:
    """Remembers the sizes that were told last."""

    def __init__(self, datasets: Datasets) -> None:
        self._datasets = datasets
        self._sizes: Recent[str, tuple[int, int]] = Recent(256)

    def of(self, data: DataSpec) -> tuple[int, int]:
        """Return the rows and columns of the table of `data`, as they are, not encoded.

        Raises
        ------
        InputRefused, WorkFailed
            If there is no such table, or it was lost.
        """
        source = data.source
        if isinstance(source, InlineData):
            names, rows = source.shape
            return rows, len(names)

        def look() -> tuple[int, int]:
            kind, _, sha = source.partition(":")
            size = self._datasets.size(sha) if kind == "dataset" else None
            return size or load_table(data, dataset=self._datasets.read).frame.shape

        return self._sizes.get(source, look)
