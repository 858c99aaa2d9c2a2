import json

from core.jobs.storage.history import encode_history, join_histories, thinned, without_nan
from core.jobs.storage.records import Stretch


def test_numbers_are_cut_to_what_a_float32_holds() -> None:
    assert encode_history({"loss": [1 / 3, 1.0, 1e-30, 123456789.0]}) == '{"loss":[0.3333333,1,1e-30,1.234568e+08]}'


def test_numbers_that_are_none_become_null() -> None:
    text = encode_history({'a"b': [float("nan"), float("inf"), None]})
    assert json.loads(text) == {'a"b': [None, None, None]}


def test_pieces_join_to_one_history() -> None:
    pieces = [Stretch(1, 1, 1, {"loss": [3.0, 2.0]}), Stretch(1, 1, 3, {"loss": [1.0], "val_loss": [9.0]})]
    assert join_histories(pieces) == {"loss": [3.0, 2.0, 1.0], "val_loss": [None, None, 9.0]}


def test_a_piece_that_comes_twice_counts_once() -> None:
    assert join_histories([Stretch(1, 1, 1, {"loss": [3.0, 2.0]}), Stretch(1, 1, 2, {"loss": [2.0]})]) == {
        "loss": [3.0, 2.0]
    }


def test_no_depth_hides_an_infinity() -> None:
    value = {"a": [1.0, {"b": (float("inf"), 2)}], "c": True}
    assert without_nan(value) == {"a": [1.0, {"b": [None, 2]}], "c": True}


def test_a_thinned_curve_keeps_its_ends_and_its_spikes() -> None:
    values: list[float | None] = [1.0] * 1000
    values[457], values[458], values[999] = 50.0, -3.0, None
    thin = thinned(values, 100)
    assert len(thin["values"]) <= 102
    assert (thin["epochs"][0], thin["epochs"][-1], thin["values"][-1]) == (1, 1000, None)
    assert thin["values"][thin["epochs"].index(458)] == 50.0
    assert thin["values"][thin["epochs"].index(459)] == -3.0
    assert thin["epochs"] == sorted(set(thin["epochs"]))


def test_a_short_curve_is_left_as_it_is() -> None:
    assert thinned([1 / 3, None], 100) == {"epochs": [1, 2], "values": [0.3333333, None]}
    assert thinned([], 100) == {"epochs": [], "values": []}
