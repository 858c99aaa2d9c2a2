"""Any bytes go through reading, profile and preparation, or are refused in a sentence; nothing else is ever raised."""

from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.data.prepare.before_after import preview
from core.data.prepare.input_size import encoded_width
from core.data.prepare.prepared import prepare
from core.data.table import read_table
from core.data.understand.profile import profile
from core.data.upload.recast import possible_kinds, recast
from core.errors import InputRefused
from core.spec import load_spec

BOUNDED = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
CELLS = st.sampled_from([
    "", " ", "0", "1", "-1", "2.5", "-999", "1e308", "-1e308", "5e-324", "1e400", "inf", "-Infinity", "nan", "?", "NA",
    "9223372036854775807", "-9223372036854775808", "18446744073709551616", "007", "-0", "1_000", "1,5", "1.234,5", "$3",
    "5 kg", "yes", "no", "true", "FALSE", "a", "b", "é", "ß\u0301", "\U0001f600", "\ufeff", "\u2028", "\x85", "\x1f",
    "9999-12-31", "0001-01-01", "2020-02-29", "2020-02-30", "0000-00-00", "2020-01-01T00:00:00.123456789",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "31.12.9999", "1/2/0001", "12/31/99", "Jan 1, 2020",
    "1 Jan 1400", "#", "# x", '"', '""', "'", '"a,b"', '"a\nb"', "=1+1", "x" * 50, "\\", "sep=;",
])  # fmt: skip
SECTIONS = st.fixed_dictionaries(
    {
        "scaling": st.sampled_from(["none", "minmax", "standard", "robust", "maxabs", "quantile", "power", "l2"]),
        "target_scaling": st.sampled_from(["none", "standard", "minmax", "log"]),
        "missing": st.sampled_from(["keep", "drop_rows", "drop_columns", "mean", "most_frequent", "zero", "indicator"]),
        "encoding": st.sampled_from(["one_hot", "ordinal", "drop"]),
        "outliers": st.sampled_from(["keep", "clip"]),
        "fit_on": st.sampled_from(["train", "all"]),
    }
)


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """Draw the text of a table whose columns repeat a few cells, some of them odd, with something above it or not."""
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    columns = draw(st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=4))
    rows = draw(st.integers(1, 40))
    lines = [delimiter.join(cells[(i * i + len(cells)) % len(cells)] for cells in columns) for i in range(rows)]
    above = draw(st.lists(CELLS, max_size=2))
    newline = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    return newline.join([*above, *lines]).encode()


def unless_refused(step: Callable[[], Any]) -> Any:
    """Return what `step` gives; None where it is refused in one sentence."""
    try:
        return step()
    except InputRefused as refusal:
        sentence = str(refusal)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return None


def followed(content: bytes, data: st.DataObject) -> bool:
    """Do with `content` all that the lab does before it trains; return whether it was read."""
    drop_ragged = data.draw(st.booleans())
    table = unless_refused(lambda: read_table(content, "t.csv", drop_ragged=drop_ragged))
    if table is None:
        return False
    told = profile(table)
    for name in table.frame.columns:
        profile(table, [name])
    for name, kinds in possible_kinds(table).items():
        table = recast(table, {name: data.draw(st.sampled_from(kinds))}, "dataset:x")
    target = data.draw(st.sampled_from([told.targets[0], *table.frame.columns]))
    split = data.draw(st.sampled_from(["random", "stratified", "grouped", "in_order"]))
    spec = {
        "data": {"source": "sample:iris", "target": target, "split": split},
        "preprocessing": data.draw(SECTIONS),
    }
    run = load_spec(spec).runs()[0]
    for step in (prepare, encoded_width, preview):
        unless_refused(partial(step, run, table))
    return True


@BOUNDED
@given(st.binary(max_size=200), st.data())
def test_any_bytes(content, data):
    followed(content, data)


@BOUNDED
@given(tables(), st.data())
def test_any_table_of_odd_cells(content, data):
    followed(content, data)


@BOUNDED
@given(tables(), st.integers(0, 200), st.binary(min_size=1, max_size=3), st.data())
def test_any_table_with_broken_bytes(content, place, broken, data):
    followed(content[:place] + broken + content[place:], data)


def test_odd_cells_do_not_keep_a_table_from_being_read():
    read = []

    @settings(BOUNDED, max_examples=30)
    @given(tables(), st.data())
    def look(content, data):
        read.append(followed(content, data))

    look()
    assert sum(read) > len(read) / 3
