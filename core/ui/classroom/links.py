"""Addresses to hand on: whole ones, with a picture for phones."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import Final
from urllib.parse import urlencode, urlsplit

import segno
import streamlit as st

from core.ui.sitemap import PAGES
from core.ui.words import in_address, t

_HERE_ALONE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def absolute(path: str, **parameters: str) -> str:
    """Return the whole address of one of `PAGES`, as this browser reaches the lab."""
    here = urlsplit(st.context.url or "")
    parts = here.path.rstrip("/").split("/")
    base = "/".join(parts[:-1] if parts[-1] in PAGES else parts)
    start = f"{here.scheme}://{here.netloc}{base}" if here.netloc else base
    return f"{start}/{'' if path == next(iter(PAGES)) else path}?{urlencode(parameters | in_address())}"


def only_here() -> bool:
    """Return whether this browser reaches the lab by an address that means another computer elsewhere."""
    return urlsplit(st.context.url or "").hostname in _HERE_ALONE


def say_where_it_works() -> None:
    """Warn where a link would lead others to their own computer."""
    if only_here():
        st.caption(
            ":material/warning: "
            + t(
                "This address works on this computer only. For others, open the lab by the name or number this "
                "computer has in the network."
            )
        )


def qr_code(link: str, size: str = "11rem") -> str:
    """Return the QR code of a link as HTML, dark on white whatever the theme: phones read nothing else."""
    words, source = escape(t("QR code of {link}", link=link), quote=True), escape(_drawn(link), quote=True)
    return f'<img alt="{words}" src="{source}" style="display:block;width:{size};max-width:100%">'


@lru_cache(maxsize=64)
def _drawn(link: str) -> str:
    return segno.make_qr(link, error="m").svg_data_uri(border=3, omitsize=True, dark="#111", light="#fff")
