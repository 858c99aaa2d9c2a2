"""Reading keeps its budget of time and memory beside pandas."""

import io

import pandas as pd
import pytest

from benchmarks.reading import GEMS, gem_table, generated_table, measure_reading, peak_growth
from core.data.table import read_table


def test_the_measurement_measures():
    measured = measure_reading(rows=20_000)
    assert set(measured) == {"small", "small_after_large", "large", "fixed_megabytes", "child_seconds"}
    assert all(value > 0 for name in ("small", "small_after_large", "large") for value in measured[name].values())
    assert measured["large"]["megabytes"] > 1


@pytest.mark.parametrize(("table", "rows"), [(gem_table, GEMS), (generated_table, 600_000)])
def test_reading_takes_at_most_four_times_the_memory_of_the_file(table, rows):
    content = table(rows)
    assert peak_growth(content) <= 4 * len(content)


def test_the_small_table_is_what_people_upload():
    content = gem_table()
    frame = read_table(content).frame
    assert len(frame) == 53_940
    assert 2.5e6 < len(content) < 3e6
    assert content == gem_table()
    pd.testing.assert_frame_equal(frame, pd.read_csv(io.BytesIO(content)))
    assert frame[["cut", "color", "clarity"]].nunique().tolist() == [5, 7, 8]
    assert not gem_table(rows=100).startswith(b"carat,")
