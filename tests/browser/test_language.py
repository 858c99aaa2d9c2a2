"""A language that came with the address, as a browser keeps it."""

import re

from playwright.sync_api import expect

from core.lessons import lessons_in

FIRST = lessons_in("de")[0]


def test_a_language_of_the_address_stays_in_it_and_the_way_back_is_one_press_a_page(visit):
    page = visit("/runs?lang=de")
    title = page.get_by_role("heading", level=1)
    expect(title).to_have_text("Läufe")
    page.get_by_test_id("stTopNavLink").filter(has_text="Lektionen").click()
    expect(title).to_have_text("Lektionen")
    expect(page).to_have_url(re.compile(r"/lessons\?lang=de$"))
    page.locator(f".st-key-lessons_{FIRST.id} button").click()
    expect(title).to_have_text(f"1. {FIRST.title}")
    expect(page).to_have_url(re.compile(rf"/lessons\?lesson={FIRST.id}&lang=de$"))
    page.go_back()
    expect(title).to_have_text("Lektionen")
    page.go_back()
    expect(title).to_have_text("Läufe")
    expect(page).to_have_url(re.compile(r"/runs\?lang=de$"))
