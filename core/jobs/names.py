"""Names that people give: themselves in a class, a token."""

from __future__ import annotations

from core.errors import InputRefused
from core.sentence import said
from core.spec import plain_text


def given_name(text: str, longest: int) -> str:
    """Return a name as plain text, its spaces single, of at most so many characters.

    Raises
    ------
    InputRefused
        If nothing is left.
    """
    name = " ".join(plain_text(text, longest).split())
    if not name:
        raise InputRefused(said("Name: type at least one letter."), "name")
    return name
