"""What the data card offers beyond the choice of data: a warning of leaks, the columns, comparisons in one click."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.data.table import Table
from core.errors import InputRefused
from core.ui import lab_state
from core.ui.columns_dialog import open_columns
from core.ui.comparisons import comparison_button
from core.ui.feature_choice import chosen_features, leave_out
from core.ui.lab_stage import current_spec
from core.ui.profiles import profile_of
from core.ui.text import inert

_MOST_LEAKS: Final = 3


def column_tools(table: Table, task: str) -> None:
    """Draw the warnings and the buttons for `table`, which is the one behind the knobs."""
    _leaks(table)
    if st.button("Columns", icon=":material/view_column:", width="stretch", key="lab_columns_button"):
        open_columns(table)
    if not task:
        return
    try:
        spec = current_spec(task)
    except InputRefused:
        return  # The run bar says what is wrong.
    features = chosen_features(spec.data, table)
    with st.container(horizontal=True, gap="small", key="lab_comparisons"):
        comparison_button(spec, "preprocessing.scaling")
        if any(column.missing for column in table.columns if column.name in features):
            comparison_button(spec, "preprocessing.missing")


def _leaks(table: Table) -> None:
    spec = lab_state.base_spec()
    features = chosen_features(spec.data, table)
    leaks = [leak for leak in profile_of(spec, table).leaks if leak.column in features]
    for place, leak in enumerate(leaks[:_MOST_LEAKS]):
        name = inert(leak.column, 40)
        with st.container(border=True, gap="xsmall", key=f"lab_leak_{place}"):
            st.markdown(f":red[:material/warning:] **{name}** seems to give the answer away.")
            st.button(
                f"Leave {name} out",
                help=inert(leak.text, 300),
                key=f"lab_leave_out_{place}",
                on_click=leave_out,
                args=(table, leak.column),
            )
    if len(leaks) > _MOST_LEAKS:
        st.caption(f"{len(leaks) - _MOST_LEAKS} more are marked in Columns.")
