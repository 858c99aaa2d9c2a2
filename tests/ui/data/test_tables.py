"""Tables in memory: bounded by their bytes, read again when they are looked at again."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from core.data.table import pack, table_of
from core.spec import DataSpec
from core.ui.data import tables

ROWS = 2**17
MEGABYTE = 2**20


@pytest.fixture
def reads(monkeypatch):
    """What is read from disk: tables of one megabyte per column, by their number."""
    found = []

    def read(sha):
        found.append(int(sha))
        columns = {f"x{column}": np.arange(ROWS) for column in range(40)}
        return pack(table_of(pd.DataFrame(columns)))

    store = SimpleNamespace(datasets=SimpleNamespace(read=read))
    monkeypatch.setattr(tables, "get_lab", lambda: SimpleNamespace(store=store))
    tables.TABLES.clear()
    yield found
    tables.TABLES.clear()


def look(number):
    return tables.table_for(DataSpec(source=f"dataset:{number:064d}", target="x0"))


def test_tables_in_memory_are_bounded_by_their_bytes_not_their_number(reads):
    for number in (1, 2, 3, 4, 5, 6):
        assert tables._size(look(number)) == pytest.approx(40 * MEGABYTE, rel=0.01)
    assert sum(map(tables._size, tables.TABLES._kept.values())) <= 128 * MEGABYTE
    assert look(6) is look(6)
    assert reads == [1, 2, 3, 4, 5, 6]
    look(1)
    assert reads[-1] == 1


def test_a_table_in_the_spec_is_known_by_its_content(reads):
    first, again, other = (
        DataSpec.model_validate({"source": {"columns": {"a": [1, 2], "b": [3, last]}}, "target": "b"})
        for last in (4, 4, 5)
    )
    assert tables.table_for(first) is tables.table_for(again)
    assert tables.table_for(other).frame["b"].tolist() == [3, 5]
    assert reads == []
