"""Sharing in the lab: by its owner, for those who then look and copy."""

import pytest

from core.errors import InputRefused
from core.jobs.scheduling.backlog import Backlog
from core.jobs.storage.viewer import Reach
from tests.pages.test_lab import words

from .conftest import SECRET, case, viewer_named
from .test_rules import page_for


def test_what_its_owner_shares_is_seen_and_copied_by_others_and_hidden_again(lab):
    owner, other = (viewer_named(who, lab.settings) for who in ("owner", "other"))
    lab.store.people.remember(owner.person)
    it = case(lab.store, owner)
    app = page_for("owner", "lab", {"x": it.experiment})
    app.get_by_key(f"share_reach_{it.experiment}").set_value(Reach.LINK).run()
    assert not app.exception
    assert lab.store.experiment(it.experiment).reach == Reach.LINK
    assert f"x={it.experiment}" in " ".join(code.value for code in app.code)

    app = page_for("other", "lab", {"x": it.experiment})
    assert "Run by owner" in words(app)
    assert [widget.key for widget in app.radio if "share_reach" in (widget.key or "")] == []
    assert lab.store.seen_by(other).experiments(seen_by=other.owners) == ()
    app.get_by_key("share_copy_button").click().run()
    assert not app.exception
    (copied,) = lab.store.seen_by(other).experiments(seen_by=other.owners)
    assert (copied.title, copied.runs, copied.reach, copied.changeable) == (SECRET, 2, Reach.PRIVATE, True)
    assert app.query_params["x"] == copied.id
    with pytest.raises(InputRefused, match="no such experiment"):
        lab.store.seen_by(owner).experiment(copied.id)

    lab.store.seen_by(owner).share(it.experiment, Reach.PRIVATE)
    assert "no such experiment" in words(page_for("other", "lab", {"x": it.experiment}))


def test_what_the_team_shares_is_in_everybodys_list(lab):
    it = case(lab.store, viewer_named("owner", lab.settings), Reach.TEAM)
    app = page_for("other", "runs", {})
    keys = [button.key for button in app.button]
    assert f"runs_open_{it.experiment}" in keys
    assert f"runs_delete_{it.experiment}" not in keys
    assert f"runs_delete_{it.experiment}" in [button.key for button in page_for("owner", "runs", {}).button]


def test_a_step_that_is_shared_is_kept(lab):
    from tests.jobs.conftest import fake_spec
    from tests.jobs.fake import QUICK

    theirs = lab.store.seen_by(viewer_named("owner", lab.settings))
    step = theirs.submit(fake_spec(QUICK), series="live")
    assert theirs.experiments() == ()
    theirs.share(step, Reach.LINK)
    assert [summary.id for summary in theirs.experiments()] == [step]


def test_the_wait_a_page_foretells_is_that_of_whoever_looks_at_it(lab, monkeypatch):
    asked, real = [], Backlog.expected

    def expected(backlog, spec, size, who):
        asked.append(who)
        return real(backlog, spec, size, who)

    monkeypatch.setattr(Backlog, "expected", expected)
    for who in ("owner", "admin"):
        page_for(who, "lab", {})
    assert list(dict.fromkeys(asked)) == [viewer_named(who, lab.settings).owner for who in ("owner", "admin")]
