"""A real server and a real browser. Without a browser these tests are skipped, unless one is required.

Both go when the last of these tests has ended: Playwright keeps an event loop running for as long as it lives, and a
test that comes later on the same worker could start none of its own.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from benchmarks.app import free_port

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FOUND = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if FOUND is None and not os.environ.get("LOSSLAB_REQUIRE_BROWSER"):
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


@pytest.fixture(scope="package")
def outside():
    """Stands for the internet: a proxy that every request of the server to elsewhere would go to, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.setblocking(False)
        yield proxy


@pytest.fixture(scope="package")
def server(tmp_path_factory, outside):
    """The app as the README starts it, with a data folder of its own: (address, process)."""
    port = free_port()
    folder = tmp_path_factory.mktemp("lab")
    proxy = f"http://127.0.0.1:{outside.getsockname()[1]}"
    proxies = {f"{scheme}_proxy": proxy for scheme in ("http", "https", "HTTP", "HTTPS")}
    environment = os.environ | proxies | {"LOSSLAB_DATA": str(folder / "data")}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 180
        while not ready(f"{address}/api/health"):
            assert process.poll() is None, (folder / "server.log").read_text()
            assert time.monotonic() < deadline, "the server did not come up"
        yield address, process
    finally:
        process.terminate()
        process.wait(20)


def ready(address):
    import json

    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            health = json.load(answer)
    except OSError:  # refused, timed out, or cut off half-way
        return False
    return health["trainers"]["ready"] == health["slots"] and health["diagnosing"] and not health["compiling"]


def until(page, expression, arg=None):
    """Wait until JavaScript is true in a page; Playwright's own way evaluates text, which no page of the lab may."""
    page.evaluate(
        f"""(arg) => new Promise((done, fail) => {{
          const late = setTimeout(() => fail(new Error("this never was true")), 30_000);
          const look = () => {{
            try {{
              const found = {expression};
              if (!(typeof found === "function" ? found(arg) : found)) return setTimeout(look, 20);
              clearTimeout(late);
              done();
            }} catch (error) {{
              fail(error);
            }}
          }};
          look();
        }})""",
        arg,
    )


@pytest.fixture(scope="package")
def browser():
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=30_000)
    assert FOUND, "a Chromium is required here and there is none"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=FOUND, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(server, browser):
    """Open a page of the app as a new visitor; nothing may leave the machine, no script may fail or be refused."""
    address, _ = server
    local = (address, address.replace("http", "ws"), "data:", "blob:")
    contexts, foreign, errors, refused = [], [], [], []

    def open_page(path="/", *, width=1280, height=800, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.on("request", lambda request: None if request.url.startswith(local) else foreign.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None)
        page.goto(path if path.startswith("http") else address + path)
        page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert foreign == []
    assert errors == []
    assert refused == []
