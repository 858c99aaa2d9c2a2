"""The lab: data and knobs on the left, the race of the losses on the right."""

from __future__ import annotations

import streamlit as st

from core.errors import InputRefused
from core.ui.lab import state as lab_state
from core.ui.lab.knob_panel import knob_panel
from core.ui.lab.knobs import FIRST
from core.ui.lab.link import linked, take_from_address
from core.ui.lab.share import data_of_link, share_button
from core.ui.lab.stage import lab_layout, run_bar, show_experiment, show_plan, show_welcome
from core.ui.text import inert

trouble = ""
experiment = None
try:
    take_from_address()
    experiment = lab_state.open_from_address()
except InputRefused as refusal:
    trouble = str(refusal)

table = None
controls, stage = lab_layout()
with controls:
    try:
        table = lab_state.current_table()
    except InputRefused as refusal:
        st.error(inert(str(refusal), 300), icon=":material/block:")
        st.button("Start afresh with iris", on_click=lab_state.load, args=(FIRST,))
    else:
        task = data_of_link(table)
        wanted = lab_state.wanted(task)
        knob_panel(task, wanted)
        run_bar(table, task, wanted)

with stage:
    if experiment is not None:
        show_experiment(experiment)
    elif trouble or table is None or (lab_state.at_the_start() and not linked()):
        show_welcome(trouble)
    else:
        show_plan(table)
    if table is not None:
        share_button(wanted)
