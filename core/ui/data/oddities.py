"""What is odd about the data, said on the card where it is seen: leaks, identifiers, badges of columns, twin rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import streamlit as st

from core.data.column_names import listed
from core.data.kinds import NEARLY_UNIQUE
from core.data.table import Table
from core.data.understand.leaks import Leak
from core.data.understand.profile import Profile
from core.spec import DataSpec
from core.ui.data.column_facts import DOUBT, badges, same_as
from core.ui.data.feature_choice import chosen_features, leave_out
from core.ui.data.tables import profile_of
from core.ui.sentences import translated
from core.ui.text import inert, percent
from core.ui.words import t, tn

_MOST_LEAKS: Final = 3
_MOST_BADGES: Final = 6
_MANY_TWINS: Final = 0.01


def oddities(data: DataSpec, table: Table) -> None:
    """Draw warnings about inputs, each with a button that leaves them out, and doubts about the columns in use."""
    profile = profile_of(data, table)
    features = chosen_features(data, table)
    leaks = [leak for leak in profile.leaks if leak.column in features]
    _leaks(leaks)
    inputs = set(features) - {leak.column for leak in leaks}
    identifiers = [column.name for column in profile.columns if column.name in inputs and column.identifier]
    _identifiers(identifiers, len(features))
    seen = {*features, *profile.targets}
    doubts = [
        f":{colour}-badge[{inert(column.name, 30)} · {inert(words, 40)}]"
        for column in profile.columns
        if column.name in seen
        for words, colour in badges(column, profile)
        if colour == DOUBT or words == same_as(column)
    ]
    if len(doubts) > _MOST_BADGES:
        doubts[_MOST_BADGES:] = [f":gray-badge[{t('{count} more in Columns', count=len(doubts) - _MOST_BADGES)}]"]
    if doubts:
        st.markdown(" ".join(doubts))
    for sentence in (_left_out(profile, seen), _twins(profile, data)):
        if sentence:
            st.caption(sentence)


def _leaks(leaks: Sequence[Leak]) -> None:
    for place, leak in enumerate(leaks[:_MOST_LEAKS]):
        name = inert(leak.column, 40)
        with st.container(border=True, gap="xsmall", key=f"lab_leak_{place}"):
            st.markdown(f":red[:material/warning:] {inert(translated(leak.text), 300)}")
            label, key = t("Leave {column} out", column=name), f"lab_leave_out_{place}"
            st.button(label, key=key, on_click=leave_out, args=(leak.column,))
    if len(leaks) > _MOST_LEAKS:
        st.caption(t("{count} more are marked in Columns.", count=len(leaks) - _MOST_LEAKS))


def _identifiers(names: Sequence[str], inputs: int) -> None:
    """Say which inputs only tell rows apart; where there is no other input, there is nothing to leave out."""
    if not names or len(names) == inputs:
        return
    shown = listed([f"**{inert(name, 40)}**" for name in names])
    told = tn(
        "{columns} tells the rows apart like an identifier, and is among the inputs: "
        "a network may only learn it by heart.",
        "{columns} tell the rows apart like identifiers, and are among the inputs: "
        "a network may only learn them by heart.",
        len(names),
        columns=shown,
    )
    with st.container(border=True, gap="xsmall", key="lab_identifiers"):
        st.markdown(f":orange[:material/fingerprint:] {told}")
        label = t("Leave {column} out", column=inert(names[0], 40)) if len(names) == 1 else t("Leave them out")
        st.button(label, key="lab_leave_out_identifiers", on_click=leave_out, args=tuple(names))


def _left_out(profile: Profile, seen: Collection[str]) -> str:
    names = [
        f"{inert(column.name, 30)} ({t(column.kind)})"
        for column in profile.columns
        if column.kind in NEARLY_UNIQUE and column.name not in seen
    ]
    shown = ", ".join(names[:3])
    if len(names) > 3:
        shown = t("{names} and {count} more", names=shown, count=len(names) - 3)
    return t("Left out, because nearly every row differs: {columns}.", columns=shown) if names else ""


def _twins(profile: Profile, data: DataSpec) -> str:
    if not profile.duplicate_rows:
        return ""
    share = profile.duplicate_rows / profile.rows
    fact = tn(
        "{count} row ({share}) repeats an earlier one",
        "{count} rows ({share}) repeat an earlier one",
        profile.duplicate_rows,
        share=percent(share),
    )
    if share < _MANY_TWINS or not data.validation_fraction or data.split == "in_order":
        return f"{fact}."
    harm = t("after the split some are on both sides, so validation looks better than it is")
    return f":orange[:material/content_copy:] {fact}: {harm}."
