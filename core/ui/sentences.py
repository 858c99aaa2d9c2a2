"""Sentences that were said below `ui` (`core.sentence`), in the reader's language: what is refused, what was found.

They arrive as plain text, many of them from the database. The catalogue of each language has their templates; the text
is compared with these, and what stood in the places of the ``{names}`` is put into the translation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from string import Formatter
from typing import Final, NamedTuple

from babel.messages.pofile import read_po

from core.ui.words import ENGLISH, LOCALES, language, signs, t

SENTENCES: Final = LOCALES / "sentences"
"""Where each language has its catalogue of them."""
_NUMBER: Final = r"[-+]?(?:[\d.,]+(?:e[-+]?\d+)?|inf|nan)"
_UNIT: Final = "(?: [A-Za-z]{1,3})?"
_KNOWN: Final = 4096
"""Texts whose translation is remembered."""
_LONGEST: Final = 10_000
"""Characters; what is longer is no sentence."""
_INDEFINITE: Final = 5
"""Characters of its own by which a template is not recognised: those of ``: `` and `` and ``."""
_MORE: Final = re.compile(r" and (\d+) more$")
"""How `core.data.column_names.listed` ends a long list."""


def translated(text: str) -> str:
    """Return a sentence in the reader's language; one of no known template stays as it is.

    What a user wrote stands in the places of a template and is not translated. Where several templates fit, it is the
    one that leaves least to its places.
    """
    code = language()
    if code == ENGLISH or len(text) > _LONGEST:
        return text
    told = _translated(text, code)
    return text if told is None else told


class Template(NamedTuple):
    """How a sentence is recognised, what its places hold (`core.sentence.MARKS`), and its translation."""

    pattern: re.Pattern[str]
    marks: Mapping[str, str]
    said: str
    definite: bool
    """Whether its own words are enough to recognise it; else one of the sentences in it has to be known, too."""


class _Catalogue(NamedTuple):
    fixed: Mapping[str, str]
    """Sentences without places, and words."""
    templates: tuple[Template, ...]
    """The most definite first."""


@lru_cache(_KNOWN)
def _translated(text: str, code: str) -> str | None:
    # A sentence inside another has lost its full stop.
    known, sentence = _catalogue(code), text.removesuffix(".")
    stop = text[len(sentence) :]
    if sentence in known.fixed:
        return known.fixed[sentence] + stop
    for template in known.templates:
        if found := template.pattern.fullmatch(sentence):
            values = {name: _value(value, template.marks[name], code) for name, value in found.groupdict().items()}
            if template.definite or any(values.values()):
                filled = {name: found[name] if value is None else value for name, value in values.items()}
                return template.said.format(**filled) + stop
    return None


def _value(value: str, mark: str, code: str) -> str | None:
    """Return what stands in a place as the language writes it; None where there is nothing to write otherwise."""
    match mark:
        case "n":
            return value.translate(signs(code))
        case "t":
            return _translated(value, code)
        case "w":
            word = _catalogue(code).fixed.get(value) or t(value)
            return None if word == value else word
        case "l":
            return _MORE.sub(lambda found: t(" and {count} more", count=int(found[1])), value)
    return None


def template_of(message: str, said: str) -> Template:
    """Return how the sentences of an English template are recognised, and as what they are `said`.

    A place reaches up to the next words of the template, at their first appearance, so that a text is compared in one
    go however often a user wrote those words.
    """
    pattern, marks, open_ = "", {}, False
    for literal, name, style, conversion in Formatter().parse(message):
        pattern += re.escape(literal)
        if name is None:
            continue
        if name in marks:
            pattern += f"(?P={name})"
            continue
        marks[name] = "n" if style else (conversion or "")
        if marks[name] == "n":
            pattern += f"(?P<{name}>{_NUMBER}{'%' * style.endswith('%') if style else _UNIT})"
        else:
            pattern += f"{')' * open_}(?>(?P<{name}>.*?)"
            open_ = True
    # What is behind the last place ends the text: there is nothing to go back for.
    start, _, last = pattern.rpartition("(?>") if open_ else ("", "", pattern)
    return Template(re.compile(start + last, re.DOTALL), marks, said, _own(message) > _INDEFINITE)


@cache
def _catalogue(code: str) -> _Catalogue:
    """Read the sentences of a language, once per process."""
    fixed, templates = {}, []
    with (SENTENCES / f"{code}.po").open("rb") as file:
        entries = [
            (str(entry.id).removesuffix("."), str(entry.string).removesuffix("."))
            for entry in read_po(file, locale=code)
            if entry.id and entry.string
        ]
    for message, said in sorted(entries, key=lambda entry: -_own(entry[0])):
        if any(name is not None for _, name, *_ in Formatter().parse(message)):
            templates.append(template_of(message, said))
        else:
            fixed[message.format()] = said.format()
    return _Catalogue(fixed, tuple(templates))


def _own(message: str) -> int:
    """Return how many characters of a template are its own."""
    return sum(len(literal) for literal, *_ in Formatter().parse(message))
