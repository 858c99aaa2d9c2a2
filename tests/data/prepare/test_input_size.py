"""The width that is told before a run is the width that is prepared."""

import itertools
from pathlib import Path

import pytest

from core.data.prepare.input_size import encoded_width
from core.data.prepare.prepared import prepare
from core.data.source import load_table
from core.errors import InputRefused
from core.spec import load_spec

HERE = Path(__file__).parents[1]


def both(spec):
    run = load_spec(spec).runs()[0]
    table = load_table(run.data, run.base)
    return encoded_width(run, table), prepare(run, table)


@pytest.mark.parametrize(
    ("file", "target", "missing", "encoding"),
    [
        (file, target, missing, encoding)
        for (file, target), missing, encoding in itertools.product(
            [("titanic", "survived"), ("penguins", "species")],
            ["keep", "drop_columns", "median", "zero", "indicator"],
            ["one_hot", "ordinal", "drop"],
        )
        if (file, missing, encoding) != ("penguins", "drop_columns", "drop")  # which leaves nothing
    ],
)
def test_it_is_the_width_that_is_prepared(file, target, missing, encoding):
    width, prepared = both(
        {
            "data": {"source": f"file:{HERE / file}.csv", "target": target},
            # From all rows, because a rare word may be missing among the training rows.
            "preprocessing": {"missing": missing, "encoding": encoding, "fit_on": "all"},
        }
    )
    assert width.columns == len(prepared.features)
    assert width.bytes == prepared.x.nbytes + prepared.x_val.nbytes
    assert not width.too_large


def test_rows_sampled_or_without_a_target_do_not_count():
    columns = {"x": [1.5, 2, 3, 4, 5], "y": [1, 2, 3, None, 5.5]}
    spec = {"data": {"source": {"columns": columns}, "target": "y"}}
    assert both(spec)[0].bytes == 4 * 4
    assert both({"data": {**spec["data"], "rows": 3}})[0].bytes == 3 * 4


def test_many_words_are_capped_constants_and_empty_columns_are_not_counted():
    rows = 120
    columns = {
        "w": [f"word {i % 60}" for i in range(rows)],
        "k": [1] * rows,
        "e": [None] * rows,
        "x": list(range(rows)),
        "y": [i * 0.3 for i in range(rows)],
    }
    width, prepared = both({"data": {"source": {"columns": columns}, "target": "y"}})
    assert width.columns == len(prepared.features) == 51


def test_dates_count_with_their_parts():
    days = [f"2020-{1 + i % 12:02}-{1 + i % 28:02}" for i in range(60)] + ["2022-01-01"]
    width, prepared = both({"data": {"source": {"columns": {"d": days, "y": list(range(61))}}, "target": "y"}})
    assert width.columns == len(prepared.features) == 5


def test_a_giant_one_hot_is_seen_before_it_is_made():
    rows = 12_000
    columns = {f"c{i}": [f"w{(row + i) % 50}" for row in range(rows)] for i in range(100)}
    run = load_spec({"data": {"source": {"columns": columns | {"y": list(range(rows))}}, "target": "y"}}).runs()[0]
    assert encoded_width(run, load_table(run.data)).too_large


def test_an_unknown_feature_is_refused_as_preparing_does():
    run = load_spec({"data": {"source": "sample:iris", "target": "species", "features": ["nope"]}}).runs()[0]
    with pytest.raises(InputRefused, match="no column 'nope'"):
        encoded_width(run, load_table(run.data))
