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


@dataclass(frozen=True)
class _Untold:
    """What the page has set a knob to, and what the browser, not told yet, may still send for it."""

    value: Any
    outdated: tuple[Any, ...]


def knob_key(path: str) -> str:
    """Return the session-state key of a knob's widget."""
    return f"lab_knob_{path.replace('.', '_')}"


def choose(knob: Knob, tokens: Sequence[str]) -> None:
    """Turn a knob. Only before it is drawn, or in a callback.

    Another press, or the end of a run, may interrupt the page before it comes to the knob. The browser then sends what
    the knob said before, which would undo the turn: that counts for nothing until `drawn`.
    """
    key = knob_key(knob.path)
    untold = _untold().get(key)
    outdated = (*(untold.outdated if untold else ()), st.session_state.get(key))
    st.session_state[key] = value = int(tokens[0]) if knob.single else list(tokens)
    _untold()[key] = _Untold(value, outdated)


def chosen_tokens(knob: Knob) -> list[str]:
    """Return the chosen tokens of a knob, shown or not."""
    key = knob_key(knob.path)
    untold = _untold().get(key)
    if untold and st.session_state.get(key) in untold.outdated:
        st.session_state[key] = untold.value
    chosen = st.session_state.get(key) or []
    if isinstance(chosen, int):
        return [str(chosen)]
    return list(dict.fromkeys(token.removeprefix(OFFERED) for token in chosen))


def drawn(knob: Knob) -> None:
    """Note that the browser is told what a knob says: what it sends from now on was chosen there."""
    _untold().pop(knob_key(knob.path), None)


def _untold() -> dict[str, _Untold]:
    untold: dict[str, _Untold] = st.session_state.setdefault(_UNTOLD, {})
    return untold
