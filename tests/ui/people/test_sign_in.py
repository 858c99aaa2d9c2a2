"""Signing out, where a provider signs in."""

import re

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.jobs import lab as lab_module
from core.ui.people import sign_in
from core.ui.people.provider import DEFAULT
from tests.pages.conftest import ROUTER

ADA = {"is_logged_in": True, "iss": "https://school.example", "sub": "1", "email": "ada@school.example"}


@pytest.fixture
def signed_in(lab, monkeypatch):
    monkeypatch.setenv("LOSSLAB_SIGN_IN", "oidc")
    monkeypatch.setattr(sign_in, "providers", lambda: (DEFAULT,))
    lab_module._lab.cache_clear()
    app = AppTest.from_file(str(ROUTER), default_timeout=60)
    app.user = ADA
    yield app.run()
    lab_module.get_lab().store.close()


def links(app):
    """Where the ways out of a page lead."""
    return re.findall(
        r'<a class="sign-out" href="([^"]*)"', " ".join(element.proto.body for element in app.get("html"))
    )


@pytest.mark.parametrize(("base", "way"), [("", "/auth/logout"), ("/lab/", "/lab/auth/logout")])
def test_the_way_out_is_a_link_that_no_run_of_the_page_can_lose(signed_in, monkeypatch, base, way):
    here = st.get_option
    monkeypatch.setattr(st, "get_option", lambda name: base if name == "server.baseUrlPath" else here(name))
    signed_in.run()
    assert not signed_in.exception
    assert links(signed_in) == [way]


def test_who_has_not_signed_in_finds_one_way_in_and_none_out(signed_in):
    signed_in.user = {}
    signed_in.run()
    assert not signed_in.exception
    assert [button.key for button in signed_in.button] == [f"sign_in_{DEFAULT}"]
    assert links(signed_in) == []
