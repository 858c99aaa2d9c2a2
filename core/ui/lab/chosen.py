"""What is chosen at each knob: read, and set by the page itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from core.ui.lab.knobs import Knob

OFFERED: Final = "\u200b"
"""An invisible character before each choice in the list of a knob that takes typed values.

What is typed then begins none of them, so that Enter takes it as it is and not the first choice it occurs in.
"""
_UNTOLD: Final = "lab_untold"
_TURNS: Final = "lab_turns"
_KNOWN: Final = "lab_turns_known"
"""How many turns by the page itself there were, and how many the browser knew of when it sent what it sent last."""


@dataclass(frozen=True)
class _Untold:
    """What the page has set a knob to, and what a browser that does not know yet may send for it."""

    value: Any
    outdated: tuple[Any, ...]


def knob_key(path: str) -> str:
    """Return the session-state key of a knob's widget."""
    return f"lab_knob_{path.replace('.', '_')}"


def choose(knob: Knob, tokens: Sequence[str]) -> None:
    """Turn a knob. Only before it is drawn, or in a callback.

    Streamlit takes what a browser sends for what is chosen there. The end of a run, or a press, that the browser sends
    before it knows of this turn would undo it: what it says then of a knob that was turned counts for nothing.
    """
    key = knob_key(knob.path)
    if not _behind():
        _untold().clear()
    untold = _untold().get(key)
    outdated = (*(untold.outdated if untold else ()), st.session_state.get(key))
    st.session_state[key] = value = int(tokens[0]) if knob.single else list(tokens)
    _untold()[key] = _Untold(value, outdated)
    st.session_state[_TURNS] = st.session_state.get(_TURNS, 0) + 1


def chosen_tokens(knob: Knob) -> list[str]:
    """Return the chosen tokens of a knob, shown or not."""
    key = knob_key(knob.path)
    chosen = st.session_state.get(key)
    untold = _untold().get(key)
    if untold and _behind() and chosen != untold.value and chosen in untold.outdated:
        st.session_state[key] = chosen = untold.value
    chosen = chosen or []
    if isinstance(chosen, int):
        return [str(chosen)]
    return list(dict.fromkeys(token.removeprefix(OFFERED) for token in chosen))


def tell_turns() -> None:
    """Let the browser send along which turns it knows of, once the knobs are drawn: an input that nobody sees."""
    st.session_state[_KNOWN] = st.session_state.get(_TURNS, 0)
    with st.container(key="lab_turns_told"):
        st.number_input(_KNOWN, 0, key=_KNOWN, persist_state="session")


def _behind() -> bool:
    return bool(st.session_state.get(_KNOWN, 0) < st.session_state.get(_TURNS, 0))


def _untold() -> dict[str, _Untold]:
    untold: dict[str, _Untold] = st.session_state.setdefault(_UNTOLD, {})
    return untold
