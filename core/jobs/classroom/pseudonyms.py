"""Names for people who need not say theirs: a colour and a bird, such as Blue Heron."""

from __future__ import annotations

import secrets
from collections.abc import Container, Mapping
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
# Birds of one grammatical gender, so that every colour goes with every bird.
_FARBEN: Final = (
    "Azurblauer", "Blauer", "Brauner", "Bronzener", "Bunter", "Gelber", "Goldener", "Grauer", "Grüner", "Hellblauer",
    "Himmelblauer", "Kupferner", "Olivgrüner", "Orangeroter", "Purpurner", "Roter", "Schwarzer", "Silberner",
    "Smaragdgrüner", "Türkiser", "Violetter", "Weinroter", "Weißer", "Zitronengelber",
)  # fmt: skip
_VOEGEL: Final = (
    "Adler", "Bussard", "Dompfaff", "Eichelhäher", "Eisvogel", "Falke", "Fink", "Geier", "Habicht", "Ibis", "Kauz",
    "Kiebitz", "Kleiber", "Kolibri", "Kondor", "Kormoran", "Kranich", "Kuckuck", "Marabu", "Milan", "Papagei",
    "Pelikan", "Pfau", "Pinguin", "Pirol", "Rabe", "Regenpfeifer", "Reiher", "Schwan", "Specht", "Sperber", "Sperling",
    "Star", "Steinkauz", "Storch", "Strandläufer", "Uhu", "Wanderfalke", "Wellensittich", "Wendehals", "Wiedehopf",
    "Zaunkönig", "Zeisig",
)  # fmt: skip
PSEUDONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": tuple(f"{colour} {bird}" for colour in _COLOURS for bird in _BIRDS),
    "de": tuple(f"{colour} {bird}" for colour in _FARBEN for bird in _VOEGEL),
}
"""By language."""


def pseudonym(taken: Container[str], language: str = "en") -> str:
    """Return a random name that is not `taken`; with a number where all are; English where `language` has none."""
    names = PSEUDONYMS.get(language, PSEUDONYMS["en"])
    free = [name for name in names if name not in taken]
    return secrets.choice(free) if free else f"{secrets.choice(names)} {secrets.randbelow(10_000)}"
