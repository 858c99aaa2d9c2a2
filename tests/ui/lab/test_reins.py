"""What a link hides and locks, and an experiment inside an address."""

import base64
import json
import zlib

import pytest

from core.errors import InputRefused
from core.lessons import LESSONS
from core.spec import load_spec
from core.ui.lab.knobs import FIRST, KNOBS
from core.ui.lab.link import LONGEST, decode, encode
from core.ui.lab.reins import reins, short_name
from core.ui.lab.share import NAMES


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.path)
def test_every_knob_is_named_by_its_path_or_its_last_part(knob):
    for name in (knob.path, short_name(knob.path)):
        assert reins(name, "", NAMES).hidden == {knob.path}
        assert reins("", name, NAMES).locked == {knob.path}


def test_what_is_hidden_need_not_be_locked():
    bound = reins("scaling, layers", "layers,seeds", NAMES)
    assert bound.hidden == {"preprocessing.scaling", "model.layers"}
    assert bound.locked == {"seeds"}
    assert bound.complaint == ""


@pytest.mark.parametrize("name", ["nothing", "<b>", "SCALING", "a" * 10_000, "\u202e"])
def test_what_is_no_control_is_told_in_one_sentence(name):
    bound = reins(f"scaling,{name}", "", NAMES)
    assert bound.hidden == {"preprocessing.scaling"}
    assert bound.complaint.count(".") == 1
    assert len(bound.complaint) < 150


def test_many_unknown_names_are_one_sentence():
    assert len(reins(",".join(f"x{i}" for i in range(5000)), "", NAMES).complaint) < 150


@pytest.mark.parametrize("spec", [FIRST, *(lesson.spec for lesson in LESSONS)], ids=lambda spec: spec.title)
def test_an_experiment_comes_back_from_an_address(spec):
    try:
        text = encode(spec)
    except InputRefused:
        assert len(json.dumps(spec.model_dump(mode="json")["data"])) > LONGEST
        return
    again = decode(text)
    assert again.hash() == spec.hash()
    assert [run.variant for run in again.runs()] == [run.variant for run in spec.runs()]


def test_a_table_is_too_long_for_an_address():
    columns = {"x": [i * 1.001 for i in range(3000)], "y": [i**2 * 0.77 for i in range(3000)]}
    with pytest.raises(InputRefused, match="too long"):
        encode(load_spec({"data": {"source": {"columns": columns}, "target": "y"}}))


def packed(content: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(content, 9)).decode()


@pytest.mark.parametrize(
    "text",
    ["x", "", "é", "===", encode(FIRST)[:-6], packed(b"[]"), packed(b"{"), packed(b"[" * 90_000), packed(b" " * 10**7)],
)
def test_what_is_no_experiment_is_refused(text):
    with pytest.raises(InputRefused, match="not complete"):
        decode(text)


def test_a_link_reads_no_file_of_this_computer():
    content = json.dumps({"data": {"source": "file:/etc/passwd", "target": "x"}}).encode()
    with pytest.raises(InputRefused, match="file"):
        decode(packed(content))
