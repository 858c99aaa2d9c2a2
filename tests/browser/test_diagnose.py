"""From a bad curve in the lab to its cause and back with the fix, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from .conftest import until
from .test_lab import CURVES, arrive, choose, open_runs, run

SUSPECTS = "[class*='st-key-diagnose_suspect']"


@pytest.fixture
def bad_run(visit):
    """Iris with two learning rates, of which one is far too low; and what the console complained about."""
    page = visit("/")
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    choose(page, "Learning rate", "0.00001")
    run(page, 2)
    arrive(page)
    expect(page.locator(".ll-table td[data-state='done']")).to_have_count(2)
    yield page
    assert complaints == []


def why(page):
    page.locator(".ll-table tbody tr").filter(has_text=re.compile(r"1e-05|0\.00001")).get_by_role("link").click()


@pytest.mark.slow
def test_why_leads_to_the_cause_and_its_fix_back_to_the_lab(bad_run, visit):
    page = bad_run
    page.locator(".ll-chart").evaluate("node => { window.sameSession = true }")
    why(page)
    page.wait_for_url("**/diagnose?x=*&run=*")
    expect(page.locator(SUSPECTS).or_(page.locator(".st-key-diagnose_cause_1")).first).to_be_visible()
    card = page.locator(".st-key-diagnose_cause_1")
    expect(card).to_be_visible()
    expect(page.get_by_role("heading", name="The learning rate is too low").first).to_be_visible()
    expect(card).to_contain_text("Better in 3 of 3 seeds")
    expect(page.locator(SUSPECTS)).to_have_count(0)
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    assert page.evaluate("window.sameSession")

    other = visit(page.url, width=390, height=844)
    expect(other.locator(".st-key-diagnose_cause_1")).to_contain_text("Better in 3 of 3 seeds")
    expect(other.locator(".js-plotly-plot").first).to_be_visible()
    assert other.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")

    card.get_by_role("button", name="Apply this fix").click()
    page.wait_for_url(re.compile(r"/\?x="))
    expect(page.locator(".ll-heading")).to_contain_text("as it is and fixed")
    expect(page.locator(".ll-table td[data-state='done']")).to_have_count(6)
    until(page, f"({CURVES})().length === 4")
    assert "Traceback" not in page.content()


def test_the_trials_of_a_diagnosis_are_not_among_the_runs(bad_run):
    page = bad_run
    open_runs(page)
    lines = page.locator("[class*='st-key-runs_line']")
    expect(lines.first).to_be_visible()
    count = lines.count()
    page.get_by_role("link", name="Lab").click()
    expect(page.locator(".ll-table td[data-state='done']")).to_have_count(2)
    why(page)
    expect(page.locator(".st-key-diagnose_cause_1")).to_be_visible()
    open_runs(page)
    expect(lines).to_have_count(count)
    expect(page.get_by_text("running", exact=True)).to_have_count(0)
