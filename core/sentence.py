"""Sentences for people, said in English from a template, so that a page can find the template and say it otherwise.

What is below `ui` knows no languages: it says its sentences here, stores and prints them as plain text, and forgets how
they were made. `core.ui.sentences` finds the template of which a text is an instance.
"""

from __future__ import annotations

from string import Formatter
from typing import Any, Final, NewType

Sentence = NewType("Sentence", str)
"""A text that `said` has made, or that was kept of one."""

MARKS: Final = {
    "n": "a number that is written already", "t": "a sentence itself", "w": "words of ours",
    "m": "a message of the pages", "l": "a list",
}  # fmt: skip
"""What a template says of a value behind a ``!``, where a format does not say that it is a number."""


class _Template(Formatter):
    def convert_field(self, value: Any, conversion: Any) -> Any:
        return value if conversion in MARKS else super().convert_field(value, conversion)


_TEMPLATE: Final = _Template()


def template(text: str, /) -> str:
    """Return a template as it is: a constant, one literal, that `said` will say."""
    return text


def said(template: str, /, **values: Any) -> Sentence:
    """Return the English sentence of a template, one literal, with `values` in place of its ``{names}``.

    A value with a format is a number (``{share:.0%}``), as is one marked ``!n`` (``{times!n}``, ``{size!n}``: with its
    unit). One marked ``!t`` is a sentence or a part of one, which `said` has made; ``!w`` may be words of ours without
    values; ``!m`` is a message of the pages, such as the title of a cause; ``!l`` is a list of names that ends as
    `core.data.column_names.listed` ends it. Any other stays as it is in every language: names, words of users.
    """
    return Sentence(_TEMPLATE.vformat(template, (), values))
