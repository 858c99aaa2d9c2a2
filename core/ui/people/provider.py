"""The OpenID Connect providers of Streamlit's ``[auth]`` section: which there are, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from streamlit.auth_util import get_redirect_uri, get_secrets_auth_section, is_authlib_installed

from core.errors import InputRefused
from core.settings import Settings, SignIn

_NEEDED: Final = ("client_id", "client_secret", "server_metadata_url")
_SHORTEST: Final = 32
"""Characters of the secret that signs the cookies: whoever guesses it is whoever they want to be."""
DEFAULT: Final = "default"


def providers() -> tuple[str, ...]:
    """Return the names of the providers to choose from: `DEFAULT` for the one without a name."""
    section = get_secrets_auth_section().to_dict()
    named = (name for name, value in section.items() if isinstance(value, Mapping) and _complete(value))
    return (*([DEFAULT] if _complete(section) else []), *named)


def check_providers(settings: Settings) -> None:
    """Refuse to start where people are to sign in with a provider that is not set up.

    Raises
    ------
    InputRefused
    """
    if settings.sign_in != SignIn.OIDC:
        return
    section = get_secrets_auth_section()
    problem = ""
    if not is_authlib_installed():
        problem = "the package Authlib is not installed"
    elif not providers():
        problem = f"[auth] in .streamlit/secrets.toml names no provider, needed: {', '.join(_NEEDED)}"
    elif not (get_redirect_uri(section) or "").endswith("/oauth2callback"):
        problem = "redirect_uri in .streamlit/secrets.toml is needed: the lab's own address with /oauth2callback"
    elif len(str(section.get("cookie_secret", ""))) < _SHORTEST:
        problem = f"cookie_secret in .streamlit/secrets.toml is needed: at least {_SHORTEST} random characters"
    if problem:
        raise InputRefused(f"LOSSLAB_SIGN_IN=oidc: {problem}.", "LOSSLAB_SIGN_IN")


def _complete(section: Mapping[str, Any]) -> bool:
    return all(section.get(name) for name in _NEEDED)
