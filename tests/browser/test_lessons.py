"""The three first lessons in a real browser: predict, run, see why."""

import pytest
from playwright.sync_api import expect

from .test_lab import open_runs, try_iris


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_lesson_asks_runs_and_explains(visit, number):
    page = visit("/lessons")
    page.get_by_role("button", name="Start").nth(number - 1).click()
    run = page.get_by_role("button", name="Run it")
    expect(run).to_be_disabled()
    expect(page.locator(".st-key-lesson_reveal")).to_have_count(0)
    page.get_by_role("radiogroup").locator("label").first.click()
    expect(run).to_be_enabled()
    run.click()
    expect(page.locator(".ll-table td[data-state='done']")).to_have_count(2)
    reveal = page.locator(".st-key-lesson_reveal")
    expect(reveal).to_be_visible()
    expect(reveal).to_contain_text("What you see.")
    if number > 1:
        expect(reveal).to_contain_text("dotted line" if number == 3 else "0.693")
    page.get_by_role("button", name="Open in the lab").click()
    expect(page.locator(".ll-table td[data-state='done']")).to_have_count(2)
    expect(page.get_by_role("button", name="Run 2 experiments")).to_be_visible()


def test_runs_lists_what_was_run_and_forgets_on_request(visit):
    page = visit("/")
    try_iris(page)
    open_runs(page)
    entries = page.get_by_role("button", name="Delete")
    expect(entries.first).to_be_visible()
    count = entries.count()
    entries.first.click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(entries).to_have_count(count - 1)
