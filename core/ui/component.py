"""A custom component of our own: its scripts and its style, read once per process and registered once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import streamlit as st


@dataclass(frozen=True)
class Component:
    """What the browser is given of a component.

    Attributes
    ----------
    name : str
        No other component of the app has it.
    scripts : tuple of Path
        They share one scope, in this order; the last exports the function that Streamlit calls.
    html : str
        What it begins with.
    style : Path or None
        Its style sheet.
    isolated : bool
        Whether it has a shadow root; Plotly puts its style sheet into the head, which that would not see.
    """

    name: str
    scripts: tuple[Path, ...]
    html: str = "<span hidden></span>"
    style: Path | None = None
    isolated: bool = True

    @cached_property
    def javascript(self) -> str:
        """The scripts as one."""
        return "\n".join(script.read_text(encoding="utf-8") for script in self.scripts)

    def __call__(self, **told: Any) -> Any:
        """Draw it, with a key, data and callbacks as Streamlit takes them, and return its state."""
        return _registered(self.name, self)(**told)


@st.cache_resource
def _registered(name: str, _component: Component) -> Any:
    """Register a component; Streamlit tells them apart by name."""
    css = _component.style.read_text(encoding="utf-8") if _component.style else None
    return st.components.v2.component(
        name, html=_component.html, css=css, js=_component.javascript, isolate_styles=_component.isolated
    )
