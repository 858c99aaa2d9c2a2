"""A lesson and an experiment with nothing but a keyboard."""

import pytest
from playwright.sync_api import expect

from core.lessons import LESSONS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

DRAWN = "[data-testid='stApp'][data-test-script-state='notRunning']"
LESSON = LESSONS[0]


def walk(page, there, *, most, key="Tab"):
    """Press a key until the focus is on `there` or in it; `most` is a little more than the way is long today."""
    expect(there).to_be_visible()
    page.wait_for_selector(DRAWN)
    for _ in range(most):
        page.keyboard.press(key)
        if there.evaluate("node => node.contains(document.activeElement)"):
            return
    pytest.fail(f"{key} was pressed {most} times and did not lead to {there}")


def test_a_lesson_is_done_with_the_keyboard_alone(visit):
    page = visit("/lessons")
    walk(page, page.get_by_role("button", name="Start lesson 1", exact=True), most=12)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    walk(page, page.get_by_role("radio").first, most=6)
    page.keyboard.press("Space")
    run = page.get_by_role("button", name="Run it")
    expect(run).to_be_enabled()
    walk(page, run, most=3)
    page.keyboard.press("Enter")
    verdict = page.locator(".st-key-lesson_verdict")
    expect(verdict).to_be_focused()
    walk(page, page.get_by_role("button", name="Repair and run"), most=20, key="Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-lesson_repair")).to_contain_text("far below")
    expect(verdict).to_be_focused()
    attempt = page.get_by_role("button", name="Run my try")
    walk(page, attempt, most=9, key="Shift+Tab")
    for path, value in reversed(LESSON.exercise.solution.items()):
        turn(page, path, value)
    walk(page, attempt, most=8)
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-lesson_exercise")).to_contain_text("Solved")
    expect(verdict).to_be_focused()


def turn(page, path, value):
    """Go back to a knob of the exercise and choose a value of it with the arrow keys."""
    knob = page.locator(f"[class*='st-key-lesson_knob_'][class*='{path.replace('.', '-')}']")
    walk(page, knob, most=8, key="Shift+Tab")
    wanted = knob.get_by_role("radio", name=str(value), exact=True)
    count = len(LESSON.exercise.knobs[path])
    for key in ["ArrowLeft"] * count + ["ArrowRight"] * count:
        if wanted.evaluate("node => node === document.activeElement"):
            page.keyboard.press("Space")
            break
        page.keyboard.press(key)
    expect(wanted).to_be_checked()
    page.wait_for_selector(DRAWN)


def test_an_experiment_is_run_and_explained_with_the_keyboard_alone(visit):
    page = visit("/")
    rate = page.get_by_role("combobox", name="Learning rate", exact=True)
    walk(page, rate, most=60)
    page.keyboard.type("0.00001", delay=30)
    expect(page.get_by_role("option")).to_have_text(["Add: 0.00001"])
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-lab_knob_training_learning_rate [data-tag]").last).to_have_text("0.00001")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Run 2 experiments")).to_be_visible()
    expect(page.get_by_role("combobox", name="Learning rate · 2 values", exact=True)).to_be_focused()
    page.keyboard.press("Alt+Enter")
    page.wait_for_url("**/*x=*")
    expect(page.locator(".ll-table td[data-state='done']")).to_have_count(2)
    why = page.locator(".ll-table tbody tr").nth(1).get_by_role("link")
    walk(page, why, most=50)
    page.keyboard.press("Enter")
    page.wait_for_url("**/diagnose?x=*&run=*")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_the_link_in_the_navigation_that_has_the_focus_has_a_ring(visit):
    page = visit("/runs")
    link = page.get_by_role("link", name="Lessons")
    ring = "node => getComputedStyle(node).outlineStyle"
    assert link.evaluate(ring) == "none"
    walk(page, link, most=6)
    assert link.evaluate(ring) == "solid"
