"""The README is complete and true: every setting, verb and page is in it, and nothing else is promised."""

import re
from pathlib import Path

import pytest

from core.__main__ import _parser
from core.diagnosis.causes.catalogue import CAUSES
from core.lessons import LESSONS
from core.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_readme(name):
    assert f"`LOSSLAB_{name.upper()}`" in README


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


def test_every_link_of_the_readme_leads_somewhere():
    links = re.findall(r"\]\(([^)h][^)]*)\)", README)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link


@pytest.mark.parametrize("cause", CAUSES.values(), ids=CAUSES)
def test_every_cause_is_documented_with_its_lesson(cause):
    lesson = next((lesson.title for lesson in LESSONS if lesson.cause == cause.id), "–")
    assert f"| `{cause.id}` | {cause.title} | {cause.about} | {lesson} |" in (ROOT / "docs" / "causes.md").read_text()
