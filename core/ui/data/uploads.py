"""Takes an uploaded file into the lab or reads one again, in another process; asks the person what it cannot tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.data.csv.confusable_encodings import Preview, foreign_words, previews
from core.data.csv.dialect import DELIMITERS
from core.data.csv.encoding import ENCODINGS
from core.data.csv.read_options import ChoiceNeeded, ReadOptions
from core.data.table import Table
from core.data.upload.upload import read_upload
from core.errors import InputRefused, WorkFailed
from core.jobs.lab import get_lab
from core.spec import plain_text
from core.ui.lab import state as lab_state
from core.ui.people.mine import my_store
from core.ui.sentences import translated
from core.ui.text import counted, inert
from core.ui.trouble import attempted
from core.ui.words import t


@dataclass(frozen=True)
class _Trouble:
    """Why a file was not read, and what it was read as before, if it is on show.

    Where an answer to a `question` would do, the `file` is kept for it: name, content and options.
    """

    sentence: str
    before: Table | None
    question: ChoiceNeeded | None = None
    file: tuple[str, bytes, ReadOptions] = ("", b"", ReadOptions())


_TROUBLE: Final = "lab_upload_trouble"
_LIKELY: Final = 3
_OTHER: Final = "lab_other_encoding"


def uploader() -> None:
    """Draw the widget that takes a file.

    What it may be is said here, and refused by who reads it: Streamlit says both in English alone.
    """
    turn = st.session_state.setdefault("lab_upload_turn", 0)
    key = f"lab_upload_{turn}"
    st.file_uploader(t("Your own table"), key=key, on_change=_take, args=(key,))
    st.caption(t("CSV, TSV or TXT, at most {megabytes} MB", megabytes=get_lab().settings.max_upload_mb))


def upload_trouble(*, again: bool = False) -> None:
    """Say why the last file was refused, or ask what has to be decided before it can be read.

    Parameters
    ----------
    again : bool
        Whether to draw what came of reading the file on show again, or of an upload.
    """
    trouble: _Trouble | None = st.session_state.get(_TROUBLE)
    if trouble is None or (trouble.before is not None) != again:
        return
    if trouble.question is None:
        st.error(inert(trouble.sentence, 300), icon=":material/block:")
        return
    with st.container(border=True, gap="small", key="lab_upload_question"):
        st.markdown(inert(trouble.sentence, 300))
        _answers(trouble, trouble.question)
        st.button(
            t("Forget this file") if trouble.before is None else t("Leave it as it is"),
            type="tertiary",
            on_click=forget_trouble,
        )


def _answers(trouble: _Trouble, question: ChoiceNeeded) -> None:
    name, content, options = trouble.file

    def decide(**choice: Any) -> None:
        _read(name, content, replace(options, **choice), trouble.before)

    match question.choice:
        case "encoding":
            words = foreign_words(content, options.delimiter or ",")
            encoding_choice(words, "", lambda encoding: decide(encoding=encoding))
        case "drop_ragged":
            label = t("Leave out {rows}", rows=counted(question.value, "row"))
            st.button(label, on_click=decide, kwargs={"drop_ragged": True})
        case "sample_rows":
            label = t("Take a random sample of {rows}", rows=counted(question.value, "row"))
            st.button(label, on_click=decide, kwargs={"sample_rows": question.value})


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


@attempted
def read_again(name: str, options: ReadOptions) -> None:
    """Read the file on show with other options; if that fails the lab keeps its table and says why."""
    forget_trouble()
    table = lab_state.current_table()
    try:
        content = get_lab().store.datasets.read_file(table.origin.file if table.origin else "")
    except (InputRefused, WorkFailed) as refusal:
        st.session_state[_TROUBLE] = _Trouble(translated(str(refusal)), table)
        return
    _read(name, content, options, table)


def _read(name: str, content: bytes, options: ReadOptions, before: Table | None = None) -> None:
    """Read a file and make it the data of the lab; `before` is what the same file was read as."""
    forget_trouble()
    store = my_store()
    try:
        upload = read_upload(content, name, options, get_lab().settings.max_upload_mb)
        if before is not None:
            _check_columns(name, upload.table, before)
        source = f"dataset:{store.datasets.add(upload.packed, name, content)}"
        (lab_state.choose_data if before is None else lab_state.correct_data)(source, upload.table)
    except (InputRefused, WorkFailed) as refusal:
        trouble = _Trouble(translated(str(refusal)), before)
        # Whoever has just chosen an encoding need not be asked for one.
        if isinstance(refusal, ChoiceNeeded) and (before is None or refusal.choice != "encoding"):
            trouble = replace(trouble, question=refusal, file=(name, content, options))
        st.session_state[_TROUBLE] = trouble


def _check_columns(name: str, table: Table, before: Table) -> None:
    """Refuse a delimiter that leaves one column of what were several: nobody means that."""
    if len(table.frame.columns) == 1 < len(before.frame.columns):
        delimiter = t(DELIMITERS[table.origin.used.delimiter or ","]) if table.origin else t("this delimiter")
        raise InputRefused(
            t(
                "{file}: with {delimiter} between the cells there is one column; allowed: a delimiter that is there.",
                file=name,
                delimiter=delimiter,
            ),
            name,
        )


def encoding_choice(words: Sequence[bytes], current: str, choose: Callable[[str], None]) -> None:
    """Draw a button for each of the likeliest encodings but the current one, and a list of all that are possible.

    Parameters
    ----------
    words : sequence of bytes
        Words of the file with characters beyond ASCII.
    current : str
        The encoding it was read in, empty if it was not.
    choose : callable
        Called with the chosen encoding.
    """
    found = previews(words) if words else []
    shown = {preview.encoding: " ".join(preview.words) for preview in found} or dict.fromkeys(ENCODINGS, "")
    likely = _likely(found, current)
    for encoding in likely:
        label = f"**{inert(shown[encoding], 60)}** · {inert(t(ENCODINGS[encoding]))}"
        st.button(label, key=f"lab_encoding_{encoding}", on_click=choose, args=(encoding,), width="stretch")
    st.selectbox(
        t("Another encoding"),
        [encoding for encoding in shown if encoding not in {*likely, current}],
        index=None,
        key=_OTHER,
        placeholder=t("Another encoding"),
        label_visibility="collapsed",
        format_func=lambda encoding: " · ".join(
            filter(None, (plain_text(shown[encoding], 14), t(ENCODINGS[encoding])))
        ),
        on_change=_take_encoding,
        args=(choose,),
    )


def _likely(found: Sequence[Preview], current: str) -> list[str]:
    """Return encodings under which the words differ, none much stranger than in the current or the best one."""
    least = next((preview.strange for preview in found if preview.encoding == current or not current), 0)
    known = {preview.words for preview in found if preview.encoding == current}
    likely = []
    for preview in found:
        if preview.words not in known and preview.strange <= least + 1:
            known.add(preview.words)
            likely.append(preview.encoding)
    return likely[:_LIKELY]


def _take_encoding(choose: Callable[[str], None]) -> None:
    encoding = st.session_state[_OTHER]
    if encoding in ENCODINGS:
        st.session_state[_OTHER] = None
        choose(encoding)
