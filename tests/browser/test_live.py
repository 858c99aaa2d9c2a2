"""Live in a real browser: the diagram of the network is turned with the keyboard, and the chart answers."""

import re

from playwright.sync_api import expect


def test_a_layer_widened_in_the_diagram_moves_the_curve_at_once_and_undo_brings_it_back(visit):
    page = visit("/?live=true")
    chart, layers = page.locator(".ll-chart"), page.locator(".st-key-lab_knob_model_layers [data-tag]")
    # Where others train, the example is shown until there is time to answer turns.
    expect(page.get_by_role("button", name="Keep this run")).to_be_enabled()
    # The example has more runs.
    expect(page.locator(".ll-status")).to_have_text(re.compile(r"^1 finished · 100 epochs"))
    expect(chart).to_have_attribute("aria-label", re.compile("of 1 run"))
    expect(chart).to_have_attribute("data-experiment", re.compile("."))
    first = chart.get_attribute("data-experiment")
    page.get_by_role("button", name="Widen layer 1 to 16 units").focus()
    page.keyboard.press("Enter")
    expect(layers).to_have_text(["16"])
    expect(page.get_by_role("button", name="Widen layer 1 to 32 units")).to_be_focused()
    expect(chart).not_to_have_attribute("data-experiment", first)
    assert "ghost0loss" in chart.evaluate("node => node.data.map((trace) => trace.uid)")
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()
    page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']")
    pressed_until(page, "Alt+z", page.get_by_role("button", name="Redo"))
    expect(layers).to_have_text(["10"])
    expect(chart).to_have_attribute("data-experiment", first)
    expect(page.get_by_role("button", name="Run 1 experiment")).to_have_count(0)


def pressed_until(page, keys, enabled):
    """Press again where Streamlit misses a shortcut, being busy, as a person would; one press too many does nothing."""
    for _ in range(3):
        page.keyboard.press(keys)
        try:
            expect(enabled).to_be_enabled(timeout=10_000)
        except AssertionError:
            continue
        return
