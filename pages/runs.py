"""What was run, newest first: in the lab by everybody, in lessons by this visitor."""

from __future__ import annotations

import streamlit as st

from core.errors import InputRefused
from core.ui.people.mine import my_store
from core.ui.runs.experiment_list import PAGE_SIZE, empty_list, runs_of_whom, show_line
from core.ui.words import t

st.title(t("Runs"), anchor=False)
store = my_store()
before = st.query_params.get("before")
whose = runs_of_whom()
try:
    found = store.experiments(limit=PAGE_SIZE + 1, before=before, seen_by=whose)
except InputRefused:
    found = store.experiments(limit=PAGE_SIZE + 1, seen_by=whose)
if found:
    st.caption(
        t(
            "Skill: 1 is perfect, 0 is no better than always guessing the same. "
            "Validation skill is measured on rows the training never saw. "
            "Runs of lessons are in nobody else's list."
        )
    )
for summary in found[:PAGE_SIZE]:
    show_line(summary)
if not found:
    empty_list(first=before is None)
with st.container(horizontal=True):
    if before:
        st.button(t("Newest"), icon=":material/first_page:", on_click=st.query_params.clear)
    if len(found) > PAGE_SIZE:
        older = {"before": found[PAGE_SIZE - 1].id}
        st.button(t("Older"), icon=":material/chevron_right:", on_click=st.query_params.from_dict, args=(older,))
