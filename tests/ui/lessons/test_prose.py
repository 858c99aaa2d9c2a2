"""Texts of lessons as HTML: marks, words that explain themselves, and nothing that loads or leads anywhere."""

import re

import pytest

from core.lessons import LESSONS, lessons_in
from core.lessons.glossary import GLOSSARY, glossary_in
from core.ui.lessons.prose import prose


def test_paragraphs_bold_emphasis_and_code():
    shown = prose("**Why.** Not *so*,\nbut `x < 1`.\n\nEnd", "a")
    first = "<p><strong>Why.</strong> Not <em>so</em>,\nbut <code>x &lt; 1</code>.</p>"
    assert shown == f'<div class="ll-prose">{first}<p>End</p></div>'


@pytest.mark.parametrize(
    "text",
    [
        "![i](https://evil.example/x.png)",
        "[click](javascript:alert(1))",
        "<img src=x onerror=alert(1)><script>alert(1)</script>",
        "**<b onclick=alert(1)>**",
        "`</code><iframe src=//x>`",
        '" onmouseover="alert(1)',
        ":material/home: $x^2$ https://evil.example",
    ],
)
def test_foreign_text_is_inert(text):
    shown = prose(text, "a", GLOSSARY)
    tags = set(re.findall(r"<(\w+)", shown))
    assert tags <= {"div", "p", "strong", "em", "code", "button", "span"}
    assert "<a" not in shown.replace("<span", "")
    assert not re.search(r"<[^>]*\son\w+=", shown)


def test_a_word_of_the_glossary_opens_its_meaning_where_it_first_stands():
    shown = prose("Epochs and epochs of batch sizes; an `epoch`.", "why", ("epoch", "batch", "batch size"))
    assert shown.count("<button") == 2
    assert 'popovertarget="why-epoch"' in shown
    assert f'id="why-batch-size"><strong>batch size</strong>: {GLOSSARY["batch size"]}' in shown
    assert "<code>epoch</code>" in shown
    assert 'id="why-batch"' not in shown


def test_a_word_that_is_not_asked_for_is_not_marked():
    assert "<button" not in prose("The epoch of a lossless reloss.", "a", ("loss",))


def test_a_german_text_has_the_german_words_marked_in_their_cases_and_numbers():
    shown = prose("Mit den Batches dieser Epoche und der toten Einheiten.", "a", ("batch", "epoch", "dead unit"), "de")
    assert re.findall(r'id="a-([a-z-]+)"><strong>([^<]+)<', shown) == [
        ("batch", "Batch"), ("epoch", "Epoche"), ("dead-unit", "tote Einheit"),
    ]  # fmt: skip
    assert ">toten Einheiten</button>" in shown
    assert "<button" not in prose("Maßeinheit", "a", ("unit",), "de")


def test_an_english_text_has_its_words_marked_for_a_german_reader():
    assert f": {glossary_in('de')['batch size'].meaning}<" in prose("The batch sizes", "a", ("batch size",), "de")


def marked(lesson, language):
    texts = (lesson.about, lesson.look, lesson.explanation, lesson.repair.words, lesson.exercise.task)
    shown = prose("\n\n".join((*texts, lesson.exercise.answer)), "a", lesson.glossary, language)
    return set(re.findall(r'id="(a-[a-z0-9-]+)"', shown))


@pytest.mark.parametrize(
    ("english", "german"),
    list(zip(LESSONS, lessons_in("de"), strict=True)),
    ids=[lesson.id for lesson in LESSONS],
)
def test_what_is_explained_in_an_english_lesson_is_explained_in_german(english, german):
    assert marked(english, "en") - marked(german, "de") == set()
