"""The pictures in a real browser: drawn beside each other, replayed with the keyboard, kind where there are none."""

from playwright.sync_api import expect

from .test_lab import try_iris


def test_pictures_are_drawn_replayed_with_the_keyboard_and_say_where_there_are_none(visit):
    page = visit("/")
    try_iris(page)
    panel = page.locator(".st-key-lab_pictures .lp-panel")
    panel.scroll_into_view_if_needed()
    expect(panel.locator(".lp-plot .main-svg").first).to_be_visible()
    words = panel.locator(".lp-words")
    expect(words).to_have_count(4)
    expect(words.first).to_contain_text("At epoch 100: ")
    assert panel.get_by_role("img").first.get_attribute("aria-label").startswith("Confusion. At epoch 100: ")
    slider = panel.get_by_role("slider", name="Epoch of the pictures")
    slider.press("Home")
    expect(words.first).to_contain_text("Before training: ")
    expect(slider).to_have_attribute("aria-valuetext", "before training")
    slider.press("End")
    expect(words.first).to_contain_text("At epoch 100: ")
    panel.get_by_text("Runs: 4 of 4").click()
    panel.get_by_role("checkbox").first.uncheck()
    expect(words).to_have_count(3)
    expect(panel.get_by_role("button", name="Boundary")).to_have_count(0)
    panel.get_by_text("Other pictures").click()
    expect(panel.get_by_text("The boundary is drawn for tables with two inputs")).to_be_visible()
