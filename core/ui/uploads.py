"""Takes an uploaded file into the lab: read in another process, stored as a table, or a question to the person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import streamlit as st

from core.data.encoding import ENCODINGS
from core.data.options import ChoiceNeeded, ReadOptions
from core.data.parsing import read_upload
from core.errors import InputRefused, WorkFailed
from core.jobs.lab import get_lab
from core.ui import lab_state
from core.ui.text import counted, inert


@dataclass(frozen=True)
class _Pending:
    """A file that can be read once something is decided."""

    name: str
    content: bytes
    options: ReadOptions
    question: ChoiceNeeded


def uploader() -> None:
    """Draw the widget that takes a file."""
    turn = st.session_state.setdefault("lab_upload_turn", 0)
    key = f"lab_upload_{turn}"
    st.file_uploader("CSV file", type=["csv", "tsv", "txt"], key=key, on_change=_take, args=(key,))


def upload_trouble() -> None:
    """Say why the last file was refused, or ask what has to be decided before it can be read."""
    if refused := st.session_state.get("lab_data_refused"):
        st.error(inert(refused, 300), icon=":material/block:")
    pending: _Pending | None = st.session_state.get("lab_upload_pending")
    if pending is None:
        return
    with st.container(border=True, gap="small", key="lab_upload_question"):
        st.markdown(inert(str(pending.question), 300))
        _ANSWERS[pending.question.choice](pending)
        st.button("Forget this file", type="tertiary", on_click=_forget)


def forget_trouble() -> None:
    """Other data was chosen: whatever was wrong with the last file matters no more."""
    st.session_state.lab_data_refused = ""
    _forget()


def _take(key: str) -> None:
    file = st.session_state.get(key)
    if file is None:
        return
    # A new key empties the widget: the file lives in the store from here on, not in the session.
    st.session_state.lab_upload_turn += 1
    _read(file.name, file.getvalue(), ReadOptions())


def _read(name: str, content: bytes, options: ReadOptions) -> None:
    forget_trouble()
    try:
        upload = read_upload(content, name, options, get_lab().settings.max_upload_mb)
        sha = get_lab().store.add_dataset(upload.packed, name)
        lab_state.choose_data(f"dataset:{sha}", upload.table)
    except ChoiceNeeded as question:
        st.session_state.lab_upload_pending = _Pending(name, content, options, question)
    except (InputRefused, WorkFailed) as refusal:
        st.session_state.lab_data_refused = str(refusal)


def _decide(pending: _Pending, **choice: Any) -> None:
    _read(pending.name, pending.content, replace(pending.options, **choice))


def _forget() -> None:
    st.session_state.lab_upload_pending = None


def _ask_encoding(pending: _Pending) -> None:
    chosen = st.selectbox("Encoding", list(ENCODINGS), index=None, format_func=ENCODINGS.__getitem__)
    st.button("Read it so", disabled=chosen is None, on_click=_decide, args=(pending,), kwargs={"encoding": chosen})


def _ask_ragged(pending: _Pending) -> None:
    label = f"Leave out {counted(pending.question.value, 'row')}"
    st.button(label, on_click=_decide, args=(pending,), kwargs={"drop_ragged": True})


def _ask_sample(pending: _Pending) -> None:
    rows = pending.question.value
    label = f"Take a random sample of {counted(rows, 'row')}"
    st.button(label, on_click=_decide, args=(pending,), kwargs={"sample_rows": rows})


_ANSWERS: Final = {"encoding": _ask_encoding, "drop_ragged": _ask_ragged, "sample_rows": _ask_sample}
