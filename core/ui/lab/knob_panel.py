"""Draws the knobs: pills for a few choices, a list for many or for values that can be typed, each with its refusal."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import streamlit as st

from core.errors import InputRefused
from core.spec import ExperimentSpec
from core.ui.lab.architecture import LAYERS, choose_layers
from core.ui.lab.chosen import OFFERED, chosen_tokens, knob_key
from core.ui.lab.knobs import ARCHITECTURE, GROUPS, Knob, in_words, knob_at, knobs_for
from core.ui.lab.live import turned_alone
from core.ui.lab.range_test import RATE, range_test_button
from core.ui.lab.share import lab_reins
from core.ui.network.network import Network, network_diagram
from core.ui.text import counted, inert
from core.ui.words import t

_MOST_PILLS: Final = 6
_MOST_SEEDS: Final = 100
_ICONS: Final = dict(
    zip(GROUPS, (":material/table_chart:", ":material/account_tree:", ":material/trending_down:"), strict=True)
)


def knob_panel(task: str, wanted: ExperimentSpec | InputRefused, network: Network | None = None) -> None:
    """Draw every knob that means something for `task`, group by group, and at its knob why `wanted` is refused.

    The `network`, where there is one, is drawn above the knobs of the architecture, unless a link fixes its layers.
    """
    bound = lab_reins()
    knobs = [knob for knob in knobs_for(task) if knob.path not in bound.hidden]
    if LAYERS in bound.hidden | bound.locked:
        network = None
    for group in GROUPS:
        if not any(knob.group == group for knob in knobs):
            continue
        with st.container(border=True, gap="small"):
            st.markdown(f"{_ICONS[group]} **{t(group)}**")
            if group == ARCHITECTURE and network is not None:
                network_diagram(network, key="lab_network", on_edit=choose_layers)
            for knob in knobs:
                if knob.group == group and not knob.more:
                    _draw(knob, wanted, locked=knob.path in bound.locked)
            _more([knob for knob in knobs if knob.group == group and knob.more], wanted, bound.locked)


def _more(knobs: Sequence[Knob], wanted: ExperimentSpec | InputRefused, locked: Collection[str]) -> None:
    """Draw less used knobs folded away; the fold says how many are changed and which are refused."""
    if not knobs:
        return
    changed = sum((chosen_tokens(knob) or [knob.default]) != [knob.default] for knob in knobs)
    label = t("More ({count} changed)", count=changed) if changed else t("More")
    if refused := ", ".join(t(knob.label) for knob in knobs if _refusals(knob, wanted)):
        label = f":red[{t('More')}: {refused}]"
    # The key keeps it open while its label changes.
    with st.expander(label, key=f"lab_more_{knobs[0].group}"):
        for knob in knobs:
            _draw(knob, wanted, locked=knob.path in locked)


def _draw(knob: Knob, wanted: ExperimentSpec | InputRefused, *, locked: bool) -> None:
    key = knob_key(knob.path)
    chosen = chosen_tokens(knob)
    hint = knob.hint(chosen)
    label = t(knob.label)  # Plain, as it is the accessible name too.
    if len(chosen) > 1:
        label += f" · {counted(len(chosen), 'value')}"
    if locked:
        label += f" · {t('locked')}"
    if knob.single:
        st.number_input(label, 1, _MOST_SEEDS, key=key, help=t(knob.help), persist_state="session", disabled=locked)
    elif not knob.typed and len(knob.choices) <= _MOST_PILLS:
        st.pills(
            label,
            knob.choices,
            selection_mode="multi",
            key=key,
            help=hint,
            format_func=knob.say,
            persist_state="session",
            disabled=locked,
            on_change=turned_alone,
            args=(knob,),
        )
    else:
        if chosen != st.session_state[key]:  # chosen from the list and typed as well
            st.session_state[key] = chosen
        st.multiselect(
            label,
            [*knob.choices, *(token for token in chosen if token not in knob.choices)],
            key=key,
            help=hint,
            format_func=(lambda token: OFFERED + token) if knob.typed else knob.say,
            placeholder=knob.say(knob.default),
            accept_new_options=knob.typed,
            filter_mode="prefix" if knob.typed else "fuzzy",
            disabled=locked,
            select_all=False,  # Enter would take every match of what was typed
            persist_state="session",
            on_change=turned_alone,
            args=(knob,),
        )
    if knob.path == RATE and not locked:
        range_test_button()
    for sentence in _refusals(knob, wanted):
        st.markdown(f":small[:red[{inert(sentence, 200)}]]")


def _refusals(knob: Knob, wanted: ExperimentSpec | InputRefused) -> list[str]:
    """Return what is wrong with the values of a knob: each that is not understood, else what the spec refuses."""
    sentences = []
    for token in chosen_tokens(knob):
        try:
            knob.read(token)
        except InputRefused as refusal:
            sentences.append(str(refusal))
    if not sentences and isinstance(wanted, InputRefused) and knob_at(wanted.where) is knob:
        sentences.append(in_words(wanted))
    return sentences
