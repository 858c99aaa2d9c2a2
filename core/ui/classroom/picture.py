"""Puts our own SVG pictures on a page; `st.html` takes them out of what it is given."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

_JS: Final = """export default function ({ data, parentElement }) {
  const place = parentElement.querySelector(".ll-picture");
  if (place.shown === data) return;
  place.shown = data;
  place.innerHTML = data;
}"""


@st.cache_resource
def _component() -> Any:
    return st.components.v2.component(
        "loss_lab_picture",
        html='<div class="ll-picture"></div>',
        js=_JS,
        isolate_styles=False,  # the picture has the colour of the text around it
    )


def picture(html: str, *, key: str) -> None:
    """Show a picture and words about it; `html` is ours, with every text of people escaped."""
    _component()(key=key, data=html)
