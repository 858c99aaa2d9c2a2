"""Who somebody is, however they have signed in: a value made of what the provider or the proxy says of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.settings import Settings, SignIn
from core.spec import plain_text

LONGEST: Final = 80
"""Characters of a name or an e-mail address that are kept."""
_PROXY: Final = "proxy"
"""The issuer of people whom a proxy names."""


@dataclass(frozen=True)
class Person:
    """Somebody who has signed in.

    Attributes
    ----------
    id : str
        The fingerprint of issuer and subject: an e-mail address can change hands, a subject cannot.
    name, email : str
        As they are said, cut short; the address is empty where none is known to be theirs.
    admin : bool
        Whether the operator's settings name the address.
    """

    id: str
    name: str
    email: str
    admin: bool = False


def person_of(claims: Mapping[str, Any], settings: Settings) -> Person | None:
    """Return whom the `claims` of a sign-in are about; None for nobody, and for whom the settings do not let in.

    Parameters
    ----------
    claims : mapping
        Those of an OpenID Connect identity token, with ``is_logged_in``, or ``{"email": …}`` from a proxy.
    """
    if settings.sign_in == SignIn.OIDC and claims.get("is_logged_in") is True:
        issuer, subject, email = _text(claims, "iss"), _text(claims, "sub"), _verified(claims)
        name = _text(claims, "name") or _text(claims, "preferred_username") or _text(claims, "email")
    elif settings.sign_in == SignIn.HEADER:
        email = _text(claims, "email")
        issuer, subject, name = _PROXY, email.lower(), email
    else:
        return None
    if not (issuer and subject):
        return None
    return known_person(fingerprint(issuer, subject), plain_text(name, LONGEST), email, settings)


def known_person(identity: str, name: str, email: str, settings: Settings) -> Person | None:
    """Return the person of an id as the settings are now; None for whom they do not let in."""
    if settings.allowed and not any(_names(entry, email) for entry in settings.allowed):
        return None
    admin = any(_names(entry, email) for entry in settings.administrators)
    return Person(identity, name or plain_text(email, LONGEST) or identity[:8], email[:LONGEST], admin)


def fingerprint(issuer: str, subject: str) -> str:
    """Return the id of the person whom an issuer calls `subject`."""
    return hashlib.sha256(f"{len(issuer)}:{issuer}{subject}".encode("utf-8", "replace")).hexdigest()[:32]


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.strip() if isinstance(value, str) else ""


def _verified(claims: Mapping[str, Any]) -> str:
    """Return the e-mail address, unless the provider says that it has not seen it to be theirs."""
    # Some providers write booleans as words.
    return _text(claims, "email") if claims.get("email_verified", True) in {True, "true"} else ""


def _names(entry: str, email: str) -> bool:
    """Return whether an entry of the settings, ``@school.example`` or an address, means `email`."""
    email = email.lower()
    return bool(email) and (email.endswith(entry) if entry.startswith("@") else email == entry)
