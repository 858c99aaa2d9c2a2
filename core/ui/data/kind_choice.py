"""The kinds of the columns, to choose: each only what its values can become, and as inferred in one click."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from zlib import crc32

import streamlit as st

from core.data.arrow_file import is_packed, pack
from core.data.kinds import Kind
from core.data.table import Column, Table
from core.data.upload.reader import recast_packed
from core.errors import InputRefused, WorkFailed
from core.jobs.lab import get_lab
from core.ui.data.column_facts import values_of
from core.ui.data.profiles import kinds_of
from core.ui.data.tables import source_name, table_for
from core.ui.lab import state as lab_state
from core.ui.text import counted, inert

_SHOWN: Final = 20
_HEIGHT: Final = 400
_REFUSED: Final = "lab_kinds_refused"
_CHOSEN: Final = "lab_kinds_chosen"
"""Kinds that are chosen and not yet applied, by column."""


def kind_choice(table: Table) -> None:
    """Draw a box a column and the buttons that apply what is chosen."""
    data = lab_state.base_spec().data
    try:
        base = table_for(data.model_copy(update={"source": table.base})) if table.base else table
    except (InputRefused, WorkFailed) as refusal:
        st.caption(inert(str(refusal), 300))
        return
    possible = kinds_of(data.model_copy(update={"source": table.base or data.source}), base)
    chosen: dict[str, Kind] = st.session_state.setdefault(_CHOSEN, {})
    st.caption("The kind decides how a column reaches the network: as a number, encoded as words, or not at all.")
    wanted = ""
    if len(base.columns) > _SHOWN:
        hint = f"Find one of {len(base.columns)} columns"
        wanted = st.text_input(hint, key="lab_kinds_find", placeholder=hint, label_visibility="collapsed")
        wanted = wanted.strip().casefold()
    found = [column for column in base.columns if wanted in column.name.casefold()]
    with st.container(height=_HEIGHT if len(found) > 8 else "content", border=False, key="lab_kinds_list"):
        for column in found[:_SHOWN]:
            _row(table, column, possible[column.name], chosen)
    if len(found) > _SHOWN:
        st.caption(f"… and {counted(len(found) - _SHOWN, 'more column')}: find one by its name.")
    if refused := st.session_state.get(_REFUSED):
        st.error(inert(refused, 300), icon=":material/block:")
    kinds = {**table.kinds, **chosen}
    with st.container(horizontal=True):
        st.button(
            "Apply", type="primary", key="lab_kinds_apply", disabled=not chosen, on_click=_apply, args=(table, kinds)
        )
        if table.kinds:
            st.button("All as inferred", type="tertiary", key="lab_kinds_inferred", on_click=_apply, args=(table, {}))


def _row(table: Table, inferred: Column, possible: tuple[Kind, ...], chosen: Mapping[str, Kind]) -> None:
    name = inferred.name
    left, right = st.columns([5, 3], gap="small", vertical_alignment="center")
    left.markdown(f"**{inert(name, 40)}** &nbsp; :gray[{inert(values_of(table.frame[name]), 60)}]")
    now = chosen.get(name, table.column(name).kind)
    source = lab_state.base_spec().data.source
    whose = crc32(f"{source if isinstance(source, str) else ''}:{name}".encode())
    key = f"lab_kind_{st.session_state.get('lab_columns_turn', 0)}_{whose:08x}"
    if len(possible) == 1:
        right.markdown(f":gray[{now}]")
    else:
        right.selectbox(
            f"Kind of {inert(name, 40)}",
            possible,
            index=possible.index(now),
            key=key,
            label_visibility="collapsed",
            format_func=lambda kind: f"{kind} (as inferred)" if kind == inferred.kind != now else kind,
            on_change=_choose,
            args=(name, key, table.column(name).kind),
        )


def _choose(name: str, key: str, now: Kind) -> None:
    chosen: dict[str, Kind] = st.session_state[_CHOSEN]
    kind: Kind = st.session_state[key]
    chosen.pop(name, None)
    if kind != now:
        chosen[name] = kind


def forget_kinds() -> None:
    """Drop what was chosen and not applied."""
    st.session_state[_CHOSEN] = {}
    st.session_state[_REFUSED] = ""


def _apply(table: Table, kinds: Mapping[str, Kind]) -> None:
    """Turn the lab to its table with these kinds; without any, to the table as it was inferred."""
    forget_kinds()
    # New keys: the boxes show the kinds of the table on show, whatever came of it.
    st.session_state.lab_columns_turn = st.session_state.get("lab_columns_turn", 0) + 1
    try:
        base, packed = _as_inferred(table)
        name = source_name(lab_state.base_spec().data)
        upload = recast_packed(packed, name, kinds, base)
        store = get_lab().store
        source = f"dataset:{store.add_dataset(upload.packed, name)}" if upload.table.kinds else base
        lab_state.correct_data(source, upload.table)
    except (InputRefused, WorkFailed) as refusal:
        st.session_state[_REFUSED] = str(refusal)


def _as_inferred(table: Table) -> tuple[str, bytes]:
    """Return the source of the table behind the knobs before any kind was chosen, and its bytes."""
    data = lab_state.base_spec().data
    data = data.model_copy(update={"source": table.base or data.source})
    store = get_lab().store
    if isinstance(data.source, str) and data.source.startswith("dataset:"):
        packed = store.dataset(data.source.removeprefix("dataset:"))
        return data.source, packed if is_packed(packed) else pack(table_for(data))
    packed = pack(table_for(data))
    # A table that is written into the spec is kept, so that there is a way back to it.
    kept = data.source if isinstance(data.source, str) else f"dataset:{store.add_dataset(packed, source_name(data))}"
    return kept, packed
