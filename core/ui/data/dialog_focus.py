"""Keeps the keyboard inside a dialog, so that Escape closes it whatever was pressed before.

A button that is disabled or leaves the page when it is pressed takes the focus with it: the browser gives it to the
page, where the dialog hears no key.
"""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

_JAVASCRIPT: Final = """
export default function ({ parentElement }) {
  const dialog = parentElement.closest("[role='dialog']");
  if (!dialog) return;
  const comeBack = () => {
    if (document.activeElement === document.body) dialog.focus({ preventScroll: true });
  };
  const watch = new MutationObserver(comeBack);
  watch.observe(dialog, { subtree: true, childList: true, attributeFilter: ["disabled"] });
  return () => watch.disconnect();
}
"""


@st.cache_resource
def _component() -> Any:
    return st.components.v2.component("loss_lab_dialog_focus", html="<i></i>", js=_JAVASCRIPT, isolate_styles=False)


def keep_focus() -> None:
    """Bring the focus back to the dialog this is called in whenever it is lost."""
    _component()(key="dialog_focus")
