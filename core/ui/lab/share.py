"""The link to the lab as it is now, with what its visitors may not turn; and the lab as such a link shows it."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.data.table import Table
from core.errors import InputRefused
from core.jobs.lab import get_lab
from core.spec import ExperimentSpec
from core.ui.classroom.links import absolute, qr_code, say_where_it_works
from core.ui.data.card import data_card
from core.ui.data.tables import source_name
from core.ui.lab import live
from core.ui.lab import state as lab_state
from core.ui.lab.knobs import KNOBS, label_of
from core.ui.lab.link import SPEC, encode
from core.ui.lab.reins import HIDE, LOCK, Reins, reins_of_address, short_name
from core.ui.people.mine import my_store
from core.ui.people.sharing import say_who_sees
from core.ui.sentences import translated
from core.ui.text import inert
from core.ui.words import later, t

DATA: Final = "data"
"""The name of the card with upload, samples and target."""
NAMES: Final = (DATA, *(knob.path for knob in KNOBS))
_STARTS: Final = (later("the settings, nothing run yet"), later("the curves as they are now"))
_LARGEST_QR: Final = 1500
"""Characters; a phone does not read a picture of more dots from a distance."""


def lab_reins() -> Reins:
    """Return what the address hides and locks in the lab."""
    return reins_of_address(NAMES)


def data_of_link(table: Table) -> None:
    """Draw the card of the data, or only their name where the link fixes them."""
    bound = lab_reins()
    if bound.complaint:
        st.warning(inert(bound.complaint, 300), icon=":material/link_off:")
    if DATA not in bound.hidden | bound.locked:
        data_card(table)
        return
    data = lab_state.base_spec().data
    if DATA in bound.locked:
        st.markdown(f"**{inert(source_name(data))}** → {inert(', '.join(data.targets))}")


def share_button(wanted: ExperimentSpec | InputRefused) -> None:
    """Offer the link to the lab as it is."""
    st.button(
        t("Share"),
        icon=":material/share:",
        type="tertiary",
        key="lab_share",
        disabled=isinstance(wanted, InputRefused),
        help=t("A link to these settings; choose which of them others may turn."),
        on_click=_open,
    )
    if st.session_state.pop("lab_share_open", False) and not isinstance(wanted, InputRefused):
        st.dialog(t("Share these settings"))(_dialog)()


def _open() -> None:
    st.session_state.lab_share_open = True


def _dialog() -> None:
    spec = lab_state.spec_at_press()
    if spec is None:
        st.warning(t("Some knob needs another value first."), icon=":material/block:")
        return
    shown = st.query_params.get("x")
    same = shown is not None and lab_state.base_spec().hash() == spec.hash()
    start = same and st.radio(
        t("Whoever opens it sees"),
        [False, True],
        format_func=lambda curves: t(_STARTS[curves]),
        key="lab_share_curves",
        on_change=_keep,
    )
    hide = st.multiselect(t("Hide"), NAMES, format_func=_name, key="lab_share_hide", placeholder=t("Nothing"))
    lock = st.multiselect(
        t("Show, but lock"),
        [name for name in NAMES if name not in hide],
        format_func=_name,
        key="lab_share_lock",
        placeholder=t("Nothing"),
    )
    try:
        parameters = {"x": str(shown)} if start and same else {SPEC: encode(spec)}
    except InputRefused as refusal:
        st.warning(inert(translated(str(refusal)), 300), icon=":material/block:")
        return
    parameters |= {name: ",".join(map(short_name, chosen)) for name, chosen in ((HIDE, hide), (LOCK, lock)) if chosen}
    if "x" in parameters and get_lab().settings.signs_in:
        say_who_sees(my_store().experiment(parameters["x"]))
    link = absolute("lab", **parameters)
    st.code(link, language=None, wrap_lines=True)
    say_where_it_works()
    if len(link) <= _LARGEST_QR:
        st.html(qr_code(link, "13rem"))
    if spec.data.source and str(spec.data.source).startswith("dataset:"):
        st.caption(t("The link works in this lab, which has the table."))


def _keep() -> None:
    """Keep the turn whose curves are shared: what nobody keeps is gone after a day, and the link with it."""
    if st.session_state.get("lab_share_curves") and live.answers(st.query_params.get("x", "")):
        live.keep()


def _name(name: str) -> str:
    return t("Data and target") if name == DATA else t(label_of(name))
