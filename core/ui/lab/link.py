"""A whole experiment in an address: ``?spec=…`` sets the knobs before anything was run."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import Any, Final

import streamlit as st

from core.errors import InputRefused
from core.spec import ExperimentSpec, load_spec
from core.ui.lab import state as lab_state
from core.ui.lab.knobs import DEFAULTS
from core.ui.words import t

SPEC: Final = "spec"
LONGEST: Final = 3000
"""Characters; a QR code holds about 2900, and some programs cut longer addresses."""
_LARGEST: Final = 100_000
"""Bytes of JSON that so many characters may become."""
_LINKED: Final = "lab_linked"
_DATA: Final = frozenset({"source", "target"})


def encode(spec: ExperimentSpec) -> str:
    """Return what of `spec` is no default as letters for an address.

    Raises
    ------
    InputRefused
        If it is too long, as with a table inside the spec.
    """
    packed = zlib.compress(json.dumps(_told(spec), separators=(",", ":"), ensure_ascii=False).encode(), 9)
    text = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    if len(text) > LONGEST:
        raise InputRefused(t("This experiment is too long for an address; run it, then the link can name it."), SPEC)
    return text


def _told(spec: ExperimentSpec) -> dict[str, Any]:
    """Return what of `spec` differs from the defaults, field by field, and its data."""
    told: dict[str, Any] = {}
    for name, value in spec.model_dump(mode="json").items():
        usual = DEFAULTS[name]
        if isinstance(value, dict) and name != "vary":
            value = {field: own for field, own in value.items() if field in _DATA or own != usual[field]}  # noqa: PLW2901
            usual = {}
        if value != usual:
            told[name] = value
    return told


def decode(text: str) -> ExperimentSpec:
    """Return the experiment that `encode` has written.

    Raises
    ------
    InputRefused
        If the text is none, or holds what a spec refuses; files of this computer are refused.
    """
    try:
        packed = base64.b64decode(text[: LONGEST + 1].encode("ascii") + b"==", altchars=b"-_")
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(packed, _LARGEST)
        values = json.loads(content) if unpacking.eof else None
    except (ValueError, binascii.Error, zlib.error, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise InputRefused(t("The link is not complete; ask for it again."), SPEC)
    spec = load_spec(values)
    if isinstance(spec.data.source, str) and spec.data.source.startswith("file:"):
        raise InputRefused(t("The link names a file of this computer, which cannot be read here."), SPEC)
    return spec


def take_from_address() -> None:
    """Put the experiment of the address behind the knobs, once, unless one that was run is asked for."""
    text = st.query_params.get(SPEC)
    if not text or "x" in st.query_params or st.session_state.get(_LINKED) == text:
        return
    st.session_state[_LINKED] = text
    st.session_state.lab_shown = None
    lab_state.load(decode(text))


def linked() -> bool:
    """Return whether the address has an experiment that was not run yet."""
    return SPEC in st.query_params
