"""Which knobs say something else than the curves beside them come from: what would be run, and is not yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from core.errors import InputRefused
from core.jobs.storage.records import Experiment
from core.spec import ExperimentSpec
from core.ui.lab import state as lab_state
from core.ui.lab.knobs import KNOBS, Knob, values_of
from core.ui.text import inert
from core.ui.words import inside, t

_MOST: Final = 3
"""Settings that are named; of more there is a sign."""


def say_pending(experiment: Experiment, wanted: ExperimentSpec | InputRefused) -> None:
    """Say what has been changed since `experiment` was run; nothing once it is run too, or undone."""
    if isinstance(wanted, InputRefused) or not lab_state.turned():
        return
    if changes := pending(experiment.spec, wanted):
        told = ", ".join(changes[:_MOST]) + (" …" if len(changes) > _MOST else "")
        st.markdown(f":orange-badge[{t('Not run yet')}] :small[{inert(told, 200)}]")


def pending(shown: ExperimentSpec, wanted: ExperimentSpec) -> list[str]:
    """Return what `wanted` has otherwise than `shown`: ``learning rate 0.01``.

    Of each setting that is another the values that are new, or all where none is.
    """
    before, now = values_of(shown), values_of(wanted)
    changes = [
        _said(knob, [token for token in now[knob.path] if token not in before[knob.path]] or now[knob.path])
        for knob in KNOBS
        if now[knob.path] != before[knob.path]
    ]
    if (shown.data.source, shown.data.task) != (wanted.data.source, wanted.data.task):
        changes.insert(0, t("data read otherwise"))
    if shown.data.targets != wanted.data.targets:
        changes.insert(0, t("target {column}", column=", ".join(wanted.data.targets)))
    if shown.data.features != wanted.data.features:
        changes.append(t("other inputs"))
    return changes


def _said(knob: Knob, tokens: Sequence[str]) -> str:
    return f"{inside(t(knob.label))} {t(' or ').join(map(knob.say, tokens))}"
