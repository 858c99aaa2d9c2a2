"""The diagnosis: what causes the loss of a run, proven by training, and what would cure it."""

from __future__ import annotations

import streamlit as st

from core.errors import InputRefused
from core.ui.diagnose import state as diagnosis_state
from core.ui.diagnose.page import show_opened
from core.ui.diagnose.start import show_start
from core.ui.sentences import translated

trouble = ""
opened = None
try:
    opened = diagnosis_state.open_from_address()
except InputRefused as refusal:
    trouble = translated(str(refusal))
    st.query_params.clear()

if opened is None:
    show_start(trouble)
else:
    show_opened(opened)
