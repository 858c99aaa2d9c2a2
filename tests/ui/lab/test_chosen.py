"""What is chosen at a knob, where the page and the browser both speak of it."""

import pytest
from streamlit.testing.v1 import AppTest


def a_page():
    """A page turns its knob at a press of its first button, and does not come to draw it."""
    import streamlit as st

    from core.ui.lab.chosen import choose, chosen_tokens, knob_key, tell_turns
    from core.ui.lab.knobs import KNOBS

    knob = next(knob for knob in KNOBS if knob.path == "model.layers")
    st.session_state.setdefault(knob_key(knob.path), ["16"])
    for token in st.session_state.get("turns", []):
        choose(knob, [token])
    st.session_state.turns = []
    st.session_state.said = chosen_tokens(knob)
    if st.session_state.get("whole", True):
        st.multiselect("layers", ["4", "8", "10", "12", "16"], key=knob_key(knob.path))
        tell_turns()


@pytest.fixture
def page():
    return AppTest.from_function(a_page).run()


def sends(page, value, told):
    """The browser sends what it knows of the knob, and of how many turns."""
    page.session_state["lab_knob_model_layers"] = [value]
    page.session_state["lab_turns_known"] = told
    return page.run().session_state.said


def turned(page, *tokens, whole=True):
    page.session_state["turns"], page.session_state["whole"] = tokens, whole
    page.run()
    page.session_state["whole"] = True


@pytest.mark.parametrize("whole", [True, False])
def test_a_turn_the_browser_does_not_know_of_is_not_undone_by_what_it_sends(page, whole):
    turned(page, "10", whole=whole)
    assert sends(page, "16", told=0) == ["10"]
    assert sends(page, "16", told=0) == ["10"]


def test_of_two_turns_the_browser_does_not_know_of_the_second_holds(page):
    turned(page, "10", whole=False)
    turned(page, "12")
    assert sends(page, "16", told=0) == ["12"]
    assert sends(page, "10", told=1) == ["12"]


def test_what_somebody_chose_meanwhile_holds(page):
    turned(page, "10")
    assert sends(page, "8", told=0) == ["8"]


def test_once_the_browser_knows_of_a_turn_it_may_be_turned_back(page):
    turned(page, "10")
    assert sends(page, "16", told=1) == ["16"]
    turned(page, "12")
    assert sends(page, "10", told=2) == ["10"]
