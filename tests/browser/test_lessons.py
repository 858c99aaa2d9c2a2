"""The three first lessons in a real browser: predict, run, see why."""

import pytest
from playwright.sync_api import expect

from core.lessons import LESSONS

from .test_lab import open_runs, try_iris

DONE = ".ll-table td[data-state='done']"


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_lesson_asks_runs_and_explains(visit, number):
    page = visit("/lessons")
    page.get_by_role("button", name=f"Start lesson {number}", exact=True).click()
    run = page.get_by_role("button", name="Run it")
    expect(run).to_be_disabled()
    expect(page.locator(".st-key-lesson_reveal")).to_have_count(0)
    page.get_by_role("radiogroup").locator("label").first.click()
    expect(run).to_be_enabled()
    run.click()
    count = len(LESSONS[number - 1].spec.runs())
    expect(page.locator(DONE)).to_have_count(count)
    reveal = page.locator(".st-key-lesson_reveal")
    expect(reveal).to_be_visible()
    expect(reveal).to_contain_text("What you see.")
    expect(reveal).not_to_contain_text("NaN")
    page.get_by_role("link", name="Open in the lab").click()
    expect(page.locator(DONE)).to_have_count(count)
    expect(page.get_by_role("button", name=f"Run {count} experiments")).to_be_visible()
    page.go_back()
    expect(page.locator(".st-key-lesson_reveal")).to_contain_text("What you see.")


@pytest.mark.slow
def test_a_learner_repairs_tries_in_vain_and_solves_it(visit):
    page = visit("/lessons?lesson=scaling")
    page.get_by_role("radiogroup").locator("label").nth(LESSONS[0].answer).click()
    page.get_by_role("button", name="Run it").click()
    expect(page.locator(".st-key-lesson_reveal")).to_contain_text("As you said")
    page.get_by_role("button", name="Repair and run").click()
    expect(page.locator(".st-key-lesson_repair")).to_contain_text("far below")
    exercise = page.locator(".st-key-lesson_exercise")
    exercise.get_by_role("button", name="Run my try").click()
    expect(exercise).to_contain_text("Not yet")
    assert page.locator(".ll-chart").bounding_box()["y"] < 300  # beside the words, wherever those are
    exercise.get_by_role("radio", name="standard").click()
    exercise.get_by_role("radio", name="0.1", exact=True).click()
    exercise.get_by_role("button", name="Run my try").click()
    expect(exercise).to_contain_text("Solved")
    other = visit(page.url)
    expect(other.locator(".st-key-lesson_exercise")).to_contain_text("Solved")
    expect(other.locator(".st-key-lesson_reveal")).to_contain_text("As you said")
    page.get_by_role("button", name="All lessons").click()
    expect(page.get_by_text("1 of 30 solved")).to_be_visible()


def test_back_goes_to_the_step_before_and_a_choice_is_no_step(visit):
    page = visit("/lessons")
    page.get_by_role("button", name="Start lesson 1", exact=True).click()
    for answer in (0, 1):
        page.get_by_role("radiogroup").locator("label").nth(answer).click()
        page.wait_for_url(f"**/*choice={answer}")
    page.reload()
    expect(page.get_by_role("radio").nth(1)).to_be_checked()
    page.get_by_role("button", name="Run it").click()
    reveal = page.locator(".st-key-lesson_reveal")
    expect(reveal).to_be_visible()
    page.go_back()
    expect(page.get_by_role("button", name="Run it")).to_be_visible()
    expect(reveal).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("heading", name="Lessons", exact=True)).to_be_visible()


def test_runs_lists_what_was_run_and_forgets_on_request(visit):
    page = visit("/")
    try_iris(page)
    open_runs(page)
    entries = page.get_by_role("button", name="Delete")
    expect(entries.first).to_be_visible()
    lines = page.locator("[class*='st-key-runs_line']")
    gone, kept = (lines.nth(place).get_attribute("class") for place in (0, 1))
    assert gone != kept
    entries.first.click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    # Older ones may move up into the list, so they are told apart by their keys.
    expect(page.locator(f"[class='{gone}']")).to_have_count(0)
    expect(page.locator(f"[class='{kept}']")).to_have_count(1)
