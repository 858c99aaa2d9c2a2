"""Takes an uploaded file into the lab or reads one again, in another process; asks the person what it cannot tell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.data.csv.confusable_encodings import foreign_words
from core.data.csv.dialect import DELIMITERS
from core.data.csv.read_options import ChoiceNeeded, ReadOptions
from core.data.table import Table
from core.data.upload.reader import read_upload
from core.errors import InputRefused, WorkFailed
from core.jobs.lab import get_lab
from core.ui.data.encoding_choice import encoding_choice
from core.ui.lab import state as lab_state
from core.ui.text import counted, inert


@dataclass(frozen=True)
class _Pending:
    """A file that can be read once something is decided."""

    name: str
    content: bytes
    options: ReadOptions
    question: ChoiceNeeded
    before: Table | None


@dataclass(frozen=True)
class _Refused:
    """Why a file was not read; `before` is what it was read as, if it is on show."""

    sentence: str
    before: Table | None


_TROUBLE: Final = "lab_upload_trouble"


def uploader() -> None:
    """Draw the widget that takes a file."""
    turn = st.session_state.setdefault("lab_upload_turn", 0)
    key = f"lab_upload_{turn}"
    st.file_uploader("Your own table", type=["csv", "tsv", "txt"], key=key, on_change=_take, args=(key,))


def upload_trouble(*, again: bool = False) -> None:
    """Say why the last file was refused, or ask what has to be decided before it can be read.

    Parameters
    ----------
    again : bool
        Whether to draw what came of reading the file on show again, or of an upload.
    """
    trouble: _Pending | _Refused | None = st.session_state.get(_TROUBLE)
    if trouble is None or (trouble.before is not None) != again:
        return
    if isinstance(trouble, _Refused):
        st.error(inert(trouble.sentence, 300), icon=":material/block:")
        return
    with st.container(border=True, gap="small", key="lab_upload_question"):
        st.markdown(inert(str(trouble.question), 300))
        _ANSWERS[trouble.question.choice](trouble)
        st.button(
            "Forget this file" if trouble.before is None else "Leave it as it is",
            type="tertiary",
            on_click=forget_trouble,
        )


def forget_trouble() -> None:
    """Other data was chosen: whatever was wrong with the last file no longer matters."""
    st.session_state[_TROUBLE] = None


def _take(key: str) -> None:
    file = st.session_state.get(key)
    if file is None:
        return
    # A new key empties the widget: the file lives in the store from here on, not in the session.
    st.session_state.lab_upload_turn += 1
    _let_go(file)
    _read(file.name, file.getvalue(), ReadOptions())


def _let_go(file: UploadedFile) -> None:
    """Have Streamlit forget the bytes, which it keeps until the session ends."""
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)


def read_again(table: Table, name: str, options: ReadOptions) -> None:
    """Read the file that `table` comes from with other options; if that fails the lab keeps `table` and says why."""
    forget_trouble()
    try:
        content = get_lab().store.datasets.read_file(table.origin.file if table.origin else "")
    except (InputRefused, WorkFailed) as refusal:
        st.session_state[_TROUBLE] = _Refused(str(refusal), table)
        return
    _read(name, content, options, table)


def _read(name: str, content: bytes, options: ReadOptions, before: Table | None = None) -> None:
    """Read a file and make it the data of the lab; `before` is what the same file was read as."""
    forget_trouble()
    store = get_lab().store
    try:
        upload = read_upload(content, name, options, get_lab().settings.max_upload_mb)
        if before is not None:
            _check_columns(name, upload.table, before)
        store.datasets.add_file(content, name)
        source = f"dataset:{store.datasets.add(upload.packed, name)}"
        (lab_state.choose_data if before is None else lab_state.correct_data)(source, upload.table)
    except ChoiceNeeded as question:
        # Whoever has just chosen an encoding need not be asked for one.
        st.session_state[_TROUBLE] = (
            _Refused(str(question), before)
            if before is not None and question.choice == "encoding"
            else _Pending(name, content, options, question, before)
        )
    except (InputRefused, WorkFailed) as refusal:
        st.session_state[_TROUBLE] = _Refused(str(refusal), before)


def _check_columns(name: str, table: Table, before: Table) -> None:
    """Refuse a delimiter that leaves one column of what were several: nobody means that."""
    if len(table.frame.columns) == 1 < len(before.frame.columns):
        delimiter = DELIMITERS[table.origin.used.delimiter or ","] if table.origin else "this delimiter"
        raise InputRefused(
            f"{name}: with {delimiter} between the cells there is one column; allowed: a delimiter that is there.", name
        )


def _decide(pending: _Pending, **choice: Any) -> None:
    _read(pending.name, pending.content, replace(pending.options, **choice), pending.before)


def _ask_encoding(pending: _Pending) -> None:
    words = foreign_words(pending.content, pending.options.delimiter or ",")
    encoding_choice(words, "", lambda encoding: _decide(pending, encoding=encoding))


def _ask_ragged(pending: _Pending) -> None:
    label = f"Leave out {counted(pending.question.value, 'row')}"
    st.button(label, on_click=_decide, args=(pending,), kwargs={"drop_ragged": True})


def _ask_sample(pending: _Pending) -> None:
    rows = pending.question.value
    label = f"Take a random sample of {counted(rows, 'row')}"
    st.button(label, on_click=_decide, args=(pending,), kwargs={"sample_rows": rows})


_ANSWERS: Final = {"encoding": _ask_encoding, "drop_ragged": _ask_ragged, "sample_rows": _ask_sample}
