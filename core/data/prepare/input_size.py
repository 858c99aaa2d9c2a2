"""How large the input matrix will be, told from the facts of the columns before anything is prepared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.data.kinds import as_float
from core.data.prepare.cyclical_features import useful_circles
from core.data.prepare.inputs import MAX_CATEGORIES, MAX_CELLS, OWN_CATEGORY
from core.data.prepare.selection import choose_features, is_numeric
from core.data.table import Column, Table
from core.spec import RunSpec

_FLOAT32_BYTES = 4


@dataclass(frozen=True)
class Width:
    """The input matrix of training and validation rows together.

    Attributes
    ----------
    columns : int
        Inputs of the network. Exact where every category occurs among the training rows, else the most there can be.
    bytes : int
        Size of the matrix in float32.
    too_large : bool
        Whether preparing will refuse it.
    """

    columns: int
    bytes: int
    too_large: bool


def encoded_width(run: RunSpec, table: Table) -> Width:
    """Return the size of the matrix `run` will make of `table`; looks at counts, not at rows.

    Raises
    ------
    InputRefused
        If a feature does not exist or is a target.
    """
    target = table.column(run.data.targets[0]) if run.data.targets else None
    rows = min(len(table.frame) - (target.missing if target else 0), run.data.rows or len(table.frame))
    columns, _ = choose_features(run, table)
    widths = [_width(run, table, column) for column in columns]
    # Where every column is constant, all of them stay.
    width = sum(widths) or len(columns)
    too_large = run.preprocessing.encoding == "one_hot" and width * rows > MAX_CELLS
    return Width(width, width * rows * _FLOAT32_BYTES, too_large)


def _width(run: RunSpec, table: Table, column: Column) -> int:
    missing = run.preprocessing.missing
    gaps = column.missing
    if not gaps and column.kind == "number" and missing in {"indicator", "drop_columns"}:
        gaps = int(np.isinf(as_float(table.frame[column.name])).sum())
    if column.missing == len(table.frame) or (missing == "drop_columns" and gaps):
        return 0
    if column.distinct <= 1 and not (gaps and missing in {"keep", "indicator"}):
        return 0
    flag = int(missing == "indicator" and gaps > 0)
    if column.kind == "date":
        return 1 + 2 * len(useful_circles(table.frame[column.name])) + flag
    if is_numeric(column) or run.preprocessing.encoding == "ordinal":
        return 1 + flag
    own = int(missing in OWN_CATEGORY and gaps > 0)
    return min(column.distinct + own, MAX_CATEGORIES) + flag
