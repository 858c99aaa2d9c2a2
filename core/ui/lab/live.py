"""Live: every turn of a knob trains at once, supersedes the one before, and can be undone; no button needed."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import streamlit as st

from core.errors import InputRefused
from core.spec import ExperimentSpec, Thing
from core.spec.touches import digest
from core.ui.lab import history
from core.ui.lab import state as lab_state
from core.ui.lab.chosen import choose, chosen_tokens
from core.ui.lab.history import Step
from core.ui.lab.knobs import Knob, values_of
from core.ui.lab.outlook import Outlook
from core.ui.people.mine import my_store
from core.ui.trouble import attempted

SWITCH: Final = "live"
"""The key of the switch, and its name in the address: a link with ``?live=true`` opens live."""

MOST_SECONDS: Final = 5.0
"""What takes longer is run by the button: a curve that answers a turn so late answers no question any more."""


def is_on() -> bool:
    """Return whether the switch is on."""
    return bool(st.session_state.get(SWITCH, st.query_params.get(SWITCH) == "true"))


def answers(experiment: str) -> bool:
    """Return whether an experiment on show is the answer to a turn, and not kept yet."""
    now = history.current()
    return now is not None and now.live and now.experiment == experiment


def too_large(outlook: Outlook) -> bool:
    """Return whether an experiment takes too long to answer every turn."""
    return outlook.width.too_large or outlook.expected.seconds > MOST_SECONDS


def turn(wanted: ExperimentSpec | InputRefused, outlook: Outlook | InputRefused) -> None:
    """Train what the knobs say, if that is new; what was trained a few steps ago is shown as it is."""
    if isinstance(wanted, InputRefused) or isinstance(outlook, InputRefused) or too_large(outlook):
        return
    if not lab_state.turned():
        return
    st.session_state.lab_base = wanted
    known = next((step for step in history.steps() if step.spec.hash() == wanted.hash() and _whole(step)), None)
    if known is None:
        lab_state.submit(wanted, live=True)
    else:
        _leave()
        history.record(known)
        lab_state.show(known.experiment)


def turned_alone(knob: Knob) -> None:
    """Live, let the value that was just chosen take the place of those before: the knob is turned, nothing compared."""
    chosen = chosen_tokens(knob)
    if is_on() and set(chosen) - set(values_of(lab_state.base_spec())[knob.path]):
        choose(knob, chosen[-1:])


def can_go(by: int) -> bool:
    """Return whether `step` has somewhere to go."""
    return (by < 0 and history.current() is not None and lab_state.turned()) or history.at(by) is not None


@attempted
def step(by: int) -> None:
    """Undo, or redo: knobs and curves as they were so many steps away, trained again where they were cut short.

    Knobs that were turned and not run yet go back to what is on show first.
    """
    there = history.current() if by < 0 and lab_state.turned() else None
    if there is None:
        _leave()
        there = history.move(by)
    if there is None:
        return
    lab_state.load(there.knobs or there.spec)
    if _there(there):
        lab_state.show(there.experiment)
    else:
        lab_state.submit(there.spec, live=True, again=True)


@attempted
def keep() -> None:
    """Keep what is shown: it is listed among the runs, and its link works until somebody deletes it."""
    now = history.current()
    if now is None:
        return
    my_store().keep(now.experiment)
    history.replace(replace(now, live=False))


def view_of(spec: ExperimentSpec) -> str:
    """Return what is equal for steps whose losses can be drawn on the same axes, over each other."""
    source = spec.data.model_dump(mode="json")["source"]
    units = sorted({run.key(Thing.LOSS_UNIT) for run in spec.runs()})
    return digest([lab_state.session(), source, units])


def _leave() -> None:
    """Cancel what is shown, if it is a step that still trains."""
    now = history.current()
    if now is not None and now.live:
        try:
            my_store().cancel(now.experiment)
        except InputRefused:  # deleted meanwhile
            return


def _there(step: Step) -> bool:
    """Return whether a step can be shown as it is: an ordinary experiment that is not deleted, or a whole one."""
    if step.live:
        return _whole(step)
    try:
        my_store().experiment(step.experiment)
    except InputRefused:
        return False
    return True


def _whole(step: Step) -> bool:
    """Return whether every run of a step was trained to its end."""
    try:
        experiment = my_store().experiment(step.experiment)
    except InputRefused:
        return False
    return experiment.finished and not any(run.state == "cancelled" for run in experiment.runs)
