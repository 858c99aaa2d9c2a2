"""Who has signed in to this session, however they did, and whom a plain HTTP request comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st
from starlette.requests import Request
from streamlit.auth_util import get_cookie_with_chunks, get_origin_from_redirect_uri
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from core.jobs.lab import Lab, get_lab
from core.jobs.people.person import Person, person_of
from core.jobs.people.tokens import PREFIX
from core.settings import SignIn


def current_user() -> Person | None:
    """Return who has signed in to this session; None for nobody, and in an open lab."""
    settings = get_lab().settings
    return person_of(st.user.to_dict(), settings) if settings.signs_in else None


def turned_away() -> bool:
    """Return whether somebody has signed in whom the settings do not let in."""
    settings, claims = get_lab().settings, st.user.to_dict()
    named = claims.get("is_logged_in") is True if settings.sign_in == SignIn.OIDC else bool(claims.get("email"))
    return named and current_user() is None


def person_of_request(request: Request, lab: Lab) -> Person | None:
    """Return who a request says it is from, by a token, the cookie of the sign-in or the header of the proxy.

    Streamlit reads the last two for its own websocket alone. Whoever sends a token is nobody else beside it.
    """
    settings = lab.settings
    if (token := _token(request)) and settings.signs_in:
        return lab.store.tokens.person(token, settings)
    if settings.sign_in == SignIn.HEADER:
        return person_of({"email": request.headers.get(settings.person_header)}, settings)
    return person_of(_cookie(request), settings) if settings.sign_in == SignIn.OIDC else None


def _token(request: Request) -> str:
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    secret = secret.strip()
    # What a proxy has to say in this header is not meant for the lab.
    return secret if kind.lower() == "bearer" and secret.startswith(PREFIX) else ""


def _cookie(request: Request) -> Mapping[str, Any]:
    def single(name: str) -> bytes | None:
        value = request.cookies.get(name)
        return decode_signed_value(get_cookie_secret(), name, value.encode("latin-1", "replace")) if value else None

    told = get_cookie_with_chunks(single, USER_COOKIE_NAME)
    claims = json.loads(told) if told else {}
    return claims if claims.get("origin") == get_origin_from_redirect_uri() else {}
