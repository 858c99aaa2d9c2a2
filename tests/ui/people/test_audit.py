"""The page on which admins see who has done what."""

import pytest

from core.jobs.people.person import Person
from tests.pages.test_lab import words

from .conftest import SECRET, case, viewer_named
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


def test_admins_list_what_everybody_has_run_when_they_ask_for_it_and_who_ran_it(lab):
    owner = viewer_named("owner", lab.settings)
    lab.store.people.remember(owner.person)
    it = case(lab.store, owner)
    app = page_for("admin", "runs", {})
    assert SECRET not in words(app)
    app.get_by_key("runs_everybody").set_value(True).run()
    assert not app.exception
    assert SECRET in words(app)
    assert "by owner" in words(app)
    assert app.get_by_key(f"runs_delete_{it.experiment}")


@pytest.mark.parametrize("who", ["owner", "other"])
def test_nobody_else_is_asked_whose_runs_they_want(lab, who):
    assert not page_for(who, "runs", {}).toggle
