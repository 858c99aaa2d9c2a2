"""The README is complete and true: every setting, verb and page is in it, and nothing else is promised."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from benchmarks.docs import PAGES, causes_page
from core.__main__ import _parser
from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.causes.cause import Cause
from core.lessons import LESSONS
from core.settings import Settings
from tests.test_layers import LAYERS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize(("name", "field"), Settings.model_fields.items(), ids=Settings.model_fields)
def test_every_setting_is_in_the_readme_as_its_field_says_it(name, field):
    said = {"slots": "| processors", "trainer_memory_mb": "| memory ÷ slots", "data": "| `data`", "db_url": "|"}
    said |= {"blobs": "| folder", "people": "|", "admins": "|", "proxy_secret": "|"}
    said |= {"engine": "|", "engine_insecure": "| no", "spare_trainer": "| no"}
    said |= {"public": "| no", "hosts": "|", "embed_in": "|"}
    said |= {"sign_in": "| `open`", "class_guests": "| yes", "person_header": "| `X-Forwarded-Email`"}
    default = said.get(name) or f"| {field.default:g}"
    assert f"| `LOSSLAB_{name.upper()}` {default} | {field.description} |" in README


def test_no_setting_is_made_up():
    named = set(re.findall(r"`LOSSLAB_([A-Z_]+)`", README))
    assert named == {name.upper() for name in Settings.model_fields}


def test_every_verb_of_the_command_line_is_in_the_readme():
    verbs = next(action.choices for action in _parser()._actions if action.choices)
    assert set(re.findall(r"python -m core (\w+) ", README)) == set(verbs)


def test_every_make_verb_of_the_readme_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"make ([a-z-]+)(?=[ `])", README))
    assert {"run", "test", "help"} <= named <= targets


MARKDOWN = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    words = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)h#][^)]*)\)", words):
        assert (page.parent / link).exists(), link


def rooms(folder):
    return {path.name for path in folder.iterdir() if (path / "__init__.py").exists()}


def test_every_room_is_in_the_readme_from_the_bottom_up():
    named = re.findall(r"^\| `core/(\w+)` \| (.*) \|$", README, re.MULTILINE)
    assert [name for name, _ in named] == [layer for layer in LAYERS if layer != "pages"]
    assert {name for name, _ in named} == rooms(ROOT / "core")
    for name, words in named:
        inner = rooms(ROOT / "core" / name)
        assert inner <= set(re.findall(r"`(\w+)`", words)), name


def test_every_field_of_a_cause_that_is_told_exists():
    section = (ROOT / "docs/extending.md").read_text().split("## A cause")[1].split("```")[0]
    named = set(re.findall(r"\(`(\w+)`\)", section))
    assert {"goal", "blocks"} <= named <= {field.name for field in fields(Cause)}


def test_how_many_times_as_often_is_written_out():
    assert not re.findall(r"\de[+-]\d", PAGES["docs/evidence.md"]())


@pytest.mark.parametrize("path", PAGES)
def test_a_generated_page_is_not_stale(path):
    assert (ROOT / path).read_text() == PAGES[path](), f"{path} is stale: run `make docs`"


@pytest.mark.parametrize("cause", CAUSES.values(), ids=CAUSES)
def test_every_cause_is_documented_with_its_lesson(cause):
    lesson = next((lesson.title for lesson in LESSONS if lesson.cause == cause.id), "–")
    assert f"| `{cause.id}` | {cause.title} | {cause.about} | {lesson} |" in causes_page()


def test_every_table_of_choices_is_in_the_page_that_tells_how_to_extend_it():
    page = (ROOT / "docs" / "extending.md").read_text()
    tables = {path.name for path in (ROOT / "core" / "choices").glob("*.py")} - {"__init__.py", "choice.py"}
    assert {name for name in tables if name not in page} == set()


def test_the_page_tells_for_each_kind_of_thing_where_it_is_tested():
    page = (ROOT / "docs" / "extending.md").read_text()
    sections = {section.lower().replace(" ", "-") for section in re.findall(r"^## (.*)$", page, re.MULTILINE)}
    rows = re.findall(r"^\| \[[^]]*\]\(#([a-z-]+)\) \| .* \| (tests/[\w/.]+)", page, re.MULTILINE)
    assert {anchor for anchor, _ in rows} == sections
    assert len(rows) == 12
    for _, test in rows:
        assert (ROOT / test).exists(), test
