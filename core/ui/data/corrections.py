"""Names and kinds of the columns, to correct: all in one table, applied together, and as inferred in one click."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from core.data.column_names import listed
from core.data.kinds import Kind, as_float
from core.data.table import Table, is_packed, pack
from core.data.upload.recast import KINDS, refuse_kind, refuse_names
from core.data.upload.upload import recast_packed
from core.errors import InputRefused, WorkFailed
from core.spec import DataSpec
from core.ui.data.column_facts import values_of
from core.ui.data.tables import kinds_of, source_name, table_for
from core.ui.lab import state as lab_state
from core.ui.people.mine import my_store
from core.ui.sentences import translated
from core.ui.text import inert
from core.ui.trouble import attempted
from core.ui.words import t

_ROWS: Final = 10
_HEIGHT: Final = 390
"""What the dialog has room for, in rows and in pixels."""
_FEW_CODES: Final = 12
"""More different whole numbers are measured or counted rather than given out: months are the longest usual code."""
_NAME_LENGTH: Final = 120
_REFUSED: Final = "lab_corrections_refused"


def corrections(table: Table) -> None:
    """Draw the table of names and kinds and the buttons that apply what is chosen."""
    data = _as_inferred(table)
    try:
        inferred = table_for(data)
    except (InputRefused, WorkFailed) as refusal:
        st.caption(inert(translated(str(refusal)), 300))
        return
    possible = kinds_of(data, inferred)
    st.caption(
        t(
            "Double-click a name or a kind to change it; drag the corner of a cell down to change several. "
            "The kind decides how a column reaches the network: as a number, encoded as words, or not at all."
        )
    )
    key = f"lab_corrections_{st.session_state.get('lab_columns_turn', 0)}"
    _editor(table, inferred, possible, key)
    edits = _edits(key)
    names, kinds = corrected(table, inferred, edits)
    trouble = ""
    try:
        for name, kind in kinds.items():
            refuse_kind(name, kind, possible[name])
        refuse_names([column.name for column in inferred.columns], names)
    except InputRefused as refusal:
        trouble = translated(str(refusal))
    if refused := trouble or st.session_state.get(_REFUSED):
        st.error(inert(refused, 300), icon=":material/block:")
    with st.container(horizontal=True):
        changed = (names, kinds) != corrected(table, inferred, {})
        st.button(
            t("Apply"),
            type="primary",
            key="lab_corrections_apply",
            disabled=bool(trouble) or not changed,
            on_click=_apply,
            args=(key,),
        )
        if codes := coded_columns(table, data.targets):
            one = t("Make {column} a category", column=inert(codes[0], 40))
            st.button(
                one if len(codes) == 1 else t("Make {count} whole-number columns categories", count=len(codes)),
                key="lab_corrections_codes",
                help=t(
                    "At most {count} different whole numbers, which may be codes: {columns}.",
                    count=_FEW_CODES,
                    columns=inert(listed(codes), 400),
                ),
                on_click=_apply,
                args=(key, codes),
            )
        if table.base:
            st.button(t("All as inferred"), type="tertiary", key="lab_corrections_inferred", on_click=_turn_back)


def _editor(table: Table, inferred: Table, possible: Mapping[str, Sequence[Kind]], key: str) -> None:
    config = st.column_config
    rows = [
        {
            "name": column.name,
            "kind": column.kind,
            "can_be": ", ".join(
                t("{kind} (as inferred)", kind=t(kind)) if kind == was.kind != column.kind else t(kind)
                for kind in possible[was.name]
            ),
            "values": values_of(table.frame[column.name]),
        }
        for column, was in zip(table.columns, inferred.columns, strict=True)
    ]
    st.data_editor(
        pd.DataFrame(rows),
        key=key,
        hide_index=True,
        num_rows="fixed",
        height="auto" if len(rows) <= _ROWS else _HEIGHT,
        disabled=["can_be", "values"],
        column_config={
            "name": config.TextColumn(t("Name"), width=220, required=True, max_chars=_NAME_LENGTH),
            "kind": config.SelectboxColumn(
                t("Kind"), width=120, options=list(KINDS), required=True, format_func=lambda kind: t(str(kind))
            ),
            "can_be": config.TextColumn(t("Can be"), width=380),
            "values": config.TextColumn(t("First values"), width=400),
        },
        alt=t("Every column with its name and kind, to change"),
    )


def coded_columns(table: Table, targets: Sequence[str]) -> list[str]:
    """Return the number columns whose few whole numbers may be codes; 0 and 1 mean the same as a number."""
    return [
        column.name
        for column in table.columns
        if column.kind == "number"
        and column.name not in targets
        and 2 < column.distinct <= _FEW_CODES
        and (as_float(table.frame[column.name].dropna()) % 1 == 0).all()
    ]


def corrected(
    table: Table, inferred: Table, edits: Mapping[int, Mapping[str, Any]]
) -> tuple[dict[str, str], dict[str, Kind]]:
    """Return the names and kinds that differ from those `inferred`, by the inferred name, after `edits` to `table`."""
    names: dict[str, str] = {}
    kinds: dict[str, Kind] = {}
    for row, (column, was) in enumerate(zip(table.columns, inferred.columns, strict=True)):
        edit = edits.get(row, {})
        if (name := (edit.get("name", column.name) or "").strip()) != was.name:
            names[was.name] = name
        if (kind := edit.get("kind", column.kind)) != was.kind:
            kinds[was.name] = kind
    return names, kinds


def _edits(key: str) -> dict[int, dict[str, Any]]:
    return dict(st.session_state.get(key, {}).get("edited_rows", {}))


def forget_corrections() -> None:
    """Drop what was chosen and not applied."""
    st.session_state[_REFUSED] = ""
    # A new key: the editor shows the names and kinds of the table on show, whatever came of it.
    st.session_state.lab_columns_turn = st.session_state.get("lab_columns_turn", 0) + 1


@attempted
def _apply(key: str, codes: Sequence[str] = ()) -> None:
    """Turn the lab to its table with what the editor at `key` says, and with `codes` as categories."""
    table = lab_state.current_table()
    inferred = table_for(_as_inferred(table))
    edits = _edits(key)
    for row, column in enumerate(table.columns):
        if column.name in codes:
            edits[row] = {"kind": "category"} | edits.get(row, {})
    _turn_to(table, *corrected(table, inferred, edits))


@attempted
def _turn_back() -> None:
    _turn_to(lab_state.current_table())


def _turn_to(table: Table, names: dict[str, str] | None = None, kinds: dict[str, Kind] | None = None) -> None:
    """Turn the lab to its table with these names and kinds; without any, to the table as it was inferred."""
    forget_corrections()
    try:
        base, packed = _packed(_as_inferred(table))
        name = source_name(lab_state.base_spec().data)
        upload = recast_packed(packed, name, kinds or {}, base, names)
        source = f"dataset:{my_store().datasets.add(upload.packed, name)}" if upload.table.base else base
        columns = dict(zip(table.frame.columns, upload.table.frame.columns, strict=True))
        lab_state.correct_data(source, upload.table, columns)
    except (InputRefused, WorkFailed) as refusal:
        st.session_state[_REFUSED] = translated(str(refusal))


def _as_inferred(table: Table) -> DataSpec:
    """Return the data behind the knobs, which is `table`, before anything was corrected."""
    data = lab_state.base_spec().data
    return data.model_copy(update={"source": table.base or data.source})


def _packed(data: DataSpec) -> tuple[str, bytes]:
    """Return the source of a table, kept in the store if it was written into the spec, and its bytes."""
    store = my_store()
    if isinstance(data.source, str) and data.source.startswith("dataset:"):
        packed = store.datasets.read(data.source.removeprefix("dataset:"))
        return data.source, packed if is_packed(packed) else pack(table_for(data))
    packed = pack(table_for(data))
    # A table that is written into the spec is kept, so that there is a way back to it.
    kept = data.source if isinstance(data.source, str) else f"dataset:{store.datasets.add(packed, source_name(data))}"
    return kept, packed
