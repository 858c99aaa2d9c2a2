"""Whose page this is: a member of a class, by the secret in the address, or somebody on their own."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

import streamlit as st

from core.errors import InputRefused
from core.jobs.classroom.records import Classroom, Member
from core.jobs.lab import get_lab
from core.ui.people.current import current_user

ME: Final = "me"
"""The name of the member's secret in the address of their pages, so that a reload or a new phone loses nothing."""
_SESSION, _MEMBERS, _LAST = "classroom_session", "classroom_members", "classroom_last"


@dataclass(frozen=True)
class Seat:
    """A member in their class."""

    secret: str
    room: Classroom
    member: Member


def seat() -> Seat | None:
    """Return who the address says this is; None outside a class, and once the class has ended."""
    mine = _seat_of(st.query_params.get(ME))
    if mine is not None:
        st.session_state[_LAST] = mine.secret
        st.session_state.setdefault(_MEMBERS, set()).add(mine.member.id)
    return mine


def _seat_of(secret: str | None) -> Seat | None:
    try:
        return Seat(secret, *get_lab().store.classrooms.of_member(secret)) if secret else None
    except InputRefused:
        return None


def ended() -> str:
    """Return the secret in the address of who was a member of a class that has ended; nothing for anybody else."""
    return st.query_params.get(ME, "") if seat() is None else ""


def member_of_tab() -> str | None:
    """Return who was in a class in this browser tab last, while it lasts: what they run elsewhere is theirs, too."""
    mine = _seat_of(st.session_state.get(_LAST))
    return mine.member.id if mine else None


def kept() -> dict[str, str]:
    """Return what of the address goes along from one lesson to another."""
    return {ME: st.query_params[ME]} if ME in st.query_params else {}


def owner() -> str:
    """Return whose the experiments are that are run now: the member's, the person's, or this browser tab's."""
    mine = seat()
    return mine.member.id if mine else _own()


def owners() -> set[str]:
    """Return whose experiments this browser tab finds in lists."""
    return {_own(), *st.session_state.get(_MEMBERS, ())}


def _own() -> str:
    person = current_user()
    return person.id if person else str(st.session_state.setdefault(_SESSION, secrets.token_urlsafe(12)))
