"""Draws the knobs: pills for a few choices, a list for many or for values that can be typed."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.errors import InputRefused
from core.ui.lab.knobs import GROUPS, Knob, knobs_for
from core.ui.lab.state import chosen_tokens, knob_key
from core.ui.text import inert

_MOST_PILLS: Final = 6
_ICONS: Final = dict(
    zip(GROUPS, (":material/table_chart:", ":material/account_tree:", ":material/trending_down:"), strict=True)
)


def knob_panel(task: str) -> None:
    """Draw every knob that means something for `task`, group by group."""
    knobs = knobs_for(task)
    for group in GROUPS:
        with st.container(border=True, gap="small"):
            st.markdown(f"{_ICONS[group]} **{group}**")
            for knob in knobs:
                if knob.group == group and not knob.more:
                    _draw(knob)
            changed = sum(_changed(knob) for knob in knobs if knob.group == group and knob.more)
            with st.expander(f"More ({changed} changed)" if changed else "More"):
                for knob in knobs:
                    if knob.group == group and knob.more:
                        _draw(knob)


def _changed(knob: Knob) -> bool:
    return (chosen_tokens(knob) or [knob.default]) != [knob.default]


def _draw(knob: Knob) -> None:
    key = knob_key(knob.path)
    chosen = chosen_tokens(knob)
    label = f"{knob.label} :gray-badge[{len(chosen)} values]" if len(chosen) > 1 else knob.label
    hint = f"{knob.help} Empty means {knob.default}."
    if not knob.typed and len(knob.choices) <= _MOST_PILLS:
        st.pills(label, knob.choices, selection_mode="multi", key=key, help=hint, persist_state="session")
        return
    options = [*knob.choices, *(token for token in chosen if token not in knob.choices)]
    if knob.single:
        st.selectbox(label, options, key=key, help=hint, accept_new_options=knob.typed, persist_state="session")
    else:
        st.multiselect(
            label,
            options,
            key=key,
            help=hint,
            placeholder=knob.default,
            accept_new_options=knob.typed,
            persist_state="session",
        )
    for token in chosen:
        try:
            knob.read(token)
        except InputRefused as refusal:
            st.caption(f":red[{inert(str(refusal), 200)}]")
