"""The lab: data and knobs on the left, the race of the losses on the right."""

from __future__ import annotations

import streamlit as st

from core.errors import InputRefused, WorkFailed
from core.spec import ExperimentSpec
from core.ui.lab import live
from core.ui.lab import state as lab_state
from core.ui.lab.architecture import network_now
from core.ui.lab.chosen import tell_turns
from core.ui.lab.knob_panel import knob_panel
from core.ui.lab.knobs import FIRST
from core.ui.lab.link import linked, take_from_address
from core.ui.lab.outlook import outlook_of
from core.ui.lab.share import data_of_link, share_button
from core.ui.lab.stage import lab_layout, run_bar, show_experiment, show_plan, show_welcome
from core.ui.sentences import translated
from core.ui.text import inert
from core.ui.words import t

with st.container(key="page_name"):  # heard, not seen: the page begins with the data
    st.title(t("Lab"), anchor=False)
trouble = refused = ""
experiment = table = None
welcomed = False
wanted: ExperimentSpec | InputRefused = InputRefused("There is no table.")
try:
    take_from_address()
    lab_state.take_table_from_address()
    experiment = lab_state.open_from_address()
except (InputRefused, WorkFailed) as refusal:
    trouble = translated(str(refusal))
try:
    table = lab_state.current_table()
except (InputRefused, WorkFailed) as refusal:
    refused = translated(str(refusal))

controls, stage = lab_layout()
if table is not None:
    task, _ = lab_state.task_of(lab_state.base_spec(), table)
    wanted = lab_state.wanted(task)
    outlook = outlook_of(wanted, table)
    if live.is_on() and task:
        live.turn(wanted, outlook)
        experiment = lab_state.shown() or experiment
if not trouble:
    lab_state.tell_address()

# The curves first: a turn of a knob is answered before the knobs are drawn.
with stage:
    if experiment is not None:
        show_experiment(experiment, wanted)
    elif trouble or table is None or (lab_state.at_the_start() and not linked()):
        welcomed = True
        show_welcome(trouble)
    else:
        show_plan(table)
    if table is not None:
        share_button(wanted)

with controls:
    if table is None:
        st.error(inert(refused, 300), icon=":material/block:")
        st.button(t("Start afresh with iris"), on_click=lab_state.load, args=(FIRST,))
    else:
        data_of_link(table)
        knob_panel(task, wanted, network_now(task, wanted, outlook, table))
        tell_turns()
        run_bar(task, wanted, outlook, welcomed=welcomed)
