"""The card where data is uploaded or chosen, and which says what the lab works on."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.data.samples import SAMPLES
from core.data.table import Table
from core.errors import InputRefused
from core.ui.data.columns_dialog import open_columns
from core.ui.data.feature_choice import chosen_features
from core.ui.data.oddities import oddities
from core.ui.data.reading import how_it_was_read, letters_doubt
from core.ui.data.tables import source_name, table_for
from core.ui.data.uploads import forget_trouble, upload_trouble, uploader
from core.ui.lab import state as lab_state
from core.ui.lab.comparisons import comparison_buttons
from core.ui.sentences import translated
from core.ui.text import counted, inert
from core.ui.words import later, t

_PREVIEW_ROWS: Final = 50
_TASKS: Final = {
    "regression": later("regression"), "binary": later("two classes"), "multiclass": later("several classes"),
    "multilabel": later("several labels"),
}  # fmt: skip


def data_card(table: Table) -> None:
    """Draw the card; where the target cannot be learnt it says so."""
    spec = lab_state.base_spec()
    with st.container(border=True, gap="small", key="lab_data"):
        uploader()
        # Places of their own: what comes and goes there must not close what is open below.
        with st.container(gap="small"):
            upload_trouble()
        _samples()
        size = f"{counted(len(table.frame), 'row')} × {counted(len(table.frame.columns), 'column')}"
        name = source_name(spec.data)
        st.markdown(f"**{inert(name)}** :gray[{size}]")
        with st.container(gap="small"):
            letters_doubt(table, name)
        _target_box(table)
        task, reason = lab_state.task_of(spec, table)
        if task:
            st.caption(t("Task: {task}; {reason}", task=t(_TASKS[task]), reason=inert(translated(reason), 200)))
        else:
            st.error(inert(reason, 300), icon=":material/block:")
        if task:
            oddities(spec.data, table)
        if st.button(t("Columns"), icon=":material/view_column:", width="stretch", key="lab_columns_button"):
            open_columns()
        # The run bar says what is wrong.
        if task and not isinstance(wanted := lab_state.wanted(task), InputRefused):
            features = chosen_features(wanted.data, table)
            missing = any(column.missing for column in table.columns if column.name in features)
            comparison_buttons(wanted, ("preprocessing.scaling", *(("preprocessing.missing",) if missing else ())))
        with st.expander(t("Look at the rows"), icon=":material/table_rows:"):
            alt = t("The first rows of the data")
            st.dataframe(table.frame.head(_PREVIEW_ROWS), hide_index=True, height=240, alt=alt)
        how_it_was_read(table, name)


def _target_box(table: Table) -> None:
    options: list[str | tuple[str, ...]] = [column.name for column in table.columns]
    chosen = st.session_state.lab_target = lab_state.base_spec().data.target
    if chosen not in options and isinstance(chosen, tuple):
        options.insert(0, chosen)
    st.selectbox(
        t("Target"),
        options,
        key="lab_target",
        format_func=lambda option: ", ".join(option) if isinstance(option, tuple) else option,
        help=t("The column to predict; every other column is an input."),
        on_change=lambda: lab_state.choose_target(st.session_state.lab_target),
        persist_state="session",
    )


def _samples() -> None:
    st.selectbox(
        t("Or a sample"),
        list(SAMPLES),
        index=None,
        key="lab_sample",
        label_visibility="collapsed",
        placeholder=t("Or take a sample"),
        format_func=lambda name: f"{t(SAMPLES[name].title)}: {t(SAMPLES[name].about)}",
        on_change=_take_sample,
    )


def _take_sample() -> None:
    name = st.session_state.lab_sample
    if name not in SAMPLES:
        return
    st.session_state.lab_sample = None
    data = lab_state.base_spec().data.model_copy(update={"source": f"sample:{name}"})
    lab_state.choose_data(f"sample:{name}", table_for(data))
    forget_trouble()
