"""The words of a lesson as HTML: paragraphs, bold, emphasis, code, and words of the glossary that explain themselves.

Nothing else means anything here, so that the text of a lesson somebody sent can neither load, link nor run anything.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from core.lessons.glossary import GLOSSARY

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

_MARKED: Final = re.compile(r"\*\*(?P<strong>.+?)\*\*|\*(?P<em>[^*]+?)\*|`(?P<code>[^`]+?)`", re.DOTALL)


def prose(text: str, place: str, explained: Iterable[str] = ()) -> str:
    """Return `text` as HTML; `explained` words of the glossary open their meaning, each where it first stands.

    Parameters
    ----------
    place : str
        Where on the page it will be, unlike all others: letters, digits and hyphens.
    """
    left = set(explained)
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return f'<div class="ll-prose">{"".join(f"<p>{_marked(part, place, left)}</p>" for part in paragraphs)}</div>'


def _marked(text: str, place: str, left: set[str]) -> str:
    parts, end = [], 0
    for found in _MARKED.finditer(text):
        name = str(found.lastgroup)
        inside = html.escape(found[name]) if name == "code" else _marked(found[name], place, left)
        parts += [_explained(text[end : found.start()], place, left), f"<{name}>{inside}</{name}>"]
        end = found.end()
    return "".join((*parts, _explained(text[end:], place, left)))


def _explained(text: str, place: str, left: set[str]) -> str:
    """Return plain text as HTML and take from `left` the words that got their meaning."""
    parts, end = [], 0
    for found in _words(frozenset(left)).finditer(text) if left else ():
        word = next(word for word in GLOSSARY if word.lower() == found[1].lower())
        if word not in left:
            continue
        left.remove(word)
        name = f"{place}-{re.sub('[^a-z0-9]+', '-', word.lower())}"
        meaning = html.escape(GLOSSARY[word])
        parts.append(
            f'{html.escape(text[end : found.start()])}<button type="button" class="ll-word" popovertarget="{name}" '
            f'title="{meaning}">{html.escape(found[0])}</button><span popover class="ll-meaning" id="{name}">'
            f"<strong>{html.escape(word)}</strong>: {meaning}</span>"
        )
        end = found.end()
    return "".join((*parts, html.escape(text[end:])))


@lru_cache(maxsize=256)
def _words(words: frozenset[str]) -> re.Pattern[str]:
    """Return what finds any of `words`, the longest first, in the singular or the plural."""
    longest = sorted(words, key=lambda word: (-len(word), word))
    return re.compile(rf"\b({'|'.join(map(re.escape, longest))})(?:e?s)?\b", re.IGNORECASE)
