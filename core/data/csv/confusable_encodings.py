"""Words with characters beyond ASCII under every encoding, so that a person can tell which one was meant."""

from __future__ import annotations

import codecs
import itertools
import re
import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

from core.data.csv.encoding import ENCODINGS

MOST_WORDS: Final = 6

_BEFORE: Final = 16
_AFTER: Final = 32
_LOOKED_AT: Final = 2**18
_HIGH: Final = re.compile(rb"[\x80-\xff]")
# A vertical bar may be half of a Japanese or Chinese character.
_ENDS: Final = re.compile(rb'[\s,;"]')
_ENDS_BESIDE_BARS: Final = re.compile(rb'[\s,;"|]')
_ACCENTS: Final = re.compile(r"[^\x00-\x7f]{3}")
_NO_ASCII: Final = frozenset({"utf-16", "utf-16-le", "utf-16-be", "utf-32"})


class Preview(NamedTuple):
    """What the words are in one encoding, and how many of their characters look out of place there."""

    encoding: str
    words: tuple[str, ...]
    strange: int


def foreign_words(content: bytes, delimiter: str) -> tuple[bytes, ...]:
    """Return the first different words of `content` that have bytes beyond ASCII, at most six of some 48 bytes."""
    ends = _ENDS_BESIDE_BARS if delimiter == "|" else _ENDS
    found: dict[bytes, None] = {}
    high = _HIGH.search(content)
    last = high.start() + _LOOKED_AT if high else 0
    while high and len(found) < MOST_WORDS:
        place = high.start()
        end = ends.search(content, place, last)
        stop = end.start() if end else last
        # Both sides are bounded: a cell can be long.
        before = ends.split(content[max(0, place - _BEFORE) : place])[-1]
        found[before + content[place : min(stop, place + _AFTER)]] = None
        high = _HIGH.search(content, stop, last)
    return tuple(found)


def in_encoding(words: Sequence[bytes], encoding: str) -> tuple[str, ...] | None:
    """Return `words` as characters, a last one that was cut left off; None if they are not valid in `encoding`."""
    try:
        return tuple(codecs.getincrementaldecoder(encoding)().decode(word) for word in words)
    except UnicodeDecodeError:
        return None


def previews(words: Sequence[bytes]) -> list[Preview]:
    """Return what `words` are in each encoding they are valid in, the likeliest first."""
    found = []
    for encoding in ENCODINGS:
        read = None if encoding in _NO_ASCII else in_encoding(words, encoding)
        if read is not None:
            found.append(Preview(encoding, read, sum(map(_strange, read))))
    return sorted(found, key=lambda preview: preview.strange)


def _strange(word: str) -> int:
    """Count what hardly occurs inside a word: signs, two scripts, many accents in a row, a capital after a small."""
    scripts = {_script(letter) for letter in word if letter.isalpha()}
    signs = sum(not letter.isascii() and not letter.isalpha() for letter in word)
    capitals = sum(letter.isupper() and before.islower() for before, letter in itertools.pairwise(word))
    return signs + capitals + 2 * (len(scripts) > 1) + (scripts == {"LATIN"} and bool(_ACCENTS.search(word)))


def _script(letter: str) -> str:
    name = unicodedata.name(letter, "")
    # Japanese mixes three scripts in every sentence.
    return name.partition(" ")[0] if name.startswith(("LATIN", "CYRILLIC", "GREEK", "HEBREW", "ARABIC")) else "OTHER"
