"""Lessons that teachers wrote: kept by content, bounded, refused in one sentence."""

import os

import pytest

import core.lessons.shelf as shelf_module
from core.errors import InputRefused
from core.lessons import LESSONS
from core.lessons.lesson import lesson_of, text_of
from core.lessons.shelf import MOST_BYTES, PREFIX, Shelf
from core.spec import load_spec

TEXT = text_of(LESSONS[0]).encode()


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "lessons")


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_a_lesson_comes_back_from_its_text(lesson):
    assert lesson_of(text_of(lesson), lesson.id) == lesson


def test_a_lesson_is_found_by_its_content(shelf):
    lesson = shelf.put(TEXT)
    assert lesson.id.startswith(PREFIX)
    assert shelf.put(TEXT).id == lesson.id
    assert shelf.lesson(lesson.id) == lesson
    assert lesson.model_copy(update={"id": LESSONS[0].id}) == LESSONS[0]
    assert shelf.put(TEXT.replace(b"Inputs in the thousands", b"Other")).id != lesson.id


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is missing"),
        (b"\xff\xfe", "no text in UTF-8"),
        (b"title = ", "No TOML"),
        (b"x = " + b"[" * 50_000, "No TOML"),
        (b"x = " + b"7" * 5000, "No TOML: a whole number has too many digits."),
        (b"# " + b"x" * MOST_BYTES, "too large"),
        (TEXT + b"\n[more]\nx = 1\n", "more: there is no such setting"),
        (b'id = "scaling"\n' + TEXT, "id: "),
        (TEXT.replace(b'"A.loss.first > 1000 * B.loss.first"', b'"__import__(1) > 0"'), "is no claim"),
        (text_of(LESSONS[1]).replace('"sample:noise_labels?n=400"', '"file:/etc/passwd"').encode(), "for others"),
        (TEXT.replace(b'"A.loss.first > 1000 * B.loss.first"', b'"A.loss.first < 1e999"'), "too large"),
    ],
)
def test_what_is_no_lesson_is_refused_in_one_sentence_and_not_kept(shelf, tmp_path, content, says):
    with pytest.raises(InputRefused, match=says) as refused:
        shelf.put(content)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "lessons").exists()


@pytest.mark.parametrize("identity", ["custom:", "custom:../../etc/passwd", "custom:0123456789abcdef", "scaling"])
def test_an_id_of_no_lesson_here_is_refused(shelf, identity):
    shelf.put(TEXT)
    with pytest.raises(InputRefused, match="not here"):
        shelf.lesson(identity)


def test_the_oldest_lessons_go_when_there_are_too_many(shelf, tmp_path, monkeypatch):
    monkeypatch.setattr(shelf_module, "_MOST_LESSONS", 2)
    ids = [shelf.put(TEXT.replace(b"Inputs in the", f"{n}".encode())).id for n in range(3)]
    assert len(list((tmp_path / "lessons").glob("*"))) == 2
    assert shelf.lesson(ids[-1]).id == ids[-1]


def test_a_lesson_that_is_opened_stays_when_others_go(shelf, monkeypatch):
    monkeypatch.setattr(shelf_module, "_MOST_LESSONS", 2)
    first, second = (shelf.put(TEXT.replace(b"Inputs in the", f"{n}".encode())).id for n in range(2))
    for identity, when in ((first, 1.0), (second, 2.0)):
        os.utime(shelf._folder / f"{identity.removeprefix(PREFIX)}.toml", (when, when))
    assert shelf.lesson(first)
    shelf.put(TEXT)
    assert shelf.lesson(first)
    with pytest.raises(InputRefused, match="not here"):
        shelf.lesson(second)


def test_a_table_offered_by_a_knob_is_no_file_either(shelf):
    lesson = next(lesson for lesson in LESSONS if "data.source" in lesson.exercise.knobs)
    source = lesson.exercise.knobs["data.source"][-1]
    with pytest.raises(InputRefused, match="for others"):
        shelf.put(text_of(lesson).replace(f'"{source}"', '"file:x.csv"').encode())


def with_spec(**changes):
    return LESSONS[0].model_copy(update={"spec": LESSONS[0].spec.model_copy(update=changes)})


def test_layers_of_their_own_come_back_from_the_text():
    spec = LESSONS[0].spec
    layers = load_spec(spec.model_dump(mode="json") | {"model": {"layers": [{"units": 8, "dropout": 0.5}]}}).model
    lesson = with_spec(model=layers)
    assert lesson_of(text_of(lesson), lesson.id) == lesson


def test_a_table_with_empty_cells_is_refused_and_nothing_else_is_written_for_them():
    data = LESSONS[0].spec.model_dump(mode="json")
    data["data"] = {"source": {"columns": {"x": [1, None, 3], "y": [1, 2, 3]}}, "target": "y"}
    with pytest.raises(InputRefused, match="empty cells"):
        text_of(with_spec(data=load_spec(data).data))
