"""What the data card offers beyond the choice of data: warnings about inputs, the columns, one-click comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from core.data.column_names import listed
from core.data.table import Table
from core.data.understand.leaks import Leak, Reason
from core.errors import InputRefused
from core.ui.data.column_facts import is_identifier
from core.ui.data.columns_dialog import open_columns
from core.ui.data.feature_choice import chosen_features, leave_out
from core.ui.data.findings import findings
from core.ui.data.profiles import profile_of
from core.ui.lab import state as lab_state
from core.ui.lab.comparisons import comparison_buttons
from core.ui.text import inert

_MOST_LEAKS: Final = 3
_SAID: Final[Mapping[Reason, str]] = {
    "copy": "**{name}** gives **{target}** away: it says the same in other words.",
    "answer": "**{name}** seems to give **{target}** away.",
    "identifier": "**{name}** numbers the rows and yet knows **{target}**: are they sorted?",
}


def column_tools(table: Table, task: str) -> None:
    """Draw the warnings and the buttons for `table`, which is the one behind the knobs."""
    spec = lab_state.base_spec()
    profile = profile_of(spec, table)
    features = chosen_features(spec.data, table)
    leaks = [leak for leak in profile.leaks if leak.column in features]
    _leaks(table, leaks)
    suspected = {leak.column for leak in leaks}
    inputs = [column for column in profile.columns if column.name in features and column.name not in suspected]
    _identifiers(table, [column.name for column in inputs if is_identifier(column)], len(features))
    findings(profile, spec.data, features)
    if st.button("Columns", icon=":material/view_column:", width="stretch", key="lab_columns_button"):
        open_columns()
    if not task:
        return
    try:
        spec = lab_state.current_spec(task)
    except InputRefused:
        return  # The run bar says what is wrong.
    features = chosen_features(spec.data, table)
    missing = any(column.missing for column in table.columns if column.name in features)
    comparison_buttons(spec, ("preprocessing.scaling", *(("preprocessing.missing",) if missing else ())))


def _leaks(table: Table, leaks: Sequence[Leak]) -> None:
    for place, leak in enumerate(leaks[:_MOST_LEAKS]):
        name = inert(leak.column, 40)
        with st.container(border=True, gap="xsmall", key=f"lab_leak_{place}"):
            target = inert(leak.target, 40)
            st.markdown(f":red[:material/warning:] {_SAID[leak.reason].format(name=name, target=target)}")
            st.button(
                f"Leave {name} out",
                help=inert(leak.text, 300),
                key=f"lab_leave_out_{place}",
                on_click=leave_out,
                args=(table, leak.column),
            )
    if len(leaks) > _MOST_LEAKS:
        st.caption(f"{len(leaks) - _MOST_LEAKS} more are marked in Columns.")


def _identifiers(table: Table, names: Sequence[str], inputs: int) -> None:
    """Say which inputs only tell rows apart; where there is no other input, there is nothing to leave out."""
    if not names or len(names) == inputs:
        return
    shown = listed([f"**{inert(name, 40)}**" for name in names])
    one = len(names) == 1
    are = "tells the rows apart like an identifier, and is" if one else "tell the rows apart like identifiers, and are"
    with st.container(border=True, gap="xsmall", key="lab_identifiers"):
        st.markdown(
            f":orange[:material/fingerprint:] {shown} {are} among the inputs: "
            f"a network may only learn {'it' if one else 'them'} by heart."
        )
        label = f"Leave {inert(names[0], 40) if one else 'them'} out"
        st.button(label, key="lab_leave_out_identifiers", on_click=leave_out, args=(table, *names))
