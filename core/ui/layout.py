"""The layout of the lab: the controls scroll beside the chart on a wide screen; on a phone the chart comes first."""

from __future__ import annotations

from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

_CSS: Final = """<style>
[data-testid="stMain"], .st-key-lab_controls { scroll-padding-bottom: 6rem; }
[data-testid="stLayoutWrapper"]:has(> .st-key-lab_run) {
  position: sticky; bottom: 0; z-index: 5;
}
.st-key-lab_run { padding: 0.75rem 0; background: light-dark(LIGHT, DARK); }
.st-key-lab_run button p { text-wrap: balance; }
@media (min-width: 641px) {
  [data-testid="stLayoutWrapper"]:has(> .st-key-lab_controls) { position: sticky; top: 4.5rem; }
  .st-key-lab_controls {
    max-height: calc(100dvh - 5rem); overflow-y: auto; overscroll-behavior: contain;
    flex-wrap: nowrap; scrollbar-width: thin; padding-right: 0.5rem;
  }
  .st-key-lab_plan { min-height: 420px; }
}
@media (max-width: 640px) {
  [data-testid="stColumn"]:has(.st-key-lab_stage) { order: -1; }
}
</style>"""


def lab_layout() -> tuple[DeltaGenerator, DeltaGenerator]:
    """Return the containers for the controls and for the chart."""
    page = {mode.upper(): st.get_option(f"theme.{mode}.backgroundColor") or "Canvas" for mode in ("light", "dark")}
    st.html(_CSS.replace("LIGHT", page["LIGHT"]).replace("DARK", page["DARK"]))
    left, right = st.columns([3, 7], gap="medium")
    return left.container(gap="small", key="lab_controls"), right.container(key="lab_stage")
