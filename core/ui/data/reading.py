"""What was understood of an uploaded file, doubts first, and the form that reads it differently."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from zlib import crc32

import streamlit as st

from core.data.csv.confusable_encodings import in_encoding
from core.data.csv.encoding import ENCODINGS
from core.data.csv.read_options import Origin, ReadOptions
from core.data.table import Table
from core.ui.data.uploads import encoding_choice, read_again, upload_trouble
from core.ui.sentences import translated
from core.ui.text import inert
from core.ui.words import later, t

_RIGHT: Final = "lab_letters_right"
_TURN: Final = "lab_reading_turn"

_CHOICES: Final[Mapping[str, tuple[str, Mapping[Any, str]]]] = {
    "encoding": (later("Encoding"), ENCODINGS),
    "delimiter": (
        later("Delimiter"),
        {",": later("comma"), ";": later("semicolon"), "\t": later("tab"), "|": later("vertical bar")},
    ),
    "decimal": (later("Decimal mark"), {".": later("point: 1.5"), ",": later("comma: 1,5")}),
    "header": (later("First line"), {True: later("names of the columns"), False: later("a row like the others")}),
    "day_first": (
        later("Dates"),
        {True: later("day first: 31/12/2024"), False: later("month first: 12/31/2024")},
    ),
}
"""What a person may decide, each a field of `ReadOptions`: its label, and the values with their words."""


def letters_doubt(table: Table, name: str) -> None:
    """Warn where the encoding is a guess: show words as they were read, and how they would be in other encodings."""
    origin = table.origin
    if origin is None or not _doubtful(origin):
        return
    encoding = origin.used.encoding or ""
    words = " ".join(in_encoding(origin.words, encoding) or ())
    with st.container(border=True, gap="small", key="lab_letters"):
        st.warning(
            t(
                "The text is not UTF-8. It was read as {encoding}: **{words}**",
                encoding=inert(t(ENCODINGS[encoding])),
                words=inert(words, 80),
            ),
            icon=":material/translate:",
        )
        right = {_RIGHT: origin.file}
        st.button(
            t("These words are right"), key="lab_letters_right_button", on_click=st.session_state.update, kwargs=right
        )
        st.caption(t("Or read it as:"))
        upload_trouble(again=True)
        encoding_choice(
            origin.words, encoding, lambda chosen: read_again(name, replace(origin.options, encoding=chosen))
        )


def _doubtful(origin: Origin) -> bool:
    return bool(origin.words) and st.session_state.get(_RIGHT) != origin.file


def how_it_was_read(table: Table, name: str) -> None:
    """Draw the notes on a table and, where its file is kept, the form that reads it differently."""
    origin = table.origin
    if origin is None and not table.notes:
        return
    with st.expander(t("How it was read"), icon=":material/fact_check:"):
        for note in table.notes:
            st.caption(inert(translated(note), 300))
        if origin is not None and origin.file:
            _form(table, name, origin)


def _form(table: Table, name: str, origin: Origin) -> None:
    # New keys for each table and after each try: the boxes show how the table on show was read, whatever came of it.
    turn = f"{crc32(repr(origin).encode()):08x}_{st.session_state.get(_TURN, 0)}"
    st.markdown(f"**{t('Read it differently')}**")
    if not _doubtful(origin):
        upload_trouble(again=True)
    with st.form(f"lab_reading_{turn}", border=False):
        for field, (label, values) in _CHOICES.items():
            used = getattr(origin.used, field)
            if used is not None:
                st.selectbox(
                    t(label),
                    list(values),
                    index=list(values).index(used),
                    key=f"{field}_{turn}",
                    format_func=_said_by(values),
                )
        if table.base:
            st.caption(t("Names and kinds chosen for columns start over."))
        read, args = t("Read it this way"), (name, origin, turn)
        st.form_submit_button(read, width="stretch", on_click=_submit, args=args)
    nothing: dict[str, Any] = dict.fromkeys(_CHOICES)
    chosen = replace(origin.options, **nothing)
    if chosen != origin.options:
        st.button(t("As inferred"), type="tertiary", key="lab_reading_inferred", on_click=_again, args=(name, chosen))


def _said_by(values: Mapping[Any, str]) -> Callable[[Any], str]:
    return lambda value: t(values[value])


def _submit(name: str, origin: Origin, turn: str) -> None:
    """Read with what differs from how the file was read; the rest stays as chosen, or left to the file."""
    chosen = {field: st.session_state.get(f"{field}_{turn}") for field in _CHOICES}
    if changed := {field: value for field, value in chosen.items() if value not in {None, getattr(origin.used, field)}}:
        _again(name, replace(origin.options, **changed))


def _again(name: str, options: ReadOptions) -> None:
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    read_again(name, options)
