"""JSON that a person wrote: nothing in it is dropped in silence, and no number of it breaks anything down."""

import json

import pytest

from core.errors import InputRefused
from core.spec import load_spec
from core.spec.json_text import read_json


def refused(text):
    with pytest.raises(InputRefused) as refusal:
        read_json(text, "spec.json")
    return str(refusal.value)


@pytest.mark.parametrize("text", ['{"a": 1, "b": 2, "a": 3}', '{"x": [{"a": {}, "a": {}}]}'])
def test_a_key_that_is_there_twice_is_refused_by_its_name(text):
    assert refused(text) == "spec.json: 'a' is set twice; allowed: each key once."


def test_the_same_key_of_two_objects_is_no_repetition():
    assert read_json('[{"a": 1}, {"a": 1, "b": {"a": 2}}]', "spec.json") == [{"a": 1}, {"a": 1, "b": {"a": 2}}]


@pytest.mark.parametrize("digits", [309, 401, 5000])
@pytest.mark.parametrize("sign", ["", "-"])
def test_a_whole_number_that_no_float_holds_is_refused_with_its_length(digits, sign):
    said = refused(f'{{"a": {sign}{"9" * digits}}}')
    assert said == f"spec.json: a whole number has {digits} digits; allowed: at most 308."


def test_the_longest_number_that_is_allowed_is_read_exactly():
    assert read_json(f"[{'9' * 308}, -{'9' * 308}, 12]", "spec.json") == [10**308 - 1, 1 - 10**308, 12]


def test_what_is_no_json_is_refused_with_its_line():
    assert refused('{\n"a": }') == "spec.json: is not JSON at line 2."
    assert refused("[" * 200_000) == "spec.json: is not JSON."


def test_a_spec_in_a_file_is_read_that_way(tmp_path):
    path = tmp_path / "spec.json"
    path.write_text('{"data": {"source": "sample:iris", "target": "species", "target": "petal length"}}')
    with pytest.raises(InputRefused, match=r"^spec\.json: 'target' is set twice"):
        load_spec(path)
    path.write_text(json.dumps({"data": {"source": "sample:iris", "target": "species"}}))
    assert load_spec(path).data.target == "species"
