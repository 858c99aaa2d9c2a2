"""Dates as numbers a network can use."""

import numpy as np
import pandas as pd
import pytest

from core.data.prepare.cyclical_features import on_cycle, useful_cycles

DAILY = pd.Series(pd.date_range("2020-01-01", periods=800))


@pytest.mark.parametrize(
    ("dates", "useful"),
    [
        (DAILY, ("month", "weekday")),
        (DAILY.head(30), ("weekday",)),
        (DAILY.head(10), ()),
        (pd.Series(pd.date_range("2020-01-01", periods=40, freq="MS")), ("month",)),
        (pd.Series(pd.date_range("2020-01-01", periods=300, freq="h")), ("hour",)),
        (pd.Series([pd.NaT, pd.NaT]), ()),
    ],
    ids=["years", "a month", "days", "first of each month", "hours", "missing"],
)
def test_only_what_says_more_than_the_day_itself_is_useful(dates, useful):
    assert useful_cycles(dates.astype("datetime64[us]")) == useful


def test_december_is_next_to_january_and_opposite_june():
    dates = pd.Series(pd.to_datetime(["2020-12-15", "2020-01-15", "2020-06-15"]))
    december, january, june = np.column_stack(on_cycle(dates, "month"))
    assert np.linalg.norm(december - january) < np.linalg.norm(december - june) / 3
    np.testing.assert_allclose(december, -june, atol=1e-12)


def test_a_missing_date_is_in_no_direction():
    sine, cosine = on_cycle(pd.Series([pd.NaT, pd.Timestamp("2020-01-01")]), "weekday")
    assert (sine[0], cosine[0]) == (0, 0)
    assert np.hypot(sine[1], cosine[1]) == pytest.approx(1)


@pytest.mark.parametrize("missing", ["median", "drop_columns", "drop_rows", "indicator", "keep"])
def test_the_parts_of_a_date_share_its_fate(prepared, missing):
    days = [None, *DAILY.head(799).astype(str)]
    columns = {"d": days, "x": list(range(800)), "y": [i * 0.5 for i in range(800)]}
    p = prepared(columns, preprocessing={"missing": missing})
    parts = [name for name, origin in zip(p.features, p.origins, strict=True) if origin == "d"]
    usual = ["d", "d month sin", "d month cos", "d weekday sin", "d weekday cos"]
    flag = ["d missing"] if missing == "indicator" and 0 in p.rows else []
    assert parts == ([] if missing == "drop_columns" else usual + flag)
    assert np.isfinite(p.x).all() == (missing != "keep" or 0 not in p.rows)
