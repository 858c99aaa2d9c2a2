"""Which numbers merely number the rows."""

import numpy as np
import pandas as pd
import pytest

from core.data.table import table_of
from core.data.understand.leaks import counts_rows

IDS = np.arange(1, 61)


def counts(values):
    table = table_of(pd.DataFrame({"x": values}))
    return counts_rows(table, table.column("x"))


@pytest.mark.parametrize(
    "values",
    [
        IDS,
        IDS[::-1],
        IDS[(IDS != 7) & (IDS != 30)],
        IDS * 1.0,
        np.random.Generator(np.random.Philox(1)).permutation(IDS),
    ],
    ids=["from 1 on", "backwards", "two holes", "as floats", "shuffled"],
)
def test_whole_numbers_each_once_with_hardly_a_gap_are_row_numbers(values):
    assert counts(values)


@pytest.mark.parametrize(
    "values",
    [IDS % 50, IDS * 3, IDS + 0.5, [*IDS[:-1], np.nan], [*IDS[:-1], np.inf], IDS[:19], [f"n{i}" for i in IDS]],
    ids=["repeated", "wide gaps", "halves", "one missing", "one infinite", "few rows", "words"],
)
def test_other_columns_are_not(values):
    assert not counts(values)
