"""What axe finds on the pages and dialogs, light and dark: nothing serious, nothing moderate."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from .test_lab import open_runs, try_iris

pytestmark = pytest.mark.slow

DONE = ".ll-table td[data-state='done']"
DRAWN = "[data-testid='stApp'][data-test-script-state='notRunning']"


def faults(page):
    """What axe finds, a line each, with the first element it is about."""
    page.wait_for_selector(DRAWN)
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']}: {fault['help']}: {fault['nodes'][0]['html'][:200]}"
        for fault in found
        if fault["impact"] != "minor"
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
class TestAxeIsContentWith:
    def test_the_start_the_runs_and_the_cause(self, visit, scheme):
        page = visit("/", color_scheme=scheme)
        assert faults(page) == []
        try_iris(page)
        expect(page.locator(DONE)).to_have_count(4)
        assert faults(page) == []
        page.locator(".ll-table").get_by_role("link").first.click()
        expect(page.get_by_role("heading", level=2).first).to_be_visible()
        expect(page.locator(".st-key-diagnose_progress")).to_have_count(0)
        assert faults(page) == []

    def test_a_lesson_from_the_question_to_the_try(self, visit, scheme):
        page = visit("/lessons", color_scheme=scheme)
        assert faults(page) == []
        page.get_by_role("button", name="Start lesson 1", exact=True).click()
        expect(page.get_by_role("radiogroup")).to_be_visible()
        assert faults(page) == []
        page.get_by_role("radiogroup").locator("label").first.click()
        page.get_by_role("button", name="Run it").click()
        expect(page.locator(".st-key-lesson_reveal")).to_be_visible()
        page.get_by_role("button", name="Repair and run").click()
        expect(page.locator(".st-key-lesson_repair")).to_contain_text("far below")
        page.get_by_role("button", name="Run my try").click()
        expect(page.locator(".st-key-lesson_exercise")).to_contain_text("Not yet")
        assert faults(page) == []

    def test_the_other_pages_and_the_dialogs(self, visit, scheme):
        page = visit("/", color_scheme=scheme)
        try_iris(page)
        page.get_by_role("button", name="Columns").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert faults(page) == []
        page.keyboard.press("Escape")
        page.goto(page.url.partition("?")[0].rstrip("/") + "/diagnose")
        assert faults(page) == []
        open_runs(page)
        assert faults(page) == []
        page.get_by_role("button", name="Delete").first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert faults(page) == []
