"""The header that names a person is believed of the proxy, and of nobody else."""

import json

import pytest
from httpx import Headers
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from streamlit import config

from core.errors import InputRefused
from core.settings import Settings, SignIn
from core.ui.door import check_address
from core.ui.people.proxy import FromProxy

SECRET = "a secret of the proxy"
ADA = ("X-Forwarded-Email", "ada@school.example")


async def echo(request):
    return JSONResponse(request.headers.items())


async def stream(socket):
    await socket.accept()
    await socket.send_text(json.dumps(socket.headers.items()))
    await socket.close()


def seen(headers, **settings):
    """The people a page and a websocket are told of, and whether the proof is hidden from both."""
    given = Settings(**{"sign_in": SignIn.HEADER, "proxy_secret": SECRET} | settings)
    routes = [Route("/", echo), WebSocketRoute("/ws", stream)]
    client = TestClient(Starlette(routes=routes, middleware=[Middleware(FromProxy, settings=lambda: given)]))
    page = client.get("/", headers=headers).json()
    with client.websocket_connect("/ws", headers=Headers(headers)) as socket:
        websocket = json.loads(socket.receive_text())
    for told in (page, websocket):
        assert "x-losslab-secret" not in dict(told)
    names = [[value for name, value in told if name == given.person_header.lower()] for told in (page, websocket)]
    assert names[0] == names[1]
    return names[0]


def test_the_proxy_is_believed():
    assert seen([ADA, ("X-Losslab-Secret", SECRET)]) == ["ada@school.example"]


@pytest.mark.parametrize(
    "more",
    [[], [("X-Losslab-Secret", "")], [("X-Losslab-Secret", "guessed")], [("X-Losslab-Secret", SECRET)] * 2,
     [("X-Losslab-Secret", SECRET), ("x-forwarded-email", "eve@elsewhere.example")]],
    ids=["no proof", "empty", "guess", "two proofs", "a copy of the client's"],
)  # fmt: skip
def test_whoever_else_says_who_they_are_is_nobody(more):
    assert seen([ADA, *more]) == []


def test_on_the_machine_itself_no_secret_is_needed_and_a_copy_is_still_refused():
    assert seen([ADA], proxy_secret="") == ["ada@school.example"]
    assert seen([ADA, ADA], proxy_secret="") == []


def test_another_header_can_be_named():
    assert seen([("Remote-User", "ada"), ("X-Losslab-Secret", SECRET)], person_header="Remote-User") == ["ada"]


@pytest.mark.parametrize("address", ["0.0.0.0", "", "192.168.0.2"])
def test_without_a_secret_others_must_not_reach_the_lab(monkeypatch, address):
    monkeypatch.setattr(config, "get_option", {"server.address": address}.get)
    for settings in (Settings(sign_in=SignIn.HEADER), Settings(sign_in=SignIn.HEADER, public=True)):
        with pytest.raises(InputRefused, match="LOSSLAB_PROXY_SECRET"):
            check_address(settings)
    check_address(Settings(sign_in=SignIn.HEADER, proxy_secret=SECRET))
    monkeypatch.setattr(config, "get_option", {"server.address": "127.0.0.1"}.get)
    check_address(Settings(sign_in=SignIn.HEADER))
