"""The menu in which people make and revoke the tokens of their programs."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.jobs.lab import get_lab
from core.jobs.people.person import Person
from core.jobs.people.tokens import LONGEST_NAME, Token
from core.ui.text import ago, inert
from core.ui.trouble import attempted
from core.ui.words import t

_NAME: Final = "token_name"
_NEW: Final = "token_new"
"""The key of a secret that was made just now and is to be shown once."""


def token_menu(person: Person) -> None:
    """Draw the menu: what tokens are for, those there are, a new one."""
    with st.popover(t("Tokens"), icon=":material/key:", type="tertiary", key="tokens"):
        st.markdown(t("With a token a program of yours asks this lab in your name, as *Authorization: Bearer* …"))
        for token in get_lab().store.tokens.of(person):
            _line(person, token)
        if new := st.session_state.pop(_NEW, ""):
            st.success(t("Copy it now: it is not shown again."), icon=":material/key:")
            st.code(new, language=None, wrap_lines=True)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            example = t("for example Prometheus")
            st.text_input(t("A new one for"), key=_NAME, max_chars=LONGEST_NAME, placeholder=example)
            st.button(t("Make"), key="token_make", on_click=_make, args=(person,))


def _line(person: Person, token: Token) -> None:
    used = t("used {ago}", ago=ago(token.used)) if token.used else t("never used")
    with st.container(horizontal=True, vertical_alignment="center", key=f"token_{token.id}"):
        st.markdown(f"**{inert(token.name)}**", width="content")
        st.caption(t("made {ago}, {used}", ago=ago(token.created), used=used), width="content")
        st.space("stretch")
        st.button(
            "", icon=":material/delete:", type="tertiary", key=f"token_revoke_{token.id}",
            help=t("Revoke: it means nothing from then on"), on_click=_revoke, args=(person, token.id),
        )  # fmt: skip


@attempted
def _make(person: Person) -> None:
    st.session_state[_NEW] = get_lab().store.tokens.make(person, st.session_state.get(_NAME, ""))
    st.session_state[_NAME] = ""


@attempted
def _revoke(person: Person, token: str) -> None:
    get_lab().store.tokens.revoke(person, token)
