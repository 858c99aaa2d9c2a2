"""The words of a lesson as HTML: paragraphs, bold, emphasis, code, and words of the glossary that explain themselves.

Nothing else means anything here, so that the text of a lesson somebody sent can neither load, link nor run anything.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from core.lessons.glossary import Entry, glossary_in

STYLE: Final = """
.ll-prose p { margin: 0 0 0.75rem; line-height: 1.55; }
.ll-prose p:last-child { margin-bottom: 0; }
.ll-word { all: unset; cursor: help; text-decoration: underline dotted; text-underline-offset: 0.2em; }
.ll-word:focus-visible { outline: 2px solid; outline-offset: 2px; border-radius: 2px; }
.ll-meaning {
  width: max-content; max-width: min(26rem, 90vw); padding: 0.75rem 1rem; border: 1px solid; border-radius: 0.5rem;
  background: Canvas; color: CanvasText; font-size: 0.95rem; line-height: 1.45;
}
@supports (position-area: bottom) {
  .ll-meaning {
    inset: auto; margin: 0.3rem; position-area: bottom span-all; justify-self: anchor-center;
    position-try-fallbacks: flip-block;
  }
}
"""
"""A meaning opens beside its word; in a browser that cannot do that, in the middle of the page."""

_ENDINGS: Final = {"en": "(?:e?s)?", "de": "(?:e[ns]?|n|s)?"}
"""Of words in the plural, and in German in the cases."""

_MARKED: Final = re.compile(r"\*\*(?P<strong>.+?)\*\*|\*(?P<em>[^*]+?)\*|`(?P<code>[^`]+?)`", re.DOTALL)


@dataclass
class _Left:
    """Words of the glossary that have not got their meaning yet, and the language of the text."""

    words: set[str]
    language: str


def prose(text: str, place: str, explained: Iterable[str] = (), language: str = "en") -> str:
    """Return `text` as HTML; `explained` words of the glossary open their meaning, each where it first stands.

    Parameters
    ----------
    place : str
        Where on the page it will be, unlike all others: letters, digits and hyphens.
    language : str
        Of the text, in which the words are found, and of their meanings.
    """
    left = _Left(set(explained), language)
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return f'<div class="ll-prose">{"".join(f"<p>{_marked(part, place, left)}</p>" for part in paragraphs)}</div>'


def _marked(text: str, place: str, left: _Left) -> str:
    parts, end = [], 0
    for found in _MARKED.finditer(text):
        name = str(found.lastgroup)
        inside = html.escape(found[name]) if name == "code" else _marked(found[name], place, left)
        parts += [_explained(text[end : found.start()], place, left), f"<{name}>{inside}</{name}>"]
        end = found.end()
    return "".join((*parts, _explained(text[end:], place, left)))


def _explained(text: str, place: str, left: _Left) -> str:
    """Return plain text as HTML and take from `left` the words that got their meaning."""
    parts, end = [], 0
    for found in _words(frozenset(left.words), left.language).finditer(text) if left.words else ():
        word = _names(left.language)[found[1].lower()]
        if word not in left.words:
            continue
        left.words.remove(word)
        name = f"{place}-{re.sub('[^a-z0-9]+', '-', word.lower())}"
        entry = glossary_in(left.language)[word]
        meaning = html.escape(entry.meaning)
        parts.append(
            f'{html.escape(text[end : found.start()])}<button type="button" class="ll-word" popovertarget="{name}" '
            f'title="{meaning}">{html.escape(found[0])}</button><span popover class="ll-meaning" id="{name}">'
            f"<strong>{html.escape(entry.word)}</strong>: {meaning}</span>"
        )
        end = found.end()
    return "".join((*parts, html.escape(text[end:])))


def _forms(entry: Entry) -> tuple[str, ...]:
    return (entry.word, *entry.forms)


@cache
def _names(language: str) -> Mapping[str, str]:
    """Return each form of a word, in small letters, with its name in the glossary."""
    return {form.lower(): word for word, entry in glossary_in(language).items() for form in _forms(entry)}


@lru_cache(maxsize=256)
def _words(words: frozenset[str], language: str) -> re.Pattern[str]:
    """Return what finds any of `words`, the longest first, with the endings of its language."""
    forms = (form for word in words for form in _forms(glossary_in(language)[word]))
    longest = sorted(forms, key=lambda form: (-len(form), form))
    endings = _ENDINGS.get(language, _ENDINGS["en"])
    return re.compile(rf"\b({'|'.join(map(re.escape, longest))}){endings}\b", re.IGNORECASE)
