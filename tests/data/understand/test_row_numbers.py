"""Which columns merely tell the rows apart."""

import numpy as np
import pandas as pd
import pytest

from core.data.table import table_of
from core.data.understand.leaks import is_identifier

IDS = np.arange(1, 61)


def counts(values):
    table = table_of(pd.DataFrame({"x": values}))
    return is_identifier(table, table.column("x"))


@pytest.mark.parametrize(
    "values",
    [
        IDS,
        IDS[::-1],
        IDS[(IDS != 7) & (IDS != 30)],
        IDS * 1.0,
        np.random.Generator(np.random.Philox(1)).permutation(IDS),
        [f"n{i}" for i in IDS],
    ],
    ids=["from 1 on", "backwards", "two holes", "as floats", "shuffled", "words"],
)
def test_what_differs_in_every_row_and_hardly_leaves_a_gap_is_an_identifier(values):
    assert counts(values)


@pytest.mark.parametrize(
    "values",
    [IDS % 50, IDS * 3, IDS + 0.5, [*IDS[:-1], np.nan], [*IDS[:-1], np.inf], IDS[:19], [f"n{i % 9}" for i in IDS]],
    ids=["repeated", "wide gaps", "halves", "one missing", "one infinite", "few rows", "repeated words"],
)
def test_other_columns_are_not(values):
    assert not counts(values)
