"""Texts of lessons as HTML: marks, words that explain themselves, and nothing that loads or leads anywhere."""

import re

import pytest

from core.lessons.glossary import GLOSSARY
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
