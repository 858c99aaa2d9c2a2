"""Encodings on offer, each with a few words of the file as it would read them; one click chooses one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import streamlit as st

from core.data.csv.confusable_encodings import Preview, previews
from core.data.csv.encoding import ENCODINGS
from core.spec import plain_text
from core.ui.text import inert

_LIKELY: Final = 3
_OTHER: Final = "lab_other_encoding"


def encoding_choice(words: Sequence[bytes], current: str, choose: Callable[[str], None]) -> None:
    """Draw a button for each of the likeliest encodings but the current one, and a list of all that are possible.

    Parameters
    ----------
    words : sequence of bytes
        Words of the file with characters beyond ASCII.
    current : str
        The encoding it was read in, empty if it was not.
    choose : callable
        Called with the chosen encoding.
    """
    found = previews(words) if words else []
    shown = {preview.encoding: " ".join(preview.words) for preview in found} or dict.fromkeys(ENCODINGS, "")
    likely = _likely(found, current)
    for encoding in likely:
        label = f"**{inert(shown[encoding], 60)}** · {inert(ENCODINGS[encoding])}"
        st.button(label, key=f"lab_encoding_{encoding}", on_click=choose, args=(encoding,), width="stretch")
    st.selectbox(
        "Another encoding",
        [encoding for encoding in shown if encoding not in {*likely, current}],
        index=None,
        key=_OTHER,
        placeholder="Another encoding",
        label_visibility="collapsed",
        format_func=lambda encoding: " · ".join(filter(None, (plain_text(shown[encoding], 14), ENCODINGS[encoding]))),
        on_change=_take,
        args=(choose,),
    )


def _likely(found: Sequence[Preview], current: str) -> list[str]:
    """Return encodings under which the words differ, none much stranger than in the current or the best one."""
    least = next((preview.strange for preview in found if preview.encoding == current or not current), 0)
    known = {preview.words for preview in found if preview.encoding == current}
    likely = []
    for preview in found:
        if preview.words not in known and preview.strange <= least + 1:
            known.add(preview.words)
            likely.append(preview.encoding)
    return likely[:_LIKELY]


def _take(choose: Callable[[str], None]) -> None:
    encoding = st.session_state[_OTHER]
    if encoding in ENCODINGS:
        st.session_state[_OTHER] = None
        choose(encoding)
