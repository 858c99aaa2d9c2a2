"""What stands under the knobs where Live is switched on: what a turn does, the switch, undo and redo."""

from __future__ import annotations

import streamlit as st

from core.ui.lab import history, live
from core.ui.words import later, t


def live_switch() -> None:
    """Draw the switch, undo and redo."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="lab_live_row"):
        st.toggle(
            t("Live"),
            key=live.SWITCH,
            help=t(
                "Every turn of a knob trains at once, and the curve before stays as a grey line. "
                "To compare several values, switch it off. Whoever gets the address opens the lab live."
            ),
            bind="query-params",
            width="content",
        )
        st.space("stretch")
        for by, word, about, icon, shortcut in (
            (-1, later("Undo"), later("Knobs and curves as they were before this"), ":material/undo:", "Alt+Z"),
            (1, later("Redo"), later("Knobs and curves as they were after this"), ":material/redo:", "Alt+Shift+Z"),
        ):
            st.button(
                t(word),
                icon=icon,
                help=f"{t(about)} ({shortcut})",
                key=f"lab_{word.lower()}",
                type="tertiary",
                disabled=not live.can_go(by),
                shortcut=shortcut,
                on_click=live.step,
                args=(by,),
            )


def live_line(what: str) -> None:
    """Say that each turn trains `what`, in the place of the button, and offer to keep what the last one has shown."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="lab_live_line"):
        each = t("Each turn trains {what}.", what=what)
        st.markdown(f":material/bolt: {each}", width="stretch")
        now = history.current()
        st.button(
            t("Keep this run") if now is None or now.live else t("Kept"),
            icon=":material/bookmark_add:" if now is None or now.live else ":material/bookmark_added:",
            type="tertiary",
            disabled=now is None or not now.live,
            help=t("Puts it into the list of runs. What is not kept is forgotten after twenty turns."),
            key="lab_keep",
            on_click=live.keep,
        )
