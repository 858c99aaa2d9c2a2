"""What is chosen at a knob, where the page and the browser both speak of it."""

from streamlit.testing.v1 import AppTest


def said_after_an_interruption():
    """The page turns a knob; before it is drawn, the browser says what it knows."""
    import streamlit as st

    from core.ui.lab.chosen import choose, chosen_tokens, drawn, knob_key
    from core.ui.lab.knobs import KNOBS

    knob = next(knob for knob in KNOBS if knob.path == "model.layers")
    key = knob_key(knob.path)
    st.session_state[key] = ["\u200b16"]
    for token in st.session_state.turns:
        choose(knob, [token])
        st.session_state[key] = ["\u200b16"]
    st.session_state.said = chosen_tokens(knob)
    st.session_state[key] = ["8"]
    st.session_state.chosen = chosen_tokens(knob)
    choose(knob, ["4"])
    drawn(knob)
    st.session_state[key] = ["8"]
    st.session_state.back = chosen_tokens(knob)


def after(turns):
    app = AppTest.from_function(said_after_an_interruption)
    app.session_state.turns = turns
    return app.run().session_state


def test_a_turn_the_browser_was_not_told_of_is_not_undone_by_what_it_sends():
    assert after(["10"]).said == ["10"]


def test_of_two_turns_before_the_knob_is_drawn_the_second_holds():
    assert after(["10", "12"]).said == ["12"]


def test_what_somebody_chose_meanwhile_holds():
    assert after(["10"]).chosen == ["8"]


def test_once_the_knob_is_drawn_it_may_be_turned_back():
    assert after(["10"]).back == ["8"]
