"""What kinds there are; dates as numbers and numbers as dates, in whatever year."""

from typing import get_args

import numpy as np
import pandas as pd
import pytest

from core.data.kinds import NEARLY_UNIQUE, NUMERIC, Kind, as_float, moment
from core.data.prepare.before_after import preview
from core.data.prepare.input_size import encoded_width
from core.data.prepare.prepared import prepare
from core.data.table import read_table
from core.data.understand.profile import profile
from core.spec import load_spec

DAYS = ["9999-12-31", "2020-01-02", "0001-01-01", "2020-05-05", "2021-01-02", "2020-06-05"]


def test_a_kind_is_a_number_a_category_or_differs_in_nearly_every_row():
    assert sorted([*NUMERIC, "category", *NEARLY_UNIQUE]) == sorted(get_args(Kind))


@pytest.mark.parametrize("unit", ["ns", "us", "ms", "s"])
def test_days_are_counted_from_1970_in_any_unit(unit):
    stamps = np.array(["1970-01-02", "2020-02-29T06:00:00", "NaT", "1969-12-31T12:00:00"], f"datetime64[{unit}]")
    dates = pd.Series(stamps)
    assert dates.dtype == stamps.dtype
    np.testing.assert_array_equal(as_float(dates), [1, 18321.25, np.nan, -0.5])


@pytest.mark.parametrize("day", [*DAYS, "1970-01-01"])
def test_a_day_and_its_number_are_the_same_day(day):
    number = as_float(pd.Series([day], dtype="datetime64[us]"))[0]
    assert moment(number) == f"{day} 00:00:00"
    assert moment(number + 0.75) == f"{day} 18:00:00"


@pytest.mark.parametrize("write", [str, lambda day: f"{day} 10:30", lambda day: ".".join(reversed(day.split("-")))])
def test_dates_of_any_year_are_read_told_and_prepared(write):
    content = "when,y\n" + "".join(f"{write(day)},{i}\n" for i, day in enumerate(DAYS * 5))
    table = read_table(content.encode())
    assert table.column("when").kind == "date"
    assert len(profile(table, ["y"]).column("when").labels) == 21
    run = load_spec({"data": {"source": "sample:iris", "target": "y"}}).runs()[0]
    prepared = prepare(run, table)
    assert np.isfinite(prepared.x).all()
    assert prepared.features[0] == "when"
    assert encoded_width(run, table).columns == prepared.x.shape[1]
    edges = preview(run, table)["columns"]["when"]["before"]["edges"]
    assert (edges[0][:10], edges[-1][:10]) == ("0001-01-01", "9999-12-31")
