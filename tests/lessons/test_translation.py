"""Lessons in another language: the same experiment, the same numbers, other words."""

import re

import pytest

from core.errors import InputRefused
from core.lessons import LESSONS, lessons_in
from core.lessons.glossary import GLOSSARY, glossary_in
from core.lessons.lesson import CATALOGUE
from core.lessons.translation import Texts, read_texts, texts_of, translated

TRANSLATED = sorted(path.name for path in CATALOGUE.iterdir() if path.is_dir())
FILES = [(language, path.name) for language in TRANSLATED for path in sorted(CATALOGUE.glob("*.toml"))]
SEPARATORS = {"de": str.maketrans(",.", ".,")}
FIRST = LESSONS[0]


def written(text, separators=None):
    """Return the numbers that stand in a text, with English separators; names of columns such as x1 are none."""
    told = re.findall(r"(?<![\w.{])\d+(?:[.,]\d+)*(?!\w)", text)
    return {number.translate(separators or {}) for number in told}


@pytest.mark.parametrize(("language", "name"), FILES)
def test_a_translation_has_every_text_and_no_other(language, name):
    texts = read_texts(CATALOGUE / language / name).model_dump()
    missing = [key for key, value in {**texts, **texts["repair"], **texts["exercise"]}.items() if value is None]
    assert missing == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_there_is_no_translation_of_a_lesson_that_is_none(language):
    assert {path.name for path in (CATALOGUE / language).iterdir()} <= {path.name for path in CATALOGUE.glob("*.toml")}


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_lesson_says_the_same_numbers_in_every_language(language):
    for lesson, told in zip(LESSONS, lessons_in(language), strict=True):
        for (where, original), (_, text) in zip(texts_of(lesson), texts_of(told), strict=True):
            assert written(text, SEPARATORS.get(language)) == written(original), f"{lesson.id}: {where}"
            assert [text.count(mark) for mark in ("**", "`")] == [original.count(mark) for mark in ("**", "`")], where
            assert len(text.split("\n\n")) == len(original.split("\n\n")), f"{lesson.id}: {where}"


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_lesson_in_another_language_is_the_same_experiment(language):
    for lesson, told in zip(LESSONS, lessons_in(language), strict=True):
        assert (told.id, told.spec, told.answer, told.variants) == (
            lesson.id, lesson.spec, lesson.answer, lesson.variants
        )  # fmt: skip
        assert (told.claims, told.repaired, told.solved) == (lesson.claims, lesson.repaired, lesson.solved)
        assert told.title != lesson.title


def test_in_english_and_where_nothing_is_translated_a_lesson_is_itself():
    assert lessons_in("en") is LESSONS
    assert lessons_in("xx") is LESSONS
    assert translated(FIRST, Texts()) == FIRST


def test_a_text_that_is_missing_is_told_in_english():
    told = translated(FIRST, Texts.validated({"title": "Anders", "exercise": {"task": "Aufgabe"}}))
    assert (told.title, told.exercise.task) == ("Anders", "Aufgabe")
    assert (told.about, told.exercise.answer) == (FIRST.about, FIRST.exercise.answer)


@pytest.mark.parametrize(
    ("texts", "refusal"),
    [
        ({"explanation": "{A.loss.first} {B.loss}"}, "explanation: the lesson quotes"),
        ({"about": "{A.loss}"}, "about: the lesson quotes nothing"),
        ({"repair": {"words": "{A.nonsense}"}}, "no number of a run"),
        ({"options": ["Ja", "Nein"]}, "options: the lesson has 3"),
    ],
)
def test_other_numbers_than_the_lesson_quotes_are_refused(texts, refusal):
    with pytest.raises(InputRefused, match=refusal):
        translated(FIRST, Texts.validated(texts))


@pytest.mark.parametrize("text", ['name = "x"', "[spec]\nseeds = 1", '[exercise]\nsolution = "x"', "title"])
def test_a_file_of_something_else_than_texts_is_refused(tmp_path, text):
    path = tmp_path / "01-scaling.toml"
    path.write_text(text)
    with pytest.raises(InputRefused, match=r"01-scaling\.toml"):
        read_texts(path)


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_glossary_is_translated_and_no_form_stands_for_two_words(language):
    own = glossary_in(language)
    assert list(own) == list(GLOSSARY)
    assert [word for word, entry in own.items() if entry.meaning == GLOSSARY[word]] == []
    assert [word for word, entry in own.items() if not entry.meaning.endswith(".")] == []
    forms = [form for entry in own.values() for form in {form.lower() for form in (entry.word, *entry.forms)}]
    assert sorted(form for form in set(forms) if forms.count(form) > 1) == []
