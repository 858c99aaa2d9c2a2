"""Tokens on the page, and what a program may do with one."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from core.jobs.storage.viewer import Reach
from core.ui.people.proxy import FromProxy
from core.ui.routes import make_routes
from tests.pages.spoken import lines

from .conftest import case, viewer_named
from .test_rules import page_for


def client(lab):
    middleware = [Middleware(FromProxy, settings=lambda: lab.settings)]
    return TestClient(Starlette(routes=make_routes(lambda: lab), middleware=middleware))


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def test_a_token_is_made_shown_once_and_revoked_on_the_page(lab):
    app = page_for("owner", "runs", {})
    app.get_by_key("token_name").set_value("**Prometheus**").run()
    app.get_by_key("token_make").click().run()
    assert not app.exception
    (secret,) = [code.value for code in app.code]
    assert "\\*\\*Prometheus" in " ".join(lines(app)), "a name is text"
    assert client(lab).get("/api/metrics", headers=bearer(secret)).status_code == 200
    app.run()
    assert not app.code
    owner = viewer_named("owner", lab.settings).person
    (token,) = lab.store.tokens.of(owner)
    app.get_by_key(f"token_revoke_{token.id}").click().run()
    assert not app.exception
    assert client(lab).get("/api/metrics", headers=bearer(secret)).status_code == 403


def test_guests_and_strangers_are_offered_none(lab):
    assert "token_make" not in {button.key for button in page_for("guest", "class", {}).button}


@pytest.mark.parametrize(("who", "status"), [("owner", 200), ("other", 404), ("admin", 200)])
def test_a_program_sees_what_whoever_made_its_token_sees(lab, who, status):
    it = case(lab.store, viewer_named("owner", lab.settings), Reach.PRIVATE)
    token = lab.store.tokens.make(viewer_named(who, lab.settings).person, "a program")
    path = f"/api/experiments/{it.experiment}/points?since=0"
    assert client(lab).get(path, headers=bearer(token)).status_code == status
    assert client(lab).get(path, headers=bearer(token) | {"X-Forwarded-Email": ""}).status_code == status


def test_a_wrong_token_is_nobody_whoever_the_proxy_names_beside_it(lab):
    owner = {"X-Forwarded-Email": "owner@school.example"}
    ask = client(lab)
    assert ask.get("/api/metrics", headers=owner).status_code == 200
    assert ask.get("/api/metrics", headers=owner | bearer("losslab_guessed")).status_code == 403
    assert ask.get("/api/metrics", headers=owner | bearer("of the proxy itself")).status_code == 200
