"""Secrets by which the lab knows somebody again: told once, kept as a fingerprint."""

from __future__ import annotations

import hashlib
import secrets


def new_secret() -> str:
    """Return a secret of 128 bits for an address."""
    return secrets.token_urlsafe(16)


def fingerprint(secret: str) -> str:
    """Return the SHA-256 of a secret: the database can check it and cannot tell it."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
