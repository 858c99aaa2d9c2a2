"""Column names made of markup are text wherever they are shown: no element of theirs, no request, no script."""

import csv

import pytest
from playwright.sync_api import expect

from core.plot import write_page

from .test_lab import arrive, choose, run, upload

NAMES = [
    "<img src=x onerror=window.hit=1>",
    "![x](http://evil.invalid/p.png) [l](javascript:window.hit=1)",
    ":red[a] :smile: $x^2$ `b`",
    "</script><script>window.hit=1</script>",
    "n" * 5000,
    "🎉 שלום \u202egnp.exe",
    "=HYPERLINK(1)",
]
TARGET = "<b onmouseover=window.hit=1>y</b> $z$ **w**"
INJECTED = """() => [window.hit !== undefined, ...["img[src='x']", "img[src*='evil']", "img[onerror]", "b[onmouseover]",
  "a[href^='javascript']", ".katex", "[style*='evil']"].map((css) => document.querySelectorAll(css).length > 0)]"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "<i>hostile $a$.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*NAMES, TARGET])
        writer.writerows([*(i * (k + 1) % 17 for k in range(len(NAMES))), i % 2] for i in range(60))
    return path


def nothing_came_of_it(page):
    page.mouse.move(640, 300)
    assert not any(page.evaluate(INJECTED))
    assert "Traceback" not in page.content()


@pytest.mark.slow
def test_names_of_markup_are_text_on_every_page(visit, table):
    page = visit("/")
    upload(page, table)
    expect(page.get_by_text(f"60 rows × {len(NAMES) + 1} columns")).to_be_visible()
    expect(page.get_by_role("combobox", name="Target")).to_have_value(TARGET)
    nothing_came_of_it(page)

    page.get_by_role("button", name="Columns").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("radio", name="Names and kinds").click()
    expect(dialog.get_by_role("button", name="Apply")).to_be_visible()
    expect(dialog.locator("canvas").first).to_be_visible()
    nothing_came_of_it(page)
    dialog.get_by_role("radio", name="Before and after").click()
    expect(dialog.get_by_test_id("stPlotlyChart")).to_have_count(2)
    nothing_came_of_it(page)
    page.keyboard.press("Escape")

    choose(page, "Scaling", "unscaled")
    run(page, 2)
    arrive(page)
    expect(page.locator(".ll-table td[data-state='done']")).to_have_count(2)
    expect(page.locator(".ll-heading")).to_contain_text(TARGET)
    nothing_came_of_it(page)

    page.locator(".ll-table").get_by_text("Why?").first.click()
    page.wait_for_url("**/diagnose?*")
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    expect(page.get_by_text("Not checked").or_(page.get_by_text("not checked")).first).to_be_attached()
    nothing_came_of_it(page)

    page.get_by_role("link", name="Runs").click()
    expect(page.get_by_text("<i>hostile").first).to_be_visible()
    nothing_came_of_it(page)


def test_an_exported_page_shows_names_as_text(visit, tmp_path):
    losses = {"history": {"loss": [1.0, 0.5], "val_loss": [1.0, 0.6]}, "seed": 0}
    write_page({"runs": [{**losses, "variant": {"data.target": name}} for name in NAMES]}, tmp_path / "out.html")
    page = visit("/")
    page.set_content((tmp_path / "out.html").read_text())
    expect(page.locator(".js-plotly-plot")).to_be_visible()
    nothing_came_of_it(page)
