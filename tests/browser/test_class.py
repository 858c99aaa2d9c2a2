"""A whole class in real browsers: a teacher and five learners with phones."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from core.lessons import LESSONS

pytestmark = pytest.mark.slow

LESSON = LESSONS[0]
PHONE = {"width": 390, "height": 844}


@pytest.mark.timeout(600)
def test_a_teacher_and_five_learners_do_a_lesson(visit):
    teacher = visit("/class")
    teacher.get_by_role("button", name="Open the class").click()
    code = teacher.locator(".cr-code").inner_text()
    assert re.fullmatch("[2-9A-HJ-NP-Z]{6}", code)
    teacher.locator("label", has_text="Hold the answer").click()
    expect(teacher.get_by_role("button", name="Reveal the answer")).to_be_visible()

    learners = []
    for _ in range(5):
        learner = visit(f"/class?code={code}", **PHONE)
        learner.get_by_role("button", name="Join").click()
        expect(learner.locator(".st-key-class_bar")).to_contain_text(f"Class {code}")
        learners.append(learner)
    rows = teacher.locator(".cr-roster tbody tr")
    expect(rows).to_have_count(5)

    for place, learner in enumerate(learners):
        learner.get_by_role("radiogroup").locator("label").nth(place % 2).click()
        learner.get_by_role("button", name="Run it").click()
    for learner in learners:
        expect(learner.locator(".st-key-class_wait")).to_be_visible()
        expect(learner.locator(".st-key-lesson_reveal")).to_have_count(0)
    expect(teacher.locator(".cr-split .count").nth(0)).to_have_text("3")
    expect(teacher.locator(".cr-split .count").nth(1)).to_have_text("2")

    teacher.get_by_role("button", name="Reveal the answer").click()
    for learner in learners:
        expect(learner.locator(".st-key-lesson_reveal")).to_contain_text("What you see.")

    first = learners[0]
    first.reload()
    expect(first.locator(".st-key-lesson_reveal")).to_contain_text("What you see.")
    exercise = first.locator(".st-key-lesson_exercise")
    for path, value in LESSON.exercise.solution.items():
        knob = first.locator(f"[class*='st-key-lesson_knob_'][class*='{path.replace('.', '-')}']")
        knob.get_by_role("radio", name=str(value), exact=True).click()
    exercise.get_by_role("button", name="Run my try").click()
    expect(exercise).to_contain_text("Solved")
    expect(rows.filter(has_text="✓")).to_have_count(1)
    with first.expect_download() as download:
        first.get_by_role("button", name="Lab report").click()
    html = download.value.path().read_text()
    assert "<svg" in html
    assert "<script" not in html

    stranger = visit("/runs")
    expect(stranger.get_by_text(LESSON.title)).to_have_count(0)
    teacher.get_by_role("button", name="End the class").click()
    teacher.get_by_role("button", name="End it").click()
    expect(teacher.get_by_role("button", name="Open the class")).to_be_visible()
    first.reload()
    ended = first.get_by_test_id("stAlertContentInfo").get_by_text("This class has ended")  # a toast says it, too
    expect(ended).to_be_visible()


@pytest.mark.timeout(600)
def test_a_phone_learns_without_a_press_that_its_class_has_ended_and_keeps_its_report(visit):
    teacher = visit("/class")
    teacher.get_by_role("button", name="Open the class").click()
    code = teacher.locator(".cr-code").inner_text()
    learner, waiting = (visit(f"/class?code={code}", **PHONE) for _ in range(2))
    for phone in (learner, waiting):
        phone.get_by_role("button", name="Join").click()
        expect(phone.locator(".st-key-class_bar")).to_contain_text(f"Class {code}")
    learner.get_by_role("radiogroup").locator("label").first.click()
    learner.get_by_role("button", name="Run it").click()
    expect(learner.locator(".st-key-lesson_reveal")).to_contain_text("What you see.")
    teacher.get_by_role("button", name="End the class").click()
    teacher.get_by_role("button", name="End it").click()
    told = "stAlertContentInfo"
    expect(learner.get_by_test_id(told).get_by_text("take it home now")).to_be_visible()
    expect(waiting.get_by_test_id(told).get_by_text("This class has ended.")).to_be_visible()
    for phone in (learner, waiting):
        expect(phone.get_by_text("no such experiment")).to_have_count(0)
    with learner.expect_download() as download:
        learner.get_by_role("button", name="Lab report").click()
    assert "<svg" in download.value.path().read_text()


def test_a_presenter_goes_on_with_a_key(visit):
    page = visit(f"/lessons?lesson={LESSON.id}&present=1", width=1280, height=720)
    expect(page.get_by_text(LESSON.question)).to_be_visible()
    expect(page.get_by_test_id("stHeader")).to_be_hidden()
    size = page.get_by_text(LESSON.question).evaluate("element => parseFloat(getComputedStyle(element).fontSize)")
    assert size >= 24
    page.keyboard.press("ArrowRight")
    chart = page.locator(".pr-chart svg")
    expect(chart).to_be_visible()
    box = chart.bounding_box()
    assert box["y"] + box["height"] <= 720
    page.keyboard.press("PageUp")
    expect(page.get_by_text(LESSON.question)).to_be_visible()


def test_what_a_room_reads_is_large_and_the_language_keeps_its_place(visit):
    teacher = visit("/class")
    teacher.get_by_role("button", name="Open the class").click()
    code = teacher.locator(".cr-code").inner_text()
    page = visit(f"/lessons?lesson={LESSON.id}&present=1&code={code}", width=1280, height=720)
    where = page.get_by_text("/class", exact=False)
    expect(where).to_be_visible()
    assert where.evaluate("element => parseFloat(getComputedStyle(element).fontSize)") >= 20
    language = page.locator(".st-key-language_choice")
    place = language.bounding_box()
    leave = page.get_by_role("button", name="Leave").bounding_box()
    assert abs(place["y"] + place["height"] / 2 - leave["y"] - leave["height"] / 2) < 4
    assert place["x"] + place["width"] <= leave["x"]
    page.keyboard.press("ArrowRight")
    expect(page.locator(".pr-chart svg")).to_be_visible()
    assert language.bounding_box() == place


def test_on_a_phone_an_answer_is_as_high_as_a_finger(visit):
    page = visit(f"/lessons?lesson={LESSON.id}", **PHONE)
    answers = page.get_by_role("radiogroup").locator("label")
    expect(answers).to_have_count(len(LESSON.options))
    boxes = [answer.bounding_box() for answer in answers.all()]
    assert min(box["height"] for box in boxes) >= 44
    assert all(one["y"] + one["height"] <= other["y"] + 1 for one, other in pairwise(boxes))


def test_a_link_hides_and_locks_knobs(visit):
    page = visit("/?hide=scaling,layers&lock=learning_rate,activation&x=nothing")
    expect(page.get_by_test_id("stMain").get_by_text("Batch size")).to_be_visible()
    expect(page.locator(".st-key-lab_knob_preprocessing_scaling")).to_have_count(0)
    expect(page.locator(".st-key-lab_knob_training_learning_rate input")).to_be_disabled()
    expect(page.locator(".st-key-lab_knob_training_batch_size input")).to_be_enabled()
