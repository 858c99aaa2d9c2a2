"""The pages as people see them: the pictures of README and docs, and the same in other schemes, sizes and eyes.

``python -m benchmarks.screenshots`` starts the app as the README does, in a temporary folder, does what each picture
shows, and writes it into ``docs/``. Names choose among them; ``--to FOLDER`` writes elsewhere, ``--dark``, ``--phone``,
``--language de`` and ``--eyes deuteranopia`` (or another of Chromium's simulated deficiencies) look at the same
otherwise.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.app import served, wait_for
from benchmarks.browser import chromium
from benchmarks.live import OVER, idle
from core.lessons import LESSONS
from core.paths import ROOT
from core.settings import Settings
from core.spec import load_spec
from core.ui.lab.link import encode

if TYPE_CHECKING:
    from playwright.sync_api import Page

EYES: Final = ("protanopia", "deuteranopia", "tritanopia", "achromatopsia")
_DRAWN: Final = "[data-testid='stApp'][data-test-script-state='notRunning']"
_SETTLED_MS: Final = 1500
"""For what Plotly and the browser still draw when the page says it is done."""
_WINE: Final = {
    "data": {"source": "sample:wine", "target": "cultivar"},
    "vary": {"preprocessing.scaling": ["none", "standard"], "training.learning_rate": [0.001, 0.03]},
    "seeds": 3,
}
_MOONS: Final = {
    "data": {"source": "sample:moons", "target": "label"},
    "vary": {"model.activation": ["linear", "relu"]},
    "training": {"learning_rate": 0.01},
}
_RATES: Final = {
    "data": {"source": "sample:moons", "target": "label"},
    "model": {"layers": [8]},
    "vary": {"training.learning_rate": [0.001, 0.01, 0.1]},
}
_VANISHING: Final = {
    "data": {"source": "sample:moons", "target": "label"},
    "model": {"layers": [8] * 8, "activation": "sigmoid"},
}


def _lab(page: Page) -> None:
    _run(page, _WINE)


def _live(page: Page) -> None:
    page.goto("/?live=true")
    page.wait_for_function(OVER)
    page.locator("[data-edit='widen 0']").click()
    _rest(page)
    page.wait_for_function(OVER)


def _boundary(page: Page) -> None:
    _run(page, _MOONS)
    _picture(page, "decision_boundary")


def _layers(page: Page) -> None:
    _run(page, _VANISHING)
    _picture(page, "layers")
    page.locator(".lp-slider").evaluate("(slider) => { slider.value = 2; slider.dispatchEvent(new Event('input')); }")


def _landscape(page: Page) -> None:
    _run(page, _RATES)
    _picture(page, "landscape")


def _diagnose(page: Page) -> None:
    _run(page, _VANISHING)
    page.locator(".ll-table").get_by_role("link").first.click()
    page.locator(".st-key-diagnose_progress").wait_for()
    page.locator(".st-key-diagnose_progress").wait_for(state="detached")


def _lesson(page: Page) -> None:
    page.goto(f"/lessons?lesson={LESSONS[0].id}")
    page.get_by_role("radiogroup").locator("label").first.click()
    _press(page, "lesson_run")
    page.locator(".st-key-lesson_reveal").wait_for()


def _lessons(page: Page) -> None:
    page.goto("/lessons")


def _class(page: Page) -> None:
    page.goto("/class")
    page.get_by_role("button", name="Open the class").click()
    code = page.locator(".cr-code").inner_text()
    for answer in range(3):
        learner = page.context.new_page()
        learner.goto(f"/class?code={code}")
        learner.get_by_role("button", name="Join").click()
        learner.locator(".st-key-class_bar").wait_for()
        learner.get_by_role("radiogroup").locator("label").nth(answer % 2).click()
        _press(learner, "lesson_run")
        learner.locator(".st-key-lesson_reveal").wait_for()
    page.bring_to_front()


def _presenter(page: Page) -> None:
    page.goto(f"/lessons?lesson={LESSONS[0].id}&present=1")
    for _ in range(2):
        page.get_by_role("button", name="Next").click()
        _rest(page)


SHOTS: Final[dict[str, Callable[[Page], None]]] = {
    "lab": _lab,
    "live": _live,
    "boundary": _boundary,
    "layers": _layers,
    "landscape": _landscape,
    "diagnose": _diagnose,
    "lessons": _lessons,
    "lesson": _lesson,
    "class": _class,
    "presenter": _presenter,
}
"""What is done before the picture is taken, by the picture's name."""
OF_DOCS: Final = ("lab", "boundary", "landscape", "diagnose", "lesson", "class")


def _run(page: Page, spec: dict[str, Any]) -> None:
    page.goto(f"/?spec={encode(load_spec(spec))}")
    _rest(page)
    page.keyboard.press("Alt+Enter")
    page.wait_for_url("**/*x=*")
    page.wait_for_function(OVER)


def _press(page: Page, key: str) -> None:
    """Press the button with this key; Streamlit has a hidden one beside it where there is a tooltip."""
    page.locator(f".st-key-{key} button:enabled").locator("visible=true").first.click()


def _picture(page: Page, name: str) -> None:
    panel = page.locator(".st-key-lab_pictures")
    panel.scroll_into_view_if_needed()
    panel.locator(f".lp-tabs [data-picture='{name}']").click()
    panel.locator(".lp-plot .main-svg").first.wait_for()
    panel.evaluate("(panel) => panel.scrollIntoView({ block: 'center' })")


def _rest(page: Page) -> None:
    page.wait_for_selector(_DRAWN)
    page.wait_for_timeout(_SETTLED_MS)


def take(names: list[str], folder: Path, *, dark: bool, phone: bool, language: str, eyes: str) -> None:
    """Write a picture of each name into a folder."""
    from playwright.sync_api import sync_playwright

    size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 800}
    look: dict[str, Any] = {"viewport": size, "color_scheme": "dark" if dark else "light", "locale": language}
    with (
        tempfile.TemporaryDirectory() as data,
        served(Settings(data=Path(data)), slots=2) as (_, address),
        sync_playwright() as playwright,
    ):
        wait_for(lambda: idle(address))
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for name in names:
            # Waiting for what a page draws evaluates text, which its policy refuses.
            page = browser.new_context(base_url=address, bypass_csp=True, **look).new_page()
            page.set_default_timeout(120_000)
            SHOTS[name](page)
            _rest(page)
            if eyes:
                session = page.context.new_cdp_session(page)
                session.send("Emulation.setEmulatedVisionDeficiency", {"type": eyes})
            page.screenshot(path=folder / f"{name}.png")
            page.context.close()
        browser.close()


def main() -> None:
    """Take the pictures that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SHOTS))
    parser.add_argument("--to", type=Path)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--phone", action="store_true")
    parser.add_argument("--language", default="en")
    parser.add_argument("--eyes", choices=["", *EYES], default="")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(SHOTS):
        parser.error(f"there is no picture {min(unknown)}; there are {', '.join(SHOTS)}")
    look = {"dark": asked.dark, "phone": asked.phone, "language": asked.language, "eyes": asked.eyes}
    if asked.to is None and look != {"dark": False, "phone": False, "language": "en", "eyes": ""}:
        parser.error("--to is needed: the pictures of docs are those of a light screen, in English")
    folder = asked.to or ROOT / "docs"
    folder.mkdir(parents=True, exist_ok=True)
    take(asked.names or list(OF_DOCS), folder, **look)


if __name__ == "__main__":
    main()
