"""The page of whoever has not signed in, and the line at the foot of whoever has."""

from __future__ import annotations

from contextlib import suppress
from html import escape
from typing import Final, Literal

import streamlit as st

from core.errors import WorkFailed
from core.jobs.lab import get_lab
from core.settings import SignIn
from core.ui.classroom.seat import ended, seat
from core.ui.classroom.take_home import kept_of, say_ended
from core.ui.classroom.teacher import TEACH
from core.ui.people.current import current_user, turned_away
from core.ui.people.provider import DEFAULT, providers
from core.ui.people.token_menu import token_menu
from core.ui.sitemap import PAGES, page
from core.ui.text import inert
from core.ui.words import t

CLASS, LESSONS, AUDIT = "class", "lessons", "audit"
_ARRIVED: Final = "sign_in_arrived"
_KNOWN: Final = "sign_in_known"
_KEEP_ADDRESS: Final = "sessionStorage.setItem('losslab-there', location.pathname + location.search);"
# The provider leads back to the start page alone.
_GO_THERE: Final = """const there = sessionStorage.getItem("losslab-there");
sessionStorage.removeItem("losslab-there");
if (there && there !== location.pathname + location.search) location.replace(location.origin + there);"""


def open_pages() -> list[str]:
    """Return the paths of the pages that this visitor may see: all, those of a class for its guests, or none."""
    settings, user = get_lab().settings, current_user()
    if not settings.signs_in or user is not None:
        return [path for path in PAGES if path != AUDIT or (user is not None and user.admin)]
    if not settings.class_guests or TEACH in st.query_params:
        return []
    return [CLASS, LESSONS] if seat() is not None else [CLASS]


def remember_user() -> None:
    """Write down, once in a session, who has signed in."""
    user = current_user()
    if user is not None and st.session_state.get(_KNOWN) != user.id:
        with suppress(WorkFailed):  # the page says it, and the next run of it tries again
            get_lab().store.people.remember(user)
            st.session_state[_KNOWN] = user.id


def is_guest() -> bool:
    """Return whether this visitor has not signed in where others do."""
    return get_lab().settings.signs_in and current_user() is None


def show_sign_in() -> None:
    """Say that one has to sign in, and how; above it, to a guest of a class that has ended, what is left of it."""
    settings = get_lab().settings
    if kept_of(secret := ended()) is not None:
        say_ended(secret)
    with st.container(horizontal_alignment="center"), st.container(border=True, width=460, key="sign_in"):
        st.title(t("What causes the bad training loss?"), anchor=False)
        if turned_away():
            said = inert(str(st.user.to_dict().get("email") or ""))
            st.warning(t("{email} may not use this lab; its operator can allow it.", email=said or t("This account")))
            if settings.sign_in == SignIn.OIDC:
                _way_out()
            return
        st.markdown(t("Sign in to find out by experiment."))
        if settings.sign_in == SignIn.HEADER:
            st.markdown(t("This lab is told by a proxy who you are, and this request did not come through it."))
        else:
            for place, provider in enumerate(providers()):
                _sign_in_button(provider, "secondary" if place else "primary", "stretch")
        if settings.class_guests:
            st.page_link(page(CLASS), label=t("Join a class with its code"), icon=":material/groups:")
    _keep_address()


def _sign_in_button(
    provider: str, kind: Literal["primary", "secondary", "tertiary"], width: Literal["stretch", "content"]
) -> None:
    st.button(
        t("Sign in") if provider == DEFAULT else t("Sign in with {provider}", provider=inert(provider)),
        type=kind,
        icon=":material/login:",
        width=width,
        key=f"sign_in_{provider}",
        on_click=st.login,
        args=(None if provider == DEFAULT else provider,),
    )


def _way_out() -> None:
    """Link to where Streamlit forgets who has signed in.

    What `st.logout` says of the way is lost where another run cuts its own short; and no session goes on for whoever
    brings another cookie than it began with.
    """
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    icon = '<span class="sign-out-icon" translate="no" aria-hidden="true">logout</span>'
    href = f"{base and '/'}{base}/auth/logout"
    st.html(f'<a class="sign-out" href="{escape(href)}">{icon}{t("Sign out")}</a>', width="content")


def _keep_address() -> None:
    st.html(f"<script>{_KEEP_ADDRESS}</script>", width="content", unsafe_allow_javascript=True)


def account_line() -> None:
    """Say at the foot of a page who has signed in, with the way out; to guests of a class the way in."""
    settings, user = get_lab().settings, current_user()
    provided = settings.sign_in == SignIn.OIDC
    if user is not None:
        st.markdown(inert(user.name), width="content")
        token_menu(user)
        if provided:
            _way_out()
        if not st.session_state.get(_ARRIVED):
            st.session_state[_ARRIVED] = True
            st.html(f"<script>{_GO_THERE}</script>", width="content", unsafe_allow_javascript=True)
    elif provided and open_pages():
        for provider in providers():
            _sign_in_button(provider, "tertiary", "content")
        _keep_address()
