"""Sentences that were said below `ui` (`core.sentence`), in the reader's language: what is refused, what was found.

They arrive as plain text, many of them from the database. The catalogue of each language has their templates; the text
is compared with these, and what stood in the places of the ``{names}`` is put into the translation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from string import Formatter
from typing import Final, NamedTuple

from babel.messages.pofile import read_po

from core.ui.words import ENGLISH, LOCALES, language, signs, t

SENTENCES: Final = LOCALES / "sentences"
"""Where each language has its catalogue of them."""
_NUMBER: Final = r"[-+]?(?:[\d.,]+(?:e[-+]?\d+)?|inf|nan)"
_UNIT: Final = "(?: [A-Za-z]{1,3})?"
_REMEMBERED: Final = 4096
"""Texts."""
_LONGEST: Final = 2000
"""Characters; what is longer is no sentence."""
_DEEPEST: Final = 5
"""Sentences inside each other."""
_FEW: Final = 5
"""Characters of its own by which a template is not recognised: those of ``: `` and `` and ``."""
_MORE: Final = re.compile(r" and (\d+) more$")
"""How `core.data.column_names.listed` ends a long list."""


def translated(text: str) -> str:
    """Return a sentence in the reader's language; one of no known template stays as it is.

    What a user wrote stands in the places of a template and is not translated. Where several templates fit, it is the
    one that explains most of the text, with the sentences inside it.
    """
    code = language()
    if code == ENGLISH or len(text) > _LONGEST:
        return text
    reading = _read(text, code, _DEEPEST)
    return text if reading is None else reading.said


class Template(NamedTuple):
    """How a sentence is recognised, what its places hold (`core.sentence.MARKS`), and its translation."""

    pattern: re.Pattern[str]
    marks: Mapping[str, str]
    said: str
    own: int
    """Characters of its own."""


class _Reading(NamedTuple):
    """How a text can be understood: its translation, and how many of its characters are no names or users' words."""

    said: str
    explained: int


class _Catalogue(NamedTuple):
    fixed: Mapping[str, str]
    """Sentences without places, and words."""
    templates: tuple[Template, ...]
    """Those with more words of their own first: of equal readings theirs is taken."""


@lru_cache(_REMEMBERED)
def _read(text: str, code: str, deep: int) -> _Reading | None:
    # A sentence inside another has lost its full stop.
    known, sentence = _catalogue(code), text.removesuffix(".")
    stop = text[len(sentence) :]
    if sentence in known.fixed:
        return _Reading(known.fixed[sentence] + stop, len(text))
    readings = _readings(known, sentence, code, deep - 1) if deep else ()
    best = max(readings, key=lambda reading: reading.explained, default=None)
    return best and _Reading(best.said + stop, best.explained)


def _readings(known: _Catalogue, sentence: str, code: str, deep: int) -> Iterator[_Reading]:
    """Yield how a sentence can be understood, by each template that fits."""
    for template in known.templates:
        if found := template.pattern.fullmatch(sentence):
            places = {name: _place(found[name], mark, code, deep) for name, mark in template.marks.items()}
            if template.own > _FEW or any(places.values()):
                told = {name: place or _Reading(found[name], 0) for name, place in places.items()}
                left = sum(len(found[name]) - place.explained for name, place in told.items())
                filled = template.said.format(**{name: place.said for name, place in told.items()})
                yield _Reading(filled, len(sentence) - left)


def _place(value: str, mark: str, code: str, deep: int) -> _Reading | None:
    """Return what stands in a place as the language writes it; None where it is nothing of ours."""
    match mark:
        case "n":
            return _Reading(value.translate(signs(code)), len(value))
        case "t":
            return _read(value, code, deep)
        case "w" if value in (fixed := _catalogue(code).fixed):
            return _Reading(fixed[value], len(value))
        case "m" if (told := t(value)) != value:
            return _Reading(told, len(value))
        case "l" if found := _MORE.search(value):
            return _Reading(value[: found.start()] + t(" and {count} more", count=int(found[1])), len(found[0]))
    return None


def template_of(message: str, said: str) -> Template:
    """Return how the sentences of an English template are recognised, and as what they are `said`.

    A place reaches up to the next words of the template, at their first appearance, so that a text is compared in one
    go however often a user wrote those words.
    """
    pattern, marks, own, inside = "", {}, 0, False
    for literal, name, style, conversion in Formatter().parse(message):
        pattern += re.escape(literal)
        own += len(literal)
        if name is None:
            continue
        if name in marks:
            pattern += f"(?P={name})"
            continue
        marks[name] = "n" if style else (conversion or "")
        if marks[name] == "n":
            pattern += f"(?P<{name}>{_NUMBER}{'%' * style.endswith('%') if style else _UNIT})"
        else:
            pattern += f"{')' * inside}(?>(?P<{name}>.*?)"
            inside = True
    # What is behind the last place ends the text: there is nothing to go back for.
    start, _, last = pattern.rpartition("(?>") if inside else ("", "", pattern)
    return Template(re.compile(start + last, re.DOTALL), marks, said, own)


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
    for message, said in entries:
        if any(name is not None for _, name, *_ in Formatter().parse(message)):
            templates.append(template_of(message, said))
        else:
            fixed[message.format()] = said.format()
    return _Catalogue(fixed, tuple(sorted(templates, key=lambda template: -template.own)))
