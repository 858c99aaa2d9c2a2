"""What is refused or fails while a page is drawn or a button pressed, in its one sentence instead of a broken page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

import streamlit as st

from core.errors import InputRefused, WorkFailed
from core.jobs.lab import get_lab
from core.ui.sentences import translated
from core.ui.text import inert

_LOGGER: Final = logging.getLogger(__name__)
_P = ParamSpec("_P")
_T = TypeVar("_T")


def say(trouble: Exception) -> bool:
    """Show the sentence of a refusal or a failure where the page is; return whether it has one."""
    if not isinstance(trouble, InputRefused | WorkFailed):
        return False
    _log(trouble)
    st.error(inert(translated(str(trouble)), 300), icon=":material/block:")
    return True


def told(draw: Callable[_P, _T]) -> Callable[_P, _T | None]:
    """Return `draw` such that a page, or a part of it, says why it cannot be drawn."""
    return _caught(draw, say)


def attempted(press: Callable[_P, _T]) -> Callable[_P, _T | None]:
    """Return what a button does such that, if it cannot be done, the page is drawn as it is and says so in passing."""
    return _caught(press, _say_in_passing)


def tell_of_full_disk() -> None:
    """Say on a page what works and what does not, as long as the disk is full."""
    if problem := get_lab().store.database.room.problem:
        st.warning(translated(problem), icon=":material/hard_drive:")


def _caught(do: Callable[_P, _T], tell: Callable[[Exception], object]) -> Callable[_P, _T | None]:
    @wraps(do)
    def done(*args: _P.args, **kwargs: _P.kwargs) -> _T | None:
        try:
            return do(*args, **kwargs)
        except (InputRefused, WorkFailed) as trouble:
            tell(trouble)
            return None

    return done


def _say_in_passing(trouble: Exception) -> None:
    _log(trouble)
    st.toast(inert(translated(str(trouble)), 200))


def _log(trouble: Exception) -> None:
    if isinstance(trouble, WorkFailed):  # ours to mend
        _LOGGER.error("a page met a failure", exc_info=trouble)
