"""Every page is computed in one of the few places there are, and gives it back."""

import pytest
import streamlit as st

from core.collector import ROUNDS
from core.ui import gate as gate_module
from core.ui.gate import Gate


@pytest.fixture
def gate(monkeypatch):
    """One place, which nobody loses by staying."""
    gate = Gate(1, 600)
    monkeypatch.setattr(gate_module, "GATE", gate)
    return gate


def test_a_page_is_computed_in_a_place_which_newcomers_and_others_wait_for_apart(app, gate, monkeypatch):
    seen = []
    place, navigation = gate.place, st.navigation

    def asked(*, known):
        seen.append(known)
        return place(known=known)

    def drawn(*args, **kwargs):
        seen.append(len(gate._inside))
        return navigation(*args, **kwargs)

    monkeypatch.setattr(gate, "place", asked)
    monkeypatch.setattr(st, "navigation", drawn)
    ROUNDS._due.clear()
    app.run().run()
    assert not app.exception
    assert ROUNDS._due.is_set()  # what a page leaves behind is collected some time
    assert seen == [False, 1, True, 1]
    assert not gate._inside


def test_a_page_that_fails_stops_or_runs_again_gives_its_place_back(app, gate, monkeypatch):
    turns = []

    def end(*_args, **_kwargs):
        turns.append(len(gate._inside))
        if len(turns) == 1:
            st.rerun()
        if len(turns) == 2:
            st.stop()
        raise RuntimeError

    monkeypatch.setattr(st, "navigation", end)
    app.run()
    app.run()
    assert turns == [1, 1, 1]
    assert app.exception
    assert not gate._inside
