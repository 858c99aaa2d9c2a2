"""Signing out, where a provider signs in."""

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


def test_the_way_out_is_told_in_each_run_until_the_browser_has_gone(signed_in, monkeypatch):
    told = []
    monkeypatch.setattr(st, "logout", lambda: told.append(1))
    signed_in.run()
    assert not signed_in.exception
    assert told == []
    signed_in.get_by_key("sign_out").click().run()
    first = len(told)
    signed_in.run()
    assert 0 < first < len(told)


def test_whoever_signs_in_again_at_once_is_not_signed_out_by_it(signed_in, monkeypatch):
    told = []
    monkeypatch.setattr(st, "logout", lambda: told.append("out"))
    monkeypatch.setattr(st, "login", lambda provider: told.append("in"))
    signed_in.get_by_key("sign_out").click().run()
    signed_in.user = {}
    signed_in.run()
    signed_in.get_by_key(f"sign_in_{DEFAULT}").click().run()
    assert told[-1] == "in"
    signed_in.run()
    assert told[-1] == "in"
