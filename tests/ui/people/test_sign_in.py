"""Signing out, where a provider signs in."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.jobs import lab as lab_module
from tests.pages.conftest import ROUTER

ADA = {"is_logged_in": True, "iss": "https://school.example", "sub": "1", "email": "ada@school.example"}
SECRETS = {
    "redirect_uri": "http://localhost:8501/oauth2callback",
    "cookie_secret": "only for tests, but as long as it has to be",
    "client_id": "lab",
    "client_secret": "secret",
    "server_metadata_url": "https://school.example/.well-known/openid-configuration",
}


@pytest.fixture
def signed_in(lab, monkeypatch):
    monkeypatch.setenv("LOSSLAB_SIGN_IN", "oidc")
    lab_module._lab.cache_clear()
    app = AppTest.from_file(str(ROUTER), default_timeout=60)
    app.secrets["auth"] = SECRETS
    app.user = ADA
    yield app.run()
    lab_module.get_lab().store.close()


def test_a_way_out_that_another_run_cut_short_is_told_again(signed_in, monkeypatch):
    told = []
    monkeypatch.setattr(st, "logout", lambda: told.append(1))
    signed_in.run()
    assert not signed_in.exception
    assert told == []
    signed_in.get_by_key("sign_out").click().run()
    first = len(told)
    signed_in.run()
    assert 0 < first < len(told)
