"""What axe finds on the pages and dialogs, light and dark: nothing serious, nothing moderate."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from core.lessons import LESSONS

from .conftest import until
from .test_lab import open_runs, try_iris

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

DONE = ".ll-table td[data-state='done']"
DRAWN = "[data-testid='stApp'][data-test-script-state='notRunning']"
IN_SCHEME = """(scheme) => getComputedStyle(document.querySelector("[data-testid='stApp']")).colorScheme === scheme"""
# Beside a busy server a page takes a scheme in several strokes: it has arrived where ten looks see the same colours.
STEADY = """() => {
  const seen = (one) => { const style = getComputedStyle(one); return style.color + style.backgroundColor; };
  const colours = [...document.querySelectorAll("body *")].map(seen).join();
  window.steady = window.colours === colours ? window.steady + 1 : 0;
  window.colours = colours;
  return window.steady >= 10;
}"""
# A contrast is that of colours that have arrived: no transition, and nothing paled because it is redrawn just now.
AT_ONCE = """*, *::before, *::after { transition: none !important }
[data-stale] { opacity: 1 !important }"""
LESSON = LESSONS[0]
PHONE = {"width": 390, "height": 844}


def faults(page):
    """What axe finds in both schemes, a line each, with the first element it is about."""
    page.wait_for_selector(DRAWN)
    page.add_style_tag(content=AT_ONCE)
    found = []
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        until(page, IN_SCHEME, arg=scheme)
        until(page, STEADY)
        found += [
            f"{scheme}: {fault['id']}: {node['html'][:200]}: {node['failureSummary']}"
            for fault in Axe().run(page).response["violations"]
            for node in fault["nodes"][:1]
            if fault["impact"] != "minor"
        ]
    return found


def test_axe_is_content_with_the_start_a_run_in_detail_and_its_cause(visit):
    page = visit("/")
    assert faults(page) == []
    try_iris(page)
    page.locator(".ll-more").nth(1).click()
    expect(page.locator(".ll-detail")).to_be_visible()
    assert faults(page) == []
    page.locator(".ll-table").get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=2).first).to_be_visible()
    expect(page.locator(".st-key-diagnose_progress")).to_have_count(0, timeout=90_000)
    assert faults(page) == []


def test_axe_is_content_with_the_pictures_and_with_making_a_lesson(visit):
    page = visit("/")
    try_iris(page)
    panel = page.locator(".st-key-lab_pictures .lp-panel")
    panel.scroll_into_view_if_needed()
    expect(panel.locator(".lp-plot .main-svg").first).to_be_visible()
    panel.locator(".lp-choice summary").click()
    tabs = panel.locator(".lp-tabs button")
    expect(tabs.first).to_be_visible()
    found = []
    for place in range(tabs.count()):
        tabs.nth(place).click()
        expect(tabs.nth(place)).to_have_attribute("aria-pressed", "true")
        found += faults(page)
    assert found == []
    page.get_by_role("button", name="Make this a lesson").click()
    expect(page.locator(".st-key-lesson_editor")).to_be_visible()
    assert faults(page) == []


def test_axe_is_content_with_live_and_with_more_columns_on_a_phone(visit):
    page = visit("/?live=true")
    expect(page.locator(".ll-status")).to_contain_text("1 finished")
    expect(page.get_by_role("button", name="Widen layer 1 to 16 units")).to_be_visible()
    assert faults(page) == []
    phone = visit("/", **PHONE)
    expect(phone.locator(DONE)).to_have_count(4)
    phone.get_by_role("button", name="More columns").click()
    phone.locator(".ll-more").nth(1).click()
    assert faults(phone) == []


def test_axe_is_content_with_a_lesson_from_the_gallery_to_the_try(visit):
    page = visit("/lessons")
    page.evaluate("localStorage.setItem('losslab.lessons', JSON.stringify({scaling: 'solved'}))")
    page.reload()
    expect(page.get_by_text("1 of 30 solved")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("button", name="Start lesson 1", exact=True).click()
    expect(page.get_by_role("radiogroup")).to_be_visible()
    page.locator(".ll-word").first.click()
    expect(page.locator(".ll-meaning:popover-open")).to_be_visible()
    assert faults(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("radiogroup").locator("label").first.click()
    page.get_by_role("button", name="Run it").click()
    expect(page.locator(".st-key-lesson_reveal")).to_be_visible()
    page.get_by_role("button", name="Repair and run").click()
    expect(page.locator(".st-key-lesson_repair")).to_contain_text("far below")
    page.get_by_role("button", name="Run my try").click()
    expect(page.locator(".st-key-lesson_exercise")).to_contain_text("Not yet")
    assert faults(page) == []


def test_axe_is_content_with_a_class_for_teacher_and_learner(visit):
    teacher = visit("/class")
    opens = teacher.get_by_role("button", name="Open the class")
    expect(opens).to_be_visible()
    assert faults(teacher) == []
    opens.click()
    code = teacher.locator(".cr-code").inner_text()
    assert faults(teacher) == []
    learner = visit(f"/class?code={code}", **PHONE)
    join = learner.get_by_role("button", name="Join")
    expect(join).to_be_visible()
    assert faults(learner) == []
    join.click()
    expect(learner.locator(".st-key-class_bar")).to_contain_text(f"Class {code}")
    teacher.locator("label", has_text="Hold the answer").click()
    expect(teacher.get_by_role("button", name="Reveal the answer")).to_be_visible()
    learner.get_by_role("radiogroup").locator("label").first.click()
    learner.get_by_role("button", name="Run it").click()
    expect(learner.locator(".st-key-class_wait")).to_be_visible()
    assert faults(learner) == []
    expect(teacher.locator(".cr-split .count").first).to_have_text("1")
    assert faults(teacher) == []
    teacher.get_by_role("button", name="Reveal the answer").click()
    expect(learner.locator(".st-key-lesson_reveal")).to_be_visible()
    assert faults(learner) == []
    learner.get_by_role("link", name=f"Class {code}").click()
    expect(learner.get_by_role("heading", name=f"Class {code}")).to_be_visible()
    assert faults(learner) == []
    wall = visit(f"/lessons?lesson={LESSON.id}&present=1&code={code}")
    wall.locator("label", has_text="Show predictions").click()
    expect(wall.locator(".cr-split .count").first).to_have_text("1")
    assert faults(wall) == []
    teacher.get_by_role("button", name="Remove somebody").click()
    expect(teacher.get_by_role("combobox", name="Who")).to_be_visible()
    assert faults(teacher) == []
    teacher.keyboard.press("Escape")
    teacher.get_by_role("button", name="End the class").click()
    expect(teacher.get_by_role("dialog")).to_be_visible()
    assert faults(teacher) == []


def test_axe_is_content_with_every_slide_of_the_presenter(visit):
    page = visit(f"/lessons?lesson={LESSON.id}&present=1")
    slide = page.locator(".st-key-present_page")
    expect(slide).to_contain_text(LESSON.question)
    found = faults(page)
    for told in (LESSON.look, "What you see.", "Why.", "Repaired", LESSON.exercise.task):
        # With a key: a pointer that rests on the button would show Streamlit's tooltip, outside every landmark.
        page.keyboard.press("ArrowRight")
        expect(slide).to_contain_text(told)
        found += faults(page)
    assert found == []


def test_axe_is_content_with_the_other_pages_and_the_dialogs(visit):
    page = visit("/")
    try_iris(page)
    for opens in ("Columns", "Share"):
        page.get_by_role("button", name=opens, exact=True).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert faults(page) == []
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    page.goto(page.url.partition("?")[0].rstrip("/") + "/diagnose")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert faults(page) == []
    open_runs(page)
    assert faults(page) == []
    page.get_by_role("button", name="Delete").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert faults(page) == []
