"""Which rows and columns take part."""

import pytest

from core.errors import InputRefused

Y = [1.5, 2.5, 3.5, 4.5, 5.5]
PLAIN = {"scaling": "none"}
ALL = {"validation_fraction": 0}


def test_rows_without_a_target_go_and_everything_stays_in_step(prepared):
    p = prepared({"x": [1, 2, 3, 4, 5], "y": [10, None, 30, None, 50.5]}, data=ALL, preprocessing=PLAIN)
    assert p.x.ravel().tolist() == [1, 3, 5]
    assert p.targets_raw.ravel().tolist() == [10, 30, 50.5]
    assert p.rows.tolist() == [0, 2, 4]
    assert any("2 rows without a target" in note for note in p.notes)


def test_dropped_rows_are_dropped_from_inputs_and_targets_alike(prepared):
    p = prepared({"x": [1, None, 3, 4, 5], "y": Y}, data=ALL, preprocessing={**PLAIN, "missing": "drop_rows"})
    assert p.x.ravel().tolist() == [1, 3, 4, 5]
    assert p.y.ravel().tolist() == [1.5, 3.5, 4.5, 5.5]


def test_drop_columns_drops_those_with_gaps_only(prepared):
    columns = {"a": [1, None, 3, 4, 5], "b": [5, 4, 3, 2, 1], "c": ["u", "v", None, "u", "v"], "y": Y}
    p = prepared(columns, preprocessing={"missing": "drop_columns"})
    assert p.features == ("b",)


def test_constant_and_empty_columns_go_with_a_note(prepared):
    p = prepared({"a": [1, 2, 3, 4, 5], "k": [7] * 5, "w": ["u"] * 5, "e": [None] * 5, "y": Y})
    assert p.features == ("a",)
    assert any("constant: k, w" in note for note in p.notes)
    assert any("empty: e" in note for note in p.notes)


def test_a_table_of_constants_only_keeps_them(prepared):
    p = prepared({"a": [7] * 5, "b": [8] * 5, "y": Y}, preprocessing=PLAIN)
    assert p.features == ("a", "b")


def test_an_empty_column_never_drops_every_row(prepared):
    p = prepared({"a": [1, 2, 3, 4, 5], "e": [None] * 5, "y": Y}, preprocessing={"missing": "drop_rows"})
    assert len(p.x) + len(p.x_val) == 5


def test_identifiers_are_left_out_unless_they_are_asked_for(prepared):
    columns = {"name": [f"n{i}" for i in range(60)], "x": list(range(60)), "y": [i * 0.7 for i in range(60)]}
    p = prepared(columns)
    assert p.features == ("x",)
    assert any("identifier" in note for note in p.notes)
    asked = prepared(columns, data={"features": ["name"]})
    assert 20 < len(asked.features) <= 50


def test_rows_are_sampled_by_seed_and_keep_their_order(prepared):
    columns = {"x": list(range(100)), "y": [i * 0.5 for i in range(100)]}
    first = prepared(columns, data={"rows": 10, **ALL})
    other = prepared(columns, data={"rows": 10, **ALL}, training={"seed": 1})
    assert len(first.rows) == 10
    assert first.rows.tolist() == sorted(first.rows)
    assert first.rows.tolist() == prepared(columns, data={"rows": 10, **ALL}).rows.tolist()
    assert first.rows.tolist() != other.rows.tolist()


@pytest.mark.parametrize(
    ("columns", "data", "preprocessing", "words"),
    [
        ({"x": [1, 2], "y": [1, 2]}, {"features": ["z"]}, {}, "no column 'z'; allowed: x, y"),
        ({"x": [1, 2], "y": [1, 2]}, {"features": ["y"]}, {}, "is the target"),
        ({"x": [1, 2], "y": [1, 2]}, {"features": []}, {}, "no feature is left"),
        ({"y": [1, 2]}, {}, {}, "no feature is left"),
        ({"x": ["u", "v"], "y": [1, 2]}, {}, {"encoding": "drop"}, "no feature is left"),
        ({"x": [1, None], "z": [None, 1], "y": [1, 2]}, {}, {"missing": "drop_rows"}, "no row is left"),
    ],
)
def test_nothing_left_is_refused_with_what_is_allowed(prepared, columns, data, preprocessing, words):
    with pytest.raises(InputRefused) as caught:
        prepared(columns, data=data, preprocessing=preprocessing)
    assert words in str(caught.value)
