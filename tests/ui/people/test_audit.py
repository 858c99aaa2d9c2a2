"""The page on which admins see who has done what."""

import pytest

from core.jobs.people.person import Person
from tests.pages.test_lab import words

from .conftest import case, viewer_named
from .test_rules import page_for


def test_admins_see_who_has_done_what_and_names_are_no_markdown(lab):
    lab.store.people.remember(Person("eve", "**Eve** ![x](http://evil.example/x.png)", ""))
    it = case(lab.store, viewer_named("owner", lab.settings))
    app = page_for("admin", "audit", {})
    assert "Audit" in [title.value for title in app.title]
    assert r"**\*\*Eve\*\* \!\[x\]\(" in words(app)
    assert f"{it.experiment}" in str([link.proto for link in app.get("page_link")])


@pytest.mark.parametrize("who", ["owner", "guest"])
def test_for_nobody_else_there_is_such_a_page(lab, who):
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        page_for(who, "audit", {})
