"""How large the input matrix will be, told from the facts of the columns before anything is prepared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.choices.encoders import ENCODERS
from core.choices.imputation import IMPUTATIONS
from core.data.kinds import NUMERIC, as_float
from core.data.prepare.cyclical_features import useful_cycles
from core.data.prepare.inputs import MAX_CELLS
from core.data.prepare.selection import choose_features
from core.data.table import Column, Table
from core.spec import RunSpec


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
    too_large = ENCODERS[run.preprocessing.encoding].labels is not None and width * rows > MAX_CELLS
    return Width(width, width * rows * np.dtype(np.float32).itemsize, too_large)


def _width(run: RunSpec, table: Table, column: Column) -> int:
    imputation, encoder = IMPUTATIONS[run.preprocessing.missing], ENCODERS[run.preprocessing.encoding]
    drops_columns = imputation.drops == "columns"
    gaps = column.missing
    if not gaps and column.kind == "number" and (imputation.indicator or drops_columns):
        gaps = int(np.isinf(as_float(table.frame[column.name])).sum())
    if column.missing == len(table.frame) or (drops_columns and gaps):
        return 0
    if column.distinct <= 1 and not (gaps and imputation.visible):
        return 0
    flag = int(imputation.indicator and gaps > 0)
    if column.kind == "date":
        return 1 + 2 * len(useful_cycles(table.frame[column.name])) + flag
    if column.kind in NUMERIC:
        return 1 + flag
    return encoder.columns(column.distinct + int(imputation.own_category and gaps > 0)) + flag
