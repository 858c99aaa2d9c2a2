"""Words for people: user text made inert for Markdown, counts, durations and times."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from core.spec import plain_text
from core.ui.words import number, t, tn

_PUNCTUATION: Final = re.compile(r"([!-/;-@\[-`{-~])")
_WORD_JOINER: Final = "\u2060"


def inert(text: str, limit: int = 120) -> str:
    """Return `text` so that Streamlit's Markdown shows every character as it is, in one line.

    Icons and emoji (``:smile:``) are looked up after Markdown's own escapes are gone, so a colon also gets an
    invisible joiner.
    """
    plain = " ".join(plain_text(text, limit).split())
    return _PUNCTUATION.sub(r"\\\1", plain).replace(":", f"\\:{_WORD_JOINER}")


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return ``1 row``, ``2 rows``, ``1,000 rows``."""
    one, many = f"{{count}} {noun}", f"{{count}} {plural or noun + 's'}"
    return tn(one, many, number)


def percent(share: float) -> str:
    """Return a share as ``37 %``: ``0 %`` only of none and ``100 %`` only of all, whatever rounding would say."""
    if 0 < share < 0.01:
        return "< 1 %"
    return "> 99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %"


def skill_text(skill: float) -> str:
    """Return a skill in two decimals; far below zero the size is enough."""
    return t("below −99") if skill < -99 else number(skill, ".2f")


def duration(seconds: float) -> str:
    """Return a rough time to wait: ``1 s``, ``20 s``, ``3 min``."""
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} min"


def size(count: int) -> str:
    """Return a number of bytes: ``0.1 MB``, ``86 MB``, ``1,200 MB``."""
    megabytes = count / 1e6
    return f"{number(max(megabytes, 0.1), '.1f') if megabytes < 10 else number(megabytes, ',.0f')} MB"


def ago(moment: datetime, now: datetime | None = None) -> str:
    """Return how long ago an aware `moment` was: ``just now``, ``5 minutes ago``, ``3 days ago``."""
    minutes = int(((now or datetime.now(UTC)) - moment).total_seconds() // 60)
    if minutes < 1:
        return t("just now")
    if minutes < 60:
        return tn("{count} minute ago", "{count} minutes ago", minutes)
    hours = minutes // 60
    if hours < 24:
        return tn("{count} hour ago", "{count} hours ago", hours)
    return tn("{count} day ago", "{count} days ago", hours // 24)
