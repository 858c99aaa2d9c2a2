"""Two people sign in with a real provider, and neither sees what the other has run."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from benchmarks.app import free_port

from .conftest import ROOT

PROVIDER = shutil.which("oidc-provider-mock", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
PEOPLE = [
    {"sub": "1", "email": "ada@school.example", "email_verified": True, "name": "Ada **Lovelace**"},
    {"sub": "2", "email": "ben@school.example", "email_verified": True, "name": "Ben"},
    {"sub": "3", "email": "eve@elsewhere.example", "email_verified": True, "name": "Eve"},
]
SECRETS = """
[auth]
redirect_uri = "{lab}/oauth2callback"
cookie_secret = "only for tests, but as long as it has to be"
client_id = "lab"
client_secret = "secret"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROVIDER is None, reason="no provider here: pip install oidc-provider-mock"),
    pytest.mark.timeout(400),
]


def started(command, log, up, **environment):
    """Start a server and wait until it is up."""
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stdout=file, stderr=file)
    deadline = time.monotonic() + 180
    while not up():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, "the server did not come up"
    return process


def answers(address):
    try:
        with urllib.request.urlopen(address, timeout=5) as reply:
            return json.load(reply)
    except OSError:
        return None


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    """The address of a lab in which people of one school sign in."""
    folder = tmp_path_factory.mktemp("team")
    provider, lab = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    (folder / "secrets.toml").write_text(SECRETS.format(lab=lab, provider=provider))
    people = [word for person in PEOPLE for word in ("--user-claims", json.dumps(person))]
    metadata = f"{provider}/.well-known/openid-configuration"
    command = [str(PROVIDER), "-p", provider.rpartition(":")[2], *people]
    processes = [started(command, folder / "provider.log", lambda: answers(metadata))]
    port = f"--server.port={lab.rpartition(':')[2]}"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", port, f"--secrets.files={folder / 'secrets.toml'}"]
    settings = {"LOSSLAB_DATA": str(folder / "data"), "LOSSLAB_SIGN_IN": "oidc", "LOSSLAB_PEOPLE": "@school.example"}
    try:
        up = lambda: answers(f"{lab}/api/health")  # noqa: E731
        processes.append(started(command, folder / "lab.log", up, **settings, LOSSLAB_SLOTS="1"))
        yield lab
    finally:
        for process in processes:
            process.terminate()
            process.wait(20)


@pytest.fixture
def arrive(team, browser):
    """Open a page as a new visitor; as one who signs in, if a name is given."""
    contexts = []

    def open_page(path, name=""):
        contexts.append(browser.new_context())
        page = contexts[-1].new_page()
        page.set_default_timeout(120_000)
        page.goto(team + path)
        if name:
            page.get_by_role("button", name="Sign in").click()
            page.get_by_role("button", name=name, exact=True).click()
        return page

    yield open_page
    for context in contexts:
        context.close()


def sign_out(page):
    """Sign out, and at the provider too, which asks."""
    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("button", name="End session").click()


def fetched(page, path):
    """What the route of a chart answers to this browser: status and text."""
    return page.evaluate("async (path) => { const r = await fetch(path); return [r.status, await r.text()] }", path)


def test_what_one_has_run_is_not_there_for_the_other(arrive, team):
    from playwright.sync_api import expect

    ada = arrive("/", "1")
    expect(ada.get_by_text("Ada **Lovelace**", exact=True)).to_be_visible()  # a name is no Markdown
    ada.get_by_role("button", name="Try it with iris").click()
    ada.wait_for_url("**/?x=*")
    link = ada.url[ada.url.index("/?x=") :]
    points = f"/api/experiments/{link[4:]}/points"
    assert fetched(ada, points)[0] == 200
    ben = arrive(link, "2")
    expect(ben.get_by_text("There is no such experiment")).to_be_visible()
    stranger = arrive(link)
    expect(stranger.get_by_role("button", name="Sign in")).to_be_visible()
    for page in (ben, stranger):
        assert fetched(page, points) == fetched(page, "/api/experiments/AAAAAAAAAAAAAAAA/points")
        assert fetched(page, points)[0] == 404
    sign_out(ada)
    expect(ada.get_by_role("button", name="Sign in")).to_be_visible()
    assert fetched(ada, points)[0] == 404
    ada.goto(team + link)
    expect(ada.get_by_role("button", name="Sign in")).to_be_visible()


def test_whoever_signs_in_comes_back_to_the_address_that_was_asked_for(arrive):
    ben = arrive("/lessons?lesson=scaling", "2")
    ben.wait_for_url("**/lessons?lesson=scaling*")


def test_whom_the_settings_do_not_let_in_is_told_so_and_can_sign_out(arrive):
    from playwright.sync_api import expect

    eve = arrive("/runs", "3")
    expect(eve.get_by_text("eve@elsewhere.example may not use this lab")).to_be_visible()
    assert fetched(eve, "/api/health")[1] == '{"status":"ok"}'
    sign_out(eve)
    expect(eve.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_learner_joins_a_class_and_runs_a_lesson_without_signing_in(arrive):
    from playwright.sync_api import expect

    teacher = arrive("/class", "1")
    teacher.get_by_role("button", name="Open the class").click()
    code = teacher.locator(".cr-code").inner_text()
    learner = arrive("/")
    learner.get_by_role("link", name="Join a class with its code").click()
    learner.get_by_label("Code").fill(code)
    learner.get_by_role("button", name="Join", exact=True).click()
    learner.get_by_role("radiogroup").locator("label").first.click()
    learner.get_by_role("button", name="Run it").click()
    expect(learner.locator(".st-key-lesson_reveal")).to_contain_text("What you see.", timeout=200_000)
    with learner.expect_download() as download:  # made in a thread that has no session
        learner.get_by_role("button", name="Lab report").click()
    assert "<svg" in download.value.path().read_text()
    elsewhere = arrive(learner.url[learner.url.index("/lessons") :].replace("/lessons", "/runs"))
    expect(elsewhere.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_token_is_made_copied_and_revoked_and_works_in_between(team, arrive):
    from playwright.sync_api import expect

    def status(token):
        asked = urllib.request.Request(f"{team}/api/metrics", headers={"Authorization": f"Bearer {token}"})
        try:
            return urllib.request.urlopen(asked, timeout=30).status
        except urllib.error.HTTPError as refused:
            return refused.code

    ada = arrive("/runs", "1")
    ada.get_by_role("button", name="Tokens").click()
    ada.get_by_label("A new one for").fill("Prometheus")
    ada.get_by_role("button", name="Make").click()
    token = (
        ada.locator(".st-key-tokens code, [data-testid='stPopoverBody'] code").filter(has_text="losslab_").inner_text()
    )
    assert status(token) == 200
    revoke = ada.locator("[class*='st-key-token_revoke_'] button")
    revoke.first.click()  # its tooltip's place is a button, too
    expect(revoke).to_have_count(0)
    assert status(token) == 403
