"""Colours of what is drawn in Python, for light and dark pages; the first three are also lines of the live chart."""

from __future__ import annotations

from typing import Final

BLUE: Final = "#0077bb"
ORANGE: Final = "#d06a00"
RED: Final = "#d1495b"
GREY: Final = "#8a8a8a"
