"""The door of a real server: what it answers strangers, and what a real browser makes of what it says of its pages."""

import http.client

import pytest
from playwright.sync_api import expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol


def asked(server, path, **headers):
    address, _ = server
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=20)
    connection.request("GET", path, headers=headers)
    reply = connection.getresponse()
    said = reply.status, reply.read().decode()
    connection.close()
    return said


@pytest.mark.parametrize(
    "path", ["/", "/lessons", "/api/health", "/_stcore/health", "/_stcore/host-config", "/assets/plotly.min.js"]
)
def test_a_web_site_cannot_reach_a_lab_on_its_visitors_machine_by_a_name_of_its_own(server, path):
    status, said = asked(server, path, Host="evil.example")
    assert status == 403
    assert said.startswith("This lab is not called evil.example")


def test_a_foreign_origin_is_refused_and_nothing_is_asked_of_the_internet(server, outside):
    address = server[0].replace("http", "ws") + "/_stcore/stream"
    with pytest.raises(InvalidStatus) as refusal:
        connect(address, origin=Origin("https://evil.example"))
    assert refusal.value.response.status_code == 403
    assert b"its own pages only" in refusal.value.response.body
    assert asked(server, "/api/health", Origin="https://evil.example")[0] == 403
    with connect(address, origin=Origin(server[0]), subprotocols=[Subprotocol("streamlit")]):
        pass
    with pytest.raises(BlockingIOError):  # nobody came
        outside.accept()


@pytest.fixture
def stranger(browser):
    """A browser that has just been started, without what `visit` asks of every page."""
    context = browser.new_context()
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def test_no_other_site_can_show_the_lab_in_a_frame(server, stranger):
    lab, site = f"{server[0]}/", "http://127.0.0.1:9/"
    stranger.route(site, lambda route: route.fulfill(body=f"<iframe src='{lab}'></iframe>", content_type="text/html"))
    stranger.goto(site)
    assert stranger.frames[1].url.startswith("chrome-error:")

    def without_policy(route):
        reply = route.fetch()
        kept = {name: value for name, value in reply.headers.items() if name != "content-security-policy"}
        route.fulfill(response=reply, headers=kept)

    stranger.route(lab, without_policy)
    stranger.goto(site)
    assert stranger.frames[1].url == lab


def test_a_page_runs_its_own_scripts_and_evaluates_no_text(server, stranger):
    stranger.goto(server[0])
    expect(stranger.get_by_role("button", name="Try it with iris")).to_be_visible()
    # Later, since what the browser itself is told to evaluate may evaluate more.
    evaluated = """() => new Promise((told) => {
      document.addEventListener("securitypolicyviolation", (event) => told(event.blockedURI));
      setTimeout(() => { try { told(eval("'evaluated'")) } catch {} });
    })"""
    assert stranger.evaluate(evaluated) == "eval"
