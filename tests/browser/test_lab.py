"""The lab in a real browser: upload, choose, watch the losses race, zoom, cancel, come back by the address."""

import re
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import TimeoutError as NotThere
from playwright.sync_api import expect

from core.choices.scalers import SCALERS
from core.spec import load_spec
from core.ui.lab.link import encode

from .conftest import until

TITANIC = Path(__file__).parents[1] / "data" / "titanic.csv"
CURVES = """() => (document.querySelector('.ll-chart')?.data ?? [])
  .filter((trace) => /loss$/.test(trace.uid)).map((trace) => ({uid: trace.uid, y: [...trace.y]}))"""


def choose(page, label, *values):
    """Add values to a knob that takes several; what is typed or chosen while the page is drawn anew may be lost."""
    box = page.get_by_role("combobox", name=label, exact=True)
    for value in values:
        offered = page.get_by_role("option", name=value, exact=True).or_(page.get_by_text(f"Add: {value}")).first
        chip = page.locator(".st-key-lab_controls").get_by_text(value, exact=True).first
        for _ in range(5):
            box.click()
            box.fill(value)
            try:
                offered.click(timeout=5000)
                chip.wait_for(timeout=5000)
            except NotThere:
                continue
            break
        else:
            pytest.fail(f"{label} takes no {value}")
    page.keyboard.press("Escape")


def drop(page, label, value):
    """Take a value off a knob."""
    knob = page.locator("[data-testid='stMultiSelect']").filter(has_text=label)
    knob.get_by_role("button", name=f"Remove {value}").or_(
        knob.locator("[data-baseweb='tag']").filter(has_text=value).locator("[role='presentation']")
    ).first.click()


def upload(page, path):
    page.locator("input[type=file]").set_input_files(path)


def run(page, count):
    page.get_by_role("button", name=f"Run {count} experiments").click()


def arrive(page):
    """Wait until the example has given way to the experiment that was asked for."""
    page.wait_for_url("**/*x=*")
    expect(page.locator(".st-key-lab_welcome")).to_have_count(0)


def try_iris(page):
    page.get_by_role("button", name="Try it with iris").click()
    arrive(page)
    expect(page.locator(".ll-table td[data-state='done']")).to_have_count(4)


def open_runs(page):
    """Turn to the list of runs and wait until all of it is drawn."""
    page.get_by_role("link", name="Runs").click()
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']")


def in_sight(page, selector):
    """Whether all of an element is on the screen, below the head of the page."""
    page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']")
    expect(page.locator(selector)).to_be_visible()
    box = page.locator(selector).bounding_box()
    return box["y"] >= 56 and box["y"] + box["height"] <= page.viewport_size["height"]


def points(page):
    """How many points each training curve has."""
    return page.evaluate(f"({CURVES})().filter((c) => !c.uid.includes('val')).map((c) => c.y.length)")


@pytest.fixture
def race(visit):
    """Two scalings and two learning rates on titanic, long enough to be watched."""
    page = visit("/")
    upload(page, TITANIC)
    expect(page.get_by_text("891 rows × 15 columns")).to_be_visible()
    expect(page.get_by_text("Task: two classes")).to_be_visible()
    choose(page, "Scaling", "unscaled")
    choose(page, "Learning rate", "0.01")
    choose(page, "Epochs", "100000")
    drop(page, "Epochs", "100")
    run(page, 4)
    arrive(page)
    until(page, "document.querySelectorAll('.ll-table tbody tr').length === 4")
    until(page, "document.querySelector('.ll-chart')?.data?.length > 0")
    yield page
    cancel = page.get_by_role("button", name="Cancel")
    if cancel.count():
        cancel.click()
        expect(cancel).to_have_count(0)


def test_a_person_with_a_csv_watches_four_losses_race(race):
    until(race, f"({CURVES})().length >= 2")
    before = sum(points(race))
    until(race, f"({CURVES})().reduce((sum, c) => sum + c.y.length, 0) > {before} + 100")
    expect(race).to_have_url(re.compile(r"[?&]x="))
    expect(race.get_by_text("Task: two classes")).to_be_visible()
    assert "Traceback" not in race.content()


@pytest.mark.slow
def test_zoom_and_hidden_curves_stay_while_points_arrive(race):
    until(race, f"({CURVES})().length >= 2")
    race.evaluate("document.querySelector('.ll-chart').dataset.mark = 'the same node'")
    plot = race.locator(".ll-chart .nsewdrag").bounding_box()
    race.mouse.move(plot["x"] + plot["width"] * 0.2, plot["y"] + plot["height"] * 0.3)
    race.mouse.down()
    race.mouse.move(plot["x"] + plot["width"] * 0.6, plot["y"] + plot["height"] * 0.8, steps=8)
    race.mouse.up()
    zoomed = race.evaluate("document.querySelector('.ll-chart')._fullLayout.xaxis.range.slice()")
    first = race.locator(".ll-table tbody tr").first
    first.click()
    reached = race.locator(".ll-status").inner_text()
    expect(race.locator(".ll-status")).not_to_have_text(reached)
    assert race.evaluate("document.querySelector('.ll-chart')._fullLayout.xaxis.range.slice()") == zoomed
    assert race.evaluate("document.querySelector('.ll-chart').dataset.mark") == "the same node"
    assert "ll-off" in first.get_attribute("class")


def test_whoever_arrives_sees_curves_before_pressing_anything(visit):
    page = visit("/")
    expect(page.locator(".ll-table td[data-state='done']")).to_have_count(4)
    until(page, f"({CURVES})().length === 8")
    assert "x=" not in page.url


@pytest.mark.slow
def test_cancel_stops_every_run(race):
    until(race, f"({CURVES})().length >= 1")
    race.get_by_role("button", name="Cancel").click()
    expect(race.locator(".ll-table td[data-state='cancelled']")).to_have_count(4)
    expect(race.get_by_role("button", name="Cancel")).to_have_count(0)
    expect(race.locator(".ll-table td[data-state='failed']")).to_have_count(0)


@pytest.mark.slow
def test_a_link_shows_the_same_curves_to_somebody_else(visit):
    page = visit("/")
    try_iris(page)
    until(page, f"({CURVES})().length === 8")
    curves = page.evaluate(CURVES)
    other = visit(page.url)
    until(other, f"({CURVES})().length === 8")
    assert other.evaluate(CURVES) == curves
    knob = other.locator("[data-testid='stMultiSelect']").filter(has_text="Learning rate")
    expect(knob).to_contain_text("0.1")
    expect(other.get_by_role("button", name="Run 4 experiments")).to_be_visible()


def test_an_unknown_link_says_so(visit):
    page = visit("/?x=nonsense")
    expect(page.locator(".st-key-lab_welcome")).to_contain_text("no such experiment")
    expect(page.get_by_role("button", name="Try it with iris")).to_be_visible()
    assert "Traceback" not in page.content()


def test_a_picture_named_csv_gets_one_sentence(visit, tmp_path):
    picture = tmp_path / "holiday.csv"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    page = visit("/")
    upload(page, picture)
    expect(page.get_by_text("not a text table")).to_be_visible()
    expect(page.get_by_text("150 rows × 5 columns")).to_be_visible()
    assert "Traceback" not in page.content()
    expect(page.locator("[data-testid='stException']")).to_have_count(0)


def test_hostile_column_names_are_only_text(visit, tmp_path):
    names = ["<img src=x onerror=window.hit=1>", "![x](http://evil.invalid/p.png)", ":red[a]", "$x^2$ `b`", "y"]
    table = tmp_path / "hostile.csv"
    table.write_text("\n".join([",".join(names), *(f"{i},{i * 2},{i % 3},{i % 5},{i % 2}" for i in range(40))]))
    page = visit("/")
    upload(page, table)
    expect(page.get_by_text("40 rows × 5 columns")).to_be_visible()
    page.get_by_role("combobox", name="Target").click()
    expect(page.get_by_role("option", name=names[0])).to_be_visible()
    page.get_by_role("option", name=names[0]).click()
    expect(page.locator("[data-testid='stApp']")).to_have_attribute("data-test-script-state", "notRunning")
    assert page.evaluate("window.hit") is None
    assert page.locator("img[src='x']").count() == 0
    assert page.locator("img[src*='evil']").count() == 0


def test_the_table_is_the_legend(visit):
    page = visit("/")
    try_iris(page)
    page.locator(".ll-table tbody tr").first.click()
    until(page, f"({CURVES})().length === 6")
    page.get_by_role("button", name="Validation", exact=True).first.click()
    until(page, f"({CURVES})().length === 3")
    page.get_by_role("button", name="Log", exact=True).click()
    until(page, "document.querySelector('.ll-chart')._fullLayout.yaxis.type === 'log'")
    page.get_by_role("button", name="Relative to baseline").click()
    until(page, "/relative/.test(document.querySelector('.ll-chart')._fullLayout.yaxis.title.text)")


@pytest.mark.slow
def test_a_curve_is_shown_alone_by_mouse_and_by_keyboard_and_on_the_full_screen(visit):
    page = visit("/")
    until(page, f"({CURVES})().length === 8")
    page.locator(".ll-swatch").nth(1).dblclick()
    until(page, f"({CURVES})().length === 2")
    page.get_by_role("button", name="Show all", exact=True).click()
    until(page, f"({CURVES})().length === 8")
    page.locator(".ll-more").nth(2).focus()
    for key in ("Enter", "Tab", "Tab", "Enter"):
        page.keyboard.press(key)
    until(page, f"({CURVES})().length === 2")
    expect(page.locator(".ll-detail")).to_contain_text("Optimizer")
    page.keyboard.press("Enter")
    until(page, f"({CURVES})().length === 8")
    page.get_by_role("button", name="Full screen").click()
    until(page, "document.querySelector('.ll-chart')._fullLayout.height > 430")
    page.evaluate("document.exitFullscreen()")
    until(page, "document.querySelector('.ll-chart')._fullLayout.height === 420")


def test_enter_takes_what_was_typed_and_not_a_choice_it_occurs_in(visit):
    page = visit("/")
    knob = page.locator(".st-key-lab_knob_training_epochs")
    for typed, chosen in (("3", ["100", "3"]), ("30", ["100", "3", "30"])):
        knob.get_by_role("combobox").click()
        page.keyboard.type(typed)
        expect(page.get_by_role("option")).to_have_text([f"Add: {typed}"])
        page.keyboard.press("Enter")
        expect(knob.locator("[data-tag]")).to_have_text(chosen)
        page.keyboard.press("Escape")  # an open list hides the rest of the page from roles
        expect(page.get_by_role("button", name=f"Run {len(chosen)} experiments")).to_be_visible()


@pytest.mark.slow
def test_enter_takes_the_name_that_was_typed(visit):
    page = visit("/")
    knob = page.locator(".st-key-lab_knob_training_optimizer")

    def choose(name):
        # At a person's pace: a choice is lost while the page still answers the one before.
        box = knob.get_by_role("combobox")
        for _ in range(3):  # On a busy machine the list may lose what is highlighted in it.
            expect(page.locator(".stApp[data-test-script-state=notRunning]")).to_be_visible()
            box.click()
            box.fill("")
            page.keyboard.type(name, delay=50)
            expect(page.get_by_role("option").first).to_have_text(re.compile(f"^{name}$", re.IGNORECASE))
            with suppress(AssertionError):
                expect(box).to_have_attribute("aria-activedescendant", re.compile("option-"), timeout=10_000)
                break
        expect(box).to_have_attribute("aria-activedescendant", re.compile("option-"))
        page.keyboard.press("Enter")

    choose("sgd")
    expect(knob.locator("[data-tag]")).to_have_text(["Adam", "SGD"])
    knob.get_by_role("button", name="Remove Adam").click()
    expect(page.get_by_role("button", name="Run 1 experiment")).to_be_visible()
    choose("adam")
    expect(knob.locator("[data-tag]")).to_have_text(["SGD", "Adam"])


def test_two_seeds_can_be_typed(visit):
    page = visit("/")
    page.get_by_role("spinbutton", name="Seeds").fill("2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Run 2 experiments")).to_be_visible()


def test_the_chart_is_in_sight_after_run_and_stays_there_while_the_knobs_scroll(visit):
    page = visit("/")
    try_iris(page)
    assert in_sight(page, ".ll-chart")
    controls = page.locator(".st-key-lab_controls")
    box = controls.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 200)
    page.mouse.wheel(0, 5000)
    expect(page.get_by_role("spinbutton", name="Seeds")).to_be_in_viewport()
    assert controls.evaluate("node => node.scrollTop") > 0
    assert in_sight(page, ".ll-chart")
    assert in_sight(page, ".st-key-lab_run")


@pytest.mark.slow
def test_the_chart_is_in_sight_beside_a_ranking_and_after_a_run_from_further_down(visit):
    page = visit("/")
    page.get_by_role("button", name="Try all scalings").click()
    arrive(page)
    expect(page.locator(".st-key-lab_ranking")).to_be_visible(timeout=90_000)
    expect(page.locator(".ll-table tbody tr")).to_have_count(3 * len(SCALERS))
    assert in_sight(page, ".ll-chart")
    page.mouse.move(800, 300)
    page.mouse.wheel(0, 5000)
    expect(page.locator(".ll-heading")).not_to_be_in_viewport()
    page.get_by_role("button", name="Run 1 experiment").click()
    expect(page.locator(".ll-table tbody tr")).to_have_count(1)
    expect(page.locator(".ll-heading")).to_be_in_viewport(ratio=1)
    until(page, "document.querySelector('.ll-live').getBoundingClientRect().top >= 56")
    assert in_sight(page, ".ll-chart")


def test_the_web_process_stays_small_and_without_tensorflow(visit, server):
    visit("/")
    process = psutil.Process(server[1].pid)
    assert not [item.path for item in process.memory_maps() if "tensorflow" in item.path]
    assert process.memory_info().rss < 250 * 2**20


def test_a_phone_shows_the_chart_first_and_never_scrolls_sideways(visit):
    page = visit("/", width=390, height=844)
    try_iris(page)
    chart = page.locator(".ll-chart").bounding_box()
    knobs = page.locator(".st-key-lab_controls").bounding_box()
    assert chart["y"] < knobs["y"]
    page.get_by_role("button", name="Run 4 experiments").scroll_into_view_if_needed()
    choose(page, "Epochs", "77")
    page.get_by_role("button", name="Run 8 experiments").click()
    expect(page.locator(".ll-heading")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_with_three_settings_the_state_of_a_run_is_not_covered_and_there_is_a_cue_to_the_rest(visit):
    varied = {"preprocessing.scaling": ["none", "standard"], "training.learning_rate": [0.001, 1e6],
              "model.layers": [[16, 16, 16], [10]]}  # fmt: skip
    data = {"source": "sample:diabetes", "target": "progression"}
    spec = {"data": data, "vary": varied, "training": {"epochs": 5, "optimizer": "sgd"}}
    page = visit(f"/?spec={encode(load_spec(spec))}")
    run(page, 8)
    arrive(page)
    table = page.locator(".ll-runs")
    expect(table.locator("td[data-state='diverged']").first).to_be_visible()
    expect(page.locator(".ll-status")).to_contain_text("finished")
    places = """(table) => [...table.querySelectorAll("td[data-state], td.ll-why")]
      .map((cell) => cell.getBoundingClientRect()).map((box) => [box.left, box.right])"""
    boxes = table.evaluate(places)
    assert len(boxes) == 16
    for (_, state), (why, _) in zip(boxes[::2], boxes[1::2], strict=True):
        assert state <= why
    expect(table).to_have_class(re.compile("ll-beyond"))
    table.evaluate("(table) => table.scrollTo(table.scrollWidth, 0)")
    expect(table).not_to_have_class(re.compile("ll-beyond"))
