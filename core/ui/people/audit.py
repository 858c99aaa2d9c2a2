"""The page on which admins see who has done what."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.jobs.lab import get_lab
from core.jobs.people.audit import Deed, Entry, entries
from core.ui.sitemap import page
from core.ui.text import inert
from core.ui.words import later, t

PAGE_SIZE: Final = 50
_BEFORE: Final = "before"
_DEEDS: Final = {
    Deed.SIGNED_IN: later("signed in"),
    Deed.SUBMITTED: later("submitted"),
    Deed.DIAGNOSED: later("asked for a diagnosis"),
    Deed.HIDDEN: later("made private"),
    Deed.SHARED_BY_LINK: later("shared by link"),
    Deed.SHARED_WITH_TEAM: later("shared with the team"),
    Deed.DELETED: later("deleted"),
    Deed.TOKEN_MADE: later("made a token"),
    Deed.TOKEN_REVOKED: later("revoked a token"),
}


def show_audit() -> None:
    """Show who has done what, a page at a time."""
    st.title(t("Audit"), anchor=False)
    before = st.query_params.get(_BEFORE, "")
    place = int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None
    found = entries(get_lab().store.database, PAGE_SIZE + 1, place)
    with st.container(gap="xsmall", key="audit_lines"):
        for entry in found[:PAGE_SIZE]:
            _line(entry)
    if not found:
        st.caption(t("There is nothing older.") if place else t("Nobody has done anything yet."))
    if len(found) > PAGE_SIZE:
        older = {_BEFORE: str(found[PAGE_SIZE - 1].number)}
        st.button(t("Older"), icon=":material/chevron_right:", on_click=st.query_params.from_dict, args=(older,))


def _line(entry: Entry) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"audit_{entry.number}"):
        st.caption(t("{when} UTC", when=f"{entry.moment:%Y-%m-%d %H:%M:%S}"), width=190)
        st.markdown(f"**{inert(entry.name)}** {t(_DEEDS[entry.deed])}", width="content")
        if entry.what and entry.deed != Deed.DELETED:
            st.page_link(page("lab"), label=inert(entry.what), query_params={"x": entry.what})
        else:
            st.caption(inert(entry.what), width="content")
