"""A column becomes another kind only where every value can, and everything downstream follows."""

import numpy as np
import pandas as pd
import pytest

from core.data.prepare.input_size import encoded_width
from core.data.prepare.prepared import prepare
from core.data.table import pack, read_table, table_of, unpack
from core.data.understand.profile import profile
from core.data.upload.recast import KINDS, possible_kinds, recast
from core.errors import InputRefused
from core.spec import load_spec

NAMES = "grade,score,zip,code,flag,yes,day,name,mixed,size"


def row(i: int) -> str:
    yes, mixed = "ja" if i % 2 else "nein", "x" if i == 39 else str(i)
    day = f"2024-01-{i % 28 + 1:02d}"
    numbers = f"{i % 3},{i / 7:.3f},{i * 7 % 11:05d},{1000 + i},{i % 2}"
    return f"{numbers},{yes},{day},person {i},{mixed},{i % 2 * 3}"


LINES = [NAMES, *map(row, range(40))]
TABLE = read_table("\n".join(LINES).encode())


def test_each_column_is_offered_what_it_can_become_and_nothing_else():
    assert possible_kinds(TABLE) == {
        "grade": ("number", "category", "identifier"),
        "score": ("number",),
        "zip": ("number", "category", "text", "identifier"),
        "code": ("number", "identifier"),
        "flag": ("number", "category", "boolean", "identifier"),
        "yes": ("number", "category", "boolean"),
        "day": ("category", "date"),
        "name": ("category", "text", "identifier"),
        "mixed": ("category", "text", "identifier"),
        "size": ("number", "category", "identifier"),
    }


@pytest.mark.parametrize(
    ("name", "kind", "values"),
    [
        ("grade", "category", ["0", "1", "2"]),
        ("zip", "number", [0, 7, 3]),
        ("flag", "boolean", [False, True, False]),
        ("yes", "category", ["false", "true", "false"]),
        ("yes", "number", [0, 1, 0]),
        ("day", "category", ["2024-01-01", "2024-01-02", "2024-01-03"]),
        ("name", "category", ["person 0", "person 1", "person 2"]),
    ],
)
def test_values_are_kept_in_the_type_of_the_new_kind(name, kind, values):
    table = recast(TABLE, {name: kind}, "dataset:x")
    assert table.column(name).kind == kind
    assert table.frame[name].head(3).tolist() == values
    assert table.column(name).distinct == TABLE.column(name).distinct
    others = TABLE.frame.columns.drop(name)
    pd.testing.assert_frame_equal(table.frame[others], TABLE.frame[others])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_on_offer_works_with_gaps(kind):
    gaps = read_table("\n".join([*LINES, "," * NAMES.count(",")]).encode())
    for name, kinds in possible_kinds(gaps).items():
        if kind in kinds:
            column = recast(gaps, {name: kind}, "x").column(name)
            assert (column.kind, column.missing) == (kind, 1)


def test_a_kind_that_does_not_fit_is_refused_in_one_sentence_and_changes_nothing():
    before = TABLE.frame.copy()
    with pytest.raises(InputRefused, match=r"^mixed: cannot be read as number; allowed: category, text, identifier\.$"):
        recast(TABLE, {"grade": "category", "mixed": "number"}, "x")
    with pytest.raises(InputRefused, match="no column 'nowhere'"):
        recast(TABLE, {"nowhere": "number"}, "x")
    pd.testing.assert_frame_equal(TABLE.frame, before)


def test_the_kinds_and_names_as_inferred_are_the_table_itself():
    assert recast(TABLE, {}, "x") is TABLE
    assert recast(TABLE, {"grade": "number"}, "x") is TABLE
    assert recast(TABLE, {}, "x", {"grade": "grade"}) is TABLE


def test_a_renamed_column_keeps_its_values_its_place_and_its_chosen_kind():
    table = recast(TABLE, {"grade": "category"}, "x", {"grade": "mark", "zip": "grade"})
    assert list(table.frame.columns)[:3] == ["mark", "score", "grade"]
    assert table.column("mark").kind == "category"
    assert table.frame["grade"].tolist() == TABLE.frame["zip"].tolist()
    assert (table.kinds, table.names, table.base) == ({"mark": "category"}, {"grade": "mark", "zip": "grade"}, "x")
    assert table.notes[-1] == "Names as chosen: mark (was grade), grade (was zip)."
    assert TABLE.columns[0].name == "grade"


def test_what_was_chosen_is_stored_with_the_table():
    table = recast(TABLE, {"grade": "category"}, "x", {"grade": "mark"})
    stored = unpack(pack(table))
    assert (stored.kinds, stored.names, stored.base) == (table.kinds, table.names, table.base)
    assert unpack(pack(TABLE)).names == {}


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\u202eb", " a", "a" * 121])
def test_a_name_that_is_no_plain_text_is_refused_in_one_sentence(name):
    with pytest.raises(InputRefused, match=r"^grade: a name is plain text of 1 to 120 characters, on one line\.$"):
        recast(TABLE, {}, "x", {"grade": name})


def test_a_name_that_is_taken_is_refused_and_a_swap_is_not():
    with pytest.raises(InputRefused, match=r"^grade: the name zip is taken; allowed: one no other column has\.$"):
        recast(TABLE, {}, "x", {"grade": "zip"})
    with pytest.raises(InputRefused, match="the name same is taken"):
        recast(TABLE, {}, "x", {"grade": "same", "zip": "same"})
    swapped = recast(TABLE, {}, "x", {"grade": "zip", "zip": "grade"})
    assert swapped.frame["grade"].tolist() == TABLE.frame["zip"].tolist()


def test_numbers_that_are_words_are_told_apart_as_before():
    table = table_of(pd.DataFrame({"x": [1.0, 1.5, np.nan, np.inf, 1e300] * 5, "y": range(25)}))
    words = recast(table, {"x": "category"}, "x").frame["x"]
    assert words.tolist()[:2] == ["1", "1.5"]
    assert words.isna().sum() == 5
    assert words.nunique() == table.frame["x"].nunique() == 4


def test_preparation_width_and_profile_follow_the_chosen_kind():
    table = recast(TABLE, {"grade": "category", "code": "identifier"}, "x")
    run = load_spec({"data": {"source": f"dataset:{'0' * 64}", "target": "flag"}}).runs()[0]
    prepared, before = prepare(run, table), prepare(run, TABLE)
    assert {"grade=0", "grade=1", "grade=2"} <= set(prepared.features)
    assert "code" not in prepared.features
    assert {"grade", "code"} <= set(before.features)
    assert encoded_width(run, table).columns == len(prepared.features)
    told = profile(table, ["flag"])
    assert told.column("grade").labels == ("0", "1", "2")
    assert told.column("grade").outliers is None


def test_a_number_chosen_as_category_is_a_class_as_target():
    table = recast(TABLE, {"size": "category"}, "x")
    assert profile(table, ["size"]).task == "binary"
    wide = recast(table_of(pd.DataFrame({"y": [i % 15 for i in range(150)], "x": range(150)})), {"y": "category"}, "x")
    assert profile(wide, ["y"]).task == "multiclass"
    assert (
        profile(table_of(pd.DataFrame({"y": [i % 15 for i in range(150)], "x": range(150)})), ["y"]).task
        == "regression"
    )
