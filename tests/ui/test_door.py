"""The door: known hosts and our own origins come in, by page, upload, API and websocket alike; nobody else."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from streamlit import config

from core.errors import InputRefused
from core.settings import Settings, load_settings
from core.ui.door import Door, check_address

ROOT = Path(__file__).parents[2]
HERE = "http://127.0.0.1:8501"


async def page(request):
    return PlainTextResponse("inside")


async def stream(socket):
    await socket.accept()
    await socket.send_text(json.dumps(dict(socket.headers)))
    await socket.close()


def client(base=HERE, **settings):
    routes = [Route("/{path:path}", page, methods=["GET", "PUT"]), WebSocketRoute("/_stcore/stream", stream)]
    door = Middleware(Door, settings=lambda: Settings(**settings))
    return TestClient(Starlette(routes=[routes[1], routes[0]], middleware=[door]), base_url=base)


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1", "[::1]:8501", "LOCALHOST", "localhost."])
def test_this_machine_is_known_by_its_usual_names(host):
    assert client().get("/", headers={"host": host}).text == "inside"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "evil.example:8501",
        "me@localhost",
        "localhost/",
        "localhost:x",
        "",
        "[::2]",
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/health", "/api/experiments/x/points", "/_stcore/upload_file/a/b"])
def test_another_host_is_refused_in_a_sentence_whatever_it_asks_for(host, path):
    method = "PUT" if "upload" in path else "GET"
    reply = client().request(method, path, headers={"host": host})
    assert reply.status_code == 403
    assert reply.text.startswith("This lab is not called ")
    assert reply.text.endswith("its operator can name its hosts in LOSSLAB_HOSTS.")


def test_the_websocket_of_another_host_is_refused_too():
    with (
        pytest.raises(WebSocketDenialResponse) as refusal,
        client().websocket_connect("/_stcore/stream", headers={"host": "evil.example"}),
    ):
        pass
    assert refusal.value.status_code == 403


def test_an_operator_names_hosts():
    there = client(hosts="lab.school.example, *.lan,192.168.1.5,[fd00::5]")
    names = {
        "lab.school.example": 200, "LAB.school.example:443": 200, "pc7.lan": 200, "lan": 403, "192.168.1.5:8501": 200,
        "[fd00::5]": 200, "school.example": 403, "evil-lan": 403, "localhost": 200,
    }  # fmt: skip
    assert {host: there.get("/", headers={"host": host}).status_code for host in names} == names
    assert client(hosts="*").get("/", headers={"host": "any.example"}).text == "inside"


def test_a_number_is_known_however_it_is_written():
    assert Settings(hosts="[fd00:0::5], 10.0.0.5").host_names == ("fd00::5", "10.0.0.5")
    assert client(hosts="fd00:0::5").get("/", headers={"host": "[fd00::5]:8501"}).text == "inside"


def test_hosts_that_streamlit_was_told_count(monkeypatch):
    get_option = config.get_option
    told = {"server.allowedHosts": ["lab.example"], "server.address": "10.0.0.7", "browser.serverAddress": "me.example"}
    monkeypatch.setattr(config, "get_option", lambda name: told.get(name, get_option(name)))
    for host in ("lab.example", "10.0.0.7", "me.example"):
        assert client().get("/", headers={"host": host}).text == "inside"


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:9999", "null", "file://", "http://[", ""])
def test_a_foreign_origin_is_refused_before_streamlit_is_asked(origin):
    said = "This lab answers its own pages only; its operator can name its hosts in LOSSLAB_HOSTS."
    assert client().get("/", headers={"origin": origin}).text == said
    assert client(hosts="*").get("/", headers={"origin": origin}).text == said
    with (
        pytest.raises(WebSocketDenialResponse),
        client().websocket_connect("/_stcore/stream", headers={"origin": origin}),
    ):
        pass


@pytest.mark.parametrize(
    ("origin", "headers"),
    [
        (HERE, {}),
        ("https://lab.school.example", {}),  # behind a proxy that changes the host
        ("https://lab.school.example", {"host": "lab.school.example"}),
    ],
)
def test_streamlit_need_not_judge_an_origin_the_door_has_let_in(origin, headers):
    there = client(hosts="lab.school.example")
    assert there.get("/", headers={"origin": origin, **headers}).text == "inside"
    address = "ws://127.0.0.1:8501/_stcore/stream"
    with there.websocket_connect(address, headers={"origin": origin, **headers}) as socket:
        seen = json.loads(socket.receive_text())
    assert "origin" not in seen
    assert "sec-websocket-key" in seen


def test_a_lab_that_is_not_public_answers_its_own_machine_alone():
    there = client("http://192.168.1.5:8501", hosts="*")
    assert there.get("/").text.startswith("This lab is open to its own machine only")
    assert client("http://192.168.1.5:8501", hosts="*", public=True).get("/").text == "inside"


def policy(reply):
    return dict(rule.split(" ", 1) for rule in reply.headers["content-security-policy"].split("; "))


@pytest.mark.parametrize("host", ["localhost", "evil.example"])
def test_every_answer_says_what_a_page_may_load_and_who_may_frame_it(host):
    reply = client().get("/", headers={"host": host})
    rules = policy(reply)
    assert rules["default-src"] == rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["object-src"] == rules["base-uri"] == "'none'"
    assert not [rule for rule in rules.values() if "http" in rule or "*" in rule]
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "same-origin"


def test_an_operator_names_the_sites_that_may_frame_the_lab():
    reply = client(embed_in="https://moodle.school.example, https://*.lms.example:8443").get("/")
    assert policy(reply)["frame-ancestors"] == "https://moodle.school.example https://*.lms.example:8443"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LOSSLAB_HOSTS", "https://lab.example"),
        ("LOSSLAB_HOSTS", "lab.example/x"),
        ("LOSSLAB_HOSTS", "a b"),
        ("LOSSLAB_HOSTS", "10.0.0.5:8501"),
        ("LOSSLAB_HOSTS", "cafe.de:8080"),
        ("LOSSLAB_EMBED_IN", "moodle.example"),
        ("LOSSLAB_EMBED_IN", "https://a.example; script-src *"),
        ("LOSSLAB_EMBED_IN", "https://a.example\r\nx: y"),
        ("LOSSLAB_PUBLIC", "perhaps"),
    ],
)
def test_a_name_or_site_that_is_none_is_refused_by_its_variable(variable, value, monkeypatch):
    monkeypatch.setenv(variable, value)
    with pytest.raises(InputRefused, match=rf"^{variable}: the value is refused; allowed: .*\w\.$"):
        load_settings()


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.5", "lab.example", None])
def test_listening_where_others_reach_the_lab_has_to_be_said(address, monkeypatch):
    monkeypatch.setattr(config, "get_option", lambda name: address)
    with pytest.raises(InputRefused, match=r"set LOSSLAB_PUBLIC=yes if that is meant, or listen on 127\.0\.0\.1\.$"):
        check_address(Settings())
    check_address(Settings(public=True))


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1", "127.8.8.8", "unix:///tmp/lab.sock"])
def test_listening_on_this_machine_alone_need_not_be_said(address, monkeypatch):
    monkeypatch.setattr(config, "get_option", lambda name: address)
    check_address(Settings())


@pytest.fixture
def outside():
    """Stands for the internet: a proxy that every request of a server to elsewhere would go to, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.setblocking(False)
        yield proxy


def started(folder, outside, *arguments, **variables):
    """How a server that refuses to start ends: (status, what it says on stderr)."""
    proxy = f"http://127.0.0.1:{outside.getsockname()[1]}"
    environment = os.environ | {"http_proxy": proxy, "https_proxy": proxy, "LOSSLAB_DATA": str(folder / "data")}
    environment |= variables
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port=0", *arguments]
    done = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("arguments", "variables", "says"),
    [
        (["--server.address=0.0.0.0"], {}, "Whoever reaches 0.0.0.0 could use the lab without signing in"),
        ([], {"LOSSLAB_SLOTS": "many"}, "LOSSLAB_SLOTS: the value is refused"),
        ([], {"LOSSLAB_DB_URL": "mysql://me@there/lab"}, "LOSSLAB_DB_URL: this database is not supported"),
    ],
)
def test_a_server_that_must_not_start_says_why_in_one_sentence_and_ends_with_status_2(
    arguments, variables, says, tmp_path, outside
):
    status, said = started(tmp_path, outside, *arguments, **variables)
    assert status == 2, said
    assert "Traceback" not in said
    with pytest.raises(BlockingIOError):  # nobody came
        outside.accept()
    (sentence,) = [line for line in said.splitlines() if re.match(r"(Whoever|LOSSLAB_)", line)]
    assert sentence.startswith(says)
    assert sentence.endswith(".")
