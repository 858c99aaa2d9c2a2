"""Names for people who need not say theirs: a colour and a bird, such as Blue Heron."""

from __future__ import annotations

import secrets
from collections.abc import Container
from typing import Final

_COLOURS: Final = (
    "Amber", "Azure", "Black", "Blue", "Bronze", "Copper", "Coral", "Crimson", "Emerald", "Golden", "Green", "Grey",
    "Indigo", "Ivory", "Olive", "Orange", "Purple", "Red", "Scarlet", "Silver", "Teal", "Violet", "White", "Yellow",
)  # fmt: skip
_BIRDS: Final = (
    "Avocet", "Bittern", "Crane", "Curlew", "Dove", "Eagle", "Egret", "Falcon", "Finch", "Goose", "Grebe", "Gull",
    "Hawk", "Heron", "Ibis", "Jay", "Kestrel", "Kite", "Lark", "Linnet", "Magpie", "Martin", "Osprey", "Owl", "Pipit",
    "Plover", "Puffin", "Raven", "Robin", "Rook", "Shrike", "Siskin", "Snipe", "Sparrow", "Starling", "Stork", "Swan",
    "Swift", "Tern", "Thrush", "Wagtail", "Warbler", "Wren",
)  # fmt: skip
PSEUDONYMS: Final = tuple(f"{colour} {bird}" for colour in _COLOURS for bird in _BIRDS)


def pseudonym(taken: Container[str]) -> str:
    """Return a random name that is not `taken`; with a number where all are."""
    free = [name for name in PSEUDONYMS if name not in taken]
    return secrets.choice(free) if free else f"{secrets.choice(PSEUDONYMS)} {secrets.randbelow(10_000)}"
