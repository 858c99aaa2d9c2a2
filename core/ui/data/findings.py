"""What is odd about the data, said on the card where it is seen: badges of columns, rows that occur twice."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import streamlit as st

from core.data.understand.profile import Profile
from core.spec import DataSpec
from core.ui.data.column_facts import DOUBT, badges
from core.ui.text import counted, inert, percent

_MOST_BADGES: Final = 6
_MANY_TWINS: Final = 0.01


def findings(profile: Profile, data: DataSpec, features: Collection[str]) -> None:
    """Draw doubts about the columns in use, what is left out by default, and how many rows repeat an earlier one."""
    seen = {*features, *profile.targets}
    doubts = [
        f":{colour}-badge[{inert(column.name, 30)} · {inert(words, 40)}]"
        for column in profile.columns
        if column.name in seen
        for words, colour in badges(column, profile)
        if colour == DOUBT or words.startswith("same as")
    ]
    if len(doubts) > _MOST_BADGES:
        doubts[_MOST_BADGES:] = [f":gray-badge[{len(doubts) - _MOST_BADGES} more in Columns]"]
    if doubts:
        st.markdown(" ".join(doubts))
    for sentence in (_left_out(profile, seen), _twins(profile, data)):
        if sentence:
            st.caption(sentence)


def _left_out(profile: Profile, seen: Collection[str]) -> str:
    names = [
        f"{inert(column.name, 30)} ({column.kind})"
        for column in profile.columns
        if column.kind in {"identifier", "text"} and column.name not in seen
    ]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"Left out, because nearly every row differs: {shown}." if names else ""


def _twins(profile: Profile, data: DataSpec) -> str:
    if not profile.duplicate_rows:
        return ""
    share = profile.duplicate_rows / profile.rows
    repeat = "repeats" if profile.duplicate_rows == 1 else "repeat"
    fact = f"{counted(profile.duplicate_rows, 'row')} ({percent(share)}) {repeat} an earlier one"
    if share < _MANY_TWINS or not data.validation_fraction or data.split == "in_order":
        return f"{fact}."
    harm = "after the split some are on both sides, so validation looks better than it is"
    return f":orange[:material/content_copy:] {fact}: {harm}."
